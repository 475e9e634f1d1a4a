"""A pipeline, as any CI system could run it: when, where, by whose rights, and which commands.

Nothing in here is written as a CI system writes it. What a command takes from outside stands in
a variable of the environment and never in its text, so that no name, whoever made it up, is ever
read as a part of a script.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

Scope = Literal["code", "identity", "comments", "issues"]
"""What a job may ask of the forge: the repository, a token for AWS, comments, issues."""

# -- when ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class OnProposal:
    """Runs for each pull or merge request; a newer state of one ends the run of the older."""


@dataclass(frozen=True, slots=True)
class OnBranch:
    """Runs for what arrives on a branch."""

    branch: str


@dataclass(frozen=True, slots=True)
class OnSchedule:
    """Runs by the clock, as cron writes it (UTC)."""

    cron: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Input:
    """What a person says who starts a run by hand."""

    name: str
    description: str
    required: bool = False
    is_flag: bool = False  # yes or no, where no is the default


@dataclass(frozen=True, slots=True)
class OnDemand:
    """Runs when a person starts it."""

    inputs: tuple[Input, ...] = ()


Trigger = OnProposal | OnBranch | OnSchedule | OnDemand

# -- what a command is made of ---------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Variable:
    """One word of a command: what a variable holds, whatever that is."""

    name: str


@dataclass(frozen=True, slots=True)
class Words:
    """Several words of a command: what a variable holds, parted at its spaces."""

    name: str


@dataclass(frozen=True, slots=True)
class IfSaid:
    """An option and its value, where a variable holds one; nothing where it is empty."""

    option: str
    name: str


@dataclass(frozen=True, slots=True)
class IfTrue:
    """An option without a value, where a variable holds `true`."""

    option: str
    name: str


Word = str | Variable | Words | IfSaid | IfTrue

Fact = Literal["base", "number", "token", "repository"]
"""What CI knows of a run: the commit a proposal goes to, its number, the job's own token, where."""


@dataclass(frozen=True, slots=True)
class FromMatrix:
    """A variable that holds a key of the job's row of its matrix."""

    key: str


@dataclass(frozen=True, slots=True)
class FromInput:
    """A variable that holds what a person said."""

    name: str


@dataclass(frozen=True, slots=True)
class FromRun:
    """A variable that holds what CI knows of the run."""

    fact: Fact


Source = FromMatrix | FromInput | FromRun | str
"""Where the value of a variable comes from; a text is the value itself."""

# -- steps -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkout:
    """Bring the code: what is proposed or pushed, or what a proposal goes to (its base)."""

    base: bool = False
    history: bool = False  # all of it, and not the one commit
    folder: str = ""  # the top when empty


@dataclass(frozen=True, slots=True, kw_only=True)
class Install:
    """Install cellfactory and all that it takes, by hash."""

    lock: str  # from the top of what was brought


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """Take a role in AWS by the identity of the job; no key is kept anywhere."""

    role: str  # ARN
    region: str
    seconds: int  # how long its credentials last (s)


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """Run one command."""

    name: str
    argv: tuple[Word, ...]
    variables: tuple[tuple[str, Source], ...] = ()
    output: str = ""  # the command prints `NAME=value` of this name, for other jobs
    saves: str = ""  # what it prints becomes this file
    summary: bool = False  # what it prints is shown beside the run, too
    always: bool = False  # also where an earlier step failed


@dataclass(frozen=True, slots=True, kw_only=True)
class Keep:
    """Keep a file for other jobs; never one with values or secrets."""

    name: str
    path: str
    matrix_keys: tuple[str, ...] = ()  # make the name one of each row's own
    always: bool = False  # also where an earlier step failed
    days: int = 7  # how long it is kept (days)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetch:
    """Fetch what other jobs of the run kept, side by side, into a folder."""

    pattern: str
    folder: str


Step = Checkout | Install | Login | Run | Keep | Fetch

# -- jobs and workflows ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Permission:
    """What a job may ask of the forge, and why it has to."""

    scope: Scope
    writes: bool
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """When a job runs; all that is said has to hold."""

    own_code_only: bool = False  # a proposal from this repository and not from a fork of it
    repository: str = ""  # in this repository alone, and in no copy of it
    branch: str = ""  # of this branch alone
    even_after_failure: bool = False  # also where a job that it needs failed; never if cancelled
    input_is_one_of: tuple[str, tuple[str, ...]] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Matrix:
    """A job for each row of what another job put out."""

    job: str
    output: str
    shown: str  # key of a row that tells the jobs apart
    at_once: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """Steps on one machine, by one set of rights."""

    id: str
    name: str
    says: str  # why it is there
    runner: str | tuple[str, ...]
    minutes: int  # after so long it is ended (min)
    steps: tuple[Step, ...]
    needs: tuple[str, ...] = ()
    environment: str = ""
    permissions: tuple[Permission, ...] = ()
    condition: Condition = field(default=Condition())
    matrix: Matrix | None = None

    @property
    def outputs(self) -> Iterator[str]:
        """What it puts out for other jobs."""
        return (step.output for step in self.steps if isinstance(step, Run) and step.output)

    @property
    def role(self) -> str:
        """The ARN of the role that it takes; empty where it takes none."""
        return next((step.role for step in self.steps if isinstance(step, Login)), "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Workflow:
    """Jobs that one thing starts."""

    id: str  # the name of its file, without what a CI system puts behind it
    name: str
    says: str
    triggers: tuple[Trigger, ...]
    jobs: tuple[Job, ...]
    queue: str  # runs of one queue go one after the other
    newest_only: bool = False  # a newer run of the queue ends an older one, which must be harmless


@dataclass(frozen=True, slots=True, kw_only=True)
class Pipelines:
    """All workflows of an inventory."""

    version: str  # of cellfactory that CI installs
    workflows: tuple[Workflow, ...]
