"""Steps as lines of a shell, alike for every CI system."""

from __future__ import annotations

import shlex
from typing import Literal

from cellfactory.pipelines.model import Step

LOCK = "pipelines/cellfactory.lock"
BASE = ".base"
"""Where the files of a change's base lie: it says which program is installed, not the change."""
# -I: Python takes no module from the folder that it starts in, which the change brings.
INSTALL = "python -I -m pip install --require-hashes --only-binary :all: --requirement"
Annotations = Literal["github"]


def command_line(step: Step, annotations: Annotations | None = None) -> str:
    """Write the command of a step, whose variable is one quoted word whatever it holds.

    Args:
        step: which.
        annotations: the form in which the CI system takes findings; text where it has none.

    >>> print(command_line(Step(title="", argv=("cellfactory", "x y"), last="DRILL_CELL")))
    cellfactory 'x y' -- "$DRILL_CELL"
    """
    words = [shlex.quote(word) for word in step.argv]
    if step.finds and annotations:
        words += ["--format", annotations]
    if step.last:
        words += ["--" if step.argv[-1][:2] != "--" else "", f'"${step.last}"']
    return " ".join(filter(None, words))


def saved(step: Step) -> str:
    """Write where the output of a step goes.

    >>> saved(Step(title="", argv=("cellfactory",), saves="out/a.md"))
    ' > out/a.md'
    """
    return f" > {shlex.quote(step.saves)}" if step.saves else ""
