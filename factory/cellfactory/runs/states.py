"""Where the states of an inventory lie, and Terraform's own locks of them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from cellfactory.inventory.schema import State
from cellfactory.layers import StackId
from cellfactory.naming import state_key
from cellfactory.terraform.bucket_store import BucketStore
from cellfactory.terraform.store import FolderStore, Store
from cellfactory.terraform.target import Target

LOCK_SUFFIX = ".tflock"
"""What Terraform adds to the key of a state (`use_lockfile`).

Source:
    https://developer.hashicorp.com/terraform/language/backend/s3
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class StateLock:
    """A lock that Terraform has put on the state of a stack."""

    stack: StackId
    key: str
    mark: str
    id: str  # as Terraform calls it
    who: str  # user@host
    operation: str
    age_seconds: float  # by the clock of the store


def open_states(state: State, target: Target) -> Store:
    """Open the place of the states: the bucket, or the sandbox's own folder."""
    if target.mode == "sandbox":
        return FolderStore(target.folder / "state")

    def connect() -> Any:
        import boto3  # a fifth of a second, and only real AWS needs it

        return boto3.Session().client("s3", region_name=state.region)

    return BucketStore(connect, state.bucket, "", what="the states in")


def read_state_lock(states: Store, stack: StackId) -> StateLock | None:
    """Read Terraform's lock of a stack; None where there is none."""
    key = state_key(stack.kind, stack.owner, stack.layer) + LOCK_SUFFIX
    found = states.look(key)
    if found is None:
        return None
    try:
        told = json.loads(found.text)
    except (ValueError, RecursionError):
        told = None
    named = told if isinstance(told, dict) else {}
    return StateLock(
        stack=stack,
        key=key,
        mark=found.mark,
        id=str(named.get("ID", "unknown")),
        who=str(named.get("Who", "unknown")),
        operation=str(named.get("Operation", "unknown")),
        age_seconds=found.age_seconds,
    )
