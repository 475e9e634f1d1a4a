"""What an edit does to the nodes of a cell: which are replaced, which go, which come."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import ceil

from cellfactory.design import Design
from cellfactory.diff.impact_model import GroupImpact, ValueStep
from cellfactory.facts.schema import Facts
from cellfactory.inventory.groups import (
    SECONDS_PER_MINUTE,
    name_groups,
    unavailable_nodes,
    update_minutes,
)
from cellfactory.inventory.node_config import pods_per_node, prefixes_per_node, render_node_config
from cellfactory.inventory.schema import CellType, NodeGroup
from cellfactory.sizing.rebuild import Boot


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pool:
    """A node group of the inventory in one design."""

    cell: str
    kind: CellType
    declared: NodeGroup
    eks: Mapping[tuple[str, int], int]  # nodes of each EKS group, by zone and position
    facts: Facts

    @property
    def nodes(self) -> int:
        """Nodes in all zones."""
        return sum(self.eks.values())


def wave_minutes(facts: Facts) -> float:
    """Say how long EKS takes at least to replace the nodes of one wave (minutes).

    A new node starts (assumed: `Boot.seconds`), and EKS waits after the last pod of an old one was
    evicted. How long pods take to leave comes on top.
    """
    return (Boot().seconds + facts.parameter("update-settle-seconds")) / SECONDS_PER_MINUTE


def group_impacts(
    before: Design | None, after: Design | None, cell: str
) -> tuple[GroupImpact, ...]:
    """Compare the node groups of a cell; those that differ, by name.

    Args:
        before: None where the cell was not there.
        after: None where it goes.
        cell: its name.
    """
    old, new = _pools(before, cell), _pools(after, cell)
    names = _renamed(old, new)
    found = [_renamed_group(old[o], new[n], o, n) for n, o in names.items()]
    for name in (old.keys() | new.keys()) - names.keys() - set(names.values()):
        compared = _compare(old.get(name), new.get(name), name)
        found += [compared] if compared is not None else []
    return tuple(sorted(found, key=lambda group: group.name))


def _pools(design: Design | None, cell: str) -> dict[str, _Pool]:
    if design is None:
        return {}
    kind = design.inventory.type_of(cell)
    return {
        name: _Pool(
            cell=cell,
            kind=kind,
            declared=declared,
            eks=_eks_groups(name, declared, kind, design.facts),
            facts=design.facts,
        )
        for name, declared in kind.node_groups.items()
    }


def _eks_groups(
    name: str, declared: NodeGroup, kind: CellType, facts: Facts
) -> dict[tuple[str, int], int]:
    found: dict[tuple[str, int], int] = {}
    for zone, nodes in name_groups(name, declared, kind.zones, facts).values():
        position = sum(1 for place, _ in found if place == zone)
        found[zone, position] = nodes
    return found


def _renamed(old: Mapping[str, _Pool], new: Mapping[str, _Pool]) -> dict[str, str]:
    """Pair groups that come with equal ones that go: by their new names, the old."""
    went = {name: pool for name, pool in old.items() if name not in new}
    found: dict[str, str] = {}
    for name in sorted(new.keys() - old.keys()):
        alike = (o for o, pool in sorted(went.items()) if pool.declared == new[name].declared)
        if match := next(alike, ""):
            found[name] = match
            del went[match]
    return found


def _renamed_group(old: _Pool, new: _Pool, was: str, name: str) -> GroupImpact:
    return _count(
        old,
        new,
        name,
        (ValueStep(what="name", before=was, after=name), *_rolls(old, new)),
        at_once=True,
        renamed_from=was,
    )


def _compare(old: _Pool | None, new: _Pool | None, name: str) -> GroupImpact | None:
    if old and new:
        if not (why := _rolls(old, new)) and old.eks == new.eks:
            return None
        at_once = old.declared.capacity != new.declared.capacity
        return _count(old, new, name, why, at_once=at_once)
    if old:
        return GroupImpact(name=name, before=old.nodes, after=0, removed=old.nodes)
    if new:
        return GroupImpact(name=name, before=0, after=new.nodes, added=new.nodes)
    return None


def _count(
    old: _Pool,
    new: _Pool,
    name: str,
    why: tuple[ValueStep, ...],
    *,
    at_once: bool,
    renamed_from: str = "",
) -> GroupImpact:
    """Count nodes in each zone: one that moves to another EKS group of its zone stays none."""
    places = sorted(old.eks.keys() | new.eks.keys())
    pairs = [(old.eks.get(place, 0), new.eks.get(place, 0)) for place in places]
    rolled = [(min(b, a), a) for b, a in pairs if b and a] if why else []
    most = new.declared.max_unavailable
    waves = [] if at_once else [ceil(n / unavailable_nodes(a, most)) for n, a in rolled]
    slowest = [] if at_once else [update_minutes(a, most, new.facts) for _, a in rolled]
    return GroupImpact(
        name=name,
        before=old.nodes,
        after=new.nodes,
        replaced=sum(nodes for nodes, _ in rolled),
        removed=sum(max(0, b - a) for b, a in pairs),
        added=sum(max(0, a - b) for b, a in pairs),
        why=why,
        renamed_from=renamed_from,
        at_once=at_once,
        max_unavailable=most,
        eks_groups=len(rolled),
        waves=max(waves, default=0),
        minutes=max(waves, default=0) * wave_minutes(new.facts),
        most_minutes=max(slowest, default=0.0),
    )


def _rolls(old: _Pool, new: _Pool) -> tuple[ValueStep, ...]:
    """List what replaces every node of a group: all that its launch template shows."""
    before, after = _rolling(old), _rolling(new)
    steps = [
        ValueStep(what=what, before=before[what], after=after[what])
        for what in before
        if before[what] != after[what]
    ]
    if steps:
        return tuple(_as_written(step, old, new) for step in steps)
    if _user_data(old) != _user_data(new):
        return (ValueStep(what="user data", before="one", after="another"),)
    return ()


def _rolling(pool: _Pool) -> dict[str, str]:
    declared, kind = pool.declared, pool.kind
    return {
        "kubernetes_version": kind.kubernetes_version,
        "node_image": kind.node_image,
        "instance_type": declared.instance_type,
        "capacity": declared.capacity,
        "root_volume_gib": str(declared.root_volume_gib),
        "labels": _join(f"{k}={v}" for k, v in sorted(declared.labels.items())),
        "taints": _join(f"{t.key}={t.value}:{t.effect}" for t in declared.taints),
        "reservations": declared.reservations or "none",
        "ip_family": kind.ip_family,
        "service_block": str(kind.service_block),
        "max_pods": str(pods_per_node(kind, pool.facts)),
    }


def _join(parts: Iterator[str]) -> str:
    return ", ".join(parts) or "none"


def _as_written(step: ValueStep, old: _Pool, new: _Pool) -> ValueStep:
    """Name the key that somebody changed: pods of a node follow from its prefixes."""
    if step.what != "max_pods" or old.kind.max_pods or new.kind.max_pods:
        return step
    prefixes = (prefixes_per_node(p.kind, p.facts) for p in (old, new))
    before, after = map(str, prefixes)
    return ValueStep(what="prefixes_per_node", before=before, after=after)


def _user_data(pool: _Pool) -> str:
    return render_node_config(
        pool.cell, pool.kind, pool.declared, pool.facts, endpoint="", certificate=""
    )
