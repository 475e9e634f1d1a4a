"""The outputs registry: one record for each stack, in a folder or in S3.

It is how values cross from one state to another. A record is written whole; the order of work
sees to it that no two processes write the same one, as Terraform's own lock does for the state.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

from cellfactory.credentials import asking_aws
from cellfactory.errors import TerraformError, UsageError
from cellfactory.files import read_text, write_whole
from cellfactory.layers import LAYERS, StackId
from cellfactory.naming import OWNER_FOLDERS, stack_path
from cellfactory.terraform.record import (
    Record,
    parse_record,
    render_record,
    require_own,
    told_waits_for,
)

PREFIX = "registry"  # of the keys in the state bucket


class Store(Protocol):
    """Texts by key; a key is `cells/<cell>/<layer>.json`, likewise for other owners."""

    def read(self, key: str) -> str | None:
        """Return the text of a key; None when there is none."""

    def write(self, key: str, text: str) -> None:
        """Put a whole text in the place of a key."""

    def remove(self, key: str) -> None:
        """Remove a key; nothing happens when there is none."""

    def names(self) -> Iterable[str]:
        """List every key."""

    def place(self, key: str) -> str:
        """Say where a key lies, for people."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unreadable:
    """A record that is there and cannot be read, as that of a newer version."""

    error: TerraformError
    waits_for: tuple[StackId, ...] | None  # None where it does not tell that, either


class FolderStore:
    """Texts in files."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def read(self, key: str) -> str | None:
        """Return the text of a key; None when there is none."""
        path = self.folder / key
        return read_text(path) if path.is_file() else None

    def write(self, key: str, text: str) -> None:
        """Put a whole text in the place of a key."""
        write_whole(self.folder / key, text)

    def remove(self, key: str) -> None:
        """Remove a key; nothing happens when there is none."""
        try:
            (self.folder / key).unlink(missing_ok=True)
        except OSError as error:
            msg = f"cannot write {self.folder / key}: {error.strerror}"
            raise UsageError(msg) from error

    def names(self) -> Iterable[str]:
        """List every key."""
        return sorted(p.relative_to(self.folder).as_posix() for p in self.folder.glob("*/*/*.json"))

    def place(self, key: str) -> str:
        """Say where a key lies, for people."""
        return str(self.folder / key)


class BucketStore:
    """Texts in objects of an S3 bucket."""

    def __init__(
        self,
        connect: Callable[[], Any],
        bucket: str,
        prefix: str,
        kms_key: str | None = None,
        what: str = "the outputs registry",
    ) -> None:
        """Take what makes the client: settings that are wrong are found when it is made."""
        self._what = what
        self._connect = connect
        self._client: Any = None
        self.bucket = bucket
        self.prefix = prefix.strip("/")
        self._encryption = (
            {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": kms_key} if kms_key else {}
        )

    def read(self, key: str) -> str | None:
        """Return the text of a key; None when there is none."""
        text: str | None = self._ask(_object_text, Key=self._full(key))
        return text

    def write(self, key: str, text: str) -> None:
        """Put a whole text in the place of a key."""
        self._ask(
            _call("put_object"),
            Key=self._full(key),
            Body=text.encode("utf-8"),
            ContentType="application/json",
            **self._encryption,
        )

    def remove(self, key: str) -> None:
        """Remove a key; nothing happens when there is none."""
        self._ask(_call("delete_object"), Key=self._full(key))

    def names(self) -> Iterable[str]:
        """List every key."""
        start = self._full("")
        found: list[str] = []
        token: dict[str, str] = {}
        while True:
            page = self._ask(_list_page, Prefix=start, **token)
            names = (entry["Key"].removeprefix(start) for entry in page.get("Contents", ()))
            found += [n for n in names if n.endswith(".json") and n.count("/") == 2]
            if not page.get("IsTruncated"):
                return sorted(found)
            token = {"ContinuationToken": page["NextContinuationToken"]}

    def place(self, key: str) -> str:
        """Say where a key lies, for people."""
        return f"s3://{self.bucket}/{self._full(key)}"

    def _full(self, key: str) -> str:
        return f"{self.prefix}/{key}" if self.prefix else key

    def _ask(self, call: Callable[..., Any], **parameters: Any) -> Any:
        """Call S3; what it refuses is the user's to mend, so it becomes a sentence."""
        with asking_aws("F605", f"{self._what} s3://{self.bucket}/{self.prefix}"):
            if self._client is None:
                self._client = self._connect()
            return call(self._client, Bucket=self.bucket, **parameters)


def _call(operation: str) -> Callable[..., Any]:
    return lambda client, **parameters: getattr(client, operation)(**parameters)


def _list_page(client: Any, **parameters: Any) -> Any:
    """A page of a listing; an answer without the bucket's name is none of S3's, and not empty.

    Raises:
        LookupError: when it is none.
    """
    page = client.list_objects_v2(**parameters)
    if "Name" not in page:
        msg = "the answer to a listing is none of S3's"
        raise LookupError(msg)
    return page


def _object_text(client: Any, **parameters: Any) -> str | None:
    """The text of an object; None when there is none."""
    try:
        body: bytes = client.get_object(**parameters)["Body"].read()
    except client.exceptions.NoSuchKey:
        return None
    return body.decode("utf-8")


class Registry:
    """Records by stack."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._known: dict[StackId, Record | None] = {}

    def stacks(self) -> frozenset[StackId]:
        """List every stack that has a record, without reading them."""
        found = (_stack_at(key) for key in self._store.names())
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
            text = self._store.read(key)
            place = self._store.place(key)
            record = None if text is None else require_own(parse_record(text, place), stack, place)
            self._known[stack] = record
        return self._known[stack]

    def read_again(self, stack: StackId) -> Record | None:
        """Return the record of a stack as it is now."""
        self._known.pop(stack, None)
        return self.read(stack)

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
                text = self._store.read(_key(stack)) or ""
                others[stack] = Unreadable(error=error, waits_for=told_waits_for(text))
            else:
                if record is not None:
                    records[stack] = record
        return records, others

    def write(self, record: Record) -> None:
        """Put a record in the place of the one before."""
        self._store.write(_key(record.stack), render_record(record))
        self._known[record.stack] = record

    def remove(self, stack: StackId) -> None:
        """Forget a stack."""
        self._store.remove(_key(stack))
        self._known[stack] = None

    def keep_state(self, stack: StackId, text: str) -> str:
        """Keep a state that found no place, for runs on other machines; where it lies then."""
        self._store.write(_kept_key(stack), text)
        return self._store.place(_kept_key(stack))

    def kept_state(self, stack: StackId) -> str | None:
        """Return the state of a stack that found no place; None where there is none."""
        return self._store.read(_kept_key(stack))

    def drop_state(self, stack: StackId) -> None:
        """Forget a state that has found its place."""
        self._store.remove(_kept_key(stack))


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

            return (client or boto3.client)("s3", region_name=region)

        return Registry(BucketStore(connect, parts.netloc, parts.path, kms_key))
    if parts.scheme or not location:
        raise UsageError(msg)
    return Registry(FolderStore(Path(location)))


def _key(stack: StackId) -> str:
    return f"{stack_path(stack.kind, stack.owner, stack.layer)}.json"


def _kept_key(stack: StackId) -> str:
    return f"{stack_path(stack.kind, stack.owner, stack.layer)}.errored.tfstate"


def _stack_at(key: str) -> StackId | None:
    """The stack whose record has a key; None for what is not a record of ours."""
    folder, owner, name = key.removesuffix(".json").split("/")
    stacks = (StackId(owner, layer) for layer in LAYERS if layer == name)
    return next((stack for stack in stacks if OWNER_FOLDERS[stack.kind] == folder), None)
