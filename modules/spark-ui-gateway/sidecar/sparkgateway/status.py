"""The port for Prometheus and for the kubelet: `/metrics` and `/healthz`, read-only."""

from __future__ import annotations

import socket
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

from sparkgateway.board import Board
from sparkgateway.metrics import Metrics

_SILENT_SECONDS = 5.0  # a client may be silent for so long
_MOST_CLIENTS = 8
_STUCK_SECONDS = 60.0  # a publisher that is silent for so long is stuck


class StatusServer(ThreadingHTTPServer):
    """Answers a few clients at once and turns more away, so that memory stays bounded."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, host: str, port: int, *, board: Board, metrics: Metrics) -> None:
        self.address_family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self.board = board
        self.metrics = metrics
        self._seats = threading.BoundedSemaphore(_MOST_CLIENTS)
        super().__init__((host, port), _Handler)

    def process_request(self, request: object, client_address: object) -> None:
        """Serve, or hang up when all seats are taken."""
        if self._seats.acquire(blocking=False):
            super().process_request(request, client_address)  # type: ignore[arg-type]
        else:
            self.shutdown_request(request)  # type: ignore[arg-type]

    def process_request_thread(self, request: object, client_address: object) -> None:
        """Serve one client and free its seat."""
        try:
            super().process_request_thread(request, client_address)  # type: ignore[arg-type]
        finally:
            self._seats.release()

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: a client that hangs up is no news."""


class _Handler(BaseHTTPRequestHandler):
    timeout: ClassVar[float] = _SILENT_SECONDS
    server: StatusServer
    server_version = "spark-ui-gateway"
    sys_version = ""

    def do_GET(self) -> None:
        """Answer the two paths."""
        if self.path == "/metrics":
            text = self.server.metrics.render(self.server.board)
            self._answer(200, text, "text/plain; version=0.0.4; charset=utf-8")
        elif self.path == "/healthz":
            silent = self.server.metrics.seconds_since_beat(time.monotonic())
            fine = silent < _STUCK_SECONDS
            self._answer(200 if fine else 503, "ok\n" if fine else "stuck\n", "text/plain")
        else:
            self._answer(404, "not found\n", "text/plain")

    def log_message(self, format: str, *args: object) -> None:
        """Keep probes out of the log."""

    def _answer(self, status: int, text: str, kind: str) -> None:
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
