"""The one door to the Kubernetes API server. It can read, and nothing else.

Every request is a GET: the word stands once in this file, and no other method does. The token and
the certificate authority are read anew for each connection, so rotating them needs no restart.
"""

from __future__ import annotations

import http.client
import socket
import ssl
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol
from urllib.parse import urlencode, urlsplit

from sparkgateway.events import BadAnswer

LARGEST_PAGE = 32 * 2**20  # bytes of one list page; larger pages are asked for with fewer pods
LARGEST_EVENT = 8 * 2**20  # bytes of one watch line; etcd's own bound for an object is 1.5 MiB
_CHUNK = 64 * 2**10  # bytes
_CONNECT_SECONDS = 5.0
_LIST_SECONDS = 30.0
# Source: https://man7.org/linux/man-pages/man7/tcp.7.html. A peer that vanished without a word is
# noticed after 15 + 3 x 5 s, even while nothing is sent.
_KEEPALIVE = (("TCP_KEEPIDLE", 15), ("TCP_KEEPINTVL", 5), ("TCP_KEEPCNT", 3))
_UNACKNOWLEDGED_MS = 30_000


class Unanswered(Exception):
    """The API server gave no usable answer."""


class Rejected(Unanswered):
    """The API server answered with an HTTP error."""

    def __init__(self, status: int, retry_after: float) -> None:
        super().__init__(f"HTTP {status}")
        self.status = status
        self.retry_after = retry_after  # seconds, 0 when not said


class TooLarge(Unanswered):
    """An answer is larger than memory is spent for."""


class Api(Protocol):
    """What a watcher needs of an API server."""

    def list_page(self, path: str, query: dict[str, str]) -> bytes:
        """Read one page of a list."""

    def watch(
        self, path: str, query: dict[str, str], *, silence_seconds: int
    ) -> Generator[bytes, None, None]:
        """Yield the lines of a watch; silence for longer than that is an error."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpApi:
    """An API server by its URL.

    A connection a list page costs a few milliseconds of TLS and spares every question of what
    state an old connection is in.
    """

    url: str
    token_file: Path | None
    authority_file: Path | None
    on_request: Callable[[str], None]  # told "list" or "watch"

    def list_page(self, path: str, query: dict[str, str]) -> bytes:
        """Read one page of a list.

        Raises:
            Rejected: the server answered with an error, 410 among them.
            TooLarge: the page is larger than `LARGEST_PAGE`.
            Unanswered: anything else on the way.
        """
        self.on_request("list")
        with closing(self._connect(_LIST_SECONDS)) as connection, _translated():
            answer = self._read(connection, path, query)
            body = answer.read(LARGEST_PAGE + 1)
        if len(body) > LARGEST_PAGE:
            msg = f"a page is larger than {LARGEST_PAGE:,} bytes"
            raise TooLarge(msg)
        if answer.length:
            msg = f"a page ended {answer.length:,} bytes early"
            raise Unanswered(msg)
        return body

    def watch(
        self, path: str, query: dict[str, str], *, silence_seconds: int
    ) -> Generator[bytes, None, None]:
        """Yield an empty line when the server has accepted, then each line of the watch.

        Raises:
            Rejected: the server answered with an error, 410 among them.
            TooLarge: a line is larger than `LARGEST_EVENT`.
            Unanswered: the connection broke or was silent.
        """
        self.on_request("watch")
        with closing(self._connect(_LIST_SECONDS)) as connection, _translated():
            answer = self._read(connection, path, query)
            if connection.sock is not None:
                connection.sock.settimeout(silence_seconds)
            yield b""
            yield from _split_lines(answer)

    def _connect(self, seconds: float) -> http.client.HTTPConnection:
        parts = urlsplit(self.url)
        host = parts.hostname or ""
        with _translated():
            if parts.scheme == "https":
                context = _make_context(self.authority_file)
                connection: http.client.HTTPConnection = http.client.HTTPSConnection(
                    host, parts.port, timeout=_CONNECT_SECONDS, context=context
                )
            else:
                connection = http.client.HTTPConnection(host, parts.port, timeout=_CONNECT_SECONDS)
            try:
                connection.connect()
                _keep_alive(connection.sock)
                connection.sock.settimeout(seconds)
            except BaseException:
                connection.close()
                raise
        return connection

    def _read(
        self, connection: http.client.HTTPConnection, path: str, query: dict[str, str]
    ) -> http.client.HTTPResponse:
        headers = {"Accept": "application/json", "User-Agent": "spark-ui-gateway"}
        if self.token_file is not None:
            headers["Authorization"] = f"Bearer {self.token_file.read_text('ascii').strip()}"
        connection.request("GET", f"{path}?{urlencode(query)}", headers=headers)
        answer = connection.getresponse()
        if answer.status != http.client.OK:
            raise Rejected(answer.status, _parse_seconds(answer.getheader("Retry-After")))
        return answer


class _translated:  # reads as a word in a with statement
    """Turn what the libraries below raise into `Unanswered`."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, OSError | http.client.HTTPException | ValueError):
            msg = f"{type(error).__name__}: {error}"[:200]
            raise Unanswered(msg) from error


def _split_lines(answer: http.client.HTTPResponse) -> Iterator[bytes]:
    rest = b""
    while chunk := answer.read1(_CHUNK):
        *lines, rest = (rest + chunk).split(b"\n") if b"\n" in chunk else (rest + chunk,)
        yield from filter(None, lines)
        if len(rest) > LARGEST_EVENT:
            msg = f"a watch event is larger than {LARGEST_EVENT:,} bytes"
            raise TooLarge(msg)
    if rest.strip():
        msg = "a watch ended inside an event"
        raise BadAnswer(msg)


def _make_context(authority_file: Path | None) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=authority_file)
    # Python 3.13 asks for extensions that the authorities of many clusters do not carry. The chain
    # and the name are verified all the same.
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    return context


def _keep_alive(connected: socket.socket) -> None:
    connected.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in _KEEPALIVE:
        if hasattr(socket, name):  # Linux; elsewhere the read timeout alone notices
            connected.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)
    if hasattr(socket, "TCP_USER_TIMEOUT"):
        connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, _UNACKNOWLEDGED_MS)


def _parse_seconds(text: str | None) -> float:
    return float(text) if text and text.isdecimal() and len(text) < 5 else 0.0
