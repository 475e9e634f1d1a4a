"""What a job's way in costs a real control plane: the gateway, or a Service and an Ingress a job.

    GATEWAY_KUBE_APISERVER=<binary> python -m benchmarks.ingress [--jobs N] [--rounds N]

A kube-apiserver and an etcd on loopback (`tests/gateway/build_kube_apiserver.sh` makes the first).
In each of three ways the same driver pods come, run, end and go: `nobody` makes them reachable,
the real sidecar of the `gateway` watches them, and with `ingress` each gets the Service and the
Ingress that the Spark Operator makes (`uiService`, `uiIngress`). Not in it, for there are no
controllers here: the operator's own reads, the EndpointSlices of the Services, and what an
Ingress controller does with it all. So `ingress` is the least that it can cost.
"""

from __future__ import annotations

import argparse
import itertools
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

from benchmarks.gateway import cpu_seconds, job_id
from tests.gateway.apiserver import make_driver
from tests.gateway.kube import KubeApiServer, find_binaries
from tests.gateway.rig import Sidecar, wait_for

WAYS = ("nobody", "gateway", "ingress")
NAMESPACE = "spark"


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="Measure what a job costs the control plane.")
    parser.add_argument("--jobs", type=int, default=200, help="jobs of a round, one after another")
    parser.add_argument("--rounds", type=int, default=3, help="rounds of each way, by turns")
    options = parser.parse_args()
    binaries = find_binaries()
    if binaries is None:
        sys.exit("set GATEWAY_KUBE_APISERVER; tests/gateway/build_kube_apiserver.sh makes one")
    with tempfile.TemporaryDirectory() as scratch:
        kube = KubeApiServer(Path(scratch), *binaries)
        try:
            kube.start_all([NAMESPACE])
            rows = measure(kube, Path(scratch), options.jobs, options.rounds)
        finally:
            kube.stop_all()
    print(render(rows, options.jobs))
    return 0


def measure(
    kube: KubeApiServer, scratch: Path, jobs: int, rounds: int
) -> dict[str, tuple[float, float]]:
    """Writes and CPU milliseconds a job, by way; medians. The first round warms up."""
    found: dict[str, list[tuple[float, float]]] = {way: [] for way in WAYS}
    numbers = itertools.count()
    for turn in range(rounds + 1):
        for way in WAYS:
            with watched(kube, scratch / f"{way}-{turn}", way) as sidecar:
                writes, cpu = kube.revision(), sum(map(cpu_seconds, kube.processes))
                for number in itertools.islice(numbers, jobs):
                    live(kube, number, way, sidecar)
                row = (
                    (kube.revision() - writes) / jobs,
                    (sum(map(cpu_seconds, kube.processes)) - cpu) / jobs * 1000,
                )
            if turn:
                found[way].append(row)
    return {
        way: (median(row[0] for row in rows), median(row[1] for row in rows))
        for way, rows in found.items()
    }


@contextmanager
def watched(kube: KubeApiServer, folder: Path, way: str) -> Iterator[Sidecar | None]:
    """Run the sidecar where the way is the gateway's."""
    if way != "gateway":
        yield None
        return
    folder.mkdir()
    places = {"ca_file": str(kube.authority), "token_file": str(kube.token_file)}
    with Sidecar(folder, kube.url, **places) as sidecar:
        sidecar.start()
        sidecar.wait_synced()
        yield sidecar


def live(kube: KubeApiServer, number: int, way: str, sidecar: Sidecar | None) -> None:
    """Let one driver come, be reachable, end and go."""
    address = f"127.78.{number // 250 % 250}.{number % 250 + 1}"
    pod = make_driver(number, address=address, job=job_id(number))
    kube.apply(pod)
    name = f"job-{number}-ui"
    if way == "ingress":
        add_ingress(kube, name, job_id(number))
    if sidecar is not None:
        route = sidecar.directory / "r" / job_id(number)
        wait_for(route.exists)
    kube.finish(pod)
    if way == "ingress":
        kube.ask("DELETE", f"{INGRESSES}/{name}")
        kube.ask("DELETE", f"{SERVICES}/{name}")
    kube.delete(pod)


SERVICES = f"/api/v1/namespaces/{NAMESPACE}/services"
INGRESSES = f"/apis/networking.k8s.io/v1/namespaces/{NAMESPACE}/ingresses"


def add_ingress(kube: KubeApiServer, name: str, job: str) -> None:
    """Make what makes one driver reachable from outside."""
    port = {"name": "ui", "port": 4040, "targetPort": 4040}
    service = {
        "metadata": {"name": name},
        "spec": {"selector": {"spark-app-selector": job}, "ports": [port]},
    }
    backend = {"service": {"name": name, "port": {"number": 4040}}}
    path = {"path": f"/{name}", "pathType": "Prefix", "backend": backend}
    rule = {"host": "spark.example.com", "http": {"paths": [path]}}
    kube.ask("POST", SERVICES, service)
    kube.ask("POST", INGRESSES, {"metadata": {"name": name}, "spec": {"rules": [rule]}})


def render(rows: dict[str, tuple[float, float]], jobs: int) -> str:
    """Render all results for people."""
    least = rows["nobody"]
    lines = [
        f"{jobs} jobs a round; kube-apiserver and etcd together",
        f"{'':<10}{'writes a job':>13}{'more':>7}{'CPU ms a job':>14}{'more':>7}",
    ]
    for way, (writes, cpu) in rows.items():
        more = writes - least[0], cpu - least[1]
        lines.append(f"{way:<10}{writes:>13.1f}{more[0]:>7.1f}{cpu:>14.1f}{more[1]:>7.1f}")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
