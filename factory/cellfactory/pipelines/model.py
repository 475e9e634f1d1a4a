"""What a pipeline is, in the words of no CI system: each one has a renderer of this model.

A step is an argument list. What is known only when the pipeline runs, such as a commit, comes as an
environment variable, named the same everywhere: a renderer says what its system puts there, and
never writes such a value into a command line. So a branch or a title cannot become a command.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Variable = Literal[
    "BASE_COMMIT",  # what a change is held against
    "CHANGE_NUMBER",  # of the pull request, or merge request
    "CELLFACTORY_STACKS",  # what one job of a matrix plans
    "CELLFACTORY_SHARD",  # which part of all cells one of several equal jobs looks at, as 2/8
    "CELLFACTORY_RESUME",  # the run to take up again; empty where there is none
    "CELLFACTORY_ALLOW_DESTROY",  # what a person allows by hand, as does the next
    "CELLFACTORY_OVERRIDE",
    "CELLFACTORY_FIRST_APPLY",  # `true` where nothing was applied yet
    "DRILL_CELL",  # the cell that is rebuilt
    "CI_TOKEN",  # lets the job write comments or issues, and nothing else
]
Trigger = Literal["change", "merge", "schedule", "drill"]
"""A proposed change; a change that is merged, or taken up by hand; a time; by hand."""
Grant = Literal["read", "comments", "issues"]
"""What a job may do to the repository: read it; write comments on changes; write issues."""
Condition = Literal["always", "afterwards", "trusted", "changed"]
"""Whether a job runs for everyone's change; also where a job before it failed; for a change from
the repository itself; or for one of those that changes a stack. The latter two never run for a
fork."""


Memory = Literal["none", "reads", "writes"]
"""Whether a job begins with what `cellfactory` has kept for itself on the default branch, or keeps
that for others. What changes something in AWS, or writes to the repository, does neither."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One command."""

    title: str
    argv: tuple[str, ...]  # literal words; a variable is named in `reads` and follows them
    reads: tuple[Variable, ...] = ()  # read by the program from its environment
    last: Variable | None = None  # one whose value is the last word of the command
    saves: str | None = None  # a file that takes what it prints
    shows: str | None = None  # a file of Markdown that people read beside the job afterwards
    yields: bool = False  # prints `name=value` for later jobs
    finds: bool = False  # prints findings, in whichever form the CI system takes


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """Whom a job is in AWS: a role that trusts this environment of this repository."""

    role: str  # ARN
    region: str
    seconds: int  # that a session lasts


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """Steps on one machine, in order."""

    name: str  # letters, digits and hyphens
    title: str
    steps: tuple[Step, ...]
    needs: tuple[str, ...] = ()  # names of jobs
    environment: str | None = None  # which may ask for reviewers, and which the role trusts
    login: Login | None = None
    runner: tuple[str, ...] = ()  # labels
    condition: Condition = "always"
    grants: tuple[Grant, ...] = ("read",)
    reads_base: bool = False  # takes the files of the base of a change, and none of the change
    history: bool = False  # takes all commits, to hold a change against its base
    shards: int = 1  # so many equal jobs, each of which looks at a part of all cells
    matrix: str | None = None  # the job that yields `matrix`, one job for each entry of it
    memory: Memory = "none"
    keeps: str | None = None  # name of what is kept of its folder `out`
    takes: str | None = None  # pattern of names of what was kept, put into the folder `in`
    minutes: int = 60  # after which it is stopped


@dataclass(frozen=True, slots=True, kw_only=True)
class Pipeline:
    """Jobs that one event starts."""

    name: str  # of its file
    title: str
    trigger: Trigger
    jobs: tuple[Job, ...]
    replaces: bool  # whether a newer one ends an older one of the same change; else it waits
    choices: tuple[str, ...] = ()  # what whoever starts it by hand chooses from
