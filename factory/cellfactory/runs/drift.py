"""`drift`: what in AWS is not what was last applied, one finding for each cell.

Each stack is planned with the sources and inputs that its record keeps, so that what the inventory
asks for since is no drift. Nothing is changed, and no state is locked.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from cellfactory.design import Declared
from cellfactory.diff.model import ABSENT, Unknown
from cellfactory.errors import Finding, UsageError
from cellfactory.layers import OwnerKind, Stack, StackId, list_stacks
from cellfactory.layers.order import layer_rank
from cellfactory.processes import forwarding_signals
from cellfactory.runs.context import open_context
from cellfactory.runs.reading_roles import cannot_read
from cellfactory.runs.request import Request
from cellfactory.runs.shards import EVERYTHING, Shard
from cellfactory.runs.watcher import Watcher, listen
from cellfactory.terraform.drifted import CAUSES, Cause, Drifted, Looked, added_parts, in_order
from cellfactory.terraform.drifting import job_of_record, look_for_drift
from cellfactory.terraform.record import Record
from cellfactory.terraform.repair import repair_line
from cellfactory.terraform.results import Result
from cellfactory.terraform.runner import alone, run_each
from cellfactory.terraform.selection import select_stacks
from cellfactory.terraform.target import Mode
from cellfactory.terraform.workspace import digest_sources, read_sources
from cellfactory.words import counted

FINGERPRINT = 16  # characters


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnerDrift:
    """What is not as it was applied of one cell, mesh or organization."""

    kind: OwnerKind
    name: str
    account: str
    region: str
    drifted: tuple[Drifted, ...]  # by stack and address
    looked_at: tuple[StackId, ...]
    is_whole: bool  # whether every applied stack of it was looked at

    def of(self, cause: Cause) -> tuple[Drifted, ...]:
        """List what has one cause."""
        return tuple(one for one in self.drifted if one.cause == cause)

    @property
    def pressing(self) -> tuple[Drifted, ...]:
        """List what somebody did, and not AWS."""
        return tuple(one for one in self.drifted if one.cause != "aws")

    @property
    def fingerprint(self) -> str:
        """Tell one drift from another: the same for as long as nothing else drifts."""
        if not self.pressing:
            return ""
        told = [
            [d.stack.name, d.address, d.event, d.cause, [_value(v) for v in d.values]]
            for d in self.pressing
        ]
        text = json.dumps([self.kind, self.name, told], sort_keys=True, default=repr)
        return hashlib.sha256(text.encode()).hexdigest()[:FINGERPRINT]


@dataclass(frozen=True, slots=True, kw_only=True)
class Aside:
    """A stack of which something else is to be said."""

    stack: StackId
    why: str
    looked_at: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class DriftReport:
    """What a search for drift found."""

    owners: tuple[OwnerDrift, ...]  # by name
    asides: tuple[Aside, ...]
    results: tuple[Result, ...]  # of all stacks that were to be looked at
    mode: Mode = "aws"
    stopped: bool = False

    @property
    def broken(self) -> tuple[Result, ...]:
        """List the stacks that could not be looked at."""
        return tuple(result for result in self.results if result.broken)

    @property
    def has_drift(self) -> bool:
        """Whether somebody has to look, or to apply."""
        return any(owner.pressing for owner in self.owners)


def find_drift(
    declared: Declared, request: Request, watcher: Watcher, *, shard: Shard = EVERYTHING
) -> DriftReport:
    """Look for drift in every applied stack of a selection.

    Args:
        declared: the inventory; its cells need not fit.
        request: which stacks, and where.
        watcher: is told.
        shard: which part of what is known; by owner, so that an owner is looked at as a whole.

    Raises:
        UsageError: when a name fits no stack.
        TerraformError: when Terraform, the registry or the emulator cannot be had.
    """
    stacks = {stack.id: stack for stack in list_stacks(declared.inventory, declared.facts)}
    context = open_context(declared.inventory.state, request, watcher)
    records, others = context.registry.read_each()
    known = sorted({*stacks, *records, *others}, key=layer_rank)
    chosen = shard.take(select_stacks(known, request.selection))
    looking = {i: records[i] for i in chosen if i in records and records[i].complete}
    seen: dict[StackId, Looked] = {}
    defaults = tuple(declared.facts.aws_defaults.values())

    def work(stack: StackId) -> Result:
        if stack in others:
            raise others[stack].error
        if request.reads and (why := cannot_read(declared.inventory, stack)):
            return Result(stack=stack, status="left-out", reason=why)
        listener.started(stack)
        job = job_of_record(records[stack], stacks.get(stack))
        result, looked = alone(context, stack, lambda: look_for_drift(context, job, defaults))
        if looked is not None:
            seen[stack] = looked
        return result

    asked = [i for i in chosen if i in looking or i in others]
    listener = listen(watcher, asked)
    with forwarding_signals(context.children):
        waits: Mapping[StackId, tuple[StackId, ...]] = dict.fromkeys(asked, ())
        results = run_each(context, waits, work, listener, request.parallel)
    applied = frozenset(i for i in (*records, *others))
    return DriftReport(
        owners=tuple(_owners(looking, seen, applied, declared)),
        asides=tuple(_asides(chosen, stacks, records, request)),
        results=results,
        mode=request.mode,
        stopped=context.children.stopping,
    )


def findings_of_drift(owners: Iterable[OwnerDrift], mode: Mode) -> Iterator[Finding]:
    """Yield one finding for each owner that is not what was applied.

    Rules:
        F686: somebody changed it (a warning).
    """
    for owner in owners:
        if owner.pressing:
            told = [f"{len(owner.of(c)):,} {WORDS[c]}" for c in CAUSES[:2] if owner.of(c)]
            section = f"{owner.kind}s" if owner.kind != "mesh" else "meshes"
            yield Finding(
                rule="F686",
                path=(section, owner.name),
                message=f"{owner.name} is not what was applied: "
                f"{counted(len(owner.pressing), 'resource')} changed in AWS ({', '.join(told)})",
                hint=repair_line(owner.drifted, mode),
                severity="warning",
            )


WORDS: Mapping[Cause, str] = {
    "unknown": "to look at",
    "reverted": "put back by the next apply",
    "aws": "by AWS itself",
}
"""What is to be done about a cause, behind a number."""


def _owners(
    looking: Mapping[StackId, Record],
    seen: Mapping[StackId, Looked],
    applied: frozenset[StackId],
    declared: Declared,
) -> Iterator[OwnerDrift]:
    defaults = tuple(declared.facts.aws_defaults.values())
    for kind, name in sorted({(i.kind, i.owner) for i in seen}):
        mine = [i for i in seen if (i.kind, i.owner) == (kind, name)]
        looked = [seen[i] for i in mine]
        is_whole = {i for i in applied if (i.kind, i.owner) == (kind, name)} <= set(mine)
        found = [one for each in looked for one in each.drifted]
        found += added_parts(looked, defaults) if is_whole else ()
        first = looking[min(mine, key=lambda i: (i.row.makes_account, layer_rank(i)))]
        yield OwnerDrift(
            kind=kind,
            name=name,
            account=first.account,
            region=first.region,
            drifted=in_order(found),
            looked_at=tuple(sorted(mine, key=layer_rank)),
            is_whole=is_whole,
        )


def _asides(
    chosen: Iterable[StackId],
    stacks: Mapping[StackId, Stack],
    records: Mapping[StackId, Record],
    request: Request,
) -> Iterator[Aside]:
    for stack in chosen:
        record = records.get(stack)
        if stack in stacks and record is None:
            if request.mode != "sandbox" or not stack.row.needs_kubernetes:
                yield Aside(stack=stack, why="not applied yet")
        elif record is not None and not record.complete:
            yield Aside(stack=stack, why="its last apply did not end: apply it again")
        elif record is not None and stack not in stacks:
            why = "left the inventory; destroy --gone removes it"
            yield Aside(stack=stack, why=why, looked_at=True)
        elif record is not None and _is_synthesized_anew(stack, record, request):
            why = "synthesized otherwise since: the next apply does more than put this back"
            yield Aside(stack=stack, why=why, looked_at=True)


def _is_synthesized_anew(stack: StackId, record: Record, request: Request) -> bool:
    try:
        return digest_sources(read_sources(request.output, stack)) != record.digest
    except UsageError:  # it was not synthesized here
        return False


def _value(value: Any) -> list[Any]:
    """A value as it goes into a fingerprint; a secret is masked before it comes here."""
    found = value.after
    if isinstance(found, Unknown) or found is ABSENT:
        found = str(found)
    return [list(map(str, value.path)), found]
