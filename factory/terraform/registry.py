"""The outputs registry: one record for each stack, in a folder or in S3.

It is how values cross from one state to another. A record is written whole; the order of work
sees to it that no two processes write the same one, as Terraform's own lock does for the state.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

from factory.errors import Finding, TerraformError, UsageError
from factory.files import read_text, write_whole
from factory.layers import LAYERS, StackId
from factory.naming import OWNER_FOLDERS, stack_path
from factory.terraform.record import Record, parse_record, render_record

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
        (self.folder / key).unlink(missing_ok=True)

    def names(self) -> Iterable[str]:
        """List every key."""
        return sorted(p.relative_to(self.folder).as_posix() for p in self.folder.glob("*/*/*.json"))

    def place(self, key: str) -> str:
        """Say where a key lies, for people."""
        return str(self.folder / key)


class BucketStore:
    """Texts in objects of an S3 bucket."""

    def __init__(self, client: Any, bucket: str, prefix: str, kms_key: str | None = None) -> None:
        self._client = client
        self.bucket = bucket
        self.prefix = prefix.strip("/")
        self._encryption = (
            {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": kms_key} if kms_key else {}
        )

    def read(self, key: str) -> str | None:
        """Return the text of a key; None when there is none."""
        try:
            answer = self._ask("get_object", Key=self._full(key))
        except self._client.exceptions.NoSuchKey:
            return None
        body: bytes = answer["Body"].read()
        return body.decode("utf-8")

    def write(self, key: str, text: str) -> None:
        """Put a whole text in the place of a key."""
        self._ask(
            "put_object",
            Key=self._full(key),
            Body=text.encode("utf-8"),
            ContentType="application/json",
            **self._encryption,
        )

    def remove(self, key: str) -> None:
        """Remove a key; nothing happens when there is none."""
        self._ask("delete_object", Key=self._full(key))

    def names(self) -> Iterable[str]:
        """List every key."""
        start = self._full("")
        found: list[str] = []
        token: dict[str, str] = {}
        while True:
            page = self._ask("list_objects_v2", Prefix=start, **token)
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

    def _ask(self, operation: str, **parameters: Any) -> Any:
        """Call S3; what it refuses is the user's to mend, so it becomes a sentence."""
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            return getattr(self._client, operation)(Bucket=self.bucket, **parameters)
        except self._client.exceptions.NoSuchKey:
            raise
        except (BotoCoreError, ClientError) as error:
            msg = f"the outputs registry s3://{self.bucket}/{self.prefix}: {error}"
            raise TerraformError(Finding(rule="F605", message=msg)) from error


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

        Read once: while a run lasts, only it writes the records of its stacks.

        Raises:
            TerraformError: when what lies there is no record (F603), or cannot be had (F605).
        """
        if stack not in self._known:
            key = _key(stack)
            text = self._store.read(key)
            record = None if text is None else parse_record(text, self._store.place(key))
            self._known[stack] = record
        return self._known[stack]

    def read_all(self) -> dict[StackId, Record]:
        """Return every record, by stack."""
        found = {stack: self.read(stack) for stack in sorted(self.stacks())}
        return {stack: record for stack, record in found.items() if record is not None}

    def write(self, record: Record) -> None:
        """Put a record in the place of the one before."""
        self._store.write(_key(record.stack), render_record(record))
        self._known[record.stack] = record

    def remove(self, stack: StackId) -> None:
        """Forget a stack."""
        self._store.remove(_key(stack))
        self._known[stack] = None


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
    parts = urlsplit(location)
    if parts.scheme == "s3" and parts.netloc:
        if client is None:
            import boto3  # a fifth of a second, and only real AWS needs it

            client = boto3.client
        return Registry(
            BucketStore(client("s3", region_name=region), parts.netloc, parts.path, kms_key)
        )
    if parts.scheme or not location:
        msg = f"{location!r} is not a registry: give s3://bucket/prefix or a folder"
        raise UsageError(msg)
    return Registry(FolderStore(Path(location)))


def _key(stack: StackId) -> str:
    return f"{stack_path(stack.kind, stack.owner, stack.layer)}.json"


def _stack_at(key: str) -> StackId | None:
    """The stack whose record has a key; None for what is not a record of ours."""
    folder, owner, name = key.removesuffix(".json").split("/")
    stacks = (StackId(owner, layer) for layer in LAYERS if layer == name)
    return next((stack for stack in stacks if OWNER_FOLDERS[stack.kind] == folder), None)
