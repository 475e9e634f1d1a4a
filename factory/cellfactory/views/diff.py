"""How a diff reads in a terminal: what is dangerous first, what is alike once, sums last."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from cellfactory.diff.folding import Alike, Edges, Flip, Folded, Whole, count_actions, fold
from cellfactory.diff.impact import Impact
from cellfactory.diff.model import Changes, ResourceChange, StackChange
from cellfactory.views.change_lines import say_address, say_names, shown, value_lines
from cellfactory.views.impact import danger_lines, impact_lines
from cellfactory.views.style import PLAIN, Style, Tone
from cellfactory.words import counted

WIDTH = 80
_TONES: Mapping[str, Tone] = {"+": "good", "-": "bad", "±": "bad", "~": "warning", "!": "bad"}
_WORDS = {
    "create": "to create",
    "update": "to update",
    "replace": "likely to replace",
    "delete": "to destroy",
    "move": "to move",
    "forget": "to forget",
    "import": "to import",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Diff:
    """All that a diff shows."""

    base: str  # what it is against, in words
    changes: Changes
    impact: Impact = field(default_factory=Impact)
    notes: tuple[str, ...] = ()  # whole sentences, such as what the guard refuses
    every: bool = False  # show each change of those that are alike
    why: bool = False


@dataclass(frozen=True, slots=True)
class Section:
    """A heading and its lines; the indent of a line tells what it belongs to."""

    title: str
    lines: tuple[str, ...]
    is_caution: bool = False


def render_diff(diff: Diff, style: Style = PLAIN) -> str:
    """Render a diff for a terminal.

    Args:
        diff: what to show.
        style: of the screen; lines of values are broken at its width.
    """
    if not diff.changes.stacks and not diff.impact:
        return f"no changes against {shown(diff.base)}: {_stacks(diff.changes.unchanged)} unchanged"
    told = [f"against {shown(diff.base)}"]
    for section in sections(diff, style.width or WIDTH):
        told += ["", style.paint("strong", section.title)]
        told += [line for raw in section.lines for line in styled(raw, style)]
    return "\n".join([*told, "", *style.wrap(sums(diff.changes), "    ")])


def sections(diff: Diff, width: int) -> Iterator[Section]:
    """Yield what there is to say, the dangerous first.

    Args:
        diff: what to show.
        width: columns that a line of values may take.
    """
    folded = fold(diff.changes)
    lines = _Lines(diff.every, width)
    if caution := tuple(_caution(folded, diff.impact, lines)):
        yield Section("Destroyed, replaced or drained", caution, is_caution=True)
    if diff.notes:
        yield Section("Guard", tuple(f"! {note}" for note in diff.notes), is_caution=True)
    if cells := tuple(impact_lines(diff.impact)):
        yield Section("Cells", cells)
    new = (
        *map(lines.whole, folded.new),
        *(lines.edges(e) for e in folded.edges if _comes(e)),
        *(lines.stack(s) for s in folded.stacks if s.action == "add"),
    )
    if new:
        yield Section("New", tuple(line for found in new for line in found))
    changed = (*map(lines.flip, folded.flips), *map(lines.alike, folded.others))
    if changed:
        yield Section("Changed", tuple(line for found in changed for line in found))
    if folded.parts:
        title = "Outputs, providers and the like"
        yield Section(title, tuple(line for one in folded.parts for line in lines.alike(one)))
    if diff.why:
        yield Section("Why", tuple(_why(diff.changes.stacks)))


def sums(changes: Changes) -> str:
    """Say in a line how much changes.

    >>> sums(Changes(stacks=(), unchanged=3))
    'diff: no resource changes; 3 stacks unchanged'
    """
    counts = count_actions(changes)
    told = ", ".join(f"{counts[a]:,} {word}" for a, word in _WORDS.items() if counts.get(a))
    changed = [s for s in changes.stacks if s.action == "change"]
    new = [s for s in changes.stacks if s.action == "add"]
    gone = [s for s in changes.stacks if s.action == "remove"]
    stacks = ", ".join(
        f"{_stacks(len(found))} {word}"
        for found, word in ((new, "new"), (changed, "changed"), (gone, "gone"))
        if found
    )
    rest = f"{_stacks(changes.unchanged)} unchanged"
    return f"diff: {told or 'no resource changes'}; {', '.join(p for p in (stacks, rest) if p)}"


def _caution(folded: Folded, impact: Impact, lines: _Lines) -> Iterator[str]:
    yield from (f"! {line}" for line in danger_lines(impact))
    for whole in folded.gone:
        yield from lines.whole(whole)
        ends = f"decommission {whole.owner}" if whole.is_cell else "destroy --gone"
        yield f"    they stand until: cellfactory {ends}"
    for edges in folded.edges:
        if not _comes(edges):
            yield from lines.edges(edges)
    for changed in folded.stacks:
        if changed.action == "remove":
            yield from lines.stack(changed)
    for alike in folded.dangers:
        yield from lines.alike(alike)


class _Lines:
    """Writes folds as lines."""

    def __init__(self, every: bool, width: int) -> None:
        self._every = every
        self._width = width

    def whole(self, whole: Whole) -> list[str]:
        """Write an owner whose stacks come or go."""
        sign = "+" if whole.action == "add" else "-"
        size = f"{_stacks(len(whole.stacks))}, {counted(whole.resources, 'resource')}"
        head = f"{sign} {shown(whole.owner)}: {size}"
        layers = ", ".join(changed.stack.layer for changed in whole.stacks)
        told = [head, f"    {layers}"]
        if self._every:
            for changed in whole.stacks:
                told += [f"    {changed.stack}", *self._addresses(changed.resources)]
        return told

    def stack(self, changed: StackChange) -> list[str]:
        """Write a stack that its owner had not before, or has no more."""
        if changed.action == "add":
            return [f"+ {changed.stack}: a stack that {shown(changed.stack.owner)} had not before"]
        return [f"- {changed.stack}: a stack that {shown(changed.stack.owner)} has no more"]

    def edges(self, edges: Edges) -> list[str]:
        """Write the edges that one cell or hub gains or loses."""
        sign = "+" if edges.action == "add" else "-"
        size = f"{counted(len(edges.changes), 'resource')} in {_stacks(edges.stacks)}"
        joined = counted(len(edges.peers), "edge" if edges.has_routes else "connection")
        told = [
            f"{sign} {joined} of {shown(edges.hub)} ({size})",
            f"    with {say_names(edges.peers)}",
        ]
        if self._every:
            told += [f"    {stack} {say_address(change)}" for stack, change in edges.changes]
        return told

    def flip(self, flip: Flip) -> list[str]:
        """Write routes that lead over something else."""
        count, cells = len(flip.changes), flip.cells
        verb = "moves" if count == 1 else "move"
        ways = "from peering to the gateway" if flip.to_gateway else "from the gateway to peering"
        head = (
            f"~ {counted(count, 'route')} of {counted(len(cells), 'cell')} {verb} {ways}, in place"
        )
        told = [head, f"    in routes of {say_names(cells)}"]
        if self._every:
            told += [f"    {stack} {say_address(change)}" for stack, change in flip.changes]
        return told

    def alike(self, alike: Alike) -> list[str]:
        """Write one change, and the others that say the same."""
        change, stack = alike.first, alike.stack
        likely = ", likely" if change.is_likely else ""
        reason = f" ({shown(change.reason)})" if change.reason else ""
        more = f" and {alike.like_it:,} like it" if alike.like_it else ""
        told = [f"{say_address(change)}{more}{reason}{likely}"]
        owners = alike.owners
        if len(owners) == 1:
            told.append(f"    in {stack}")
        else:
            told.append(f"    in {stack.layer} of {len(owners):,} cells: {say_names(owners)}")
        if change.action in ("update", "replace", "move"):
            for value in change.values:
                told += [f"    {line}" for line in value_lines(value, self._width - 4)]
        if self._every:
            told += [f"    {other} {say_address(one)}" for other, one in alike.changes[1:]]
        return told

    def _addresses(self, resources: Iterable[ResourceChange]) -> list[str]:
        return [f"      {say_address(one)}" for one in resources if one.is_resource]


def _why(stacks: Iterable[StackChange]) -> Iterator[str]:
    alike: dict[tuple[str, ...], list[str]] = {}
    for changed in stacks:
        alike.setdefault(changed.why, []).append(changed.stack.name)
    for reasons, names in alike.items():
        yield f"{counted(len(names), 'stack')}: {say_names(names)}"
        yield from (f"    {shown(reason)}" for reason in reasons)


def _comes(edges: Edges) -> bool:
    return edges.action == "add"


def styled(line: str, style: Style) -> Iterator[str]:
    """Break a line where it is too long, and colour it by its sign."""
    tone = _TONES.get(line.lstrip()[:1]) if line.lstrip()[1:2] == " " else None
    for part in style.wrap(line, " " * (len(line) - len(line.lstrip()) + 4)):
        yield style.paint(tone, part) if tone else part


def _stacks(count: int) -> str:
    return counted(count, "stack")
