"""Every command by its name; its module is imported when it is asked for, and no other.

Most commands take a small part of the house, and importing all of it costs more than they do.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, MutableMapping, Sequence
from importlib import import_module
from typing import Any

import typer
import typer.main
from typer.core import TyperGroup

from cellfactory.cli.help import Command

MODULES: Mapping[str, str] = {
    "check": "check",
    "size": "size",
    "what-if": "what_if",
    "quotas": "quotas",
    "doctor": "doctor",
    "lock": "lock",
    "lock-providers": "lock_providers",
    "synth": "synth",
    "validate": "terraform",
    "plan": "terraform",
    "apply": "terraform",
    "destroy": "terraform",
    "orphans": "orphans",
    "terraform": "passing",
    "route": "route",
    "example-job": "example_job",
    "sandbox": "sandbox",
    "schema": "schema",
    "token": "token",
    "explain": "explain",
}
"""Where each command stands below `cellfactory.cli`, in the order of the help.

The function has the name of the command, with `_` for `-`. A module may say how its commands are
parsed: `COMMAND`, a class.
"""


class Commands(TyperGroup):
    """The commands of the program."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.commands = _Commands()

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002 - as the group is asked
        """Name the commands in the order of the help; none is imported."""
        return list(self.commands)


def preload(words: Sequence[str]) -> None:
    """Import the module of the command that a command line names, where it names one."""
    name = next((word for word in words if word in MODULES), None)
    if name is not None:
        _module(name)


class _Commands(MutableMapping[str, Any]):
    """Commands by name, each made when it is first looked up."""

    def __init__(self) -> None:
        self._made: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        if name not in self._made:
            if name not in MODULES:
                raise KeyError(name)
            self._made[name] = _make(name)
        return self._made[name]

    def __setitem__(self, name: str, command: Any) -> None:
        self._made[name] = command

    def __delitem__(self, name: str) -> None:
        del self._made[name]

    def __iter__(self) -> Iterator[str]:
        return iter(MODULES)

    def __len__(self) -> int:
        return len(MODULES)


def _module(name: str) -> Any:
    return import_module(f"cellfactory.cli.{MODULES[name]}")


def _make(name: str) -> Any:
    module = _module(name)
    alone = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)
    alone.command(name, cls=getattr(module, "COMMAND", Command))(
        getattr(module, name.replace("-", "_"))
    )
    return typer.main.get_command(alone)
