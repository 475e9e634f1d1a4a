"""`diff`: what an edit changes in the Terraform of every stack; no credentials, no Terraform."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from cellfactory.design import Design, Texts
from cellfactory.diff.causes import explain
from cellfactory.diff.compare import compare_trees
from cellfactory.diff.impact import Impact, impact
from cellfactory.diff.model import Changes
from cellfactory.errors import Finding, InventoryError, Problem, UsageError
from cellfactory.layers import LAYERS, StackId, list_stacks
from cellfactory.runs.places import INVENTORY
from cellfactory.runs.reading import base_texts, design_of, read_design, read_texts
from cellfactory.terraform.selection import EVERYTHING, Selection, select_stacks

Tree = Mapping[StackId, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """What is different, and against what."""

    base: str  # in words
    before: Design | None  # None where there was no inventory, or only its output is known
    after: Design
    changes: Changes
    impact: Impact


def diff_inventory(
    inventory_file: Path, base: str | None = None, selection: Selection = EVERYTHING
) -> Difference:
    """Hold the inventory as it lies there against what it was.

    Args:
        inventory_file: the inventory, with what is not committed yet.
        base: a folder with an inventory or a synthesized tree, or a revision as git takes it; where
            the branch left the default branch when None.
        selection: which stacks.

    Raises:
        UsageError: when the base is not there, or a name fits no stack.
        InventoryError: when either inventory is not sound (F700 for the base).
        SizingError: when what is asked for does not fit.
        SynthError: when the bindings refuse what they are given.
    """
    after = read_design(inventory_file).require_fit()
    folder = Path(base) if base is not None and _is_tree_or_project(Path(base)) else None
    if folder is not None and not (folder / INVENTORY.name).is_file():
        before, old, label = None, _read_tree(folder), str(folder)
    elif folder is not None:
        before = _sound(folder / INVENTORY.name)
        old, label = _synthesize(before), str(folder)
    else:
        texts, label = base_texts(inventory_file, base)
        before = None if texts is None else _sound_texts(texts, label)
        old = {} if before is None else _synthesize(before)
    new = _synthesize(after)
    if selection != EVERYTHING:
        wanted = set(select_stacks({**old, **new}, selection))
        old = {stack: text for stack, text in old.items() if stack in wanted}
        new = {stack: text for stack, text in new.items() if stack in wanted}
    changes = compare_trees(old, new)
    known = impact(before, after) if before is not None or folder is None else Impact()
    return Difference(
        base=label,
        before=before,
        after=after,
        changes=explain(changes, before, after),
        impact=_narrowed(known, selection, {*old, *new}),
    )


def _narrowed(found: Impact, selection: Selection, stacks: set[StackId]) -> Impact:
    if selection == EVERYTHING:
        return found
    owners = {stack.owner for stack in stacks}
    return replace(found, cells=tuple(c for c in found.cells if c.name in owners))


def _synthesize(design: Design) -> Tree:
    """Synthesize a design in memory."""
    from cellfactory.stacks.synth import synth_stacks

    stacks = list_stacks(design.inventory, design.facts)
    made = synth_stacks(design.inventory, design.plan, design.facts, stacks)
    return {stack.id: made.stacks[stack.id.name] for stack in stacks}


def _sound(file: Path) -> Design:
    texts = read_texts(file)
    return _sound_texts(texts, str(file.parent))


def _sound_texts(texts: Texts, label: str) -> Design:
    """Make the design of the base; what is wrong there is told as such."""
    try:
        return design_of(texts)
    except InventoryError as error:
        finding = Finding(
            rule="F700",
            message=f"the inventory of {label}, which this is held against, cannot be used",
            hint="choose another one with --base REVISION or --base DIR",
        )
        raise InventoryError((Problem(None, finding), *error.problems)) from error


def _is_tree_or_project(folder: Path) -> bool:
    return (folder / INVENTORY.name).is_file() or (folder / "stacks").is_dir()


def _read_tree(folder: Path) -> Tree:
    """Read what `synth` wrote somewhere.

    Raises:
        UsageError: when a folder in it is none of a stack.
    """
    found: dict[StackId, str] = {}
    for place in sorted((folder / "stacks").iterdir()):
        file = place / "cdk.tf.json"
        layer = next((one for one in LAYERS if place.name.endswith(f"-{one}")), None)
        if not file.is_file():
            continue
        if layer is None:
            msg = f"{place} is not the folder of a stack"
            raise UsageError(msg)
        owner = place.name.removesuffix(f"-{layer}")
        found[StackId(owner, layer)] = file.read_text("utf-8")
    return found
