"""How it reads what an edit does to cells; the words are those of `cellfactory.diff.told`."""

from __future__ import annotations

from collections.abc import Iterator

from cellfactory.diff.impact import Impact
from cellfactory.diff.told import Told, tell
from cellfactory.views.change_lines import shown


def danger_lines(found: Impact) -> Iterator[str]:
    """Write what of it a person has to agree to, a line for each; edges stand for themselves."""
    for told in tell(found):
        if (told.level == "danger" or told.disrupts) and not told.is_of_mesh:
            yield shown(_line(told))


def impact_lines(found: Impact) -> Iterator[str]:
    """Write all that becomes of cells, those alike together, with its details below."""
    subjects: dict[str, list[Told]] = {}
    for told in tell(found):
        if not told.is_of_mesh:
            subjects.setdefault(told.subject, []).append(told)
    for subject, several in subjects.items():
        if subject:
            yield f"{_sign(several)} {shown(subject)}"
        for told in several:
            indent = "    " if subject else "~ "
            yield f"{indent}{shown(told.text)}"
            yield from (f"      {shown(line)}" for line in told.details)


def _line(told: Told) -> str:
    return f"{told.subject}: {told.text}" if told.subject else told.text


def _sign(several: list[Told]) -> str:
    """Mark a cell by the worst that becomes of it, and a new one by a plus."""
    if several[0].level == "danger":
        return "!"
    return "+" if any(told.text.startswith("new cell") for told in several) else "~"
