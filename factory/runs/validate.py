"""`validate`: each synthesized stack against the schemas of its providers."""

from __future__ import annotations

from factory.design import Design
from factory.processes import forwarding_signals
from factory.runs.prepare import prepare
from factory.runs.request import Outcome, Request
from factory.runs.watcher import Watcher, listen
from factory.terraform.runner import validate_stacks


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
    return Outcome(results=results, stopped=ready.context.children.stopping)
