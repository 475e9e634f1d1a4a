"""How a review is put together of what the plans of a run say, and what agreeing to it allows."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from cellfactory.diff.model import StackChange
from cellfactory.layers import Source, Stack, StackId
from cellfactory.layers.access import ACCOUNT_VARIABLE
from cellfactory.runs.prepare import Prepared
from cellfactory.runs.review import Review
from cellfactory.terraform.foreseen import foresee, read_foreseen, unplanned
from cellfactory.terraform.intent import edited, recorded_tree
from cellfactory.terraform.record import Record
from cellfactory.terraform.results import Result
from cellfactory.terraform.reviewed import ReviewedStack, foreseen, review_of
from cellfactory.terraform.workspace import digest_sources


def make_review(ready: Prepared, results: Iterable[Result]) -> Review:
    """Put together what is to be reviewed, with what deferred stacks will create.

    Args:
        ready: the run.
        results: of its stacks.

    Raises:
        FactoryError: when the registry cannot be had, or a synthesized file is none.
    """
    known = {stack.id: stack for stack in ready.stacks}
    registry = ready.context.registry
    records = {stack: registry.read(stack) for stack in known}
    results = tuple(results)
    has_deferred = any(one.status == "deferred" for one in results)
    tree = read_foreseen(ready.stacks, ready.sources) if has_deferred else None
    return Review(
        results=tuple(
            replace(one, foreseen=foresee(tree, known[one.stack], records[one.stack]))
            if tree is not None and one.status == "deferred"
            else one
            for one in results
        ),
        recorded=frozenset(stack for stack, record in records.items() if record is not None),
        accounts={
            stack: record.account if record else _account(ready, known[stack])
            for stack, record in records.items()
        },
        unplanned=unplanned_of(ready, (r.stack for r in results if r.status == "deferred")),
        edits={
            one.stack: _edited(ready, known[one.stack], record)
            for one in results
            if one.status == "planned"
            and (record := records[one.stack]) is not None
            and record.complete
        },
    )


def unplanned_of(ready: Prepared, deferred: Iterable[StackId]) -> tuple[StackChange, ...]:
    """Say what was edited of stacks that stand and cannot be planned yet, by name.

    Raises:
        FactoryError: when the registry cannot be had, or a synthesized file is none.
    """
    registry = ready.context.registry
    found = (
        unplanned(stack, ready.sources[stack], registry.read(stack))
        for stack in sorted(deferred, key=lambda one: one.name)
    )
    return tuple(changed for changed in found if changed is not None)


def _edited(ready: Prepared, stack: Stack, record: Record) -> frozenset[str]:
    """List what was edited of a stack; both sides are read alone, so that both know as little."""
    after = read_foreseen([stack], {stack.id: ready.sources[stack.id]})
    return edited(recorded_tree(stack, record), after, stack.id)


def reviewed_stacks(ready: Prepared, review: Review) -> dict[StackId, ReviewedStack]:
    """Say what may be done at most to each stack, once a review was agreed to."""
    return {
        result.stack: ReviewedStack(
            stack=result.stack,
            standing=result.status,
            sources=digest_sources(ready.sources[result.stack]),
            resources=(
                foreseen(result.foreseen)
                if result.status == "deferred"
                else tuple(map(review_of, result.changes))
            ),
        )
        for result in review.results
        if result.status in ("planned", "no-change", "deferred")
    }


def _account(ready: Prepared, stack: Stack) -> str:
    """The account that a stack works in; empty while nobody has made it."""
    if not stack.access.account.startswith("${"):
        return stack.access.account
    given = stack.inputs.get(ACCOUNT_VARIABLE)
    source = given.sources if given is not None else None
    if not isinstance(source, Source):
        return ""
    record = ready.context.registry.read(source.stack)
    value = record.outputs.get(source.output) if record is not None else None
    return value if isinstance(value, str) else ""
