"""The state of the bucket's own stack: which of two is the newer one, and how it moves."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from cellfactory.errors import TerraformError
from cellfactory.terraform.moving import (
    move_state,
    place_of,
    read_state,
    state_in_bucket,
    state_in_file,
)

SETTINGS = {"bucket": "states", "key": "bootstrap/x.tfstate", "region": "us-east-1"}


def text(serial: int, lineage: str = "ours", kinds: int = 1) -> str:
    resources = [
        {"mode": "managed", "type": "aws_s3_bucket", "name": f"n{n}"} for n in range(kinds)
    ]
    return json.dumps({"lineage": lineage, "serial": serial, "resources": resources})


class _NoSuchKey(ClientError):  # type: ignore[misc]
    pass


def _error(code: str, status: int = 404) -> ClientError:
    told: Any = {"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(told, "GetObject")


_NO_BUCKET, _UNMET = _error("NoSuchBucket"), _error("PreconditionFailed", 412)


class Bucket:
    """One object, as S3 keeps it on conditions."""

    def __init__(self, held: str | None = None, *, fails: str = "") -> None:
        self.held, self.fails = held, fails
        self.exceptions = type("Faults", (), {"NoSuchKey": _NoSuchKey})

    def client(self, service: str, **options: Any) -> Bucket:  # noqa: ARG002 - as boto3 has it
        return self

    def get_object(self, **_: Any) -> dict[str, Any]:
        if self.fails == "no bucket":
            raise _NO_BUCKET
        if self.held is None:
            raise _NoSuchKey({"Error": {"Code": "NoSuchKey"}}, "GetObject")
        return {
            "Body": io.BytesIO(self.held.encode()),
            "ETag": f'"{hash(self.held)}"',
            "LastModified": datetime(2026, 11, 28, 16, tzinfo=UTC),
            "ResponseMetadata": {"HTTPHeaders": {"date": "Sat, 28 Nov 2026 16:00:00 GMT"}},
        }

    def put_object(self, Body: Any, **asked: Any) -> dict[str, Any]:
        if self.fails == "killed":
            raise KeyboardInterrupt
        if asked.get("IfNoneMatch") and self.held is not None:
            raise _UNMET
        if (mark := asked.get("IfMatch")) and mark != f'"{hash(self.held)}"':
            raise _UNMET
        self.held = Body if isinstance(Body, str) else bytes(Body).decode()
        return {"ETag": f'"{hash(self.held)}"'}


@pytest.mark.parametrize(
    ("local", "remote", "place"),
    [
        (None, None, "file"),
        (None, text(3), "bucket"),
        (text(3), None, "file"),
        (text(3), text(3), "bucket"),
        (text(3), text(4), "bucket"),
        (text(4), text(3), "file"),
        (text(1, "another", kinds=0), text(3), "bucket"),
    ],
)
def test_the_newer_state_is_gone_on_from(
    local: str | None, remote: str | None, place: str, tmp_path: Path
) -> None:
    one = None if local is None else read_state(local, "file")
    other = None if remote is None else read_state(remote, "bucket")
    assert place_of(one, other, tmp_path / "f", "s3://b/k") == place


def test_states_of_different_things_are_nobodys_to_choose_from(tmp_path: Path) -> None:
    one, other = read_state(text(9, "mine"), ""), read_state(text(3, "theirs"), "")
    with pytest.raises(TerraformError, match="two states"):
        place_of(one, other, tmp_path / "f", "s3://b/k")


def test_a_state_moves_byte_for_byte_and_is_gone_here_afterwards(tmp_path: Path) -> None:
    file, bucket = tmp_path / "x.tfstate", Bucket()
    file.write_text(text(7), "utf-8")
    (tmp_path / "x.tfstate.backup").write_text(text(6), "utf-8")
    move_state(bucket, SETTINGS, file)
    assert bucket.held == text(7)
    assert [*tmp_path.iterdir()] == []
    move_state(bucket, SETTINGS, file)  # again: there is nothing to move
    assert bucket.held == text(7)


def test_killed_on_the_way_the_next_run_moves_it(tmp_path: Path) -> None:
    file = tmp_path / "x.tfstate"
    file.write_text(text(7), "utf-8")
    with pytest.raises(KeyboardInterrupt):
        move_state(Bucket(fails="killed"), SETTINGS, file)
    assert file.read_text("utf-8") == text(7)
    half = Bucket(text(7))  # it was written, and the program died before it removed the file
    move_state(half, SETTINGS, file)
    assert not file.exists()
    file.write_text(text(8), "utf-8")  # applied here after that
    move_state(half, SETTINGS, file)
    assert (half.held, file.exists()) == (text(8), False)


def test_nothing_is_put_over_the_state_of_something_else(tmp_path: Path) -> None:
    file, bucket = tmp_path / "x.tfstate", Bucket(text(1, "theirs"))
    file.write_text(text(7), "utf-8")
    with pytest.raises(TerraformError, match="F718"):
        move_state(bucket, SETTINGS, file)
    assert bucket.held == text(1, "theirs")
    assert file.exists()


def test_where_there_is_no_bucket_there_is_no_state(tmp_path: Path) -> None:
    assert state_in_bucket(Bucket(fails="no bucket"), SETTINGS) is None
    assert state_in_bucket(Bucket(), SETTINGS) is None
    assert state_in_file(tmp_path / "none") is None


@pytest.mark.parametrize("broken", ["", "{}", "[]", "x", '{"lineage": "a", "serial": "b"}'])
def test_what_is_no_state_is_said_to_be_none(broken: str) -> None:
    with pytest.raises(TerraformError, match="F718"):
        read_state(broken, "it")
