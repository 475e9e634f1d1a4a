"""What `validate`, `plan` and `apply` do before Terraform runs: every check, in one order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from cellfactory.design import Design
from cellfactory.layers import Stack, StackId, Wave
from cellfactory.runs.context import open_context
from cellfactory.runs.freshness import sources_of
from cellfactory.runs.hub_ways import hub_ways_of
from cellfactory.runs.notices import NothingInRings
from cellfactory.runs.recorded import require_recorded
from cellfactory.runs.request import Request
from cellfactory.runs.ring_choice import choose_waves
from cellfactory.runs.rounds import rounds_of
from cellfactory.runs.selection import choose_stacks, leave_out, leave_unread, note_orphaned
from cellfactory.runs.watcher import Watcher
from cellfactory.runs.ways import require_ways
from cellfactory.terraform.results import Result
from cellfactory.terraform.running import RunContext
from cellfactory.terraform.workspace import Sources


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """Stacks that Terraform may run on, with everything it takes."""

    context: RunContext
    stacks: tuple[Stack, ...]
    sources: Mapping[StackId, Sources]
    left_out: tuple[Result, ...]  # of stacks that the target cannot hold
    waves: tuple[Wave, ...] = ()  # the order of rings, of stacks that are left out, too

    @property
    def ids(self) -> tuple[StackId, ...]:
        """The stacks by name."""
        return tuple(stack.id for stack in self.stacks)


def prepare(design: Design, request: Request, watcher: Watcher) -> Prepared:
    """Refuse a design that does not fit or is not what is there; find all that a run takes.

    Raises:
        SizingError: when the design does not fit.
        UsageError: when a name fits no stack, or a stack was not synthesized.
        InventoryError: when AWS is known to hold something that the design contradicts.
        SynthError: when a stack was synthesized from something else.
        TerraformError: when Terraform, the registry or the emulator cannot be had.
    """
    design.require_fit().require_lock()
    mode = request.mode
    chosen = choose_stacks(design, request, watcher)
    context = open_context(design.inventory.state, request, watcher)
    waves = choose_waves(design, request, chosen, context.registry)
    if request.rings:
        chosen = tuple({stack.id: stack for wave in waves for stack in wave.stacks}.values())
        if not chosen:
            watcher.noted(NothingInRings(request.rings))
    stacks, left_out = leave_out(chosen, mode, watcher)
    if request.reads:
        stacks, unread = leave_unread(stacks, design.inventory)
        left_out += unread
    if mode != "offline":
        new = request.first_apply or mode == "sandbox"
        require_recorded(design, context.registry, first_apply=new)
        require_ways(design, context.registry)
    sources = sources_of(request, design, stacks)
    if mode != "offline":
        note_orphaned(context.registry, design, mode, watcher)
    context = replace(
        context,
        hub_ways=hub_ways_of(design, context.target),
        rounds=rounds_of(design, context.target),
    )
    return Prepared(context=context, stacks=stacks, sources=sources, left_out=left_out, waves=waves)
