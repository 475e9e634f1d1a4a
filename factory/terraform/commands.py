"""One stack, one Terraform command: run it, and say what became of the stack.

Every command of the AWS provider costs about seven seconds of CPU before it does anything, so
an apply is one process where that is safe. It is safe where nothing can be destroyed: in the
sandbox, for a stack that has no state yet. Everywhere else an apply is a plan, a look at the
plan, and the apply of that very plan, unless destroying was allowed beforehand.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TypeVar

from factory.errors import Finding, TerraformError
from factory.facts.loader import load_facts
from factory.layers import Stack, StackId
from factory.layers.access import ACCOUNT_VARIABLE
from factory.processes import Children, Finished, run_process
from factory.terraform.chart_registries import LogIn, charts_in_reach
from factory.terraform.engine import Engine
from factory.terraform.guard import Allowed, dangers, describe, forbidden
from factory.terraform.hub_ways import HubWays
from factory.terraform.logs import new_log
from factory.terraform.messages import (
    Diagnostic,
    Report,
    Value,
    parse_outputs,
    parse_report,
    parse_validation,
)
from factory.terraform.new_accounts import NewAccounts
from factory.terraform.provider_lock import not_as_locked
from factory.terraform.record import Record, check_outputs
from factory.terraform.registry import Registry
from factory.terraform.reported import applied, in_flight, planned
from factory.terraform.rescue import ERRORED, Rescue
from factory.terraform.results import Result
from factory.terraform.sweep import Sweeper
from factory.terraform.target import Mode, Target
from factory.terraform.turns import cache_turn, note_worker, worker_file
from factory.terraform.version_steps import CLUSTER, changes_versions, check_steps, parse_plan
from factory.terraform.workspace import (
    PLAN,
    Pins,
    Sources,
    Workspace,
    digest_sources,
    parse_configuration,
    prepare_workspace,
)

LOCK_TIMEOUT = "-lock-timeout=60s"  # another run may just be finishing with the same state


@dataclass(frozen=True, slots=True, kw_only=True)
class RunContext:
    """What every command of a run works with."""

    engine: Engine
    target: Target
    registry: Registry
    environment: Mapping[str, str]  # Terraform's, whole
    children: Children = field(default_factory=Children)
    pins: Pins | None = None  # the provider lock; None where providers are not pinned
    init_lock: threading.Lock = field(default_factory=threading.Lock)
    new_accounts: NewAccounts | None = None  # None waits for none
    hub_ways: HubWays | None = None  # None takes every cluster to be reached
    sweeper: Sweeper | None = None  # None looks into no VPC
    log_in: LogIn | None = None  # to private chart registries; None logs in nowhere

    @property
    def rescue(self) -> Rescue:
        """Where states are kept that have not found their place."""
        return Rescue(target=self.target, registry=self.registry)


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A stack with everything that a command needs of it."""

    stack: Stack
    sources: Sources
    inputs: Mapping[str, Value]  # by variable


def validate_stack(context: RunContext, stack: StackId, sources: Sources) -> Result:
    """Hold a synthesized stack against the schema of its providers; needs no values."""
    started = time.monotonic()
    space = prepare_workspace(
        context.target, context.engine, stack, sources, None, pins=context.pins
    )
    if failed := _init(context, stack, space):
        return failed
    finished = run_terraform(context, space, "validate", "-json")
    try:
        told = parse_validation(finished.stdout)
    except ValueError:
        return failed_result(context, stack, Report(other=finished.stdout), finished)
    if finished.code != 0:
        return failed_result(context, stack, Report(diagnostics=told), finished)
    took = time.monotonic() - started
    return Result(stack=stack, status="valid", diagnostics=told, seconds=took)


@contextmanager
def _with_charts(context: RunContext, job: Job) -> Iterator[RunContext]:
    """Let Terraform reach the charts of a stack."""
    with charts_in_reach(
        context.log_in,
        job.stack,
        job.inputs,
        parse_configuration(job.stack.id, job.sources),
        context.target.work_folder(job.stack.id),
        context.environment,
    ) as environment:
        yield replace(context, environment=environment)


def plan_stack(context: RunContext, job: Job) -> Result:
    """Plan a stack without a lock; a plan that is looked into is gone afterwards."""
    stack = job.stack.id
    started = time.monotonic()
    space = prepare_workspace(
        context.target, context.engine, stack, job.sources, job.inputs, pins=context.pins
    )
    if failed := _init(context, stack, space):
        return failed
    if refused := context.rescue.refuse(stack):
        return Result(stack=stack, status="failed", reason=str(refused), finding=refused)
    with _with_charts(context, job) as reaching:
        return _plan(reaching, job, space, started)


def _plan(context: RunContext, job: Job, space: Workspace, started: float) -> Result:
    stack = job.stack.id
    saved = (f"-out={PLAN}",) if _holds_versions(stack, job.sources) else ()
    try:
        report, finished = _reported(context, space, *_PLAN, "-lock=false", *saved)
        if finished.code not in (0, 2):
            return failed_result(context, stack, report, finished)
        result = planned(stack, report, finished, time.monotonic() - started)
        return _looked_into(context, space, result) if saved else result
    finally:
        (space.folder / PLAN).unlink(missing_ok=True)  # it holds the state


def apply_stack(context: RunContext, job: Job, allowed: Allowed) -> Result:
    """Apply a stack and record its outputs.

    Args:
        context: what to work with.
        job: the stack.
        allowed: what the plan may destroy and replace.

    Raises:
        TerraformError: when its outputs are not as the layers say (F604), or the registry
            cannot be had (F603, F605).
    """
    stack = job.stack.id
    started = time.monotonic()
    space = prepare_workspace(
        *(context.target, context.engine, stack, job.sources, job.inputs),
        lift=allowed.addresses,
        pins=context.pins,
    )
    if failed := _init(context, stack, space) or push_kept(context, space):
        return failed
    with _with_charts(context, job) as reaching:
        return _plan_and_apply(reaching, job, space, allowed, started)


def _plan_and_apply(
    context: RunContext, job: Job, space: Workspace, allowed: Allowed, started: float
) -> Result:
    stack = job.stack.id
    before = context.registry.read(stack)
    record = _begin(job, before)
    if _has_no_state(context.target, stack):
        return _apply(context, job, space, record, ("-auto-approve",), started)
    try:
        looked = _plan_and_look(context, stack, space, allowed, started)
        if looked.status == "no-change":
            _complete_unchanged(context, job, space, before, record)
        if looked.status != "planned":
            return looked
        if context.children.stopping:
            return Result(stack=stack, status="interrupted", reason="planned, not applied")
        result = _apply(context, job, space, record, (PLAN,), started)
        return replace(result, warnings=looked.warnings)
    finally:
        (space.folder / PLAN).unlink(missing_ok=True)  # a saved plan holds the state


def destroy_stack(context: RunContext, record: Record) -> Result:
    """Destroy what a stack holds, with the sources that it was last applied with."""
    stack = record.stack
    started = time.monotonic()
    space = prepare_workspace(
        *(context.target, context.engine, stack, record.sources, record.inputs),
        lift=None,
        pins=context.pins,
    )
    if failed := _init(context, stack, space) or push_kept(context, space):
        return failed
    context.registry.write(replace(record, complete=False))
    report, finished = _reported(
        context, space, "destroy", "-json", "-input=false", LOCK_TIMEOUT, "-auto-approve"
    )
    if finished.code != 0:
        if not report.began and not report.applied and finished.code > 0:
            context.registry.write(record)  # as where another one holds the state: all is there
        return failed_result(context, stack, report, finished)
    context.registry.remove(stack)
    return applied(stack, "destroyed", report, time.monotonic() - started)


def open_stack(
    context: RunContext, stack: StackId, sources: Sources, inputs: Mapping[str, Value] | None
) -> Workspace | Result:
    """Make the work folder of a stack ready for a command, or say why it cannot be."""
    space = prepare_workspace(
        *(context.target, context.engine, stack, sources, inputs), pins=context.pins
    )
    return _init(context, stack, space) or space


_PLAN = ("plan", "-json", "-input=false", "-detailed-exitcode")


def _apply(
    context: RunContext,
    job: Job,
    space: Workspace,
    record: Record,
    arguments: tuple[str, ...],
    started: float,
) -> Result:
    context.registry.write(record)
    report, finished = _reported(
        context, space, "apply", "-json", "-input=false", LOCK_TIMEOUT, *arguments
    )
    if finished.code != 0:
        return failed_result(context, job.stack.id, report, finished)
    told = _outputs(context, space) if report.outputs is None else report.outputs
    outputs = check_outputs(job.stack, told)
    context.registry.write(replace(record, complete=True, outputs=outputs))
    result = applied(job.stack.id, "applied", report, time.monotonic() - started)
    return result if result.counts else replace(result, status="no-change")


def _begin(job: Job, before: Record | None) -> Record:
    """Make the record of an apply that begins: enough to destroy whatever it leaves."""
    return Record(
        stack=job.stack.id,
        account=_account(job),
        region=job.stack.access.region,
        complete=False,
        digest=digest_sources(job.sources),
        sources=job.sources,
        inputs=job.inputs,
        outputs={} if before is None else before.outputs,
        waits_for=job.stack.takes_from,
        after=job.stack.after,
    )


def _account(job: Job) -> str:
    """The account that a stack works in, with the value of its variable where it has one."""
    value = job.inputs.get(ACCOUNT_VARIABLE)
    account = job.stack.access.account
    return value if isinstance(value, str) and account.startswith("${") else account


def _complete_unchanged(
    context: RunContext, job: Job, space: Workspace, before: Record | None, record: Record
) -> None:
    """Bring the record up to date where Terraform has nothing to do."""
    known = before is not None and before.complete and set(before.outputs) == set(job.stack.outputs)
    told = before.outputs if before is not None and known else _outputs(context, space)
    after = replace(record, complete=True, outputs=check_outputs(job.stack, told))
    if after != before:
        context.registry.write(after)


def _has_no_state(target: Target, stack: StackId) -> bool:
    """Whether there is certainly nothing that an apply could destroy."""
    return target.mode == "sandbox" and not target.state_file(stack).exists()


def _refusal(
    mode: Mode, stack: StackId, report: Report, allowed: Allowed, seconds: float
) -> Result | None:
    """Refuse a plan, also one that Terraform itself stopped at what is kept."""
    refused = forbidden(dangers(report.planned, report.lost), stack.layer, allowed)
    if not refused:
        return None
    message, hint = describe(refused, stack, mode)
    finding = Finding(rule="F607", stack=stack.name, message=message, hint=hint)
    return Result(
        stack=stack,
        status="refused",
        counts=report.planned_counts,
        reason=str(finding),
        finding=finding,
        planned=report.planned,
        refused=refused,
        seconds=seconds,
    )


def _plan_and_look(
    context: RunContext, stack: StackId, space: Workspace, allowed: Allowed, started: float
) -> Result:
    """Save a plan, and hold it against what an apply may do."""
    report, finished = _reported(context, space, *_PLAN, LOCK_TIMEOUT, f"-out={PLAN}")
    took = time.monotonic() - started
    if refused := _refusal(context.target.mode, stack, report, allowed, took):
        return refused
    if finished.code not in (0, 2):
        return failed_result(context, stack, report, finished)
    return _looked_into(context, space, planned(stack, report, finished, took))


def _holds_versions(stack: StackId, sources: Sources) -> bool:
    """Whether a plan of a stack can change a version that only goes one way."""
    return CLUSTER in parse_configuration(stack, sources).get("resource", {})


def _looked_into(context: RunContext, space: Workspace, result: Result) -> Result:
    """Hold the versions that a saved plan changes against what EKS does with them."""
    if not changes_versions(result.planned):
        return result
    told = run_terraform(context, space, "show", "-json", PLAN)
    if told.code != 0:
        return failed_result(context, result.stack, Report(other=told.stdout), told)
    name = result.stack.name
    found = [replace(f, stack=name) for f in check_steps(parse_plan(told.stdout), load_facts())]
    refused = next((finding for finding in found if finding.severity == "error"), None)
    if refused is None:
        return replace(result, warnings=tuple(found))
    return replace(result, status="refused", reason=str(refused), finding=refused)


def _init(context: RunContext, stack: StackId, space: Workspace) -> Result | None:
    """Run `terraform init` where it is needed; one at a time, for the sake of the plugin cache."""
    with context.init_lock, cache_turn(context.environment.get("TF_PLUGIN_CACHE_DIR")):
        if not space.needs_init:
            return None
        arguments = {"aws": (), "sandbox": ("-reconfigure",), "offline": ("-backend=false",)}
        finished = run_terraform(
            context,
            space,
            *("init", "-input=false", "-no-color", *arguments[context.target.mode]),
            *(("-lockfile=readonly",) if space.pinned else ()),
        )
        if finished.code == 0:
            space.mark_init()
            return None
    failed = failed_result(context, stack, Report(), finished)
    failed = replace(failed, log=context.target.logs_folder / stack.name / "init.log")
    words = finished.stderr + finished.stdout
    finding = not_as_locked(words, context.pins.file) if context.pins and space.pinned else None
    if finding is None:
        return failed
    finding = replace(finding, stack=stack.name)
    return replace(failed, finding=finding, reason=str(finding))


def _reported(context: RunContext, space: Workspace, *arguments: str) -> tuple[Report, Finished]:
    finished = run_terraform(context, space, *arguments)
    return parse_report(finished.stdout), finished


def _outputs(context: RunContext, space: Workspace) -> Mapping[str, object]:
    finished = run_terraform(context, space, "output", "-json")
    try:
        return parse_outputs(finished.stdout)
    except ValueError as error:
        finding = Finding(
            rule="F604", message=f"terraform output: {error}", hint=finished.stderr.strip()
        )
        raise TerraformError(finding) from error


def run_terraform(context: RunContext, space: Workspace, *arguments: str) -> Finished:
    """Run one command of Terraform's in a work folder; what it says is kept as a log, too."""
    log = new_log(context.target.logs_folder / space.stack.name, arguments)
    worker = worker_file(context.target.locks_folder, space.stack)

    def run(program: Sequence[str]) -> Finished:
        return run_process(
            [*program, *arguments],
            cwd=space.folder,
            env=context.environment,
            children=context.children,
            log=log,
            started=lambda pid: note_worker(worker, pid),
        )

    try:
        return start(context, run)
    finally:
        worker.unlink(missing_ok=True)


def push_kept(context: RunContext, space: Workspace) -> Result | None:
    """Put a state that could not be saved where it belongs; what became of the stack where not."""
    pushed = context.rescue.push(space, lambda *words: run_terraform(context, space, *words))
    if pushed is None:
        return None
    failed = failed_result(context, space.stack, Report(), pushed)
    places = (str(space.folder / ERRORED),)
    finding = context.rescue.finding(space.stack, places, "Terraform refused to take it up again")
    return replace(failed, finding=finding, reason=str(finding))


T = TypeVar("T")


def start(context: RunContext, run: Callable[[Sequence[str]], T]) -> T:
    """Do something with Terraform's program.

    Raises:
        TerraformError: when it cannot be started (F601).
    """
    try:
        return run(context.engine.argv)
    except OSError as error:
        msg = f"cannot run {context.engine.origin}: {error.strerror}"
        raise TerraformError(Finding(rule="F601", message=msg)) from error


def failed_result(
    context: RunContext, stack: StackId, report: Report, finished: Finished
) -> Result:
    """Say of a stack that a command of Terraform's failed, in its own words."""
    told = (*report.diagnostics, *in_flight(context.target.mode, report))
    if not any(d.severity == "error" for d in told):
        words = "\n".join(t.strip() for t in (finished.stderr, report.other) if t.strip())
        summary = f"Terraform ended with exit code {finished.code}"
        told = (*told, Diagnostic(severity="error", summary=summary, detail=words))
    places = context.rescue.keep(stack, report.state)
    then = "the next apply or destroy pushes it first"
    finding = context.rescue.finding(stack, places, then) if places else None
    return Result(
        stack=stack,
        status="interrupted" if context.children.stopping else "failed",
        counts=report.applied_counts,
        reason=str(finding) if finding else "",
        finding=finding,
        diagnostics=told,
        applied=report.applied,
        seconds=finished.seconds,
        log=finished.log,
    )
