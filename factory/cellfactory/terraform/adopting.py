"""Takes up again what AWS has and a state lost: `import` blocks, planned, judged, and applied.

A plan without them says what it would create; what of that is in AWS already becomes a block. With
those, the next plan knows more (the id of a VPC, and with it what lies in that), so it is asked
again until nothing more is found. What is applied in the end is aimed at what is imported alone: it
creates nothing, and destroys nothing.

Source:
    https://developer.hashicorp.com/terraform/language/import
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from cellfactory.credentials import Session
from cellfactory.errors import Finding, StoppedError, TerraformError
from cellfactory.facts.importing import load_import_forms
from cellfactory.layers import StackId
from cellfactory.terraform.identify import Known, Untold, Wanted, identify
from cellfactory.terraform.mending import ignoring, mend
from cellfactory.terraform.messages import Report
from cellfactory.terraform.planning import Job
from cellfactory.terraform.reported import applied
from cellfactory.terraform.results import Result
from cellfactory.terraform.running import (
    LOCK_TIMEOUT,
    RunContext,
    failed_result,
    init_stack,
    push_kept,
    reported,
    run_terraform,
)
from cellfactory.terraform.turns import stack_lock
from cellfactory.terraform.workspace import PLAN, Workspace, prepare_workspace

BLOCKS = "cellfactory_imports.tf"
UNREAD = "imports_override.tf.json"
ROUNDS = 5  # how deep what is missing can hang on what is missing, and one more
_PLAN = ("-json", "-input=false", "-detailed-exitcode", f"-out={PLAN}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Imports:
    """What was found of a stack."""

    stack: StackId
    known: tuple[Known, ...] = ()  # by address
    untold: tuple[Untold, ...] = ()
    missing: int = 0  # resources that are in AWS neither, and that an apply makes


def find_imports(context: RunContext, job: Job, session: Session) -> Imports | Result:
    """Look in AWS for all that the plan of a stack would create.

    Returns:
        What was found, or what became of a plan that failed.

    Raises:
        TerraformError: when a plan cannot be shown (F619), or another process works on the stack.
        StoppedError: when the run is to end.
    """
    stack, region = job.stack.id, job.stack.access.region
    known: dict[str, Known] = {}
    wanted: list[Wanted] = []
    found: list[Known | Untold | None] = []
    with stack_lock(context.target.locks_folder, stack, lambda: context.children.stopping):
        for _ in range(ROUNDS):
            shown = _planned(context, job, known.values(), ())
            if isinstance(shown, Result):
                return shown
            wanted = [one for one in _wanted(shown) if one.address not in known]
            found = [_identified(session, region, one) for one in wanted]
            new = {one.address: one for one in found if isinstance(one, Known)}
            known |= new
            if not new:
                break
    untold = tuple(one for one in found if isinstance(one, Untold))
    return Imports(
        stack=stack,
        known=tuple(known[address] for address in sorted(known)),
        untold=untold,
        missing=len(wanted) - len(untold),
    )


def _identified(session: Session, region: str, wanted: Wanted) -> Known | Untold | None:
    form = load_import_forms().get(wanted.type)
    if form is None:
        return Untold(address=wanted.address, why=f"nobody wrote down how {wanted.type} is found")
    return None if form.again else identify(session, region, form, wanted)


def apply_imports(context: RunContext, job: Job, imports: Imports) -> Result:
    """Import what was found, if that is all that the plan does.

    Raises:
        TerraformError: as `find_imports`.
    """
    stack, started = job.stack.id, time.monotonic()
    with stack_lock(context.target.locks_folder, stack, lambda: context.children.stopping):
        targets = tuple(f"-target={one.address}" for one in imports.known)
        judged = _judged(context, job, imports, targets)
        if isinstance(judged, Result):
            return judged
        try:
            if context.children.stopping:
                msg = f"{stack}: planned, not imported"
                raise StoppedError(msg)
            report, finished = reported(
                *(context, stack, judged, "apply"), "-json", "-input=false", LOCK_TIMEOUT, PLAN
            )
        finally:
            (judged.folder / PLAN).unlink(missing_ok=True)
        if finished.code == 0 and (failed := mend(context, stack, judged, imports.known)):
            return failed
    if finished.code != 0:
        return failed_result(context, stack, report, finished)
    return applied(stack, "applied", report, time.monotonic() - started)


def _judged(
    context: RunContext, job: Job, imports: Imports, targets: tuple[str, ...]
) -> Workspace | Result:
    """Plan the imports, and keep the plan where it does nothing else."""
    space = _space(context, job, imports.known)
    if failed := init_stack(context, job.stack.id, space) or push_kept(context, space):
        return failed
    keeps = False
    try:
        shown = _show(context, job, space, LOCK_TIMEOUT, *targets)
        if isinstance(shown, Result):
            return shown
        beyond = [*beyond_imports(shown, {one.address for one in imports.known})]
        if beyond:
            finding = refuse_beyond(job.stack.id, beyond)
            return Result(
                stack=job.stack.id, status="refused", reason=str(finding), finding=finding
            )
        keeps = True
        return space
    finally:
        if not keeps:
            (space.folder / PLAN).unlink(missing_ok=True)


def beyond_imports(shown: Mapping[str, Any], known: Iterable[str]) -> Iterator[str]:
    """Yield what a plan does beside importing, and changing in place what it imports.

    Args:
        shown: the plan, as `terraform show -json` tells it.
        known: the addresses that it is to import.
    """
    left = set(known)
    for told in shown["resource_changes"]:
        address, actions = str(told["address"]), told["change"]["actions"]
        if told["change"].get("importing"):
            left.discard(address)
            allowed = (["no-op"], ["update"])
        else:
            allowed = (["no-op"], ["read"])
        if actions not in allowed:
            yield f"{' and '.join(actions)} {address}"
    yield from (f"not import {address}" for address in sorted(left))


def refuse_beyond(stack: StackId, beyond: list[str]) -> Finding:
    """Refuse a plan of imports that does more.

    Rules:
        F684: it creates, replaces or destroys something, or leaves something out.
    """
    return Finding(
        rule="F684",
        stack=stack.name,
        message=f"the plan of its imports would also {', '.join(beyond)}",
        hint="import what is right by hand, with cellfactory terraform, and apply the rest",
    )


def render_blocks(known: Iterable[Known]) -> str:
    """Write `import` blocks as Terraform reads them.

    >>> print(render_blocks([Known(address="aws_vpc.cell", id="vpc-1")]), end="")
    import {
      to = aws_vpc.cell
      id = "vpc-1"
    }
    """
    return "\n".join(
        f"import {{\n  to = {one.address}\n  id = {json.dumps(one.id)}\n}}\n" for one in known
    )


def _space(context: RunContext, job: Job, known: Iterable[Known]) -> Workspace:
    blocks = tuple(known)
    sources = {**job.sources, BLOCKS: render_blocks(blocks)}
    if override := ignoring(blocks):
        sources[UNREAD] = json.dumps(override)
    return prepare_workspace(
        *(context.target, context.engine, job.stack.id, sources, job.inputs), pins=context.pins
    )


def _planned(
    context: RunContext, job: Job, known: Iterable[Known], words: tuple[str, ...]
) -> Mapping[str, Any] | Result:
    space = _space(context, job, known)
    if failed := init_stack(context, job.stack.id, space):
        return failed
    if refused := context.rescue.refuse(job.stack.id):
        return Result(stack=job.stack.id, status="failed", reason=str(refused), finding=refused)
    try:
        return _show(context, job, space, "-lock=false", *words)
    finally:
        (space.folder / PLAN).unlink(missing_ok=True)  # it holds the state


def _show(
    context: RunContext, job: Job, space: Workspace, *words: str
) -> Mapping[str, Any] | Result:
    stack = job.stack.id
    report, finished = reported(context, stack, space, "plan", *_PLAN, *words)
    if finished.code not in (0, 2):
        return failed_result(context, stack, report, finished)
    told = run_terraform(context, space, "show", "-json", PLAN)
    if told.code != 0:
        return failed_result(context, stack, Report(other=told.stdout), told)
    return _parse(told.stdout)


def _parse(text: str) -> Mapping[str, Any]:
    try:
        document: dict[str, Any] = json.loads(text)
        changes = document.get("resource_changes", [])
        if all(isinstance(one["change"]["actions"], list) for one in changes):
            return {"resource_changes": changes}
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        pass
    message = "`terraform show -json` of a plan does not answer as Terraform does"
    raise TerraformError(Finding(rule="F619", message=message))


def _wanted(shown: Mapping[str, Any]) -> Iterator[Wanted]:
    """Yield what a plan would create."""
    for told in shown["resource_changes"]:
        change = told["change"]
        if change["actions"] == ["create"] and not change.get("importing"):
            unknown = change.get("after_unknown") or {}
            yield Wanted(
                address=str(told["address"]),
                type=str(told["type"]),
                values=change.get("after") or {},
                unknown=frozenset(name for name, hidden in unknown.items() if hidden),
            )
