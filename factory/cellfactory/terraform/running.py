"""One command of Terraform's in the folder of a stack: what it works with, and what it says."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

from cellfactory.errors import Finding, TerraformError
from cellfactory.layers import StackId
from cellfactory.processes import Children, Finished, Heard, run_process
from cellfactory.terraform.chart_registries import LogIn
from cellfactory.terraform.engine import Engine
from cellfactory.terraform.hub_ways import HubWays
from cellfactory.terraform.logs import new_log
from cellfactory.terraform.meeting import Meeting
from cellfactory.terraform.messages import (
    Diagnostic,
    Phase,
    Report,
    Step,
    Value,
    parse_outputs,
    parse_report,
    parse_step,
)
from cellfactory.terraform.new_accounts import NewAccounts
from cellfactory.terraform.provider_lock import not_as_locked
from cellfactory.terraform.registry import Registry
from cellfactory.terraform.reported import in_flight
from cellfactory.terraform.rescue import ERRORED, Rescue
from cellfactory.terraform.results import Result
from cellfactory.terraform.rounds import Rounds
from cellfactory.terraform.sweep import Sweeper
from cellfactory.terraform.target import Target
from cellfactory.terraform.turns import cache_turn, note_worker, worker_file
from cellfactory.terraform.workspace import (
    Pins,
    Sources,
    Workspace,
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
    rounds: Rounds | None = None  # None asks for all peerings at once
    sweeper: Sweeper | None = None  # None looks into no VPC
    meeting: Meeting | None = None  # None where no other run can be
    log_in: LogIn | None = None  # to private chart registries; None logs in nowhere
    working: Callable[[StackId, Step], None] = lambda _stack, _step: None  # from several threads

    @property
    def rescue(self) -> Rescue:
        """Where states are kept that have not found their place."""
        return Rescue(target=self.target, registry=self.registry)


def open_stack(
    context: RunContext, stack: StackId, sources: Sources, inputs: Mapping[str, Value] | None
) -> Workspace | Result:
    """Make the work folder of a stack ready for a command, or say why it cannot be."""
    space = prepare_workspace(
        *(context.target, context.engine, stack, sources, inputs), pins=context.pins
    )
    return init_stack(context, stack, space) or space


def init_stack(context: RunContext, stack: StackId, space: Workspace) -> Result | None:
    """Run `terraform init` where it is needed; one at a time, for the sake of the plugin cache."""
    with context.init_lock, cache_turn(context.environment.get("TF_PLUGIN_CACHE_DIR")):
        if not space.needs_init:
            return None
        context.working(stack, Step(phase="init"))
        arguments = {"aws": (), "sandbox": ("-reconfigure",), "offline": ("-backend=false",)}
        if stack in context.target.placed:  # its state is brought along by us, not by Terraform
            arguments["aws"] = ("-reconfigure",)
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


def reported(
    context: RunContext, stack: StackId, space: Workspace, phase: Phase, *arguments: str
) -> tuple[Report, Finished]:
    """Run a command that tells what it does."""

    def heard(line: bytes) -> None:
        if step := parse_step(line, phase):
            context.working(stack, step)

    context.working(stack, Step(phase=phase))
    finished = run_terraform(context, space, phase, *arguments, heard=heard)
    return parse_report(finished.stdout), finished


def outputs_of(context: RunContext, space: Workspace) -> Mapping[str, object]:
    """Read the outputs of a stack.

    Raises:
        TerraformError: when Terraform does not tell them (F604).
    """
    finished = run_terraform(context, space, "output", "-json")
    try:
        return parse_outputs(finished.stdout)
    except ValueError as error:
        finding = Finding(
            rule="F604", message=f"terraform output: {error}", hint=finished.stderr.strip()
        )
        raise TerraformError(finding) from error


def run_terraform(
    context: RunContext, space: Workspace, *arguments: str, heard: Heard | None = None
) -> Finished:
    """Run one command of Terraform's in a work folder; what it says is kept as a log, too.

    But not what `show` says: it is every value of a plan, the sensitive ones in plain.

    Args:
        context: what to work with.
        space: the work folder.
        arguments: of Terraform's.
        heard: is handed each line of its standard output soon after it was written.
    """
    logs = context.target.logs_folder / space.stack.name
    log = None if arguments[0] == "show" else new_log(logs, arguments)
    worker = worker_file(context.target.locks_folder, space.stack)

    def run(program: Sequence[str]) -> Finished:
        return run_process(
            [*program, *arguments],
            cwd=space.folder,
            env=context.environment,
            children=context.children,
            log=log,
            heard=heard,
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
