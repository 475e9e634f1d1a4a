"""A diff as Markdown, for a comment or a job's summary: what is dangerous is never cut.

All that somebody wrote stands in fenced blocks, where no mention, link or HTML means anything; a
fence is longer than any run of backticks inside.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from cellfactory.views.change_lines import shown
from cellfactory.views.diff import Diff, Section, sections, sums

MOST = 60_000
"""Characters; GitHub takes 65,536 for a comment, and a comment holds something beside this."""

WIDTH = 120
_RUN = re.compile(r"`+")
_SIGNS = {"~": "!", "±": "-", ">": "!", "!": "!", "<": "+", "x": "-"}
"""What a fenced `diff` colours: it knows `+`, `-` and `!`."""


def render_diff_markdown(diff: Diff, most: int = MOST) -> str:
    """Render a diff; the same diff gives the same bytes.

    Args:
        diff: what to show.
        most: characters that it may have; details are left out, the largest section first.
    """
    head = ["### cellfactory diff", "", f"Against {_code(diff.base)}. {_sums(diff)}"]
    found = list(sections(diff, WIDTH))
    blocks = [_caution(section) for section in found if section.is_caution]
    others = [section for section in found if not section.is_caution]
    rest = most - len("\n\n".join(["\n".join(head), *blocks])) - len(_left_out(10**9))
    if rest < 0:
        return _too_much(head, blocks, most)
    details, left = _fitting(others, rest)
    parts = ["\n".join(head), *blocks, *details, *([_left_out(left)] if left else [])]
    return "\n\n".join(parts)


def _sums(diff: Diff) -> str:
    told = sums(diff.changes).removeprefix("diff: ")
    return f"{told[0].upper()}{told[1:]}."


def _fitting(found: Sequence[Section], room: int) -> tuple[list[str], int]:
    """Write sections as they fit; the largest are cut first, and how many lines that is is told."""
    rendered = {index: _details(section) for index, section in enumerate(found)}
    kept = {index: len(section.lines) for index, section in enumerate(found)}
    while sum(len(text) + 2 for text in rendered.values()) > room:
        largest = max(rendered, key=lambda index: (len(rendered[index]), -index))
        if kept[largest] <= 1:
            break
        over = sum(len(text) + 2 for text in rendered.values()) - room
        share = max(1, int(kept[largest] * min(1.0, over / max(1, len(rendered[largest])))))
        kept[largest] = max(1, kept[largest] - share)
        section = found[largest]
        rendered[largest] = _details(section, kept[largest])
    left = sum(len(section.lines) - kept[index] for index, section in enumerate(found))
    if sum(len(text) + 2 for text in rendered.values()) > room:
        return [], sum(len(section.lines) for section in found)
    return list(rendered.values()), left


def _caution(section: Section) -> str:
    body = "\n".join(f"> {line}" for line in _fenced(section.lines).split("\n"))
    return f"> [!CAUTION]\n> **{section.title}**\n>\n{body}"


def _details(section: Section, most: int | None = None) -> str:
    lines = section.lines if most is None else section.lines[:most]
    return (
        f"<details><summary>{section.title}</summary>\n\n{_fenced(lines)}\n\n</details>"
        if len(section.lines) > 1
        else f"**{section.title}**\n\n{_fenced(lines)}"
    )


def _fenced(lines: Sequence[str]) -> str:
    text = "\n".join(map(_signed, lines))
    longest = max((len(run) for run in _RUN.findall(text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}diff\n{text}\n{fence}"


def _signed(line: str) -> str:
    """Put the sign of a line where a fenced `diff` looks for it, and nothing else there."""
    text = line.lstrip(" ")
    indent = len(line) - len(text)
    if text[1:2] == " " and text[0] in "+-~±!><x":
        sign = _SIGNS.get(text[0], text[0])
        return f"{sign} {' ' * indent}{text[2:]}"
    return f"  {line}"


def _code(text: str) -> str:
    """Write a name as code that it cannot break out of."""
    plain = shown(text)
    longest = max((len(run) for run in _RUN.findall(plain)), default=0)
    tick = "`" * (longest + 1)
    pad = " " if "`" in plain else ""
    return f"{tick}{pad}{plain}{pad}{tick}"


def _left_out(lines: int) -> str:
    return f"_{lines:,} lines are left out here: `cellfactory diff` shows them._"


def _too_much(head: Sequence[str], blocks: Sequence[str], most: int) -> str:
    """Cut even what is dangerous, at the end of a line, where nothing else is left to cut."""
    whole = "\n\n".join(["\n".join(head), *blocks])
    end = "\n> ```\n\n_This is cut: `cellfactory diff` shows all of it._"
    kept = whole[: most - len(end)].rpartition("\n")[0]
    return kept + end
