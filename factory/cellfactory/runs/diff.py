"""`diff`: what an edit changes in the Terraform of every stack; no credentials, no Terraform."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from cellfactory.design import Design, Texts
from cellfactory.diff.causes import explain
from cellfactory.diff.compare import compare_trees
from cellfactory.diff.consequences import with_consequences
from cellfactory.diff.guard import Override, exceeded, limits_of
from cellfactory.diff.impact import Impact, impact
from cellfactory.diff.model import Changes
from cellfactory.errors import Finding, InventoryError, Problem, UsageError
from cellfactory.files import read_bytes
from cellfactory.layers import LAYERS, Stack, StackId, list_stacks
from cellfactory.runs.places import INVENTORY
from cellfactory.runs.reading import base_texts, design_of, read_design, read_texts
from cellfactory.terraform.selection import EVERYTHING, Selection, select_stacks

Tree = Mapping[StackId, bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """What is different, and against what."""

    base: str  # in words
    before: Design | None  # None where there was no inventory, or only its output is known
    after: Design
    changes: Changes
    impact: Impact
    beyond: tuple[Finding, ...] = ()  # what the guard does not allow at once


def diff_inventory(
    inventory_file: Path,
    base: str | None = None,
    selection: Selection = EVERYTHING,
    overrides: Sequence[Override] = (),
) -> Difference:
    """Hold the inventory as it lies there against what it was.

    Args:
        inventory_file: the inventory, with what is not committed yet.
        base: a folder with an inventory or a synthesized tree, or a revision as git takes it; where
            the branch left the default branch when None.
        selection: which stacks.
        overrides: limits of the guard that are lifted.

    Raises:
        UsageError: when the base is not there, or a name fits no stack.
        InventoryError: when either inventory is not sound (F700 for the base).
        SizingError: when what is asked for does not fit.
        SynthError: when the bindings refuse what they are given.
    """
    after = read_design(inventory_file).require_fit()
    base_of = _base(inventory_file, base)
    before = base_of.design
    new = list_stacks(after.inventory, after.facts)
    known = Impact() if base_of.tree is not None else impact(before, after)
    changes = _changes(base_of, after, new, selection)
    names = {changed.stack for changed in changes.stacks} | {stack.id for stack in new}
    found = _narrowed(known, selection, _selected(names, selection))
    limits = limits_of(before or after, found.standing)
    return Difference(
        base=base_of.label,
        before=before,
        after=after,
        changes=explain(changes, before, after),
        impact=found,
        beyond=exceeded(changes, found, limits, overrides),
    )


def changed_stacks(
    inventory_file: Path, base: str
) -> tuple[Design, tuple[Stack, ...], frozenset[StackId]]:
    """Say which stacks are not what they were, and nothing of what that does.

    Args:
        inventory_file: the inventory, with what is not committed yet.
        base: as of `diff_inventory`.

    Returns:
        The design of the inventory, all of its stacks, and which stacks are different or gone.

    Raises:
        UsageError: when the base is not there.
        InventoryError: when either inventory is not sound (F700 for the base).
        SizingError: when what is asked for does not fit.
        SynthError: when the bindings refuse what they are given.
    """
    after = read_design(inventory_file).require_fit()
    new = list_stacks(after.inventory, after.facts)
    changes = _changes(_base(inventory_file, base), after, new, EVERYTHING)
    return after, new, frozenset(changed.stack for changed in changes.stacks)


def _changes(base: _Base, after: Design, new: Sequence[Stack], selection: Selection) -> Changes:
    if base.tree is not None:
        return _against_tree(base.tree, after, new, selection)
    return _against_design(base.design, after, new, selection)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Base:
    """What an inventory is held against: a design, nothing at all, or only what was synthesized."""

    label: str
    design: Design | None = None
    tree: Tree | None = None


def _base(inventory_file: Path, base: str | None) -> _Base:
    place = Path(base) if base is not None else None
    if place is not None and (file := _inventory_in(place, inventory_file)) is not None:
        return _Base(label=str(place), design=_sound(read_texts(file), str(place)))
    if place is not None and (place / "stacks").is_dir():
        return _Base(label=str(place), tree=_read_tree(place))
    try:
        found = base_texts(inventory_file, base)
    except UsageError as error:
        msg = f"{error}\n    to compare with a folder: --base DIR"
        if place is not None and place.is_dir():
            msg = f"{place} holds neither {inventory_file.name} nor what `synth` writes"
        raise UsageError(msg) from error
    design = None if found.texts is None else _sound(found.texts, found.label)
    return _Base(label=found.words, design=design)


def _inventory_in(place: Path, inventory_file: Path) -> Path | None:
    names = (inventory_file.name, INVENTORY.name)
    found = (place / name for name in dict.fromkeys(names) if (place / name).is_file())
    return place if place.is_file() else next(found, None)


def _against_design(
    before: Design | None, after: Design, new: Sequence[Stack], selection: Selection
) -> Changes:
    """Synthesize both in memory, where they differ, and compare."""
    from cellfactory.stacks.synth import synth_differing

    old = list_stacks(before.inventory, before.facts) if before is not None else ()
    ids = {stack.id.name: stack.id for stack in (*old, *new)}
    wanted = _selected(ids.values(), selection)
    sides = [tuple(stack for stack in stacks if stack.id in wanted) for stacks in (old, new)]
    texts = synth_differing((before or after, sides[0]), (after, sides[1]))
    left, right = ({ids[name]: text for name, text in one.items()} for one in texts)
    found = compare_trees(left, right, same=len(wanted) - len({*left, *right}))
    return with_consequences(found, right)


def _against_tree(old: Tree, after: Design, new: Sequence[Stack], selection: Selection) -> Changes:
    from cellfactory.stacks.synth import synth_stacks

    wanted = _selected({*old, *(stack.id for stack in new)}, selection)
    kept = [stack for stack in new if stack.id in wanted]
    made = synth_stacks(after.inventory, after.plan, after.facts, kept)
    texts = {stack.id: made.stacks[stack.id.name] for stack in kept}
    found = compare_trees({stack: old[stack] for stack in old if stack in wanted}, texts)
    return with_consequences(found, texts)


def _selected(stacks: Iterable[StackId], selection: Selection) -> set[StackId]:
    found = set(stacks)
    return found if selection == EVERYTHING else set(select_stacks(sorted(found), selection))


def _narrowed(found: Impact, selection: Selection, stacks: set[StackId]) -> Impact:
    if selection == EVERYTHING:
        return found
    owners = {stack.owner for stack in stacks}
    return replace(found, cells=tuple(c for c in found.cells if c.name in owners))


def _sound(texts: Texts, label: str) -> Design:
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


def _read_tree(folder: Path) -> Tree:
    """Read what `synth` wrote somewhere.

    Raises:
        UsageError: when a folder in it is none of a stack.
    """
    found: dict[StackId, bytes] = {}
    for place in sorted((folder / "stacks").iterdir()):
        file = place / "cdk.tf.json"
        layer = next((one for one in LAYERS if place.name.endswith(f"-{one}")), None)
        if not file.is_file():
            continue
        if layer is None:
            msg = f"{place} is not the folder of a stack"
            raise UsageError(msg)
        owner = place.name.removesuffix(f"-{layer}")
        found[StackId(owner, layer)] = read_bytes(file)
    return found
