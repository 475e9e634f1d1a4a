"""The outputs registry: one record for each stack, in a folder or in S3.

It is how values cross from one state to another. A record is written whole; the order of work
sees to it that no two processes write the same one, as Terraform's own lock does for the state.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from cellfactory.errors import Finding, TerraformError, UsageError
from cellfactory.layers import LAYERS, StackId
from cellfactory.naming import OWNER_FOLDERS, stack_path
from cellfactory.terraform.bucket_store import BucketStore
from cellfactory.terraform.record import (
    Record,
    parse_record,
    render_record,
    require_own,
    told_waits_for,
)
from cellfactory.terraform.store import FolderStore, Store

PREFIX = "registry"  # of the keys in the state bucket


@dataclass(frozen=True, slots=True, kw_only=True)
class Unreadable:
    """A record that is there and cannot be read, as that of a newer version."""

    error: TerraformError
    waits_for: tuple[StackId, ...] | None  # None where it does not tell that, either


class Registry:
    """Records by stack."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self._known: dict[StackId, Record | None] = {}
        self._marks: dict[StackId, str | None] = {}  # of what was read while its stack was locked

    def stacks(self) -> frozenset[StackId]:
        """List every stack that has a record, without reading them."""
        found = (_stack_at(key) for key in self.store.names())
        return frozenset(stack for stack in found if stack is not None)

    def read(self, stack: StackId) -> Record | None:
        """Return the record of a stack; None when no apply was ever started.

        Read once: while a run lasts, only it writes the records of its stacks. Those of others
        may have come since, as of a run beside this one: `read_again`.

        Raises:
            TerraformError: when what lies there is no record (F603), or cannot be had (F605).
        """
        if stack not in self._known:
            key = _key(stack)
            text = self.store.read(key)
            place = self.store.place(key)
            record = None if text is None else require_own(parse_record(text, place), stack, place)
            self._known[stack] = record
        return self._known[stack]

    def read_again(self, stack: StackId) -> Record | None:
        """Return the record of a stack as it is now."""
        self._known.pop(stack, None)
        return self.read(stack)

    def read_locked(self, stack: StackId) -> Record | None:
        """Return the record of a stack as it is now; from here on only that one is replaced.

        To be called by a run that holds the lock of the stack. One that loses it, since it was
        taken for dead, can then put nothing over what another run has written.
        """
        found = self.store.look(_key(stack))
        self._marks[stack] = None if found is None else found.mark
        return self.read_again(stack)

    def read_all(self) -> dict[StackId, Record]:
        """Return every record, by stack."""
        found = {stack: self.read(stack) for stack in sorted(self.stacks())}
        return {stack: record for stack, record in found.items() if record is not None}

    def read_each(self) -> tuple[dict[StackId, Record], dict[StackId, Unreadable]]:
        """Return every record that can be read, and what is known of those that cannot."""
        records: dict[StackId, Record] = {}
        others: dict[StackId, Unreadable] = {}
        for stack in sorted(self.stacks()):
            try:
                record = self.read(stack)
            except TerraformError as error:
                if error.problems[0].finding.rule != "F603":
                    raise
                text = self.store.read(_key(stack)) or ""
                others[stack] = Unreadable(error=error, waits_for=told_waits_for(text))
            else:
                if record is not None:
                    records[stack] = record
        return records, others

    def write(self, record: Record) -> None:
        """Put a record in the place of the one before.

        Raises:
            TerraformError: when another run has put one there since it was locked (F668).
        """
        stack, text = record.stack, render_record(record)
        if stack in self._marks:
            before = self._marks[stack]
            mark = (
                self.store.create(_key(stack), text)
                if before is None
                else self.store.replace_if(_key(stack), text, before)
            )
            if mark is None:
                raise TerraformError(_overtaken(stack, self.store.place(_key(stack))))
            self._marks[stack] = mark
        else:
            self.store.write(_key(stack), text)
        self._known[stack] = record

    def remove(self, stack: StackId) -> None:
        """Forget a stack.

        Raises:
            TerraformError: when another run has put a record there since it was locked (F668).
        """
        mark = self._marks.pop(stack, None)
        if mark is None:
            self.store.remove(_key(stack))
        elif not self.store.delete_if(_key(stack), mark) and self.store.look(_key(stack)):
            raise TerraformError(_overtaken(stack, self.store.place(_key(stack))))
        self._known[stack] = None

    def keep_state(self, stack: StackId, text: str) -> str:
        """Keep a state that found no place, for runs on other machines; where it lies then."""
        self.store.write(_kept_key(stack), text)
        return self.store.place(_kept_key(stack))

    def kept_state(self, stack: StackId) -> str | None:
        """Return the state of a stack that found no place; None where there is none."""
        return self.store.read(_kept_key(stack))

    def drop_state(self, stack: StackId) -> None:
        """Forget a state that has found its place."""
        self.store.remove(_kept_key(stack))


def open_registry(
    location: str, region: str, kms_key: str | None, client: Callable[..., Any] | None = None
) -> Registry:
    """Open the registry at a place.

    Args:
        location: `s3://bucket/prefix`, or a folder.
        region: Region of the bucket.
        kms_key: key that encrypts the objects, or None.
        client: makes the S3 client; boto3's own when None.

    Raises:
        UsageError: when the location is neither.
    """
    msg = f"{location!r} is not a registry: give s3://bucket/prefix or a folder"
    try:
        parts = urlsplit(location)
    except ValueError as error:
        raise UsageError(msg) from error
    if parts.scheme == "s3" and parts.netloc:

        def connect() -> Any:
            import boto3  # a fifth of a second, and only real AWS needs it

            return (client or boto3.Session().client)("s3", region_name=region)

        return Registry(BucketStore(connect, parts.netloc, parts.path, kms_key))
    if parts.scheme or not location:
        raise UsageError(msg)
    return Registry(FolderStore(Path(location)))


def _overtaken(stack: StackId, place: str) -> Finding:
    return Finding(
        rule="F668",
        stack=stack.name,
        message=f"another run has written {place} while this one worked on the stack",
        hint="its lock was released meanwhile; run the same command again, which plans anew",
    )


def _key(stack: StackId) -> str:
    return f"{stack_path(stack.kind, stack.owner, stack.layer)}.json"


def _kept_key(stack: StackId) -> str:
    return f"{stack_path(stack.kind, stack.owner, stack.layer)}.errored.tfstate"


def _stack_at(key: str) -> StackId | None:
    """The stack whose record has a key; None for what is not a record of ours."""
    folder, owner, name = key.removesuffix(".json").split("/")
    stacks = (StackId(owner, layer) for layer in LAYERS if layer == name)
    return next((stack for stack in stacks if OWNER_FOLDERS[stack.kind] == folder), None)
