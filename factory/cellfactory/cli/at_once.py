"""`--parallel`: how many stacks at a time."""

from __future__ import annotations

from typing import Annotated

import typer

from cellfactory.cli.help import TERRAFORM
from cellfactory.cli.screen import detail
from cellfactory.facts.loader import load_facts
from cellfactory.machine import look_at_machine
from cellfactory.runs.at_once import stacks_at_once

Parallel = Annotated[
    int | None,
    typer.Option(
        "--parallel",
        metavar="N",
        envvar="CELLFACTORY_PARALLEL",
        min=1,
        max=64,
        rich_help_panel=TERRAFORM,
        show_default=False,
        help="Stacks at a time [default: what memory and cores allow]",
    ),
]


def parallel_of(asked: int | None) -> int:
    """Take the number that is asked for, or the one that this machine holds."""
    if asked is not None:
        return asked
    found = stacks_at_once(look_at_machine(), load_facts())
    detail(f"at a time: {found.stacks} ({found.why}; --parallel N for another number)")
    return found.stacks
