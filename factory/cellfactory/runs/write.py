"""What `lock` and `synth` write: the address lock, and the Terraform of every stack."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from cellfactory.addressing.lock import Lock
from cellfactory.addressing.lock_file import render_lock
from cellfactory.design import Design
from cellfactory.files import write_whole
from cellfactory.layers import Stack, list_stacks
from cellfactory.runs.known import known_key


@dataclass(frozen=True, slots=True, kw_only=True)
class Synthesized:
    """What was written."""

    stacks: tuple[str, ...]  # names
    cells: int
    lock: Lock | None  # with the cells that were added to it; None where it lacked none


def write_lock(design: Design, lock_file: Path) -> bool:
    """Write what the lock should say.

    Returns:
        False when it said so already.

    Raises:
        UsageError: when it cannot be written.
    """
    return write_whole(lock_file, render_lock(design.lock))


def synth_design(
    design: Design, output: Path, lock_file: Path, *, verify: bool = False, cached: bool = True
) -> Synthesized:
    """Write the Terraform of a design, and then the addresses of new cells to its lock.

    What else the lock should say is a matter of `cellfactory lock`: nobody reads it here.

    Args:
        design: what to write.
        output: the folder for it.
        lock_file: the lock.
        verify: synthesize each stack on its own as well, and compare.
        cached: whether what was kept before may serve, and may be kept.

    Raises:
        InventoryError: when there is no lock yet (F221).
        SizingError: when the design does not fit.
        SynthError: when the bindings refuse what they are given.
        UsageError: when a place cannot be written.
    """
    design.require_fit().require_lock()
    from cellfactory.stacks.output import write_output
    from cellfactory.stacks.synth import output_files, synth_stacks

    stacks = list_stacks(design.inventory, design.facts)
    made = synth_stacks(
        design.inventory, design.plan, design.facts, stacks, verify=verify, cached=cached
    )
    files = output_files(made, stacks)
    write_output(output, files)
    if design.extended is not None:
        write_whole(lock_file, render_lock(design.extended))
    if cached and design.is_locked:
        _remember(design, stacks, files)
    return Synthesized(
        stacks=tuple(stack.id.name for stack in stacks),
        cells=len(design.inventory.cells),
        lock=design.extended,
    )


def _remember(design: Design, stacks: Sequence[Stack], files: Mapping[str, str | bytes]) -> None:
    """Keep what came of the texts of a design, so that they are not worked out again."""
    from cellfactory.stacks.known import Known, digest_file, knows, remember

    if not knows() or (key := known_key(design.texts)) is None:
        return
    known = Known(
        cells=len(design.inventory.cells),
        stacks=tuple(stack.id.name for stack in stacks),
        problems=design.problems,
        files={
            path: digest_file(held.encode() if isinstance(held, str) else held)
            for path, held in files.items()
        },
    )
    remember(key, known)
