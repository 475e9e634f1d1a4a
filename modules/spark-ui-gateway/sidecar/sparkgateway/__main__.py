"""python -m sparkgateway: put the parts together and run until told to stop."""

from __future__ import annotations

import logging
import os
import random
import signal
import sys
import threading
import time
from collections.abc import Callable, Sequence

from sparkgateway.api import HttpApi
from sparkgateway.backoff import Backoff
from sparkgateway.board import Board
from sparkgateway.history import HistoryResolver, resolve_name
from sparkgateway.metrics import Metrics
from sparkgateway.publisher import Publisher
from sparkgateway.settings import Settings, SettingsError, parse_settings
from sparkgateway.status import StatusServer
from sparkgateway.store import Store
from sparkgateway.watcher import Watcher

LOG = logging.getLogger("sparkgateway")
RELIST_SECONDS = 30.0  # the longest wait before a list, when one after the other tells of nothing


def main() -> int:
    """Run the sidecar; 0 by SIGTERM, 1 when a part broke, 2 for unusable settings."""
    logging.basicConfig(
        format="%(asctime)s %(levelname)s %(message)s", stream=sys.stderr, level=logging.INFO
    )
    try:
        settings = parse_settings(os.environ)
    except SettingsError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    # Every file is put in place whole, so there is nothing to tidy up before an end.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: sys.exit(0))
    return run(settings, threading.Event())


def run(settings: Settings, stop: threading.Event) -> int:
    """Run all parts until `stop` is set (0) or one of them breaks (1)."""
    store, metrics = Store(settings.directory), Metrics()
    board = Board(
        scopes=settings.namespaces,
        limit=settings.most_drivers,
        published=store.scan(),
        clock=time.monotonic,
    )
    metrics.beat(time.monotonic())
    server = StatusServer(
        settings.status_host or "0.0.0.0",  # the kubelet and Prometheus ask the pod
        settings.status_port, board=board, metrics=metrics,
    )  # fmt: skip
    publisher = Publisher(
        board=board, store=store, metrics=metrics, stop=stop,
        pause_seconds=settings.pause_seconds, page_seconds=settings.page_seconds,
    )  # fmt: skip
    loops: list[Callable[[], None]] = [publisher.run]
    loops += [watcher.run for watcher in _make_watchers(settings, board, metrics, stop)]
    if settings.history is not None:
        host, port = settings.history
        loops.append(
            HistoryResolver(
                host=host, port=port, store=store, metrics=metrics, stop=stop, resolve=resolve_name
            ).run
        )
    threading.Thread(target=server.serve_forever, name="status", daemon=True).start()
    broken = _run_threads(loops, stop)
    server.shutdown()
    server.server_close()
    return 1 if broken else 0


def _make_watchers(
    settings: Settings, board: Board, metrics: Metrics, stop: threading.Event
) -> list[Watcher]:
    jitter = random.SystemRandom().random
    api = HttpApi(
        url=settings.api_url,
        token_file=settings.token_file,
        authority_file=settings.authority_file,
        on_request=lambda kind: metrics.count("api_requests", f'verb="{kind}"'),
    )
    return [
        Watcher(
            scope=scope, api=api, board=board, metrics=metrics, pods=settings.pods,
            policy=settings.watch, breaker=settings.breaker, stop=stop, random=jitter,
            backoff=Backoff(
                first=settings.first_backoff, last=settings.last_backoff, random=jitter
            ),
            relist=Backoff(first=1.0, last=RELIST_SECONDS, random=jitter),
        )
        for scope in settings.namespaces
    ]  # fmt: skip


def _run_threads(loops: Sequence[Callable[[], None]], stop: threading.Event) -> bool:
    """Run each loop in a thread until `stop`; True when one ended by itself: that is a bug."""
    broken = threading.Event()

    def guard(loop: Callable[[], None]) -> None:
        try:
            loop()
        except Exception:
            LOG.exception("a part broke; the kubelet will start the sidecar again")
            broken.set()
        stop.set()

    for loop in loops:
        threading.Thread(target=guard, args=(loop,), daemon=True).start()
    stop.wait()
    return broken.is_set()


if __name__ == "__main__":
    sys.exit(main())
