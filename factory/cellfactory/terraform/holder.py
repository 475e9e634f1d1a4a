"""Who a run is: what others are told of it, and how its machine knows whether it lives."""

from __future__ import annotations

import getpass
import os
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from cellfactory.processes import identity

_BOOT = Path("/proc/sys/kernel/random/boot_id")
_PROCESSES = Path("/proc/self/ns/pid")  # where processes have the numbers that we see


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """A run, as it introduces itself to others."""

    run: str  # its id
    command: str  # such as apply
    owner: str  # user@host
    machine: str  # tells one machine, boot and container from all others
    process: str  # as `identity` tells it
    job: str  # URL of the CI job; empty where it is none
    began: str  # by the clock of its own machine, for people
    version: str  # of this program

    @property
    def number(self) -> int:
        """The number of its process; 0 where it told none."""
        first = self.process.partition(" ")[0]
        return int(first) if first.isdecimal() else 0

    def is_here(self, machine: str) -> bool:
        """Whether it runs, or ran, where processes have the numbers that we see."""
        return bool(machine) and self.machine == machine

    def lives(self, machine: str) -> bool | None:
        """Whether its process is alive; None where this machine cannot know."""
        if not self.is_here(machine) or not self.number:
            return None
        return identity(self.number) == self.process


def this_machine() -> str:
    """Tell this machine, boot and container from all others; empty where they cannot be told."""
    try:
        boot = _BOOT.read_text("utf-8").strip()
        numbers = os.readlink(_PROCESSES)  # noqa: PTH115 - it names no file
    except OSError:
        return ""
    return f"{socket.gethostname()} {boot} {numbers}"


def this_holder(
    run: str, command: str, began: str, version: str, environ: Mapping[str, str] = os.environ
) -> Holder:
    """Introduce the run that this very process is.

    Args:
        run: its id.
        command: what it does.
        began: when, for people.
        version: of this program.
        environ: the process environment, in which CI systems say whose job it is.
    """
    return Holder(
        run=run,
        command=command,
        owner=f"{_user(environ)}@{socket.gethostname()}",
        machine=this_machine(),
        process=identity(os.getpid()),
        job=job_url(environ),
        began=began,
        version=version,
    )


def job_url(environ: Mapping[str, str]) -> str:
    """The page of the CI job that this is; empty where it is none.

    >>> job_url({"GITHUB_SERVER_URL": "https://g", "GITHUB_REPOSITORY": "o/r",
    ...          "GITHUB_RUN_ID": "7"})
    'https://g/o/r/actions/runs/7'
    >>> job_url({"CI_JOB_URL": "https://lab/o/r/-/jobs/9"}), job_url({})
    ('https://lab/o/r/-/jobs/9', '')
    """
    server, repository = environ.get("GITHUB_SERVER_URL"), environ.get("GITHUB_REPOSITORY")
    run = environ.get("GITHUB_RUN_ID")
    if server and repository and run:
        return f"{server}/{repository}/actions/runs/{run}"
    return environ.get("CI_JOB_URL") or environ.get("BUILD_URL", "")


def _user(environ: Mapping[str, str]) -> str:
    named = environ.get("GITHUB_ACTOR") or environ.get("GITLAB_USER_LOGIN")
    if named:
        return named
    try:
        return getpass.getuser()
    except (KeyError, OSError, ImportError):  # a container without a name for its user
        return str(os.getuid())
