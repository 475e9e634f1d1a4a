"""What is said once of many: new cells, edges of a mesh, and the same change in many cells.

Nothing is lost by it: each changed resource stands in exactly one fold.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from cellfactory.diff.model import (
    ABSENT,
    Changes,
    ResourceChange,
    StackAction,
    StackChange,
    Unknown,
)
from cellfactory.layers import StackId

TARGETS = frozenset({"transit_gateway_id", "vpc_peering_connection_id"})
"""What a route of ours can lead over."""

EDGE_LAYERS = frozenset({"peering", "accept", "hub", "routes"})
_FIRST = frozenset({"bootstrap", "gateway", "hub", "network"})
"""Layers that every owner of their kind has."""

_KEY = re.compile(r'\["((?:[^"\\]|\\.)*)"\]$')
_PEER = re.compile(r'(?:\bconnection_ids|_accepter\.cell)\["([^"]+)"\]')
_ACCOUNT = re.compile(r"(?<![0-9])[0-9]{12}(?![0-9])")
_BLOCK = re.compile(r"\b[0-9]{1,3}(?:\.[0-9]{1,3}){3}/[0-9]{1,2}\b")

Change = tuple[StackId, ResourceChange]


@dataclass(frozen=True, slots=True, kw_only=True)
class Alike:
    """One change, of one resource or of many of its type: the same but for the owner's name."""

    changes: tuple[Change, ...]

    @property
    def stack(self) -> StackId:
        """The first of its stacks."""
        return self.changes[0][0]

    @property
    def first(self) -> ResourceChange:
        """The one that is shown for all."""
        return self.changes[0][1]

    @property
    def like_it(self) -> int:
        """How many other resources of the first one's stack say the same."""
        return sum(stack == self.stack for stack, _ in self.changes) - 1

    @property
    def owners(self) -> tuple[str, ...]:
        """Whose stacks it is in, each once."""
        return tuple(dict.fromkeys(stack.owner for stack, _ in self.changes))


@dataclass(frozen=True, slots=True, kw_only=True)
class Whole:
    """All stacks of one owner that come or go as a whole."""

    owner: str
    action: StackAction  # never `change`
    stacks: tuple[StackChange, ...]

    @property
    def is_cell(self) -> bool:
        """Whether the owner is a cell; else a mesh, a hub or the pipeline."""
        return any(changed.stack.cell is not None for changed in self.stacks)

    @property
    def resources(self) -> int:
        """How many resources it has; outputs and the like do not count."""
        return sum(len(real(stack.resources)) for stack in self.stacks)


@dataclass(frozen=True, slots=True, kw_only=True)
class Edges:
    """Edges that a cell or hub gains or loses with others, whichever side a resource stands on."""

    action: StackAction
    hub: str  # the one that they have in common
    peers: tuple[str, ...]  # the others, sorted
    changes: tuple[Change, ...]

    @property
    def stacks(self) -> int:
        """In how many stacks that is."""
        return len({stack for stack, _ in self.changes})

    @property
    def has_routes(self) -> bool:
        """Whether the way itself comes or goes, and not only a connection that it might take."""
        return any(change.resource_type == "aws_route" for _, change in self.changes)


@dataclass(frozen=True, slots=True, kw_only=True)
class Flip:
    """Routes that stay where they are, and lead over something else."""

    to_gateway: bool  # from a peering; else the other way round
    changes: tuple[Change, ...]

    @property
    def cells(self) -> tuple[str, ...]:
        """Whose routes they are, each once."""
        return tuple(dict.fromkeys(stack.owner for stack, _ in self.changes))


@dataclass(frozen=True, slots=True, kw_only=True)
class Folded:
    """Changes in the order in which they are told."""

    gone: tuple[Whole, ...]
    dangers: tuple[Alike, ...]  # destroyed or replaced in stacks that stay
    edges: tuple[Edges, ...]  # lost ones first
    flips: tuple[Flip, ...]  # to the gateway first
    new: tuple[Whole, ...]
    others: tuple[Alike, ...]
    stacks: tuple[StackChange, ...]  # that a standing owner gains or loses, without resources
    parts: tuple[Alike, ...]  # outputs, providers and the like: no resource


def fold(changes: Changes) -> Folded:
    """Put together what is said once."""
    by_owner = tuple(_whole_owners(changes))
    whole = {changed.stack for one in by_owner for changed in one.stacks}
    rest: list[Change] = []
    single: list[StackChange] = []
    for changed in changes.stacks:
        if changed.stack in whole:
            continue
        told = changed.resources
        if changed.action != "change":
            told = real(changed.resources)
            parts = tuple(r for r in changed.resources if not r.is_resource)
            single.append(replace(changed, resources=parts))
        rest += [(changed.stack, resource) for resource in told]
    others = [change for change in rest if not change[1].is_resource]
    resources = [change for change in rest if change[1].is_resource]
    pairs = {id(change[1]): pair for change in resources if (pair := _pair(*change)) is not None}
    flipped = {id(change[1]) for change in resources if _flips(*change) is not None}
    told_once = pairs.keys() | flipped
    plain = [change for change in resources if id(change[1]) not in told_once]
    edges = [(pairs[id(c[1])], c) for c in resources if id(c[1]) in pairs]
    return Folded(
        gone=tuple(w for w in by_owner if w.action == "remove"),
        dangers=tuple(_alike(c for c in plain if c[1].is_destructive)),
        edges=tuple(_edges(edges)),
        flips=tuple(_folded_flips(resources)),
        new=tuple(w for w in by_owner if w.action == "add"),
        others=tuple(_alike(c for c in plain if not c[1].is_destructive)),
        stacks=tuple(single),
        parts=tuple(_alike(others)),
    )


def all_folds(folded: Folded) -> Iterator[Change]:
    """Every change of every fold."""
    whole = (changed for one in (*folded.gone, *folded.new) for changed in one.stacks)
    for changed in (*whole, *folded.stacks):
        yield from ((changed.stack, resource) for resource in changed.resources)
    for alike in (*folded.dangers, *folded.others, *folded.parts):
        yield from alike.changes
    for edges in folded.edges:
        yield from edges.changes
    for flip in folded.flips:
        yield from flip.changes


def real(resources: Iterable[ResourceChange]) -> tuple[ResourceChange, ...]:
    """Keep what is a resource, and no output, provider or the like."""
    return tuple(resource for resource in resources if resource.is_resource)


def fingerprint(stack: StackId, change: ResourceChange) -> tuple[Any, ...]:
    """What two changes share that say the same of two owners."""
    own = re.compile(rf"(?<![\w-]){re.escape(stack.owner)}(?![\w])")
    comes_or_goes = change.action in ("create", "delete")
    is_subnet = comes_or_goes and change.resource_type == "aws_subnet"

    def told(value: Any) -> Any:
        if isinstance(value, str):
            text = _BLOCK.sub("\2", value) if is_subnet else value  # its own in each cell
            return _ACCOUNT.sub("\1", own.sub("\0", text))
        if isinstance(value, Unknown):
            return ("unknown", told(value.text))
        if isinstance(value, dict):
            return tuple(sorted((told(key), told(inner)) for key, inner in value.items()))
        if isinstance(value, list):
            return tuple(map(told, value))
        return (type(value).__name__, str(value))

    rows = change.values
    if stack.layer == "segments" and change.action in ("create", "delete"):
        rows = ()  # what a gateway holds of each pair of cells
    values = tuple(
        (told(list(one.path)), told(one.before), told(one.after), one.replaces) for one in rows
    )
    moved = told(change.moved_from)
    return (stack.layer, change.action, change.resource_type, moved, change.reason, values)


def _alike(changes: Iterable[Change]) -> Iterator[Alike]:
    found: dict[str, list[Change]] = {}
    for change in changes:
        found.setdefault(repr(fingerprint(*change)), []).append(change)
    made = [Alike(changes=tuple(group)) for group in found.values()]
    yield from sorted(made, key=lambda one: (-_weight(one), one.stack.name, one.first.address))


def _weight(one: Alike) -> int:
    """What is worse stands first, and then what is in more stacks."""
    worst = {"delete": 4, "replace": 3, "forget": 2, "update": 1}.get(one.first.action, 0)
    return worst * 1_000_000 + len(one.changes)


def _whole_owners(changes: Changes) -> Iterator[Whole]:
    """Find owners that come or go: those that do so with what all else of them stands on.

    A stack that a standing owner gains or loses, as with its first peer, is a change like others.
    """
    found: dict[tuple[str, StackAction], list[StackChange]] = {}
    for changed in changes.stacks:
        if changed.action != "change":
            found.setdefault((changed.stack.owner, changed.action), []).append(changed)
    standing = {changed.stack.owner for changed in changes.stacks if changed.action == "change"}
    for (owner, action), stacks in sorted(found.items()):
        if owner in standing or not any(s.stack.layer in _FIRST for s in stacks):
            continue
        yield Whole(owner=owner, action=action, stacks=tuple(stacks))


def _flips(stack: StackId, change: ResourceChange) -> bool | None:
    """Whether a route moves to the gateway, or away from it; None where it does neither."""
    paths = {one.path[0] for one in change.values if one.path}
    is_route = stack.layer == "routes" and change.resource_type == "aws_route"
    if not is_route or change.action != "update" or not paths or paths - TARGETS:
        return None
    for one in change.values:
        if one.path == ("transit_gateway_id",):
            return one.before in _NOTHING
    return None


_NOTHING = (None, "", ABSENT)


def _folded_flips(changes: Sequence[Change]) -> Iterator[Flip]:
    for to_gateway in (True, False):
        found = tuple(change for change in changes if _flips(*change) is to_gateway)
        if found:
            yield Flip(to_gateway=to_gateway, changes=found)


def _pair(stack: StackId, change: ResourceChange) -> tuple[str, str] | None:
    """Tell which edge a resource belongs to: its owner and the peer; None where it is of none."""
    if stack.layer not in EDGE_LAYERS or change.action not in ("create", "delete"):
        return None
    for value in change.values:
        side = value.after if change.action == "create" else value.before
        if isinstance(side, Unknown) and (found := _PEER.search(side.text)) is not None:
            return stack.owner, found[1]
    key = _KEY.search(change.address)
    return None if key is None else (stack.owner, key[1])


def _edges(found: Sequence[tuple[tuple[str, str], Change]]) -> Iterator[Edges]:
    """Group edges by the end that most of them have; an edge is told once."""
    sides: tuple[tuple[str, StackAction], ...] = (("delete", "remove"), ("create", "add"))
    for action, told in sides:
        left = [(pair, change) for pair, change in found if change[1].action == action]
        while left:
            hub = _commonest(pair for pair, _ in left)
            mine = [(pair, change) for pair, change in left if hub in pair]
            left = [(pair, change) for pair, change in left if hub not in pair]
            peers = sorted({name for pair, _ in mine for name in pair if name != hub})
            yield Edges(
                action=told,
                hub=hub,
                peers=tuple(peers),
                changes=tuple(change for _, change in mine),
            )


def _commonest(pairs: Iterable[tuple[str, str]]) -> str:
    peers: dict[str, set[str]] = {}
    for one, other in pairs:
        peers.setdefault(one, set()).add(other)
        peers.setdefault(other, set()).add(one)
    return min(peers, key=lambda name: (-len(peers[name]), name))


def count_actions(changes: Iterable[Change]) -> Mapping[str, int]:
    """Count changed resources by action."""
    counts: dict[str, int] = {}
    for _, change in changes:
        if change.is_resource:
            counts[change.action] = counts.get(change.action, 0) + 1
    return counts
