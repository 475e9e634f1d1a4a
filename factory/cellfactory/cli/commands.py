"""Every command by its name; its module is imported when it is asked for, and no other.

Most commands take a small part of the house, and importing all of it costs more than they do.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, MutableMapping, Sequence
from functools import cache
from importlib import import_module
from typing import Any, NamedTuple

import typer
import typer.main
from typer.core import TyperGroup

from cellfactory.cli.help import HELP, Command


class Row(NamedTuple):
    """Where a command stands, and what the list of commands says of it."""

    module: str  # below `cellfactory.cli`
    says: str  # the first line of its own help


COMMANDS: Mapping[str, Row] = {
    "check": Row("check", "Check the inventory, its addresses and its sizes."),
    "list": Row("listing", "List cells, or their stacks, and what is applied."),
    "show": Row("listing", "Show all that is known of a cell."),
    "graph": Row("graph", "Show stacks in the order of work, and what each waits for."),
    "size": Row("size", "Show how much of every limit the cells use."),
    "cost": Row("cost", "Show what cells cost in a month, and what other ways would."),
    "options": Row("options_judged", "Show which interconnect and which pod network fit."),
    "what-if": Row("what_if", "Size a hypothetical cell."),
    "quotas": Row("quotas", "Propose quotas for cells.yaml from Service Quotas."),
    "doctor": Row("doctor", "Check in AWS that everything the first apply needs exists."),
    "bootstrap": Row("bootstrap", "Make what has to exist before the first cell."),
    "lock": Row("lock", "Assign addresses to new cells in cells.lock.yaml."),
    "lock-providers": Row("lock_providers", "Pin providers by hash in cells.providers.lock.hcl."),
    "migrate": Row("migrate", "Move a mesh between VPC peerings and a transit gateway."),
    "diff": Row("diff", "Show what an edit changes, before anything is planned."),
    "synth": Row("synth", "Check the inventory and write its Terraform."),
    "policy": Row("policy", "Check the Terraform against policy rules."),
    "validate": Row("terraform", "Validate every stack against its provider schemas."),
    "plan": Row("terraform", "Plan every stack whose inputs exist."),
    "apply": Row("terraform", "Plan, ask, and apply every stack, ring by ring."),
    "waves": Row("waves", "Show which stacks a rollout comes to, in order."),
    "destroy": Row("terraform", "Destroy applied stacks in reverse order."),
    "decommission": Row("decommission", "Give up everything a removed cell had."),
    "runs": Row("runs", "List recent runs: who, how they go, what they hold."),
    "unlock": Row("unlock", "Release what a dead run left locked."),
    "drift": Row("drift", "List what in AWS differs from what was applied."),
    "orphans": Row("orphans", "List resources that exist in AWS and in no state."),
    "terraform": Row("passing", "Run Terraform in one stack, as it was last applied."),
    "route": Row("route", "Choose a cell for a job by weight, drain state and room."),
    "example-job": Row("example_job", "Show a complete SparkApplication for a node group."),
    "sandbox": Row("sandbox", "Emulate AWS on loopback until Ctrl-C."),
    "schema": Row("schema", "Print the JSON Schema of cells.yaml, for editors."),
    "token": Row("token", "Print a token for a cluster, for Helm and kubectl."),
    "pipeline": Row("pipeline", "Write pipelines for CI, and what their jobs tell people."),
    "explain": Row("explain", "Explain a rule."),
}
"""Every command, in the order of the help.

Its function has its name, with `_` for `-`, and one behind it where Python or the module has that
name for something else. A module may say how its commands are parsed:
`COMMAND`, a class.
"""


class Commands(TyperGroup):
    """The commands of the program."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.commands = _Commands()

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002 - as the group is asked
        """Name the commands in the order of the help; none is imported."""
        return list(self.commands)

    def format_commands(self, ctx: Any, formatter: Any) -> None:  # noqa: ARG002 - as above
        """List the commands; none is imported."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, row.says) for name, row in COMMANDS.items()])


def preload(words: Sequence[str]) -> None:
    """Import the module of the command that a command line names, where it names one."""
    name = next((word for word in words if word in COMMANDS), None)
    if name is not None:
        _module(name)


class _Commands(MutableMapping[str, Any]):
    """Commands by name, each made when it is first looked up."""

    def __init__(self) -> None:
        self._made: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        if name not in self._made:
            if name not in COMMANDS:
                raise KeyError(name)
            self._made[name] = _make(name)
        return self._made[name]

    def __setitem__(self, name: str, command: Any) -> None:
        self._made[name] = command

    def __delitem__(self, name: str) -> None:
        del self._made[name]

    def __iter__(self) -> Iterator[str]:
        return iter(COMMANDS)

    def __len__(self) -> int:
        return len(COMMANDS)


def _module(name: str) -> Any:
    return import_module(f"cellfactory.cli.{COMMANDS[name].module}")


@cache
def _make(name: str) -> Any:
    module = _module(name)
    alone = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)
    function = name.replace("-", "_")
    found = getattr(module, f"{function}_", None) or getattr(module, function)
    if not isinstance(found, typer.Typer):
        alone.command(name, cls=getattr(module, "COMMAND", Command))(found)
        found = alone
    command = typer.main.get_command(found)
    # A command keeps its option of help, whoever asked for it first, and by which names.
    command.context_settings.setdefault("help_option_names", HELP)
    return command
