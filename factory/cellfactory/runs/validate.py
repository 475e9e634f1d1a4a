"""`validate`: each synthesized stack against the schemas of its providers."""

from __future__ import annotations

from dataclasses import replace

from cellfactory.design import Design
from cellfactory.errors import Finding
from cellfactory.processes import forwarding_signals
from cellfactory.runs.prepare import prepare
from cellfactory.runs.request import Outcome, Request
from cellfactory.runs.watcher import Watcher, listen
from cellfactory.terraform.results import Result
from cellfactory.terraform.runner import validate_stacks


def validate_design(design: Design, request: Request, watcher: Watcher) -> Outcome:
    """Validate the stacks of a design; its request is offline.

    Raises:
        FactoryError: as `prepare`.
    """
    ready = prepare(design, request, watcher)
    with forwarding_signals(ready.context.children):
        results = validate_stacks(
            ready.context,
            ready.ids,
            ready.sources,
            listen(watcher, ready.stacks),
            parallel=request.parallel,
        )
    return outcome_of(results, stopped=ready.context.children.stopping)


def outcome_of(results: tuple[Result, ...], *, stopped: bool) -> Outcome:
    """Put results together; where nothing was validated, that is a failure.

    Rules:
        F651: every stack was left out.
    """
    if not results or any(result.status != "left-out" for result in results):
        return Outcome(results=results, stopped=stopped)
    empty = tuple(replace(result, finding=_nothing(result)) for result in results)
    return Outcome(results=empty, stopped=stopped, fatal=frozenset({"left-out"}))


def _nothing(result: Result) -> Finding:
    message = f"it was not validated, and neither was any other: {result.reason}"
    return Finding(rule="F651", stack=result.stack.name, message=message)
