"""What a run is about to do, as a person reviews it: plans, and what no plan can tell yet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from cellfactory.diff.model import Changes, ResourceChange, StackChange
from cellfactory.layers import StackId
from cellfactory.terraform.messages import Counts
from cellfactory.terraform.results import Result


@dataclass(frozen=True, kw_only=True)
class Review:
    """Every stack of a run, before anything is done to it."""

    results: tuple[Result, ...]
    recorded: frozenset[StackId] = frozenset()  # those that were applied before
    accounts: Mapping[StackId, str] = field(default_factory=dict)  # empty where not made yet
    unplanned: tuple[StackChange, ...] = ()  # of deferred stacks that stand: what was edited
    edits: Mapping[StackId, frozenset[str]] = field(default_factory=dict)
    """Of planned stacks that were applied before: the addresses that were edited since."""

    @cached_property
    def changes(self) -> Changes:
        """What Terraform plans, in the words of `diff`."""
        planned = [result for result in self.results if result.status == "planned"]
        return Changes(
            stacks=tuple(
                StackChange(
                    stack=result.stack,
                    action="add" if self._is_new(result) else "change",
                    resources=result.changes,
                )
                for result in sorted(planned, key=lambda one: one.stack.name)
            ),
            unchanged=sum(r.status in ("no-change", "done-before") for r in self.results),
        )

    def _is_new(self, result: Result) -> bool:
        """Whether a stack was never applied; a record that is lost makes no new stack."""
        is_created = all(one.action == "create" for one in result.changes)
        return result.stack not in self.recorded and is_created

    @cached_property
    def counts(self) -> Counts:
        """How many resources are planned to be added, changed, destroyed and replaced."""
        counts = [result.counts for result in self.results if result.status == "planned"]
        return Counts(
            add=sum(one.add for one in counts),
            change=sum(one.change for one in counts),
            destroy=sum(one.destroy for one in counts),
            replace=sum(one.replace for one in counts),
        )

    @cached_property
    def later(self) -> tuple[Result, ...]:
        """Stacks that cannot be planned yet, and are applied once what they wait for is done."""
        return tuple(r for r in self.results if r.status == "deferred" and self._goes_on(r.stack))

    @cached_property
    def waiting(self) -> tuple[Result, ...]:
        """Stacks that wait for others which this run does not bring about."""
        later = {result.stack for result in self.later}
        return tuple(r for r in self.results if r.status == "deferred" and r.stack not in later)

    def is_beside(self, stack: StackId, change: ResourceChange) -> bool:
        """Whether something is planned that no edit explains: drift, an input, a default."""
        edits = self.edits.get(stack)
        return edits is not None and not {change.address, change.moved_from} & edits

    @cached_property
    def done_already(self) -> tuple[tuple[StackId, tuple[str, ...]], ...]:
        """What was edited, and needs nothing of Terraform."""
        planned = {
            changed.stack: {address for r in changed.resources for address in _names(r)}
            for changed in self.changes.stacks
        }
        found = (
            (stack, tuple(sorted(edits - planned.get(stack, set()))))
            for stack, edits in self.edits.items()
        )
        return tuple((stack, rest) for stack, rest in found if rest)

    @property
    def is_idle(self) -> bool:
        """Whether there is nothing that could be done."""
        return not self.later and not any(r.status == "planned" for r in self.results)

    @property
    def is_done(self) -> bool:
        """Whether all is as it should be; not where something failed, or waits."""
        return all(r.status in ("no-change", "done-before") for r in self.results)

    @property
    def touched(self) -> tuple[StackId, ...]:
        """The stacks that something is to be done to."""
        later = {result.stack for result in self.later}
        return tuple(r.stack for r in self.results if r.status == "planned" or r.stack in later)

    @cached_property
    def places(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """Accounts that something is to be done in, with whose they are; a new one has no id."""
        found: dict[str, dict[str, None]] = {}
        for stack in self.touched:
            owner = f"{stack.kind} {stack.owner}"
            account = self.accounts.get(stack, "") or f"a new account of {owner}"
            found.setdefault(account, {})[owner] = None
        return tuple((account, tuple(owners)) for account, owners in sorted(found.items()))

    def _goes_on(self, stack: StackId) -> bool:
        result = self._by_stack.get(stack)
        if result is None or result.broken:
            return False
        return result.status != "deferred" or all(map(self._goes_on, result.waits_for))

    @cached_property
    def _by_stack(self) -> Mapping[StackId, Result]:
        return {result.stack: result for result in self.results}


def _names(change: ResourceChange) -> tuple[str, ...]:
    return (change.address, change.moved_from) if change.moved_from else (change.address,)
