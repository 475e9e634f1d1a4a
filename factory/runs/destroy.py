"""`destroy`: what the outputs registry knows, also of cells that left the inventory.

It goes by the registry alone: every record holds the configuration and the inputs that its stack
was applied with. Of the inventory it takes where the states are kept and nothing else, so that
cells can be got rid of although the inventory is not sound, or no longer fits.
"""

from __future__ import annotations

from collections.abc import Iterable

from factory.inventory.schema import State
from factory.layers import StackId
from factory.layers.order import layer_rank
from factory.processes import forwarding_signals
from factory.runs.context import open_context
from factory.runs.notices import NothingRecorded, StackKept
from factory.runs.request import Outcome, Request
from factory.runs.watcher import Watcher, listen, require_agreement
from factory.terraform.runner import destroy_stacks
from factory.terraform.selection import select_stacks


def destroy_recorded(state: State, request: Request, watcher: Watcher) -> Outcome:
    """Destroy recorded stacks in reverse order, once the watcher agrees where AWS is real.

    An account is kept, unless its layer is named: AWS lets none go that was made by its API.

    Raises:
        TerraformError: when Terraform, the registry or the emulator cannot be had.
        UsageError: when a name fits no recorded stack, or the watcher does not agree.
    """
    context = open_context(state, request, watcher)
    recorded = sorted(context.registry.read_all(), key=layer_rank)
    chosen = select_stacks(recorded, request.cells, request.layers)
    if not request.layers:
        chosen = _without_kept(chosen, watcher)
    if not chosen:
        watcher.noted(NothingRecorded())
        return Outcome(results=())
    require_agreement(watcher, "destroy", chosen, request.mode)
    with forwarding_signals(context.children):
        results = destroy_stacks(
            context, chosen, listen(watcher, chosen), parallel=request.parallel
        )
    return Outcome(results=results, stopped=context.children.stopping)


def _without_kept(chosen: Iterable[StackId], watcher: Watcher) -> tuple[StackId, ...]:
    kept = []
    for stack in chosen:
        if stack.row.kept_on_destroy:
            watcher.noted(StackKept(stack))
        else:
            kept.append(stack)
    return tuple(kept)
