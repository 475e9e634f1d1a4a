"""The steps of a decommission: peers let go, stacks go, accounts are settled."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from cellfactory.design import Design
from cellfactory.errors import FactoryError
from cellfactory.layers import StackId
from cellfactory.runs.departure import Departed, Remains, Work
from cellfactory.runs.leavers import Leaver
from cellfactory.runs.request import Outcome
from cellfactory.runs.watcher import listen
from cellfactory.terraform.guard import Allowed
from cellfactory.terraform.journal import Journal
from cellfactory.terraform.kept_parts import bucket_names, empty_buckets, leave_parts
from cellfactory.terraform.leaving import Step
from cellfactory.terraform.left_accounts import Closing, close, quarantine
from cellfactory.terraform.orphans import tagged
from cellfactory.terraform.record import Record
from cellfactory.terraform.results import Result
from cellfactory.terraform.runner import Listener, apply_stacks, destroy_stacks
from cellfactory.terraform.sessions import sessions

SESSION = "cellfactory-decommission"


def take_steps(work: Work, planned: Sequence[Result], journal: Journal) -> tuple[Result, ...]:
    """Take step after step; the first that does not end well is the last."""
    allowed = Allowed(
        addresses=frozenset(
            change.address
            for result in planned
            for change in result.planned
            if change.action == "delete"
        )
    )
    listener = listen(work.watcher, (*planned, *work.course.stacks))
    results: list[Result] = []
    for step in work.course.steps:
        done = [*_apply(work, step, allowed, journal, listener)]
        if not _is_bad(done, work):
            done += _destroy(work, step, journal, listener)
        results += done
        if _is_bad(done, work):
            break
    return tuple(results)


def _is_bad(results: Iterable[Result], work: Work) -> bool:
    return work.stopping or any(r.broken or r.status == "deferred" for r in results)


def _apply(
    work: Work, step: Step, allowed: Allowed, journal: Journal, listener: Listener
) -> Iterator[Result]:
    if not step.applied:
        return
    yield from apply_stacks(
        work.context,
        [work.stacks[stack] for stack in step.applied],
        work.sources,
        listener,
        parallel=work.request.parallel,
        journal=journal,
        finished={},
        allowed=allowed,
    )


def _destroy(work: Work, step: Step, journal: Journal, listener: Listener) -> Iterator[Result]:
    """Destroy stacks, once what is kept of them is out of their states."""
    if not step.destroyed:
        return
    for stack in step.destroyed:
        record = work.context.registry.read(stack)
        if record is not None and (failed := _leave(work, record)):
            listener.finished(failed)
            yield failed
            return
    for result in destroy_stacks(
        work.context,
        step.destroyed,
        listener,
        parallel=work.request.parallel,
        gone=True,
        sweep=True,
    ):
        journal.finished(result, "")
        yield result


def _leave(work: Work, record: Record) -> Result | None:
    """Keep or empty what a stack of a leaving cell holds for good."""
    leaver = next((one for one in work.leavers if one.cell == record.stack.owner), None)
    names = tuple(bucket_names(record))
    try:
        if leaver and leaver.access and names and not work.leaving.parts.buckets:
            empty_buckets(
                sessions(work.context.target, SESSION)(leaver.access),
                names,
                leaver.access.region,
                lambda: work.stopping,
                lambda what: work.watcher.waiting(record.stack, what),
            )
        return leave_parts(work.context, record, work.leaving.parts) if leaver else None
    except FactoryError as error:
        finding = replace(error.problems[0].finding, stack=record.stack.name)
        return Result(
            stack=record.stack,
            status="interrupted" if work.stopping else "failed",
            reason=str(error),
            finding=finding,
        )


def settle_all(work: Work, outcome: Outcome, journal: Journal) -> Departed:
    """Look at what remains, and do to the accounts what was asked for."""
    looked = [_look(work, leaver) for leaver in work.leavers]
    ended: list[Remains] = []
    results = list(outcome.results)
    for remains in looked:
        told, forgotten = _settle(work, remains.leaver, journal)
        ended.append(replace(remains, account=told))
        results += forgotten
    return Departed(outcome=replace(outcome, results=tuple(results)), remains=tuple(ended))


def _look(work: Work, leaver: Leaver) -> Remains:
    """Ask the account of a cell for what bears the tag of its stacks."""
    nothing = Remains(leaver=leaver, told=(), account="")
    if leaver.access is None:
        return nothing
    try:
        session = sessions(work.context.target, SESSION)(leaver.access)
        found = tagged(session, leaver.account, leaver.access.region)
        told = sorted({o.arn for o in found if o.stack.rpartition("-")[0] == leaver.cell})
    except FactoryError as error:
        return replace(nothing, unasked=error.problems[0].finding)
    return replace(nothing, told=tuple(told))


def _settle(work: Work, leaver: Leaver, journal: Journal) -> tuple[str, tuple[Result, ...]]:
    """Do to an account what was asked for, and have Terraform forget one that is given up.

    Raises:
        TerraformError: F646, when Organizations refuses.
    """
    fate = work.leaving.account
    if fate == "keep" or leaver.management is None:
        return "stays open in its organization, and what is in it is billed", ()
    session = sessions(work.context.target, SESSION)(leaver.management)
    region = leaver.management.region
    if fate == "quarantine":
        told = quarantine(session, region, leaver.account, str(leaver.quarantine_ou))
    else:
        told = close(session, region, leaver.account, closing_of(work.design))
    journal.noted("account", cell=leaver.cell, account=leaver.account, told=told)
    if not leaver.has_account_stack:
        return told, ()
    stack = StackId(leaver.cell, "account")
    watcher = work.watcher
    listener = Listener(started=watcher.started, finished=watcher.finished)
    return told, destroy_stacks(work.context, [stack], listener, parallel=1, gone=True)


def closing_of(design: Design) -> Closing:
    """How many accounts AWS closes, as the facts have it."""
    facts = design.facts
    return Closing(
        fewest=int(facts.parameter("accounts-closed-fewest")),
        most=int(facts.parameter("accounts-closed-most")),
        share=facts.parameter("accounts-closed-share"),
        window_days=int(facts.parameter("accounts-closed-window-days")),
        back_days=int(facts.parameter("account-back-days")),
    )
