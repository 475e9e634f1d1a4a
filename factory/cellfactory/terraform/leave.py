"""What a run may do to each stack that it applies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from cellfactory.layers import StackId
from cellfactory.terraform.guard import NOTHING, Allowed
from cellfactory.terraform.planning import Kept
from cellfactory.terraform.results import Result
from cellfactory.terraform.reviewed import ReviewedStack


@dataclass(frozen=True, slots=True, kw_only=True)
class Leave:
    """What an apply of one stack may do."""

    allowed: Allowed = NOTHING  # what it may destroy and replace
    reviewed: ReviewedStack | None = None  # what it may do at most; None does not ask
    kept: Kept | None = None  # a plan that was looked at, to be applied where it is fresh


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreed:
    """What was agreed to, stack by stack, before anything is applied."""

    reviewed: Mapping[StackId, ReviewedStack]  # what each may do at most; others may do nothing
    kept: Mapping[StackId, Kept] = field(default_factory=dict)  # plans that were looked at
    settled: Mapping[StackId, Result] = field(default_factory=dict)  # not tried again
    unseen: frozenset[StackId] = frozenset()  # nobody could look at them: only `allowed` holds

    @property
    def touched(self) -> tuple[StackId, ...]:
        """The stacks that something may be done to."""
        seen = (s for s, one in self.reviewed.items() if one.standing != "no-change")
        return (*seen, *sorted(self.unseen))

    def leave(self, stack: StackId, allowed: Allowed) -> Leave:
        """Say what an apply of a stack may do."""
        if stack in self.unseen:
            return Leave(allowed=allowed)
        nothing = ReviewedStack(stack=stack, standing="no-change", sources="")
        reviewed = self.reviewed.get(stack, nothing)
        return Leave(allowed=allowed, reviewed=reviewed, kept=self.kept.get(stack))
