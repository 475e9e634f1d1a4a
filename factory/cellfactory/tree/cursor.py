"""A place in a text that is being read, and the words that may stand there."""

from __future__ import annotations

import math
import re
from re import Pattern

from cellfactory.tree.nodes import Constant, constant

_SPACE = re.compile(r"(?:\s+|#[^\n]*|//[^\n]*|/\*.*?\*/)*", re.DOTALL)
_STARTS_SPACE = " \t\r\n#/"
_LETTERS = {"n": "\n", "r": "\r", "t": "\t", '"': '"', "\\": "\\"}
_WORD = re.compile(r"[^\W\d][\w-]*")


class UnreadableError(Exception):
    """The text is no expression; `parse_template` catches it."""


class Cursor:
    """A place in a text; each method skips white space and comments first."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.depth = 0  # expressions that are open

    def space(self) -> None:
        """Go to what is neither white space nor a comment."""
        if self.text[self.at : self.at + 1] in _STARTS_SPACE:
            found = _SPACE.match(self.text, self.at)
            self.at = found.end() if found else self.at

    def ahead(self, mark: str) -> bool:
        """Whether a mark stands here."""
        self.space()
        return self.text.startswith(mark, self.at)

    def match(self, pattern: Pattern[str]) -> str:
        """Go over what a pattern finds here and return it; nothing is the empty text."""
        self.space()
        found = pattern.match(self.text, self.at)
        if not found:
            return ""
        self.at = found.end()
        return found.group()

    def take(self, mark: str) -> bool:
        """Go over a mark, where it stands here."""
        if not self.ahead(mark):
            return False
        self.at += len(mark)
        return True

    def expect(self, mark: str) -> None:
        """Go over a mark that has to stand here.

        Raises:
            UnreadableError: when it does not.
        """
        if not self.take(mark):
            raise UnreadableError

    def word(self) -> str:
        """Go over a word that has to stand here, and return it.

        Raises:
            UnreadableError: when there is none.
        """
        word = self.match(_WORD)
        if not word:
            raise UnreadableError
        return word


def unescaped(escape: str) -> str:
    """Read what stands behind a backslash.

    Raises:
        UnreadableError: when nothing is written like that.

    >>> unescaped("t"), unescaped("u00e9")
    ('\\t', 'é')
    """
    if escape[0] in "uU" and len(escape) > 1:
        return chr(int(escape[1:], 16))
    if escape not in _LETTERS:
        raise UnreadableError
    return _LETTERS[escape]


def read_number(digits: str) -> Constant:
    """Read a number.

    Raises:
        UnreadableError: when it is beyond what a float holds.
    """
    number = int(digits) if digits.isdigit() else float(digits)
    if number == math.inf:
        raise UnreadableError
    return constant(number)
