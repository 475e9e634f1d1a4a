"""Clients and drivers that mean no good, by the hundred: what one of each can take from the others.

Addresses end in the driver's nature: `NET.1.n` writes 10 MB, `NET.2.n` never answers, `NET.3.1` is
as it should be. Clients are sockets that nobody reads.
"""

from __future__ import annotations

import asyncio
import contextlib
import resource
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.gateway.rig import NET, Nginx, fetch

JOBS = 10  # of each nature
GOOD = "spark-" + "9" * 32
BIG = [f"spark-{number:032x}" for number in range(100, 100 + JOBS)]
SILENT = [f"spark-{number:032x}" for number in range(200, 200 + JOBS)]
MOST_FILES = 20_000
_AT_ONCE = 100  # connections that are opened together


def allow_many_files(number: int = MOST_FILES) -> bool:
    """Let this process hold so many sockets; False when the machine does not."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < number <= hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (number, hard))
        soft = number
    return soft >= number


@contextlib.contextmanager
def serve_drivers() -> Iterator[None]:
    """Run all drivers in a process of their own."""
    command = [sys.executable, "-m", "tests.gateway.load"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, cwd=Path(__file__).resolve().parents[2],
        env={"GATEWAY_NET": NET, "PATH": ""},
    ) as process:  # fmt: skip
        assert process.stdout is not None
        assert process.stdout.readline() == b"up\n"
        try:
            yield
        finally:
            process.kill()


def write_routes(server: Nginx) -> None:
    """Lead to every driver, as the sidecar would."""
    routes = server.directory / "routes"
    (routes / "synced").write_text("yes")
    (routes / "r" / GOOD).write_text(f"{NET}.3.1:4040")
    for kind, jobs in ((1, BIG), (2, SILENT)):
        for number, job in enumerate(jobs, 1):
            (routes / "r" / job).write_text(f"{NET}.{kind}.{number}:4040")


@dataclass(frozen=True, slots=True)
class Attack:
    """So many connections, each with these first bytes; `source` gives each its address."""

    name: str
    number: int
    ask: Callable[[int], bytes]
    source: Callable[[int], str] = lambda _: "127.0.0.1"


def ask_for(jobs: list[str]) -> Callable[[int], bytes]:
    """Ask for the pages of these jobs by turns."""
    return lambda number: (
        f"GET /jobs/{jobs[number % len(jobs)]}/ HTTP/1.1\r\nHost: x\r\n\r\n".encode()
    )


def begin_to_ask(kilobytes: int) -> Callable[[int], bytes]:
    """Say so much of a request, in headers of 15 KiB, and never its end."""
    rows = (b"X-%d: " % row + b"y" * 15 * 1024 + b"\r\n" for row in range(kilobytes // 16))
    begun = b"GET / HTTP/1.1\r\nHost: x\r\n" + b"".join(rows) + b"X-last: "
    return lambda _: begun


def from_many(number: int) -> str:
    """Spread clients over two hundred addresses."""
    return f"127.0.1.{1 + number % 200}"


@contextlib.contextmanager
def attack(server: Nginx, what: Attack) -> Iterator[int]:
    """Hold all connections of an attack open; the number that could be opened is given."""
    held: list[socket.socket] = []
    asyncio.run(_open_all(server.port, what, held))
    try:
        yield len(held)
    finally:
        for each in held:
            each.close()


async def _open_all(port: int, what: Attack, held: list[socket.socket]) -> None:
    for begin in range(0, what.number, _AT_ONCE):
        numbers = range(begin, min(what.number, begin + _AT_ONCE))
        await asyncio.gather(*(_open(port, what, number, held) for number in numbers))


async def _open(port: int, what: Attack, number: int, held: list[socket.socket]) -> None:
    loop = asyncio.get_running_loop()
    one = socket.socket()
    one.setblocking(False)
    one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    one.bind((what.source(number), 0))
    held.append(one)
    with contextlib.suppress(OSError, TimeoutError):
        await asyncio.wait_for(loop.sock_connect(one, ("127.0.0.1", port)), 5)
        await asyncio.wait_for(loop.sock_sendall(one, what.ask(number)), 5)


def look_around(server: Nginx) -> dict[str, int]:
    """Ask for what must go on: another job, the index, and health; 0 is no answer."""
    asked = {
        "other job": (server.port, f"/jobs/{GOOD}/"),
        "balancer": (server.port, "/readyz"),
        "livez": (server.health_port, "/livez"),
        "readyz": (server.health_port, "/readyz"),
    }
    found = {}
    for name, (port, path) in asked.items():
        found[name] = 0
        with contextlib.suppress(OSError):
            found[name] = fetch(port, path, seconds=5).status
    return found


def proportional_mebibytes(server: Nginx) -> float:
    """Memory of NGINX's processes, what they share counted once (MiB)."""
    assert server.child is not None
    pid = server.child.pid
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    kibibytes = 0
    for one in (pid, *children):
        for line in Path(f"/proc/{one}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                kibibytes += int(line.split()[1])
    return kibibytes / 1024


Reader = asyncio.StreamReader
Writer = asyncio.StreamWriter


async def _write_much(reader: Reader, writer: Writer) -> None:
    with contextlib.suppress(OSError, asyncio.IncompleteReadError):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % (10 * 2**20))
        for _ in range(160):
            writer.write(b"x" * 2**16)
            await writer.drain()
        writer.close()


async def _stay_silent(reader: Reader, writer: Writer) -> None:
    with contextlib.suppress(OSError):
        await reader.read()
        await asyncio.Event().wait()
    writer.close()


async def _answer(reader: Reader, writer: Writer) -> None:
    with contextlib.suppress(OSError, asyncio.IncompleteReadError):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nfine")
        await writer.drain()
        writer.close()


async def _serve(net: str) -> None:
    for number in range(1, JOBS + 1):
        await asyncio.start_server(_write_much, f"{net}.1.{number}", 4040, backlog=2000)
        await asyncio.start_server(_stay_silent, f"{net}.2.{number}", 4040, backlog=2000)
    await asyncio.start_server(_answer, f"{net}.3.1", 4040, backlog=2000)
    sys.stdout.write("up\n")
    sys.stdout.flush()
    await asyncio.Event().wait()


if __name__ == "__main__":
    import os

    allow_many_files()
    asyncio.run(_serve(os.environ["GATEWAY_NET"]))
