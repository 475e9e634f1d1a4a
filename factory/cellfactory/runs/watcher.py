"""Who is told of a run while it lasts, and is asked before it touches real AWS."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Protocol

from cellfactory.errors import UsageError
from cellfactory.layers import StackId
from cellfactory.runs.notices import Notice
from cellfactory.runs.review import Review
from cellfactory.terraform.messages import Step
from cellfactory.terraform.results import Result
from cellfactory.terraform.runner import Listener
from cellfactory.terraform.target import Mode


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What must be agreed to before real AWS is touched."""

    verb: str  # apply or destroy
    stacks: tuple[StackId, ...]
    review: Review | None = None  # what was planned, where it was


class Watcher(Protocol):
    """Follows one run; all but the first four are called from several threads."""

    def noted(self, notice: Notice) -> None:
        """Hear what one should know before anything is done."""

    def reviewed(self, review: Review) -> None:
        """See what is planned, before it is asked about."""

    def agrees(self, question: Question) -> bool:
        """Say whether to go on."""

    def confirms(self, question: str) -> bool:
        """Answer a question that is about no stacks' plans."""

    def begun(self, total: int) -> None:
        """Hear that so many stacks are about to be worked on."""

    def started(self, stack: StackId) -> None:
        """Hear that Terraform is about to be started for a stack."""

    def working(self, stack: StackId, step: Step) -> None:
        """Hear what Terraform does for a stack now."""

    def waiting(self, stack: StackId, why: str) -> None:
        """Hear that a stack cannot be worked on yet, and why."""

    def baking(self, ring: str, seconds: float) -> None:
        """Hear that a ring bakes for so long from now on (s); 0 says that it is over."""

    def stopping(self) -> None:
        """Hear that an interrupt came; the first one was passed on to whatever runs."""

    def finished(self, result: Result) -> None:
        """Hear what became of a stack."""


def require_agreement(
    watcher: Watcher,
    verb: str,
    stacks: Collection[StackId],
    mode: Mode,
    review: Review | None = None,
) -> None:
    """Ask before real AWS is touched; the sandbox is anybody's, unless a review was asked for.

    Raises:
        UsageError: when the answer is no.
    """
    if mode == "sandbox" and review is None:
        return
    if not watcher.agrees(Question(verb=verb, stacks=tuple(stacks), review=review)):
        msg = f"{verb}: not confirmed, nothing was done"
        raise UsageError(msg)


def listen(watcher: Watcher, stacks: Sequence[object]) -> Listener:
    """Tell a watcher that work on these stacks begins, and have the runner tell it the rest."""
    watcher.begun(len(stacks))
    return Listener(started=watcher.started, finished=watcher.finished, waiting=watcher.waiting)
