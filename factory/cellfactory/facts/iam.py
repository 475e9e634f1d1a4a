"""Which IAM actions Terraform takes for each type of resource, and how AWS lets each be scoped.

`iam_measured.yaml` holds what the real provider was seen to call, and what the Service
Authorization Reference says of those actions; `iam_documented.yaml` what AWS asks beyond that.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

from cellfactory.facts.loader import read_table

Phase = Literal["create", "read", "update", "delete"]
PHASES: tuple[Phase, ...] = ("create", "read", "update", "delete")

Tie = Literal["created", "tagged", "named"]
"""How an action is bound to a kind of thing: by the tags it gives, by those it has, by its name."""

READING = frozenset({"List", "Read"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """What the Service Authorization Reference says of an action, as far as we use it."""

    name: str  # such as ec2:CreateSubnet
    level: str  # List, Read, Write, Tagging or Permissions management
    things: Mapping[str, Tie]  # kinds that a policy can name, such as subnet; none: only `*`
    gives_tags: bool  # where no kind can be named: the tags of a request can be asked for

    @property
    def service(self) -> str:
        """The prefix of its name."""
        return self.name.partition(":")[0]

    @property
    def reads(self) -> bool:
        """Whether it changes nothing."""
        return self.level in READING


@dataclass(frozen=True, slots=True, kw_only=True)
class Dependent:
    """What AWS asks of a caller beside the action itself."""

    action: str
    because: str
    service: str  # that a role is passed to, or linked to; empty where it is neither
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class IamActions:
    """The table."""

    provider: str  # version that was measured
    measured: str  # day of the measurement
    reference: str  # day of the Service Authorization Reference
    types: Mapping[str, Mapping[Phase, tuple[str, ...]]]  # by type; `data.` before data sources
    documented: Mapping[str, Mapping[Phase, tuple[str, ...]]]
    actions: Mapping[str, Action]
    names: Mapping[str, str]  # of an API operation whose action is called otherwise
    tagging: Mapping[str, str]  # by action that makes something: the one that tags it meanwhile
    dependents: Mapping[str, tuple[Dependent, ...]]  # by action
    refusable: Mapping[str, str]  # what the provider tries and goes on without, with the reason

    def of_type(self, resource_type: str, phases: Iterable[Phase] = PHASES) -> tuple[str, ...]:
        """List the actions of a resource type or of a data source, sorted.

        Raises:
            KeyError: there is no row for it.
        """
        if resource_type not in self.types and resource_type not in self.documented:
            msg = f"iam_measured.yaml has no row for {resource_type}: measure it"
            raise KeyError(msg)
        tables = (self.types.get(resource_type, {}), self.documented.get(resource_type, {}))
        found = {a for table in tables for phase in phases for a in table.get(phase, ())}
        found |= {self.tagging[action] for action in found if action in self.tagging}
        return tuple(sorted(found - self.refusable.keys()))

    def is_measured(self, action: str) -> bool:
        """Whether the provider was seen to call it."""
        return any(
            action in actions for phases in self.types.values() for actions in phases.values()
        )


@cache
def load_iam() -> IamActions:
    """Read the table; the same object each time."""
    measured, told = read_table("iam_measured"), read_table("iam_documented")
    return IamActions(
        provider=str(measured["provider"]),
        measured=str(measured["checked"]),
        reference=str(measured["reference"]["updated"]),
        types=_phases(measured["types"]),
        documented=_phases(told["types"]),
        actions={name: _action(name, row) for name, row in measured["actions"].items()},
        names=told["names"],
        tagging=told["tagging"],
        dependents={name: tuple(map(_dependent, rows)) for name, rows in told["dependent"].items()},
        refusable=told["refusable"],
    )


def _phases(table: Mapping[str, Any]) -> dict[str, Mapping[Phase, tuple[str, ...]]]:
    return {
        kind: {phase: tuple(rows[phase]) for phase in PHASES if phase in rows}
        for kind, rows in table.items()
    }


def _action(name: str, row: Mapping[str, Any]) -> Action:
    return Action(
        name=name,
        level=row["level"],
        things=row.get("things", {}),
        gives_tags=bool(row.get("gives_tags", False)),
    )


def _dependent(row: Mapping[str, str]) -> Dependent:
    return Dependent(
        action=row["action"],
        because=row["because"],
        service=row.get("service", ""),
        source=row["source"],
    )
