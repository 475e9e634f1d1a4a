"""Keep the History Server's address for NGINX, which resolves names only when it starts."""

from __future__ import annotations

import logging
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass

from sparkgateway.addresses import parse_address, render_backend
from sparkgateway.metrics import Metrics
from sparkgateway.store import HISTORY, Store

LOG = logging.getLogger(__name__)
_REFRESH_SECONDS = 10.0


@dataclass(slots=True, kw_only=True)
class HistoryResolver:
    """Resolves one name again and again; on a failure the last address stays."""

    host: str
    port: int
    store: Store
    metrics: Metrics
    stop: threading.Event
    resolve: Callable[[str, int], list[str]]
    current: str = ""

    def run(self) -> None:
        """Refresh until told to stop."""
        while not self.stop.is_set():
            self.refresh()
            self.stop.wait(_REFRESH_SECONDS)

    def refresh(self) -> None:
        """Resolve once; the present address is kept while it is still among the answers."""
        try:
            addresses = map(parse_address, self.resolve(self.host, self.port))
            found = sorted({render_backend(item, self.port) for item in addresses if item})
            if found and self.current not in found:
                self.store.write_page(HISTORY, [found[0]])
                self.current = found[0]
        except OSError as error:
            self.metrics.count("history_errors")
            LOG.warning("cannot resolve %s: %s", self.host, error)


def resolve_name(host: str, port: int) -> list[str]:
    """Ask the system's resolver.

    Raises:
        OSError: no answer.
    """
    answers = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(address[0]) for *_, address in answers]
