"""Many stacks: in the order of what they wait for, side by side where they do not.

Nothing here prints: what happens is told to a `Listener`, one stack at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from cellfactory.errors import FactoryError, StoppedError
from cellfactory.layers import Stack, StackId
from cellfactory.terraform.clearing import give_up
from cellfactory.terraform.commands import apply_stack, validate_stack
from cellfactory.terraform.guard import Allowed
from cellfactory.terraform.held import held, held_to_destroy
from cellfactory.terraform.journal import Journal, work_key
from cellfactory.terraform.leave import Agreed, Leave
from cellfactory.terraform.messages import Value
from cellfactory.terraform.needed import refuse_needed, users_of
from cellfactory.terraform.new_accounts import resolved_access
from cellfactory.terraform.passes import in_passes, is_settled
from cellfactory.terraform.planning import Job, plan_stack
from cellfactory.terraform.pool import run_when_ready
from cellfactory.terraform.record import Deferred, Record, resolve_inputs
from cellfactory.terraform.results import Result
from cellfactory.terraform.rounds import narrowed
from cellfactory.terraform.running import RunContext
from cellfactory.terraform.said import explain
from cellfactory.terraform.turns import stack_lock
from cellfactory.terraform.workspace import (
    Sources,
    digest_sources,
    parse_configuration,
    provider_sources,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Listener:
    """Who is told what happens; `started` is called from several threads."""

    started: Callable[[StackId], None]
    finished: Callable[[Result], None]
    waiting: Callable[[StackId, str], None] = lambda _stack, _why: None


T = TypeVar("T")
SourcesOf = Mapping[StackId, Sources]


def validate_stacks(
    context: RunContext,
    stacks: Iterable[StackId],
    sources: SourcesOf,
    listener: Listener,
    *,
    parallel: int,
) -> tuple[Result, ...]:
    """Validate stacks; one whose provider the mirror does not hold is left out, and says so."""

    def work(stack: StackId) -> Result:
        lacking = _lacking_providers(context, stack, sources[stack])
        if lacking:
            reason = f"the plugin mirror has no {' and no '.join(lacking)}"
            return Result(stack=stack, status="left-out", reason=reason)
        listener.started(stack)
        return alone(context, stack, lambda: validate_stack(context, stack, sources[stack]))

    return run_each(context, dict.fromkeys(stacks, ()), work, listener, parallel)


def plan_stacks_now(
    context: RunContext,
    stacks: Iterable[Stack],
    sources: SourcesOf,
    listener: Listener,
    *,
    parallel: int,
) -> tuple[Result, ...]:
    """Plan stacks with the outputs that the registry holds now, in no order: a plan makes none.

    A stack whose inputs do not exist yet is deferred; it is never planned with made-up values.
    """
    known = {stack.id: stack for stack in stacks}

    def work(stack: StackId) -> Result:
        job = job_of(context, known[stack], sources[stack], coming=known)
        if isinstance(job, Result):
            return job
        if why := closed(context, job):
            return Result(stack=stack, status="deferred", reason=why)
        listener.started(stack)
        return alone(context, stack, lambda: plan_stack(context, job))

    return run_each(context, dict.fromkeys(known, ()), work, listener, parallel)


def apply_stacks(
    context: RunContext,
    stacks: Iterable[Stack],
    sources: SourcesOf,
    listener: Listener,
    *,
    parallel: int,
    journal: Journal,
    finished: Mapping[str, str],
    allowed: Allowed,
    agreed: Agreed | None = None,
) -> tuple[Result, ...]:
    """Apply stacks, each as soon as the ones that it waits for are done.

    Args:
        context: what to work with.
        stacks: those to apply; the others they wait for must be in the registry.
        sources: the synthesized files of each.
        listener: is told what happens.
        parallel: stacks at a time.
        journal: where the run is noted.
        finished: what a resumed run has done, as `read_finished` returns it.
        allowed: what plans may destroy and replace.
        agreed: what was reviewed, beyond which nothing is done; None where nobody did.
    """
    known = {stack.id: stack for stack in stacks}

    def work(stack: StackId, before: Result | None) -> Result:
        if agreed is not None and stack in agreed.settled:
            return agreed.settled[stack]
        job = job_of(context, known[stack], sources[stack])
        if isinstance(job, Result):
            return job
        if before is not None and is_settled(before) and _still_stands(context, job):
            return before
        key = work_key(job.sources, job.inputs)
        leave = agreed.leave(stack, allowed) if agreed else Leave(allowed=allowed)
        if done := done_before(context, job, finished):
            result = done
        elif why := closed(context, job):
            return Result(stack=stack, status="deferred", reason=why)
        else:
            journal.started(stack, key)
            listener.started(stack)
            result = _guarded(
                stack,
                lambda: _apply_held(context, job, leave, listener, before),
            )
        journal.finished(result, key)
        return result

    def once(
        todo: Sequence[Stack], done: Mapping[StackId, Result], tell: Callable[[Result], None]
    ) -> tuple[Result, ...]:
        waits = {stack.id: stack.waits_for for stack in todo}
        telling = replace(listener, finished=tell)
        return run_each(context, waits, lambda s: work(s, done.get(s)), telling, parallel)

    askers = context.rounds.askers if context.rounds is not None else ()
    return in_passes(tuple(known.values()), askers, once, listener.finished)


def _apply_held(
    context: RunContext, job: Job, leave: Leave, listener: Listener, before: Result | None
) -> Result:
    """Apply a stack while no other run does, with its inputs as they are then."""
    stack = job.stack.id

    def work() -> Result:
        fresh = job if context.meeting is None else job_of(context, job.stack, job.sources)
        if isinstance(fresh, Result):
            return fresh
        return alone(context, stack, lambda: _apply_round(context, fresh, leave, listener, before))

    return held(context, stack, job.stack.waits_for, lambda why: listener.waiting(stack, why), work)


def _apply_round(
    context: RunContext, job: Job, leave: Leave, listener: Listener, before: Result | None
) -> Result:
    """Apply a stack; of the peerings of one that asks in rounds, as many as there is room for."""
    asked = context.rounds.of(job.stack, job.inputs) if context.rounds is not None else None
    if asked is None or not asked.left:
        return _apply(context, job, leave, listener)
    listener.waiting(job.stack.id, str(asked))
    if asked.is_idle and before is not None:
        return before
    part = replace(job, inputs=narrowed(job.inputs, asked))
    return replace(_apply(context, part, leave, listener), edges_left=asked.left)


def closed(context: RunContext, job: Job) -> str:
    """Say why a stack cannot be worked on yet although its inputs exist; empty where it can."""
    ways = context.hub_ways
    why = ways.closed(job.stack, job.inputs, context.registry) if ways is not None else ""
    return why and f"waits for a way to its cluster: {why}"


def done_before(context: RunContext, job: Job, finished: Mapping[str, str]) -> Result | None:
    """Say of a stack that the resumed run has finished it; None where it has not."""
    stack = job.stack.id
    is_finished = finished.get(stack.name) == work_key(job.sources, job.inputs)
    if not is_finished or not _still_stands(context, job):
        return None
    return Result(stack=stack, status="done-before", reason="by the resumed run")


def _apply(context: RunContext, job: Job, leave: Leave, listener: Listener) -> Result:
    """Apply a stack, once the account that it works in can be used, and not too many are made."""
    wait_for_account(context, job, listener)
    if context.new_accounts is None:
        return apply_stack(context, job, leave)
    with context.new_accounts.turn(job.stack):
        return apply_stack(context, job, leave)


def wait_for_account(context: RunContext, job: Job, listener: Listener) -> None:
    """Come back once the account that a stack works in can be used."""
    accounts, stack = context.new_accounts, job.stack.id
    access = resolved_access(job.stack, job.inputs)
    if accounts is None or access is None or context.registry.read(stack) is not None:
        return
    accounts.wait(
        access, lambda why: listener.waiting(stack, why), lambda: context.children.stopping
    )


def destroy_stacks(
    context: RunContext,
    selected: Collection[StackId],
    listener: Listener,
    *,
    parallel: int,
    gone: bool = False,
    sweep: bool = False,
) -> tuple[Result, ...]:
    """Destroy stacks that the registry knows, each after all that wait for it are gone.

    What is kept on a destroy, as an account, is not destroyed: Terraform forgets it.
    Nothing at all is destroyed while a stack outside of the selection still takes values from
    one inside it (F606): half a cell would be worse than a whole one. A stack whose record cannot
    be read fails (F603), and what it takes values from is spared. `gone` says that the
    selection is all that left the inventory, so that whoever is outside of it stays there.
    `sweep` deletes what others left behind in a VPC before that is destroyed.
    """
    records, others = context.registry.read_each()
    users = users_of(records.values(), others)
    refused = refuse_needed(selected, users, context.target.mode, gone=gone)
    for result in refused:
        listener.finished(result)
    if refused:
        return refused
    order = users_of(records.values(), others, order=True)
    waits = {
        stack: tuple(user for user in order.get(stack, ()) if user in selected)
        for stack in (*records, *others)
        if stack in selected
    }

    def work(stack: StackId) -> Result:
        if stack in others:
            raise others[stack].error
        listener.started(stack)

        def tell(why: str) -> None:
            listener.waiting(stack, why)

        def work_alone(record: Record) -> Result:
            return alone(context, stack, lambda: give_up(context, record, tell, sweep=sweep))

        return held_to_destroy(context, records[stack], {*records, *others}, tell, work_alone)

    return run_each(context, waits, work, listener, parallel)


def run_each(
    context: RunContext,
    waits: Mapping[StackId, Collection[StackId]],
    work: Callable[[StackId], Result],
    listener: Listener,
    parallel: int,
) -> tuple[Result, ...]:
    """Do something with each stack, after what it waits for, and tell what became of it."""
    results: dict[StackId, Result] = {}
    for stack, result in run_when_ready(
        waits,
        work=lambda stack: _guarded(stack, lambda: work(stack)),
        skip=_skipped,
        broken=lambda result: result.broken,
        stopping=lambda: context.children.stopping,
        parallel=parallel,
    ):
        result = explained(context, result)
        results[stack] = result
        listener.finished(result)
    return tuple(results[stack] for stack in waits)


def explained(context: RunContext, result: Result) -> Result:
    """Say beside Terraform's own words what they mean here."""
    told = (explain(d, result.stack, context.target.mode) for d in result.diagnostics)
    return replace(result, diagnostics=tuple(told))


def alone(context: RunContext, stack: StackId, work: Callable[[], T]) -> T:
    """Work on a stack while no other process does."""
    with stack_lock(context.target.locks_folder, stack, lambda: context.children.stopping):
        return work()


def _guarded(stack: StackId, work: Callable[[], Result]) -> Result:
    """Turn what a user can mend into the stack's result, so that the others go on."""
    try:
        return work()
    except StoppedError as error:
        return Result(stack=stack, status="interrupted", reason=str(error))
    except FactoryError as error:
        finding = replace(error.problems[0].finding, stack=stack.name)
        return Result(stack=stack, status="failed", reason=str(error), finding=finding)


def _skipped(stack: StackId, cause: StackId | None) -> Result:
    reason = "interrupted" if cause is None else f"needs {cause}"
    return Result(stack=stack, status="skipped", reason=reason)


def _deferred(stack: StackId, deferred: Deferred) -> Result:
    named = ", ".join(map(str, deferred.waits_for))
    reason = f"waits for {named}"
    return Result(stack=stack, status="deferred", reason=reason, waits_for=deferred.waits_for)


def job_of(
    context: RunContext, stack: Stack, sources: Sources, coming: Collection[StackId] = ()
) -> Job | Result:
    """Put together what a command needs of a stack; the result of one whose inputs are missing.

    Args:
        context: with the registry that tells the inputs.
        stack: the stack.
        sources: its synthesized files.
        coming: as of `resolve_inputs`: whoever only looks waits for what the run is to make.
    """
    resolved = _resolve(context, stack, coming)
    if isinstance(resolved, Deferred):
        return _deferred(stack.id, resolved)
    return Job(stack=stack, sources=sources, inputs=resolved)


def _resolve(
    context: RunContext, stack: Stack, coming: Collection[StackId]
) -> dict[str, Value] | Deferred:
    """Find the inputs of a stack; what is missing is looked for again, as others may make it."""
    found = {producer: context.registry.read(producer) for producer in stack.waits_for}
    known = {i: r for i, r in found.items() if r is not None}
    resolved = resolve_inputs(stack, known, coming=coming)
    if not isinstance(resolved, Deferred):
        return resolved
    found |= {producer: context.registry.read_again(producer) for producer in resolved.waits_for}
    known = {i: r for i, r in found.items() if r is not None}
    return resolve_inputs(stack, known, coming=coming)


def _still_stands(context: RunContext, job: Job) -> bool:
    """Whether what a run once finished is what is recorded now: it may be destroyed since."""
    record = context.registry.read(job.stack.id)
    if record is None or not record.complete:
        return False
    return record.digest == digest_sources(job.sources) and record.inputs == job.inputs


def _lacking_providers(context: RunContext, stack: StackId, files: Sources) -> list[str]:
    mirror = context.target.mirror
    if mirror is None:
        return []
    sources = provider_sources(parse_configuration(stack, files))
    return [source for source in sources if not any(mirror.glob(f"*/{source}"))]
