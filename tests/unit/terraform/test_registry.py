"""The outputs registry: folders and buckets, whole records or none."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cellfactory.errors import TerraformError, UsageError
from cellfactory.layers import StackId
from cellfactory.terraform.record import Record
from cellfactory.terraform.registry import Registry, open_registry
from cellfactory.terraform.workspace import digest_sources
from tests.aws_models import models_read_once

STACK, OTHER = StackId("moka-a", "network"), StackId("moka-b", "cluster")


def record(stack: StackId) -> Record:
    return Record(
        stack=stack,
        account="444444444444",
        region="us-east-1",
        complete=True,
        digest=digest_sources({"cdk.tf.json": "{}"}),
        sources={"cdk.tf.json": "{}"},
        inputs={"a": "b"},
        outputs={"c": {"d": "e"}},
        waits_for=(StackId("moka-a", "account"),),
    )


@pytest.fixture
def bucket() -> Iterator[Any]:
    """An S3 client, and the empty bucket `states`, in a mocked AWS."""
    moto, boto3 = pytest.importorskip("moto"), pytest.importorskip("boto3")
    with pytest.MonkeyPatch.context() as patch, moto.mock_aws(), models_read_once():
        patch.setitem(os.environ, "AWS_ACCESS_KEY_ID", "x")
        patch.setitem(os.environ, "AWS_SECRET_ACCESS_KEY", "x")
        client = boto3.client("s3", region_name="us-east-1")
        client.create_bucket(Bucket="states")
        yield client


@pytest.fixture(params=["folder", "bucket"])
def location(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "folder":
        return str(tmp_path / "registry")
    request.getfixturevalue("bucket")
    return "s3://states/registry"


def opened(location: str) -> Registry:
    return open_registry(location, "us-east-1", None)


def test_records_are_kept_by_stack(location: str) -> None:
    opened(location).write(record(STACK))
    opened(location).write(record(OTHER))
    registry = opened(location)
    assert registry.stacks() == {STACK, OTHER}
    assert registry.read(STACK) == record(STACK)
    assert registry.read_all() == {STACK: record(STACK), OTHER: record(OTHER)}
    assert registry.read(StackId("moka-c", "network")) is None


def test_owners_of_every_kind_have_records_and_never_share_a_place(location: str) -> None:
    """A mesh may bear a cell's name: the layer tells whose a stack is, and the place says it."""
    stacks = {StackId("moka", "network"), StackId("moka", "gateway"), StackId("moka", "bootstrap")}
    for stack in stacks:
        opened(location).write(record(stack))
    registry = opened(location)
    assert registry.stacks() == stacks
    assert {stack: registry.read(stack) for stack in stacks} == {s: record(s) for s in stacks}
    assert {(s.kind, s.cell) for s in stacks} == {
        ("cell", "moka"),
        ("mesh", None),
        ("organization", None),
    }


def test_what_lies_under_another_kind_of_owner_is_no_record_of_ours(tmp_path: Path) -> None:
    for name in ("meshes/a/network.json", "cells/a/gateway.json", "others/a/network.json"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("{}", "utf-8")
    assert opened(str(tmp_path)).stacks() == frozenset()


def test_a_removed_record_is_gone(location: str) -> None:
    registry = opened(location)
    registry.write(record(STACK))
    registry.remove(STACK)
    registry.remove(OTHER)
    assert registry.read(STACK) is None
    assert opened(location).stacks() == frozenset()


class ShortPages:
    """An S3 client that lists two keys at a time."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    def list_objects_v2(self, **parameters: Any) -> Any:
        return self._client.list_objects_v2(MaxKeys=2, **parameters)


def test_more_records_than_one_page_of_a_bucket_listing_holds(bucket: Any) -> None:
    for index in range(5):
        bucket.put_object(Bucket="states", Key=f"r/cells/cell-{index}/network.json", Body=b"")
    bucket.put_object(Bucket="states", Key="r/cell-1/other.json", Body=b"")
    bucket.put_object(Bucket="states", Key="rr/cells/cell-x/network.json", Body=b"")
    paged = open_registry("s3://states/r", "us-east-1", None, lambda *_, **__: ShortPages(bucket))
    assert {stack.cell for stack in paged.stacks()} == {f"cell-{index}" for index in range(5)}


def test_objects_are_encrypted_with_the_key_of_the_states(bucket: Any) -> None:
    open_registry("s3://states/r", "us-east-1", "alias/states").write(record(STACK))
    head = bucket.head_object(Bucket="states", Key="r/cells/moka-a/network.json")
    assert (head["ServerSideEncryption"], head["SSEKMSKeyId"]) == ("aws:kms", "alias/states")


@pytest.mark.usefixtures("bucket")
def test_a_bucket_that_is_not_there_is_a_sentence() -> None:
    with pytest.raises(TerraformError, match=r"F605 the outputs registry s3://nowhere/r: .*exist"):
        opened("s3://nowhere/r").read_all()


def test_what_is_no_record_is_named_with_its_place(tmp_path: Path) -> None:
    path = tmp_path / "cells" / "moka-a" / "network.json"
    path.parent.mkdir(parents=True)
    path.write_text("{}", "utf-8")
    with pytest.raises(TerraformError, match=f"F603 {path} is not a record"):
        opened(str(tmp_path)).read(STACK)


@pytest.mark.parametrize("place", ["", "http://x", "s3:", "s3://", "gs://b/p"])
def test_a_place_that_is_no_registry(place: str) -> None:
    with pytest.raises(UsageError, match="is not a registry: give s3://bucket/prefix or a folder"):
        open_registry(place, "us-east-1", None)


def move(tmp_path: Path, stack: StackId, onto: StackId, **changes: Any) -> Registry:
    """Put the record of a stack, changed, in the place of another one's."""
    registry = opened(str(tmp_path))
    registry.write(record(stack))
    folder = tmp_path / "cells"
    told = json.loads((folder / stack.owner / f"{stack.layer}.json").read_text("utf-8"))
    place = folder / onto.owner / f"{onto.layer}.json"
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(json.dumps({**told, **changes}), "utf-8")
    return opened(str(tmp_path))


def test_a_record_of_another_stack_is_not_taken_for_its_own(tmp_path: Path) -> None:
    """It would have another cell destroyed."""
    with pytest.raises(TerraformError, match=r"F603 .*it is that of moka-a-network"):
        move(tmp_path, STACK, OTHER).read(OTHER)


@pytest.mark.parametrize(
    ("sources", "why"),
    [
        ({"cdk.tf.json": "{} "}, "its sources are not those that its digest was made of"),
        ({"../../../pwned": "x"}, "is no path below a folder"),
        ({"/etc/passwd": "x"}, "is no path below a folder"),
        ({".git/hooks/x": "x"}, "is no path below a folder"),
    ],
)
def test_sources_that_somebody_changed_are_not_used(
    tmp_path: Path, sources: dict[str, str], why: str
) -> None:
    registry = move(tmp_path, STACK, STACK, sources=sources, digest=digest_sources(sources))
    if "digest" in why:
        registry = move(tmp_path, STACK, STACK, sources=sources)
    with pytest.raises(TerraformError, match=f"F603 .*{why}"):
        registry.read(STACK)


def test_records_of_a_newer_version_are_told_apart_from_the_others(tmp_path: Path) -> None:
    registry = move(tmp_path, STACK, STACK, version=3)
    registry.write(record(OTHER))
    records, others = opened(str(tmp_path)).read_each()
    assert set(records) == {OTHER}
    assert others[STACK].waits_for == (StackId("moka-a", "account"),)
    assert "its version is 3, not 2" in str(others[STACK].error)


def test_one_registry_may_see_what_another_one_wrote_meanwhile(location: str) -> None:
    registry = opened(location)
    assert registry.read(STACK) is None
    opened(location).write(record(STACK))
    assert registry.read(STACK) is None
    assert registry.read_again(STACK) == record(STACK)


def test_a_state_without_a_place_is_kept_beside_the_record(location: str) -> None:
    registry = opened(location)
    assert registry.kept_state(STACK) is None
    assert registry.keep_state(STACK, "{}").endswith("cells/moka-a/network.errored.tfstate")
    assert opened(location).kept_state(STACK) == "{}"
    assert opened(location).stacks() == frozenset()
    registry.drop_state(STACK)
    assert registry.kept_state(STACK) is None


class Broken:
    """An S3 client whose answers end in the middle, or are no text."""

    def __init__(self, body: Any) -> None:
        self.exceptions = self
        self.NoSuchKey = KeyError
        self._body = body

    def get_object(self, **_: Any) -> Any:
        return {"Body": self}

    def read(self) -> bytes:
        if isinstance(self._body, Exception):
            raise self._body
        return bytes(self._body)


def bodies() -> list[Any]:
    from botocore.exceptions import IncompleteReadError, ResponseStreamingError

    return [
        b"\xff\xfe",
        ResponseStreamingError(error="cut off"),
        IncompleteReadError(actual_bytes=1, expected_bytes=2),
        ConnectionResetError("by peer"),
    ]


@pytest.mark.parametrize("body", bodies(), ids=lambda body: type(body).__name__)
def test_an_answer_that_breaks_off_is_a_sentence(body: Any) -> None:
    registry = open_registry("s3://states/r", "us-east-1", None, lambda *_, **__: Broken(body))
    with pytest.raises(TerraformError, match="F605 the outputs registry s3://states/r: "):
        registry.read(STACK)


@pytest.mark.parametrize("place", ["http://[::1", "s3://", "https://x", ""])
def test_a_place_that_is_none_is_a_usage_error(place: str) -> None:
    with pytest.raises(UsageError, match="is not a registry"):
        opened(place)
