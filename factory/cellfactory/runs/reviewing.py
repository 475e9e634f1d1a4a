"""How a review is put together of what the plans of a run say, and what agreeing to it allows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from cellfactory.layers import Source, Stack, StackId
from cellfactory.layers.access import ACCOUNT_VARIABLE
from cellfactory.runs.prepare import Prepared
from cellfactory.runs.review import Review
from cellfactory.terraform.foreseen import foresee, read_foreseen
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
    told = tuple(_foreseeing(ready, known, tuple(results)))
    registry = ready.context.registry
    records = {result.stack: registry.read(result.stack) for result in told}
    return Review(
        results=told,
        recorded=frozenset(stack for stack, record in records.items() if record is not None),
        accounts={
            stack: record.account if record else _account(ready, known[stack])
            for stack, record in records.items()
        },
    )


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


def _foreseeing(
    ready: Prepared, known: Mapping[StackId, Stack], results: tuple[Result, ...]
) -> Iterator[Result]:
    if not any(result.status == "deferred" for result in results):
        yield from results
        return
    tree = read_foreseen(ready.stacks, ready.sources)
    for result in results:
        if result.status == "deferred":
            record = ready.context.registry.read(result.stack)
            made = foresee(tree, known[result.stack], record)
            yield replace(result, foreseen=made)
        else:
            yield result


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
