"""May the blocks of a cell be given back: not while a state of it holds them."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path

from cellfactory.errors import Finding, TerraformError
from cellfactory.layers import StackId
from cellfactory.runs.places import FOLDER, home_of
from cellfactory.runs.reading import read_state
from cellfactory.terraform.registry import open_registry
from cellfactory.terraform.target import Target


def require_gone(inventory_file: Path, cells: Collection[str], place: str | None) -> bool:
    """Make sure that no recorded stack of cells is left but what is kept on a destroy.

    Without a place only what lies in this folder is read: the registry of the sandbox.

    Args:
        inventory_file: of which `state` is read.
        cells: whose blocks are to be given back.
        place: the outputs registry, or None.

    Returns:
        Whether there was a registry to ask.

    Raises:
        TerraformError: F648, when a stack is left; F605 when the registry cannot be read.
        UsageError: when the place is none.
    """
    state = read_state(inventory_file)
    places = list(_places(inventory_file, place))
    for where in places:
        registry = open_registry(where, state.region, state.kms_key)
        own = {s for s in registry.stacks() if s.owner in cells and not s.row.kept_on_destroy}
        if own:
            raise TerraformError(_refused(own, where))
    return bool(places)


def _places(inventory_file: Path, place: str | None) -> Iterator[str]:
    if place is not None:
        yield place
        return
    target = Target(mode="sandbox", folder=home_of(inventory_file) / FOLDER / "sandbox")
    if target.registry_folder.is_dir():
        yield str(target.registry_folder)


def _refused(stacks: Collection[StackId], place: str) -> Finding:
    named = ", ".join(sorted(map(str, stacks)))
    have = "has a state" if len(stacks) == 1 else "have states"
    line = f"cellfactory decommission {' '.join(sorted({stack.owner for stack in stacks}))}"
    return Finding(
        rule="F648",
        message=f"{named} still {have}, says {place}",
        hint=f"another cell would get blocks that are in use; first: {line}",
    )
