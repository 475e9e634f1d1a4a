"""`docs/cli.md`: what each command says of itself with `--help`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import typer.main
from typer.testing import CliRunner

from cellfactory.cli import app

HEAD = """\
<!-- Made by `python3 dev.py docs` from the commands' own help; do not edit. -->

# Commands

Data goes to standard output, everything else to standard error. The number that a command exits
with says what was wrong; the first help text lists them. What each rule means is in
[rules.md](rules.md), what `--format json` prints in [json.md](json.md).
"""

COLUMNS = "80"


def commands(group: Any = None, words: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Yield the words of each command, those of groups within groups included."""
    group = group or typer.main.get_command(app)
    for name, command in group.commands.items():
        yield (*words, name)
        if hasattr(command, "commands"):
            yield from commands(command, (*words, name))


def help_text(words: Sequence[str]) -> str:
    """Take the help of one command, as a terminal of 80 columns shows it."""
    shown = CliRunner().invoke(
        app,
        [*words, "--help"],
        prog_name="cellfactory",
        env={"COLUMNS": COLUMNS, "NO_COLOR": "1", "TERM": "dumb"},
        catch_exceptions=False,
    )
    return "\n".join(line.rstrip() for line in shown.stdout.strip().splitlines())


def render_cli() -> str:
    """Render the help of the program and of each of its commands."""
    parts = [HEAD, _block(help_text(()))]
    for words in commands():
        parts += [f"## {' '.join(words)}\n", _block(help_text(words))]
    return "\n".join(parts)


def _block(text: str) -> str:
    return f"```text\n{text}\n```\n"
