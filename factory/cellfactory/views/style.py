"""How text looks on a screen: what a colour means, and where a line ends (pure)."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

Tone = Literal["bad", "warning", "good", "quiet", "strong"]

_CODES: Mapping[Tone, str] = {
    "bad": "31;1",
    "warning": "33",
    "good": "32",
    "quiet": "2",
    "strong": "1",
}
_INDENT = re.compile(r" *(?:-> )?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Style:
    """Of one stream: whether it takes colours, and how wide it is."""

    colour: bool = False
    width: int | None = None  # columns; None breaks no line

    def paint(self, tone: Tone, text: str) -> str:
        """Colour a text that is no longer measured.

        >>> Style(colour=True).paint("warning", "late"), PLAIN.paint("warning", "late")
        ('\\x1b[33mlate\\x1b[0m', 'late')
        """
        return f"\x1b[{_CODES[tone]}m{text}\x1b[0m" if self.colour and text else text

    def wrap(self, line: str, rest: str | None = None) -> list[str]:
        r"""Break a line between words where it is too long; what goes on is indented alike.

        Args:
            line: without colours.
            rest: what the following lines begin with; the line's own indent when None.

        >>> Style(width=12).wrap("    one two three")
        ['    one two', '    three']
        """
        if self.width is None or len(line) <= self.width or line.count(" ", 4) < 2:
            return [line]
        found = _INDENT.match(line)
        indent = found.group() if found else ""
        return textwrap.wrap(
            line[len(indent) :],
            self.width,
            initial_indent=indent,
            subsequent_indent=" " * len(indent) if rest is None else rest,
            break_long_words=False,
            break_on_hyphens=False,
        )

    def error_line(self, line: str) -> str:
        """Colour the word that says that a line tells of an error."""
        return line.replace("error:", self.paint("bad", "error:"), 1)

    def marked(self, text: str, marks: Mapping[str, Tone]) -> str:
        """Colour whole lines by what they begin with.

        >>> Style(colour=True).marked("! full\\n  fine", {"! ": "warning"})
        '\\x1b[33m! full\\x1b[0m\\n  fine'
        """
        if not self.colour:
            return text
        tones = (
            (line, next((marks[m] for m in marks if line.startswith(m)), None))
            for line in text.split("\n")
        )
        return "\n".join(self.paint(tone, line) if tone else line for line, tone in tones)

    def wrapped(self, text: str) -> Iterator[str]:
        """Break each line of a text."""
        for line in text.splitlines():
            yield from self.wrap(line)


PLAIN = Style()
