"""What Terraform says with `-json`, as values: one JSON object a line, of many types.

Source:
    https://developer.hashicorp.com/terraform/internals/machine-readable-ui
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
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
    began: tuple[Change, ...] = ()  # whatever became of it
    unfinished: tuple[Change, ...] = ()  # what began, and of whose end nothing was said
    outputs: Mapping[str, Any] | None = None  # by name; None when none were told
    diagnostics: tuple[Diagnostic, ...] = ()
    state: str = ""  # JSON of a state that could be written nowhere
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
    changes: dict[str, list[Change]] = {kind: [] for kind in _CHANGES}
    diagnostics: list[Diagnostic] = []
    outputs: dict[str, Any] | None = None
    state = ""
    other: list[str] = []
    for line in text.split("\n"):  # nothing else ends a message, whatever a text in it holds
        try:
            message = json.loads(line)
            match message["type"]:
                case "diagnostic":
                    diagnostics.append(_diagnostic(message["diagnostic"]))
                case "outputs":
                    outputs = _outputs(message["outputs"])
                case "log" if "state" in message:
                    state = json.dumps(message["state"], indent=2) + "\n"
                case kind if kind in _CHANGES:
                    changes[kind].append(_change(message[_CHANGES[kind]]))
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            other.append(line)
    return Report(
        planned=tuple(changes["planned_change"]),
        lost=tuple(change for change in changes["resource_drift"] if change.action == "delete"),
        applied=tuple(changes["apply_complete"]),
        began=tuple(changes["apply_start"]),
        unfinished=_unfinished(changes),
        outputs=outputs,
        diagnostics=tuple(diagnostics),
        state=state,
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


_CHANGES = {
    "planned_change": "change",
    "resource_drift": "change",
    "apply_start": "hook",
    "apply_complete": "hook",
    "apply_errored": "hook",
}
"""Messages about one resource, and the part of each that describes it."""


def _unfinished(changes: Mapping[str, Iterable[Change]]) -> tuple[Change, ...]:
    ended = {(c.address, c.action) for k in ("apply_complete", "apply_errored") for c in changes[k]}
    return tuple(c for c in changes["apply_start"] if (c.address, c.action) not in ended)


_VALIDATE, _OUTPUT = "validate -json", "output -json"


def parse_validation(text: str) -> tuple[Diagnostic, ...]:
    """Read the standard output of `validate -json`, which is one document.

    Raises:
        ValueError: when it is not that.
    """
    document = _document(text, _VALIDATE)
    told = document.get("diagnostics")
    if not isinstance(told, list) or not all(isinstance(one, dict) for one in told):
        raise _other_answer(_VALIDATE)
    return tuple(map(_diagnostic, told))


def parse_outputs(text: str) -> dict[str, Any]:
    """Read the standard output of `output -json`: values by name.

    Raises:
        ValueError: when it is not that.
    """
    document = _document(text, _OUTPUT)
    if not all(isinstance(told, dict) for told in document.values()):
        raise _other_answer(_OUTPUT)
    return {name: told["value"] for name, told in document.items() if "value" in told}


def _document(text: str, command: str) -> dict[str, Any]:
    try:
        document = json.loads(text)
    except RecursionError as error:
        raise _other_answer(command) from error
    if not isinstance(document, dict):
        raise _other_answer(command)
    return document


def _other_answer(command: str) -> ValueError:
    return ValueError(f"not the answer of `{command}`")


def _change(told: Mapping[str, Any]) -> Change:
    resource = told["resource"]
    key = resource.get("resource_key")
    return Change(
        address=str(resource["addr"]),
        resource_type=str(resource["resource_type"]),
        key="" if key is None else str(key),
        action=str(told["action"]),
        reason=str(told.get("reason", "")),
        id=str(told.get("id_value", "")) if told.get("id_key") == "id" else "",
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
