"""A review as Markdown, for a pull request: what is dangerous first, and never cut.

The same review is the same text. It stays below what a comment may hold; what does not fit is
counted, stack by stack, in the order in which it would have been shown.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Sequence

from cellfactory.diff.model import StackChange
from cellfactory.runs.review import Review
from cellfactory.views.review import later_lines, render_plan_sums, stack_lines
from cellfactory.words import counted

MOST_CHARACTERS = 60_000
"""GitHub takes 65,536 of a comment; the rest is for whoever posts it."""

LONGEST_ADDRESS = 200  # characters
MOST_DANGERS = 100  # named; all are counted


def render_markdown(review: Review) -> str:
    """Render a review.

    Returns:
        At most `MOST_CHARACTERS`.
    """
    head = [f"### {_upper(render_plan_sums(review))}", *_caution(review), *_later(review)]
    text = "\n\n".join(head)
    parts = [_details(review, changed) for changed in _dangerous_first(review)]
    shown = 0
    for part in parts:
        if len(text) + len(part) + _ROOM > MOST_CHARACTERS:
            break
        text += f"\n\n{part}"
        shown += 1
    if shown < len(parts):
        text += (
            f"\n\n{counted(len(parts) - shown, 'more stack')} not shown: too long for a comment."
        )
    return text[:MOST_CHARACTERS]


_ROOM = 100  # characters, for the line that counts what is not shown


def _caution(review: Review) -> Iterator[str]:
    found = [
        f"> - {one.action} {_code(one.address)} in {_code(stack.name)}"
        for stack, one in review.changes
        if one.is_destructive
    ]
    if not found:
        return
    rest = len(found) - MOST_DANGERS
    more = [f"> - and {rest:,} more"] if rest > 0 else []
    title = f"> **{counted(len(found), 'resource')} to be destroyed or replaced**"
    yield "\n".join(["> [!CAUTION]", title, ">", *found[:MOST_DANGERS], *more])


def _later(review: Review) -> Iterator[str]:
    lines = [f"- {html.escape(line, quote=False)}" for line in later_lines(review)]
    rest = len(lines) - MOST_DANGERS
    if lines:
        yield "\n".join([*lines[:MOST_DANGERS], *([f"- and {rest:,} more"] if rest > 0 else [])])


def _dangerous_first(review: Review) -> Sequence[StackChange]:
    def rank(changed: StackChange) -> tuple[bool, str]:
        return not any(one.is_destructive for one in changed.resources), changed.stack.name

    return sorted(review.changes.stacks, key=rank)


def _details(review: Review, changed: StackChange) -> str:
    body = "\n".join(line.removeprefix("  ") for line in stack_lines(review, changed))
    fence = "`" * max(3, 1 + max(map(len, re.findall("`+", body)), default=0))
    number = counted(len(changed.resources), "resource")
    title = f"<summary>{html.escape(changed.stack.name)}: {number}</summary>"
    return f"<details>{title}\n\n{fence}diff\n{body}\n{fence}\n\n</details>"


def _code(text: str) -> str:
    """Write code in a line, whatever it holds."""
    shown = text if len(text) <= LONGEST_ADDRESS else f"{text[: LONGEST_ADDRESS - 3]}..."
    return f"<code>{html.escape(shown, quote=False)}</code>"


def _upper(text: str) -> str:
    return text[:1].upper() + text[1:]
