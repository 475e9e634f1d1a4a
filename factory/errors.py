"""What can be wrong, where it was written, and which exit code says so.

The pure packages return `Finding`s: a rule, a path into the inventory and a sentence. They
know nothing of files. The inventory's `SourceMap` turns a path into a `Span`, so that a user
sees `cells.yaml:14:12`. Only `cli` catches `FactoryError`; anything else is our own bug.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

KeyPath = tuple[str | int, ...]
"""Where a value stands in the inventory, such as `("cells", "moka-use1-a", "ring")`."""

Severity = Literal["error", "warning"]


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A place in a text file; line and column count from 1."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One rule that one value of the inventory breaks.

    `rule` never changes its meaning once released: people search for it and quote it.
    """

    rule: str
    path: KeyPath
    message: str
    hint: str = ""
    severity: Severity = "error"


@dataclass(frozen=True, slots=True)
class Problem:
    """A finding at its place in a file, ready to show."""

    span: Span
    finding: Finding

    def __str__(self) -> str:
        label = "warning: " if self.finding.severity == "warning" else ""
        first = f"{self.span}: {self.finding.rule} {label}{self.finding.message}"
        hints = self.finding.hint.splitlines()
        return "\n".join([first, *(f"    {line}" for line in hints)])


class FactoryError(Exception):
    """Base of every error that a user can cause or mend."""

    exit_code = 1


class ProblemsError(FactoryError):
    """One or more problems, all found in one pass and sorted by place."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(problems, key=lambda p: (p.span, p.finding.rule)))
        super().__init__("\n".join(map(str, self.problems)))


class UsageError(FactoryError):
    """The command line asks for something that cannot be had together."""

    exit_code = 2


class InventoryError(ProblemsError):
    """The inventory is not well formed, or its addresses do not work out."""

    exit_code = 3


class SizingError(ProblemsError):
    """A well-formed cell or mesh needs more than AWS, or our policy, allows."""

    exit_code = 4


class SynthError(FactoryError):
    """The Terraform could not be synthesized."""

    exit_code = 5


class StoppedError(FactoryError):
    """The user, or the system, told a run to stop before it was done."""

    exit_code = 130


class TerraformError(FactoryError):
    """Terraform, or what it talks to, refused or is not there."""

    exit_code = 6
