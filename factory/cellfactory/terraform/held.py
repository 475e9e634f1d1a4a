"""Work on a stack that no other run, here or on another machine, does anything to."""

from __future__ import annotations

from collections.abc import Callable, Collection

from cellfactory.errors import Finding, TerraformError
from cellfactory.layers import StackId
from cellfactory.terraform.record import Record
from cellfactory.terraform.results import Result
from cellfactory.terraform.running import RunContext


def held(
    context: RunContext,
    stack: StackId,
    uses: Collection[StackId],
    tell: Callable[[str], None],
    work: Callable[[], Result],
) -> Result:
    """Do something to a stack once no other run does, nor to what it takes values from.

    What the registry was known to hold of them is read anew.

    Args:
        context: of the run; where nobody else can be, nothing is locked.
        stack: the stack.
        uses: the stacks that it takes values from, or comes after.
        tell: is told whom it waits for.
        work: what is done.
    """
    meeting = context.meeting
    if meeting is None:
        return work()
    with meeting.hold(stack, uses, tell, lambda: context.children.stopping):
        context.registry.read_locked(stack)
        for used in uses:
            context.registry.read_again(used)
        return work()


def held_to_destroy(
    context: RunContext,
    record: Record,
    known: Collection[StackId],
    tell: Callable[[str], None],
    work: Callable[[Record], Result],
) -> Result:
    """Destroy a stack once no other run works on it, or on what takes values from it.

    Args:
        context: of the run.
        record: of the stack, as it was read.
        known: the stacks that were recorded when it was decided what to destroy.
        tell: is told whom it waits for.
        work: what is done, with the record as it is now.
    """
    meeting, stack = context.meeting, record.stack
    if meeting is None:
        return work(record)
    with meeting.hold(
        stack, record.waits_for, tell, lambda: context.children.stopping, destroys=True
    ):
        now = context.registry.read_locked(stack)
        if now is None:
            return Result(stack=stack, status="destroyed", reason="by another run, meanwhile")
        _require_unused(context, stack, known)
        return work(now)


def _require_unused(context: RunContext, stack: StackId, known: Collection[StackId]) -> None:
    """Refuse to destroy what another run has begun to use since it was decided.

    Raises:
        TerraformError: F606.
    """
    for other in sorted(context.registry.stacks() - set(known)):
        record = context.registry.read_again(other)
        if record is not None and stack in record.waits_for:
            message = f"{other}, which another run has applied meanwhile, takes values from it"
            hint = f"destroy {other} as well, or leave both"
            raise TerraformError(Finding(rule="F606", stack=stack.name, message=message, hint=hint))
