"""Help that reads like that of other tools: plain text, options in groups, 80 columns."""

from __future__ import annotations

from typing import Any

from typer.core import TyperCommand

HELP = ["-h", "--help"]
"""What asks for help, of any command."""

STACKS = "Which stacks"
TERRAFORM = "How Terraform runs"
CELL = "The cell"
MESH = "Its mesh"
QUOTAS = "Its account"
ANSWERS = "Answers beyond the limits"
STACK = "Which stack"
JOB = "The job"
CELLS = "Which cells"
WAIVERS = "Waivers"
CHECKOV = "Checkov"
KEYS = "Credentials"
_ORDER = (
    *("Arguments", JOB, CELLS, STACK, STACKS, TERRAFORM, CELL, MESH, QUOTAS, ANSWERS),
    *(WAIVERS, CHECKOV, KEYS, "Options"),
)
"""Headings of groups, as they stand; what has none stands below `Options`."""


class Command(TyperCommand):
    """A command whose options stand below the headings that they name (`rich_help_panel`)."""

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Write arguments, then each group of options in its place."""
        groups: dict[str, list[tuple[str, str]]] = {}
        for param in self.get_params(ctx):
            record = param.get_help_record(ctx)
            if record is None:
                continue
            plain = "Arguments" if param.param_type_name == "argument" else "Options"
            heading = getattr(param, "rich_help_panel", None) or plain
            groups.setdefault(heading, []).append(_without_type(param, record))
        for heading in sorted(groups, key=_ORDER.index):
            with formatter.section(heading):
                formatter.write_dl(groups[heading])


def _without_type(param: Any, record: tuple[str, str]) -> tuple[str, str]:
    """Leave the type of an argument out: it is a word of Python's."""
    shown, text = record
    return (param.metavar or shown if param.param_type_name == "argument" else shown), text
