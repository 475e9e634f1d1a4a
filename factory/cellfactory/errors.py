"""What can be wrong, where it was written, and which exit code says so.

The pure packages return `Finding`s: a rule, a path into the inventory and a sentence. They
know nothing of files. The inventory's `SourceMap` turns a path into a `Span`, so that a user
sees `cells.yaml:14:12`. Only `cli` catches `FactoryError`; anything else is our own bug.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

KeyPath = tuple[str | int, ...]
"""Where a value stands in the inventory, such as `("cells", "moka-use1-a", "ring")`."""

Severity = Literal["error", "warning"]

MOST_PROBLEMS = 200  # shown at once; more of them help nobody
SUBJECTS = frozenset({"cells", "hubs", "meshes"})
"""Keys of the inventory whose entries a finding can be about, one like the other."""


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
    """One rule that one value of the inventory, one stack or one resource breaks.

    `rule` never changes its meaning once released: people search for it and quote it. It is empty
    where the command line itself is wrong. What a finding is about is a `path` into the inventory,
    or a `stack`, with the Terraform `address` in it where one is known, or nothing but its words.
    """

    rule: str
    message: str
    path: KeyPath = ()
    stack: str = ""
    address: str = ""
    hint: str = ""
    severity: Severity = "error"
    about: KeyPath = ()  # such as ("cells", "a"), where `path` leads to something else
    own: tuple[str, ...] = ()  # what its words name that only its subject has, such as its blocks

    def __str__(self) -> str:
        label = "warning: " if self.severity == "warning" else ""
        first = f"{self.rule} {label}{self.message}".lstrip()
        return "\n".join([first, *(f"    {line}".rstrip() for line in self.hint.splitlines())])

    @property
    def subject(self) -> KeyPath:
        """What it is about: a kind and a name, such as `("cells", "a")`; empty when neither."""
        if self.stack:
            return "stacks", self.stack
        if self.about:
            return self.about
        return self.path[:2] if len(self.path) > 1 and self.path[0] in SUBJECTS else ()

    @property
    def sameness(self) -> tuple[object, ...]:
        """What two findings share that say the same of two subjects.

        It is all of a finding but the name of its subject, and what only that has: one of them is
        the other one, word for word and number for number, once these are put in.

        >>> a = Finding(rule="F1", path=("cells", "a", "type"), message="cell a is no cell")
        >>> b = Finding(rule="F1", path=("cells", "b", "type"), message="cell b is no cell")
        >>> a.sameness == b.sameness
        True
        """
        subject = self.subject
        texts = (self.message, self.hint, self.address)
        if not subject:
            return (self.rule, self.severity, *texts, self.path, ())
        kind, name = subject
        marks = {own: f"\0{index}" for index, own in enumerate((str(name), *self.own)) if own}
        longest = sorted(map(re.escape, marks), key=len, reverse=True)
        own = re.compile(rf"(?<![\w-])(?:{'|'.join(longest)})(?![\w-])")
        unnamed = (own.sub(lambda found: marks[found.group()], text) for text in texts)
        path = self.path[2:] if self.path[:2] == subject else (None, *self.path)
        return (self.rule, self.severity, *unnamed, path, (kind,))


def has_error(findings: Iterable[Finding]) -> bool:
    """Whether some finding is more than a warning."""
    return any(finding.severity == "error" for finding in findings)


@dataclass(frozen=True, slots=True)
class Problem:
    """A finding at its place, ready to show; without a span where it is in no file."""

    span: Span | None
    finding: Finding

    @property
    def place(self) -> str:
        """Where it is: a place in a file, an address in a stack, or a stack; else empty."""
        if self.span is not None:
            return str(self.span)
        return ": ".join(part for part in (self.finding.stack, self.finding.address) if part)

    @property
    def rank(self) -> tuple[object, ...]:
        """What problems are sorted by: errors first, then by place; equal for equal ones only."""
        finding, span = self.finding, self.span
        return (
            finding.severity != "error",
            (1, span.file, span.line, span.column) if span else (0, "", 0, 0),
            (finding.stack, finding.address, finding.rule),
            tuple(map(str, finding.subject)),
            (finding.message, finding.hint),
            tuple(map(repr, finding.path)),
        )

    def __str__(self) -> str:
        return f"{self.place}: {self.finding}" if self.place else str(self.finding)


def problem_of(kept: Mapping[str, Any]) -> Problem:
    """Make a problem again of what `dataclasses.asdict` and JSON made of it."""
    finding = kept["finding"].items()
    told: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in finding}
    return Problem(Span(**kept["span"]) if kept["span"] else None, Finding(**told))


class FactoryError(Exception):
    """Base of every error that a user can cause or mend."""

    exit_code = 1

    def __init__(self, what: str | Finding) -> None:
        """Take a finding, or its words alone: a sentence, and below it what to do."""
        finding = what if isinstance(what, Finding) else _finding_of(what)
        self.problems: tuple[Problem, ...] = (Problem(None, finding),)
        super().__init__(str(what))


class ProblemsError(FactoryError):
    """One or more problems, all found in one pass: errors first, then sorted by place."""

    def __init__(self, problems: Iterable[Problem], *, complete: bool = True) -> None:
        """Take the problems, and whether they are all: a search may end after so many errors."""
        Exception.__init__(self)
        self.problems = tuple(sorted(problems, key=lambda p: p.rank))
        self.complete = complete

    def __str__(self) -> str:
        return "\n".join(map(str, self.problems))


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

    @classmethod
    def of(cls, findings: Sequence[Finding]) -> TerraformError:
        """Make one of several findings, which are never none."""
        error = cls(findings[0])
        error.problems = tuple(
            sorted((Problem(None, one) for one in findings), key=lambda problem: problem.rank)
        )
        return error


class PolicyError(ProblemsError):
    """Terraform breaks a policy rule that nobody waives, or a waiver is not as it must be."""

    exit_code = 7


class GuardError(ProblemsError):
    """A change does more than the guard of the inventory allows, and nobody said why."""

    exit_code = 9


def _finding_of(words: str) -> Finding:
    first, *more = words.splitlines() or [""]
    return Finding(rule="", message=first, hint="\n".join(line.strip() for line in more))
