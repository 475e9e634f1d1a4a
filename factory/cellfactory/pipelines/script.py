"""A command as a shell runs it: words from outside stand in variables, in quotes."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from cellfactory.pipelines.model import IfSaid, IfTrue, Run, Variable, Word, Words


def script_lines(run: Run) -> list[str]:
    """Write the command of a step as lines of bash.

    What it prints goes nowhere else than the step says; that is up to the CI system.
    """
    lines = [f'read -ra words <<< "${word.name}"' for word in run.argv if isinstance(word, Words)]
    if len(lines) > 1:
        msg = "a command takes words from one variable at most"
        raise AssertionError(msg)
    return [*lines, " ".join(_words(run.argv))]


def _words(argv: tuple[Word, ...]) -> Iterator[str]:
    for word in argv:
        match word:
            case Variable(name):
                yield f'"${name}"'
            case Words():
                yield '"${words[@]}"'
            case IfSaid(option, name):
                yield f'${{{name}:+{option} "${name}"}}'
            case IfTrue(option, name):
                yield f"${{{name}:+{option}}}"
            case _:
                yield shlex.quote(word)
