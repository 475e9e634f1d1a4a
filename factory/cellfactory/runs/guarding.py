"""The guard of a run: what its plans would do at once, held against the limits of the inventory."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from cellfactory.design import Design
from cellfactory.diff.counts import Standing, counts_of_plan
from cellfactory.diff.guard import Override, judge, limits_of
from cellfactory.diff.model import ABSENT, Changes, ResourceChange, StackChange, ValueChange
from cellfactory.errors import Finding, GuardError, has_error
from cellfactory.layers import StackId
from cellfactory.runs.notices import Guarded, Overridden
from cellfactory.runs.prepare import Prepared
from cellfactory.runs.watcher import Watcher
from cellfactory.terraform.record import Record
from cellfactory.terraform.reviewed import ReviewedStack
from cellfactory.terraform.workspace import CONFIGURATION

_PARTS = re.compile(r"[.\[\]]+")


def require_within(
    design: Design,
    ready: Prepared,
    changes: Changes,
    overrides: Sequence[Override],
    watcher: Watcher,
    unplanned: Sequence[StackChange] = (),
) -> None:
    """Refuse what is more than the guard allows, and tell what somebody lifted.

    Args:
        design: whose guard it is.
        ready: the run.
        changes: what is planned.
        overrides: what somebody lifted.
        watcher: is told.
        unplanned: what was edited of stacks that stand and cannot be planned yet.

    Raises:
        GuardError: when it is more (F710 to F714), with every limit that is passed.
    """
    found = guard_findings(design, ready, changes, overrides, unplanned)
    if has_error(found):
        raise GuardError(design.source.locate_all(found))
    if found:
        watcher.noted(Guarded(found))
    for override in overrides:
        watcher.noted(Overridden(override.what, override.reason))


def guard_findings(
    design: Design,
    ready: Prepared,
    changes: Changes,
    overrides: Sequence[Override] = (),
    unplanned: Sequence[StackChange] = (),
) -> tuple[Finding, ...]:
    """Find what plans do more of at once than the guard of an inventory allows.

    What stands and cannot be planned yet is counted as its files say.
    """
    stood = _standing(ready)
    nodes = sum(sum(groups.values()) for groups in stood.values())
    planned = counts_of_plan(changes, design, stood)
    both = replace(changes, stacks=(*changes.stacks, *unplanned))
    counts = counts_of_plan(both, design, stood) if unplanned else planned
    return judge(counts, limits_of(design, nodes), overrides, planned)


def changes_of(stacks: Iterable[ReviewedStack], recorded: frozenset[StackId]) -> Changes:
    """Take changes from what was reviewed: it says what, and of values no more than where."""
    planned = [stack for stack in stacks if stack.standing == "planned"]
    return Changes(
        stacks=tuple(
            StackChange(
                stack=one.stack,
                action="change" if one.stack in recorded else "add",
                resources=tuple(
                    ResourceChange(
                        address=resource.address,
                        action=resource.action,
                        moved_from=resource.moved_from,
                        values=tuple(map(_value, sorted({*resource.values, *resource.unknown}))),
                    )
                    for resource in one.resources
                ),
            )
            for one in planned
        ),
        unchanged=0,
    )


def recorded_of(ready: Prepared) -> frozenset[StackId]:
    """List the stacks of a run that were applied before."""
    return frozenset(stack for stack in ready.ids if ready.context.registry.read(stack))


def _value(path: str) -> ValueChange:
    return ValueChange(path=tuple(filter(None, _PARTS.split(path))), before=ABSENT, after=ABSENT)


def _standing(ready: Prepared) -> Standing:
    """Read how many nodes each EKS group of the run had when it was applied last."""
    found: dict[StackId, Mapping[str, int]] = {}
    for stack in ready.ids:
        record = ready.context.registry.read(stack) if stack.layer == "cluster" else None
        if record is not None:
            found[stack] = _nodes(record)
    return found


def _nodes(record: Record) -> dict[str, int]:
    document = json.loads(record.sources.get(CONFIGURATION, "{}"))
    groups = document.get("resource", {}).get("aws_eks_node_group", {})
    return {
        name.removeprefix("group-"): body["scaling_config"]["desired_size"]
        for name, body in groups.items()
    }
