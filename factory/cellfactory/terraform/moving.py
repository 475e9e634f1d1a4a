"""The state of the pipeline's stack: in a file until its bucket is there, and in that ever after.

It is copied, read back, and only then removed here. Whatever ends the program in between, the next
run finds both or one, and goes on from there: what is in the bucket is never put back by something
older, or by the state of something else.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from cellfactory.credentials import Session, asking_aws
from cellfactory.errors import Finding, TerraformError
from cellfactory.files import read_text
from cellfactory.terraform.bucket_store import BucketStore

Place = Literal["file", "bucket"]
_NO_BUCKET, _NO_STATE = ("NoSuchBucket",), ("NoSuchKey", "404")


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """A state, as far as it tells which of two is the newer one."""

    lineage: str
    serial: int
    addresses: frozenset[str]

    @property
    def is_empty(self) -> bool:
        """Whether it holds nothing."""
        return not self.addresses


def read_state(text: str, place: str) -> State:
    """Read a state.

    Raises:
        TerraformError: when it is none (F718).
    """
    try:
        told = json.loads(text)
        return State(
            lineage=str(told["lineage"]),
            serial=int(told["serial"]),
            addresses=frozenset(
                f"{one['type']}.{one['name']}"
                for one in told["resources"]
                if one["mode"] == "managed"
            ),
        )
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        finding = Finding(
            rule="F718",
            message=f"{place} is not a state of Terraform's",
            hint="bring an earlier version of it back, or move it out of the way",
        )
        raise TerraformError(finding) from error


def state_in_file(file: Path) -> State | None:
    """Read the state of a file; None where there is none, or an empty one of no serial."""
    if not file.is_file() or not file.stat().st_size:
        return None
    return read_state(read_text(file), str(file))


def state_in_bucket(session: Session, settings: Mapping[str, Any]) -> State | None:
    """Read the state of the bucket; None where there is no such object, or no bucket yet.

    Args:
        session: in the account of the bucket.
        settings: of the synthesized backend `s3`.

    Raises:
        TerraformError: when S3 does not let it be read (F622), or it is none (F718).
    """
    from botocore.exceptions import ClientError

    place = f"s3://{settings['bucket']}/{settings['key']}"
    with asking_aws("F622", f"cannot read {place}"):
        s3 = session.client("s3", region_name=settings["region"])
        try:
            answer = s3.get_object(Bucket=settings["bucket"], Key=settings["key"])
        except ClientError as error:
            code = error.response["Error"]["Code"]
            if code in (*_NO_BUCKET, *_NO_STATE):
                return None
            raise
        text = answer["Body"].read().decode("utf-8")
    return read_state(text, place)


def place_of(local: State | None, remote: State | None, file: Path, place: str) -> Place:
    """Say which of two states is the one to go on from.

    Raises:
        TerraformError: when they are of different things (F718).
    """
    if local is None:
        return "file" if remote is None else "bucket"
    if remote is None:
        return "file"
    if local.lineage != remote.lineage and not local.is_empty:
        finding = Finding(
            rule="F718",
            message=f"{file} and {place} are two states, neither of which came from the other",
            hint="the one in the bucket is everybody's: where it holds what is in AWS, move the "
            "file out of the way",
        )
        raise TerraformError(finding)
    return "bucket" if local.is_empty or remote.serial >= local.serial else "file"


def move_state(session: Session, settings: Mapping[str, Any], file: Path) -> None:
    """Bring a state into the bucket, byte for byte, and remove it here once it lies there.

    Terraform would give it a new lineage on its way into an empty place, so that nobody could
    tell any more what came from where. It is put there on a condition: where another run has
    written meanwhile, nothing is put over that.

    Args:
        session: in the account of the bucket.
        settings: of the synthesized backend `s3`.
        file: where the state lies.

    Raises:
        TerraformError: where the bucket cannot be had, or another state lies there (F718).
    """
    local = state_in_file(file)
    if local is None:
        return
    store = _store(session, settings)
    key, text = str(settings["key"]), read_text(file)
    before = store.look(key)
    if before is None:
        mark = store.create(key, text)
    else:
        there = read_state(before.text, store.place(key))
        if place_of(local, there, file, store.place(key)) == "bucket":
            mark = before.mark
        else:
            mark = store.replace_if(key, text, before.mark)
    found = store.look(key)
    if mark is None or found is None or not _is_as_new(local, read_state(found.text, key)):
        raise TerraformError(_not_there(file, store.place(key)))
    forget(file)


def _is_as_new(local: State, there: State) -> bool:
    return local.lineage == there.lineage and there.serial >= local.serial


def _store(session: Session, settings: Mapping[str, Any]) -> BucketStore:
    def connect() -> Any:
        return session.client("s3", region_name=settings["region"])

    return BucketStore(connect, str(settings["bucket"]), "", what="the state bucket")


def forget(file: Path) -> None:
    """Remove a state that lies in the bucket by now, and what Terraform keeps beside it."""
    for one in (file, *file.parent.glob(f"{file.name}.*backup")):
        one.unlink(missing_ok=True)


def _not_there(file: Path, place: str) -> Finding:
    return Finding(
        rule="F718",
        message=f"{place} does not hold what {file} holds: another run has written there",
        hint="nothing was removed; run bootstrap again",
    )
