"""What is to be applied is planned first, all that can be planned, and the plans are kept."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from cellfactory.layers import Stack, StackId
from cellfactory.terraform.guard import Allowed
from cellfactory.terraform.planning import Job, Kept, review_stack
from cellfactory.terraform.results import Result
from cellfactory.terraform.runner import (
    Listener,
    SourcesOf,
    alone,
    closed,
    done_before,
    job_of,
    run_each,
    wait_for_account,
)
from cellfactory.terraform.running import RunContext


def review_stacks(
    context: RunContext,
    stacks: Iterable[Stack],
    sources: SourcesOf,
    listener: Listener,
    *,
    parallel: int,
    finished: Mapping[str, str],
    allowed: Allowed,
) -> tuple[tuple[Result, ...], dict[StackId, Kept]]:
    """Plan all that can be planned now and is to be applied; whoever takes the plans removes them.

    Args:
        context: what to work with.
        stacks: those to apply.
        sources: the synthesized files of each.
        listener: is told what happens.
        parallel: stacks at a time.
        finished: what a resumed run has done, which needs no plan.
        allowed: what plans may destroy and replace.
    """
    known = {stack.id: stack for stack in stacks}
    kept: dict[StackId, Kept] = {}

    def look(job: Job) -> Result:
        wait_for_account(context, job, listener)
        result, plan = review_stack(context, job, allowed)
        if plan is not None:
            kept[job.stack.id] = plan
        return result

    def work(stack: StackId) -> Result:
        job = job_of(context, known[stack], sources[stack], coming=known)
        if isinstance(job, Result):
            return job
        if done := done_before(context, job, finished):
            return done
        if why := closed(context, job):
            return Result(stack=stack, status="deferred", reason=why)
        listener.started(stack)
        return alone(context, stack, lambda: look(job))

    try:
        return run_each(context, dict.fromkeys(known, ()), work, listener, parallel), kept
    except BaseException:
        remove_kept(kept)
        raise


def remove_kept(kept: Mapping[StackId, Kept]) -> None:
    """Remove plans that were kept: each holds the state of its stack."""
    for plan in kept.values():
        plan.remove()
