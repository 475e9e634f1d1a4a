"""How soon a sidecar is back after an outage, and how little it asks for meanwhile."""

from __future__ import annotations

import threading
import time
from collections.abc import Generator
from pathlib import Path

import pytest
from sparkgateway import watcher
from sparkgateway.addresses import AddressPolicy
from sparkgateway.backoff import Backoff, Breaker
from sparkgateway.board import Board
from sparkgateway.metrics import Metrics
from sparkgateway.pods import PodPolicy

from tests.gateway.apiserver import ApiServer
from tests.gateway.rig import Sidecar
from tests.gateway.test_watching import driver, expected, settle

pytestmark = pytest.mark.gateway_sidecar


def test_failures_are_spaced_out(api: ApiServer, tmp_path: Path) -> None:
    with Sidecar(tmp_path, api, backoff_first_ms="100", backoff_last_ms="800") as process:
        process.start()
        process.wait_synced()
        api.fail_status = 503
        api.break_connections()
        before = len(api.requests)
        time.sleep(2.0)
        assert 3 <= len(api.requests) - before <= 8


def test_what_failed_before_an_answer_delays_nothing_after_it(
    api: ApiServer, tmp_path: Path
) -> None:
    """An outage makes the waits long; the first list ends it, and an expired version soon after
    is listed within a second or so, though no event has come in between."""
    api.bookmark_seconds = 60.0
    with Sidecar(tmp_path, api, backoff_first_ms="200", backoff_last_ms="60000") as process:
        process.start()
        process.wait_synced()
        api.fail_status = 503
        api.break_connections()
        time.sleep(4.0)
        api.apply(driver(1))
        api.compact()
        api.fail_status = 0
        settle(process, expected(1))
        api.stop()
        api.delete(driver(1))
        api.compact()
        api.start()
        begun = time.monotonic()
        settle(process, {})
        assert time.monotonic() - begun < 2.5


def test_a_watch_that_lasted_makes_the_next_list_prompt(monkeypatch: pytest.MonkeyPatch) -> None:
    """Versions expire now and then in an idle cell, where no event comes in between."""
    monkeypatch.setattr(watcher, "_SOUND_WATCH", 0.2)
    waits: list[float] = []

    class Idle:
        def list_page(self, *_: object, **__: object) -> bytes:
            return b'{"kind":"PodList","items":[],"metadata":{"resourceVersion":"5"}}'

        def watch(self, *_: object, **__: object) -> Generator[bytes, None, None]:
            yield b""
            if len(waits) < 4:
                time.sleep(0.3)
            yield b'{"type":"ERROR","object":{"code":410,"reason":"Expired"}}'

    class Stop(threading.Event):
        def wait(self, timeout: float | None = None) -> bool:
            waits.append(timeout or 0)
            if len(waits) == 7:
                self.set()
            return self.is_set()

    watcher.Watcher(
        scope="", api=Idle(), metrics=Metrics(), pods=PodPolicy(addresses=AddressPolicy(blocks=())),
        board=Board(scopes=[""], limit=9, published={}, clock=time.monotonic),
        policy=watcher.WatchPolicy(), breaker=Breaker(share=0.5, minimum=5), stop=Stop(),
        backoff=Backoff(first=0.5, last=5, random=lambda: 1), random=lambda: 0,
        relist=Backoff(first=1, last=30, random=lambda: 1),
    ).run()  # fmt: skip
    assert waits == [1, 1, 1, 1, 2, 4, 8]


def test_versions_that_expire_again_and_again_are_not_listed_in_a_rush(
    api: ApiServer, tmp_path: Path
) -> None:
    with Sidecar(tmp_path, api) as process:
        process.start()
        process.wait_synced()
        expired = b'{"type":"ERROR","object":{"code":410,"reason":"Expired"}}\n'
        api.watch_script += [expired] * 50
        api.break_connections()
        time.sleep(4.0)
        assert 2 <= process.metric("relists_total", 'reason="expired"') <= 5
