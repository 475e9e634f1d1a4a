"""`plan`: what Terraform would do to every stack whose inputs exist."""

from __future__ import annotations

from cellfactory.design import Design
from cellfactory.processes import forwarding_signals
from cellfactory.runs.prepare import prepare
from cellfactory.runs.request import Outcome, Request
from cellfactory.runs.watcher import Watcher, listen
from cellfactory.terraform.runner import plan_stacks_now


def plan_design(design: Design, request: Request, watcher: Watcher) -> Outcome:
    """Plan the stacks of a design; those whose inputs do not exist yet are deferred.

    Raises:
        FactoryError: as `prepare`.
    """
    ready = prepare(design, request, watcher)
    with forwarding_signals(ready.context.children):
        results = plan_stacks_now(
            ready.context,
            ready.stacks,
            ready.sources,
            listen(watcher, ready.stacks),
            parallel=request.parallel,
        )
    return Outcome(results=(*results, *ready.left_out), stopped=ready.context.children.stopping)
