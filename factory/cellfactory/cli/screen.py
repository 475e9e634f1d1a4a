"""The screen: how much is told to people, in which colours, and how wide it is.

Standard output is for data; all that is said here goes to standard error. Colour follows
NO_COLOR, FORCE_COLOR, CLICOLOR_FORCE, CLICOLOR and TERM, in this order, and else the terminal.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TextIO

import typer

from cellfactory.views.style import PLAIN, Style


@dataclass
class _Loudness:
    level: int = 0  # below 0 with --quiet, above with --verbose


_LOUDNESS = _Loudness()
NARROWEST = 40  # columns; a terminal that says less is not believed


def set_loudness(*, quiet: bool, verbose: bool) -> None:
    """Take what the command line says; it holds until the next command."""
    _LOUDNESS.level = int(verbose) - int(quiet)


def loudness_words() -> list[str]:
    """Write the options that make another command as loud as this one."""
    return {-1: ["--quiet"], 1: ["--verbose"]}.get(_LOUDNESS.level, [])


def is_quiet() -> bool:
    """Whether progress and notices are to be left out."""
    return _LOUDNESS.level < 0


def is_verbose() -> bool:
    """Whether more is to be told than a person usually wants."""
    return _LOUDNESS.level > 0


def say(text: str) -> None:
    """Tell how it goes; not with --quiet."""
    if not is_quiet():
        warn(text)


def detail(text: str) -> None:
    """Tell what only --verbose asks for."""
    if is_verbose():
        warn(text)


def warn(text: str) -> None:
    """Tell a person, whatever they asked for; long lines end between words on a terminal."""
    style = style_of(sys.stderr)
    shown = text if "\x1b" in text else "\n".join(style.wrapped(text))
    typer.echo(shown, err=True, color=style.colour)


def style_of(stream: TextIO) -> Style:
    """Find the style for a stream: colours where they are wanted, its width on a terminal."""
    colour = wants_colour(stream, os.environ)
    width = _width() if stream.isatty() else None
    return Style(colour=colour, width=width) if colour or width else PLAIN


def wants_colour(stream: TextIO, environ: Mapping[str, str]) -> bool:
    """Tell whether a stream is to be coloured."""
    if environ.get("NO_COLOR"):
        return False
    if environ.get("FORCE_COLOR", "0") != "0" or environ.get("CLICOLOR_FORCE", "0") != "0":
        return True
    if environ.get("CLICOLOR") == "0" or environ.get("TERM") == "dumb":
        return False
    return stream.isatty()


def _width() -> int:
    return max(shutil.get_terminal_size().columns, NARROWEST)
