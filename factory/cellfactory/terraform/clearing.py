"""Giving up a recorded stack: destroyed, forgotten, or stopped by what lies in its way."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from cellfactory.errors import Finding, TerraformError
from cellfactory.layers import StackId
from cellfactory.terraform.advice import SWEEP, destroy_line
from cellfactory.terraform.commands import destroy_stack
from cellfactory.terraform.forget import forget_stack
from cellfactory.terraform.leftovers import Leftover
from cellfactory.terraform.record import Record
from cellfactory.terraform.results import Result
from cellfactory.terraform.running import RunContext
from cellfactory.terraform.sweep import HELD, Sweeper
from cellfactory.terraform.waiting import Tell


def give_up(context: RunContext, record: Record, tell: Tell, *, sweep: bool) -> Result:
    """Destroy what a stack holds, or have Terraform forget what is kept.

    Where that is a VPC, it is looked into first. What others left there would keep Terraform busy
    for twenty minutes and then fail, so it ends here (F640), unless it is to be swept.

    Raises:
        StoppedError: when the run is to end while something is swept.
        TerraformError: F642, when something cannot be swept.
    """
    if record.stack.row.kept_on_destroy:
        return forget_stack(context, record)
    sweeper = context.sweeper
    if sweeper is None or not record.stack.row.holds_vpc:
        return destroy_stack(context, record)
    if sweep:
        sweeper.sweep(record, tell, lambda: context.children.stopping)
    found = _found(sweeper, record, tell)
    if left := [one for one in found if one.certain]:
        return _refused(context, record.stack, left)
    for stranger in found:
        tell(f"there is still {stranger}, which is not ours")
    result = destroy_stack(context, record)
    return _with_names(sweeper, record, result, tell) if _is_held(result) else result


def _found(sweeper: Sweeper, record: Record, tell: Tell) -> list[Leftover]:
    """Look; a look that fails is told, and does not keep anybody from destroying."""
    try:
        return sweeper.look(record)
    except TerraformError as error:
        tell(in_a_line(error))
        return []


def in_a_line(error: TerraformError) -> str:
    """The sentence of an error, without its rule and what it hints at."""
    return error.problems[0].finding.message


def _refused(context: RunContext, stack: StackId, left: Iterable[Leftover]) -> Result:
    line = destroy_line([stack], context.registry.stacks(), context.target.mode)
    finding = Finding(
        rule="F640",
        stack=stack.name,
        message="its VPC holds what its cluster and others left behind, and EC2 deletes no VPC "
        "that holds something",
        hint="\n".join([*map(str, left), f"to delete these, and then the network: {line} {SWEEP}"]),
    )
    return Result(stack=stack, status="refused", reason=str(finding), finding=finding)


def _is_held(result: Result) -> bool:
    told = (f"{one.summary}\n{one.detail}" for one in result.diagnostics)
    return result.status == "failed" and any(HELD in text for text in told)


def _with_names(sweeper: Sweeper, record: Record, result: Result, tell: Tell) -> Result:
    """Name what a failed destroy was held up by."""
    found = _found(sweeper, record, tell)
    if not found:
        return result
    finding = Finding(
        rule="F641",
        stack=record.stack.name,
        message="something that Terraform did not make still lies in its VPC",
        hint="\n".join(map(str, found)),
    )
    return replace(result, reason=str(finding), finding=finding)
