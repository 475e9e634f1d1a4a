"""Texts that are changed on a condition, in a folder and in a bucket: the same of both."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from cellfactory.errors import TerraformError
from cellfactory.terraform.bucket_store import BucketStore
from cellfactory.terraform.store import FolderStore, Store
from tests.aws_models import models_read_once


@pytest.fixture(params=["folder", "bucket", "bucket that keeps versions"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    if request.param == "folder":
        yield FolderStore(tmp_path / "place")
        return
    moto, boto3 = pytest.importorskip("moto"), pytest.importorskip("boto3")
    with pytest.MonkeyPatch.context() as patch, moto.mock_aws(), models_read_once():
        patch.setenv("AWS_ACCESS_KEY_ID", "x")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "x")
        client = boto3.client("s3", region_name="us-east-1")
        client.create_bucket(Bucket="states")
        if "versions" in request.param:
            client.put_bucket_versioning(
                Bucket="states", VersioningConfiguration={"Status": "Enabled"}
            )
        yield BucketStore(lambda: client, "states", "place")


def test_a_text_is_put_down_once(store: Store) -> None:
    mark = store.create("a/b.lock", "one")
    assert mark is not None
    assert store.create("a/b.lock", "two") is None
    found = store.look("a/b.lock")
    assert found is not None
    assert (found.text, found.mark) == ("one", mark)
    assert 0 <= found.age_seconds < 60


def test_whoever_finds_its_own_text_has_put_it_down(store: Store) -> None:
    """A request whose answer was lost is sent again, and must not take itself for another."""
    if isinstance(store, FolderStore):
        pytest.skip("a file answers at once")
    mark = store.create("a/b.lock", "one")
    assert store.create("a/b.lock", "one") == mark


def test_only_what_was_seen_is_replaced(store: Store) -> None:
    first = store.create("a", "one")
    assert first is not None
    second = store.replace_if("a", "two", first)
    assert second is not None
    assert second != first
    assert store.replace_if("a", "three", first) is None
    assert store.read("a") == "two"
    assert store.replace_if("b", "x", first) is None
    assert store.read("b") is None


def test_only_what_was_seen_is_removed(store: Store) -> None:
    first = store.create("a", "one")
    assert first is not None
    second = store.replace_if("a", "two", first)
    assert second is not None
    assert not store.delete_if("a", first)
    assert store.delete_if("a", second)
    assert not store.delete_if("a", second)
    assert store.look("a") is None
    assert store.replace_if("a", "three", second) is None
    assert store.create("a", "four") is not None


def test_keys_are_listed_and_records_are_told_from_others(store: Store) -> None:
    for key in (
        "cells/a/network.json",
        "runs/1/head.run",
        "runs/1/000001.jsonl",
        "runs/2/head.run",
    ):
        store.write(key, "{}")
    store.create("locks/cells/a/network.lock", "x")
    assert list(store.names()) == ["cells/a/network.json"]
    assert list(store.folders("runs/")) == ["1", "2"]
    assert list(store.below("runs/1/")) == ["runs/1/000001.jsonl", "runs/1/head.run"]
    assert list(store.below("locks/")) == ["locks/cells/a/network.lock"]
    assert list(store.below("none/")) == list(store.folders("none/")) == []


@pytest.mark.parametrize("seed", range(5))
def test_of_many_threads_one_has_it_in_a_folder(tmp_path: Path, seed: int) -> None:
    stores = [FolderStore(tmp_path / "place") for _ in range(12)]
    barrier = threading.Barrier(len(stores))

    def race(number: int) -> bool:
        barrier.wait()
        return stores[number].create(f"lock-{seed}", f"of {number}") is not None

    with ThreadPoolExecutor(len(stores)) as pool:
        assert sum(pool.map(race, range(len(stores)))) == 1


class Answers:
    """An S3 that answers one request after the other as it was told."""

    def __init__(self, *codes: str) -> None:
        self.codes, self.asked = list(codes), 0
        self.exceptions = type("E", (), {"NoSuchKey": KeyError})

    def put_object(self, **_: Any) -> dict[str, str]:
        from botocore.exceptions import ClientError

        self.asked += 1
        code = self.codes.pop(0) if self.codes else ""
        if code:
            raise ClientError({"Error": {"Code": code}}, "PutObject")
        return {"ETag": '"m"'}

    delete_object = put_object

    def get_object(self, **_: Any) -> Any:
        raise KeyError


@pytest.mark.parametrize("code", ["ConditionalRequestConflict", "409"])
def test_a_request_that_another_overtakes_is_sent_again(
    code: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cellfactory.terraform.bucket_store._PAUSE_SECONDS", 0)
    client = Answers(code, code)
    store = BucketStore(lambda: client, "b", "p")
    assert store.create("a", "x") == '"m"'
    assert client.asked == 3
    client = Answers(*[code] * 20)
    with pytest.raises(TerraformError, match="F605"):
        BucketStore(lambda: client, "b", "p").create("a", "x")


@pytest.mark.parametrize("code", ["PreconditionFailed", "412", "NoSuchKey", "404"])
def test_a_condition_that_does_not_hold_is_no_fault(code: str) -> None:
    store = BucketStore(lambda: Answers(code, code), "b", "p")
    assert store.replace_if("a", "x", "m") is None
    assert store.delete_if("a", "m") is False


def test_what_s3_forbids_is_a_sentence() -> None:
    store = BucketStore(lambda: Answers("AccessDenied"), "b", "p")
    with pytest.raises(TerraformError, match=r"F605 the outputs registry s3://b/p"):
        store.create("a", "x")
