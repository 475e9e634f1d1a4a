"""How it looks what Terraform does now, stack by stack: for a live view, and as lines in a log."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from cellfactory.layers import StackId
from cellfactory.terraform.messages import Step

_PHASES: Mapping[str, str] = {
    "init": "getting providers ready",
    "validate": "validating",
    "plan": "planning",
    "apply": "applying",
    "destroy": "destroying",
}
_ACTIONS: Mapping[str, str] = {
    "create": "creating",
    "read": "reading",
    "update": "changing",
    "delete": "destroying",
    "refresh": "refreshing",
}
_DONE: Mapping[str, str] = {
    "create": "created",
    "read": "read",
    "update": "changed",
    "delete": "destroyed",
}


@dataclass(slots=True, kw_only=True)
class Work:
    """What is known of the work on one stack; told of each step, in order."""

    stack: StackId
    begun: float  # on a clock that only goes forward (s)
    phase: str = ""
    waits: str = ""  # why it does not go on
    planned: set[str] = field(default_factory=set)  # addresses
    done: set[str] = field(default_factory=set)
    current: dict[str, str] = field(default_factory=dict)  # action by address, in their order
    since: dict[str, float] = field(default_factory=dict)  # when each was begun (s)

    def take(self, step: Step, now: float = 0.0) -> None:
        """Take one step in, at a time on the clock of `begun` (s)."""
        self.waits = ""
        if step.phase != self.phase:
            self.phase = step.phase
            self.current.clear()
            self.since.clear()
        if step.event == "planned" and step.action != "no-op":
            self.planned.add(step.address)
        elif step.event in ("started", "ongoing"):
            self.current[step.address] = step.action
            self.since.setdefault(step.address, now - step.seconds)
        elif step.event in ("done", "failed"):
            self.current.pop(step.address, None)
            self.since.pop(step.address, None)
            if step.event == "done" and step.action not in ("refresh", "read"):
                self.done.add(step.address)

    @property
    def words(self) -> str:
        """Say in a few words what is done now."""
        return self.told(0.0)

    def told(self, now: float) -> str:
        """Say what is done, and which resource is waited for and for how long where that is long.

        Of several that Terraform works on, the one that was begun first is what it waits for.
        """
        if self.waits:
            return self.waits
        words = _PHASES.get(self.phase, "starting")
        if self.planned and self.phase in ("apply", "destroy"):
            words += f" {len(self.done):,} of {len(self.planned):,}"
        if not self.current:
            return words
        address, action = next(iter(self.current.items()))
        words += f": {_ACTIONS.get(action, action)} {address}"
        took = now - self.since.get(address, now)
        words += f" ({elapsed(took)})" if took >= LONG else ""
        more = len(self.current) - 1
        return f"{words} and {more:,} more" if more else words


LONG = 10.0  # seconds from which it is told how long a resource takes


def render_step(stack: StackId, step: Step) -> str:
    """Render what was done to a resource, for a person who wants all; empty for less than that.

    >>> step = Step(phase="apply", address="aws_vpc.cell", action="create", event="done", seconds=3)
    >>> render_step(StackId("a", "network"), step)
    'a-network  aws_vpc.cell created (3s)'
    """
    if step.event == "failed":
        return f"{stack}  {step.address} failed ({elapsed(step.seconds)})"
    if step.event == "done" and step.action in _DONE:
        return f"{stack}  {step.address} {_DONE[step.action]} ({elapsed(step.seconds)})"
    return "" if step.event else f"{stack}  {_PHASES.get(step.phase, step.phase)}"


def render_still(work: Work, now: float) -> str:
    """Render a line that says that a stack is being worked on still."""
    return f"{work.stack}  still {work.told(now)}, {elapsed(now - work.begun)} in all"


def elapsed(seconds: float) -> str:
    """Write a time as Terraform does.

    >>> elapsed(5.2), elapsed(80), elapsed(3725)
    ('5s', '1m20s', '1h2m5s')
    """
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    parts = ((hours, "h"), (minutes, "m"), (rest, "s"))
    told = [f"{number}{unit}" for number, unit in parts if number]
    return "".join(told) or "0s"
