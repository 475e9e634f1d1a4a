"""What Terraform says with `-json`, as values: one JSON object a line, of many types.

Source:
    https://developer.hashicorp.com/terraform/internals/machine-readable-ui
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

Value = str | list[str] | dict[str, str]
"""What one stack hands to another."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """Resources (not replacements twice, as Terraform's own sums count them)."""

    add: int = 0
    change: int = 0
    destroy: int = 0
    replace: int = 0

    def __str__(self) -> str:
        text = f"+{self.add} ~{self.change} -{self.destroy}"
        return f"{text} ±{self.replace}" if self.replace else text

    def __bool__(self) -> bool:
        return bool(self.add or self.change or self.destroy or self.replace)


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnostic:
    """An error or a warning in Terraform's own words."""

    severity: str  # error or warning
    summary: str
    detail: str = ""
    address: str = ""  # Terraform address of the resource, where it is known
    hint: str = ""  # ours: what it means here, and the way out

    def __str__(self) -> str:
        first = f"{self.severity}: {self.summary}"
        lines = [f"{first} ({self.address})" if self.address else first]
        lines += [f"  {line}" if line else "" for line in self.detail.splitlines()]
        lines += [f"  -> {line}" for line in self.hint.splitlines()]
        return "\n".join(lines)


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What Terraform plans for one resource, or has done to it."""

    address: str
    resource_type: str
    key: str  # of `for_each`; empty without
    action: str  # create, update, delete, replace, read, move, import, forget
    reason: str = ""  # of a plan, such as tainted or cannot_update
    id: str = ""  # of what was created


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Everything that one command said."""

    planned: tuple[Change, ...] = ()
    lost: tuple[Change, ...] = ()  # what the state holds and a refresh did not find
    applied: tuple[Change, ...] = ()
    outputs: Mapping[str, Any] | None = None  # by name; None when none were told
    diagnostics: tuple[Diagnostic, ...] = ()
    other: str = ""  # lines that are no messages

    @property
    def errors(self) -> tuple[Diagnostic, ...]:
        """The diagnostics that made it fail."""
        return tuple(d for d in self.diagnostics if d.severity == "error")

    @property
    def planned_counts(self) -> Counts:
        """How many resources the plan would add, change, destroy and replace."""
        number = Counter(change.action for change in self.planned)
        return Counts(
            add=number["create"],
            change=number["update"],
            destroy=number["delete"],
            replace=number["replace"],
        )

    @property
    def applied_counts(self) -> Counts:
        """How many resources were added, changed, destroyed and replaced, whatever came after."""
        deleted = {c.address for c in self.applied if c.action == "delete"}
        created = {c.address for c in self.applied if c.action == "create"}
        return Counts(
            add=len(created - deleted),
            change=sum(c.action == "update" for c in self.applied),
            destroy=len(deleted - created),
            replace=len(deleted & created),
        )


def parse_report(text: str) -> Report:
    """Read the standard output of `plan`, `apply` or `destroy` with `-json`.

    A line that is no message is kept in `other`: a crash must not hide what came before it.
    """
    planned: list[Change] = []
    drift: list[Change] = []
    applied: list[Change] = []
    diagnostics: list[Diagnostic] = []
    outputs: dict[str, Any] | None = None
    other: list[str] = []
    for line in text.split("\n"):  # nothing else ends a message, whatever a text in it holds
        try:
            message = json.loads(line)
            match message["type"]:
                case "planned_change":
                    planned.append(_change(message["change"]))
                case "resource_drift":
                    drift.append(_change(message["change"]))
                case "apply_complete":
                    applied.append(_change(message["hook"]))
                case "diagnostic":
                    diagnostics.append(_diagnostic(message["diagnostic"]))
                case "outputs":
                    outputs = _outputs(message["outputs"])
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            other.append(line)
    return Report(
        planned=tuple(planned),
        lost=tuple(change for change in drift if change.action == "delete"),
        applied=tuple(applied),
        outputs=outputs,
        diagnostics=tuple(diagnostics),
        other="\n".join(line for line in other if line.strip()),
    )


Phase = Literal["init", "validate", "plan", "apply", "destroy", "outputs", "state"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What Terraform does for a stack at this moment."""

    phase: Phase
    address: str = ""  # of the resource; empty for the phase as a whole
    action: str = ""  # create, read, update, delete or refresh
    event: Literal["", "planned", "started", "ongoing", "done", "failed"] = ""
    seconds: int = 0  # since the resource was begun, as Terraform tells


_EVENTS: Mapping[str, Literal["planned", "started", "ongoing", "done", "failed"]] = {
    "planned_change": "planned",
    "apply_start": "started",
    "apply_progress": "ongoing",
    "apply_complete": "done",
    "apply_errored": "failed",
    "refresh_start": "started",
    "refresh_complete": "done",
}


def parse_step(line: bytes, phase: Phase) -> Step | None:
    """Read one line of what Terraform says with `-json`; None when it tells of no resource."""
    try:
        told = json.loads(line)
        kind = told["type"]
        event = _EVENTS.get(kind)
        if event is None:
            return None
        hook = told.get("hook") or told["change"]
        return Step(
            phase=phase,
            address=str(hook["resource"]["addr"]),
            action="refresh" if kind.startswith("refresh") else str(hook.get("action", "")),
            event=event,
            seconds=int(hook.get("elapsed_seconds", 0)),
        )
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None


def parse_validation(text: str) -> tuple[Diagnostic, ...]:
    """Read the standard output of `validate -json`, which is one document.

    Raises:
        ValueError: when it is not that.
    """
    document = json.loads(text)
    if not isinstance(document, dict) or not isinstance(document.get("diagnostics"), list):
        msg = "not the answer of `validate -json`"
        raise ValueError(msg)
    return tuple(_diagnostic(d) for d in document["diagnostics"])


def parse_outputs(text: str) -> dict[str, Any]:
    """Read the standard output of `output -json`: values by name.

    Raises:
        ValueError: when it is not that.
    """
    document = json.loads(text)
    if not isinstance(document, dict):
        msg = "not the answer of `output -json`"
        raise ValueError(msg)
    return {name: told["value"] for name, told in document.items() if "value" in told}


def _change(told: Mapping[str, Any]) -> Change:
    resource = told["resource"]
    key = resource.get("resource_key")
    return Change(
        address=resource["addr"],
        resource_type=resource["resource_type"],
        key="" if key is None else str(key),
        action=told["action"],
        reason=told.get("reason", ""),
        id=told.get("id_value", "") if told.get("id_key") == "id" else "",
    )


def _outputs(told: Mapping[str, Any]) -> dict[str, Any] | None:
    """The outputs after an apply; those of a plan have no values and are passed over."""
    found = {name: output["value"] for name, output in told.items() if "value" in output}
    return found if len(found) == len(told) else None


def _diagnostic(told: Mapping[str, Any]) -> Diagnostic:
    return Diagnostic(
        severity=str(told.get("severity", "error")),
        summary=str(told.get("summary", "")),
        detail=str(told.get("detail", "")),
        address=str(told.get("address", "")),
    )
