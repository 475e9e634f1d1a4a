"""What `terraform show -json` says of a saved plan, as changes of resources.

Source:
    https://developer.hashicorp.com/terraform/internals/json-format
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from cellfactory.diff.model import Action, ResourceChange, ValueChange
from cellfactory.errors import Finding, TerraformError
from cellfactory.terraform.shown_values import secrets_of, values_of

DRIFT = "drift"
"""The reason of a change to what somebody changed behind Terraform's back."""

_ACTIONS: Mapping[tuple[str, ...], Action] = {
    ("create",): "create",
    ("update",): "update",
    ("delete",): "delete",
    ("delete", "create"): "replace",
    ("create", "delete"): "replace",
    ("forget", "create"): "replace",
    ("create", "forget"): "replace",
    ("forget",): "forget",
}


def parse_shown(text: str) -> Mapping[str, Any]:
    """Read what `terraform show -json` says of a saved plan.

    Raises:
        TerraformError: when it is none (F619).
    """
    try:
        document = json.loads(text)
        changes = document.get("resource_changes", [])
        major = str(document["format_version"]).partition(".")[0]
        if major == "1" and all(_is_change(told) for told in changes):
            return {**document, "resource_changes": changes}
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        pass
    message = "terraform show told nothing of the plan that was just made"
    raise TerraformError(Finding(rule="F619", message=message))


def _is_change(told: Mapping[str, Any]) -> bool:
    change = told["change"]
    return isinstance(told["address"], str) and isinstance(change["actions"], list)


def changes_of(document: Mapping[str, Any]) -> tuple[ResourceChange, ...]:
    """List what a plan changes, by address; what it only reads is none of it.

    Args:
        document: what `parse_shown` returns.
    """
    told = document["resource_changes"]
    shown = _Shown(
        secrets=secrets_of(one["change"] for one in told),
        written=_written(document),
        drifted={one["address"]: one["change"] for one in document.get("resource_drift", ())},
    )
    found = [
        change
        for one in told
        if one.get("mode", "managed") == "managed" and (change := shown.change(one)) is not None
    ]
    return tuple(sorted(found, key=lambda change: (change.address, change.action)))


@dataclass(frozen=True, slots=True)
class _Shown:
    """What has to be known of a whole plan to tell of one resource."""

    secrets: frozenset[str]  # texts that are shown nowhere
    written: Mapping[str, frozenset[str]]  # attributes that the configuration writes, by block
    drifted: Mapping[str, Mapping[str, Any]]  # what others have changed, by address

    def change(self, told: Mapping[str, Any]) -> ResourceChange | None:
        """Tell of one resource; None where nothing becomes of it."""
        change, address = told["change"], str(told["address"])
        before = str(told.get("previous_address", ""))
        moved_from = before if before != address else ""
        action = _ACTIONS.get(tuple(change["actions"]))
        if action is None:  # nothing becomes of it but where it stands in the state
            if not moved_from and not change.get("importing"):
                return None
            action = "import" if change.get("importing") else "move"
        names = self.written.get(f"{told.get('type', '')}.{told.get('name', '')}")
        is_new = action in ("create", "replace")
        values = tuple(values_of(change, action, names if is_new else None, self.secrets))
        return ResourceChange(
            address=address,
            action=action,
            values=values,
            moved_from=moved_from,
            reason=_reason(told) or (DRIFT if self._repairs(address, values) else ""),
        )

    def _repairs(self, address: str, values: Iterable[ValueChange]) -> bool:
        """Whether a change touches what somebody has changed behind Terraform's back."""
        drift = self.drifted.get(address)
        if drift is None:
            return False
        theirs = {one.path for one in values_of(drift, "update", None, self.secrets)}
        return any(one.path in theirs for one in values)


def _reason(told: Mapping[str, Any]) -> str:
    """Say why, in the words of the messages that Terraform writes while it plans."""
    if told.get("deposed"):
        return "deposed"
    reason = str(told.get("action_reason", ""))
    for start in ("replace_because_", "delete_because_"):
        reason = reason.removeprefix(start)
    is_imported = told["change"].get("importing") and told["change"]["actions"] != ["no-op"]
    return reason or ("imported" if is_imported else "")


def _written(document: Mapping[str, Any]) -> Mapping[str, frozenset[str]]:
    """Say which attributes the configuration of a plan writes, by block."""
    module = document.get("configuration", {}).get("root_module", {})
    return {
        str(told.get("address", "")): frozenset(told.get("expressions", {}))
        for told in module.get("resources", ())
    }
