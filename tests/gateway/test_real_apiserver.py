"""The sidecar against a real kube-apiserver: what the stand-in server claims is held against it.

Opt-in: `GATEWAY_KUBE_APISERVER=<binary> pytest tests/gateway/test_real_apiserver.py`.
"""

from __future__ import annotations

import itertools
import os
import signal
import statistics
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.gateway.apiserver import Pod, make_driver
from tests.gateway.kube import GATEWAY, KubeApiServer, find_binaries
from tests.gateway.rig import Sidecar, wait_for

pytestmark = [pytest.mark.gateway_nginx, pytest.mark.timeout(300)]

NUMBERS = itertools.count(1)


@pytest.fixture(scope="module")
def kube(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KubeApiServer]:
    """A real server with the chart's rights in it."""
    found = find_binaries()
    if found is None:
        pytest.skip("opt-in: set GATEWAY_KUBE_APISERVER; build_kube_apiserver.sh makes one")
    server = KubeApiServer(tmp_path_factory.mktemp("kube"), *found)
    try:
        server.start_all(["spark"])
        yield server
    finally:
        server.stop_all()


@pytest.fixture
def sidecar(kube: KubeApiServer, tmp_path: Path) -> Iterator[Sidecar]:
    """A sidecar with the rights that the chart gives it."""
    with Sidecar(
        tmp_path, kube.url, ca_file=str(kube.authority), token_file=str(kube.token_file)
    ) as process:
        process.start()
        process.wait_synced()
        yield process


def new_driver(**changes: str) -> Pod:
    number = next(NUMBERS)
    return make_driver(number, address=f"127.78.{number // 250}.{number % 250 + 1}", **changes)


def route(pod: Pod) -> dict[str, str]:
    job = pod["metadata"]["labels"]["spark-app-selector"]
    return {job: f"{pod['status']['podIP']}:4040"}


def settle(sidecar: Sidecar, *pods: Pod) -> None:
    wanted = {job: backend for pod in pods for job, backend in route(pod).items()}
    wait_for(lambda: sidecar.routes == wanted, 15, what=f"never became {wanted}")


def test_jobs_come_and_go_within_a_blink(kube: KubeApiServer, sidecar: Sidecar) -> None:
    waits = []
    for _ in range(20):
        pod = new_driver()
        kube.apply(pod)
        waits.append(wait_for(lambda pod=pod: route(pod).items() <= sidecar.routes.items()))  # type: ignore[misc]
        kube.finish(pod)
        settle(sidecar)
        kube.delete(pod)
    assert statistics.median(waits) < 0.25


def test_deletion_is_heard_at_its_beginning(kube: KubeApiServer, sidecar: Sidecar) -> None:
    pod = new_driver()
    pod["spec"]["terminationGracePeriodSeconds"] = 30
    pod["spec"]["nodeName"] = "node-1"  # else the server does not wait for a kubelet
    kube.apply(pod)
    settle(sidecar, pod)
    path = f"/api/v1/namespaces/spark/pods/{pod['metadata']['name']}"
    kube.ask("DELETE", path, {"gracePeriodSeconds": 30})
    settle(sidecar)
    assert kube.ask("GET", path)["metadata"]["deletionTimestamp"]
    kube.delete(pod)


def test_long_lists_come_in_pages(kube: KubeApiServer, tmp_path: Path) -> None:
    pods = [new_driver() for _ in range(250)]
    for pod in pods:
        kube.apply(pod)
    with Sidecar(
        tmp_path, kube.url, ca_file=str(kube.authority), token_file=str(kube.token_file)
    ) as process:
        process.start()
        process.wait_synced(60)
        settle(process, *pods)
        assert process.metric("api_requests_total", 'verb="list"') == 3
    for pod in pods:
        kube.delete(pod)


@pytest.mark.parametrize("compacts", [False, True], ids=["outage", "outage and compaction"])
def test_an_outage_ends_where_the_truth_is(
    kube: KubeApiServer, sidecar: Sidecar, compacts: bool
) -> None:
    stays, goes, comes = new_driver(), new_driver(), new_driver()
    for pod in (stays, goes):
        kube.apply(pod)
    settle(sidecar, stays, goes)
    kube.stop()
    wait_for(lambda: sidecar.metric("api_errors_total", 'kind="unanswered"') >= 2)
    assert sidecar.routes == {**route(stays), **route(goes)}
    assert sidecar.child is not None
    os.kill(sidecar.child.pid, signal.SIGSTOP)  # it hears nothing of what follows
    kube.start()
    kube.delete(goes)
    kube.apply(comes)
    if compacts:
        kube.compact()
        kube.stop()  # and the server forgets what it has in memory
        kube.start()
    os.kill(sidecar.child.pid, signal.SIGCONT)
    settle(sidecar, stays, comes)
    if compacts:
        assert sidecar.metric("relists_total", 'reason="expired"') >= 1
    for pod in (stays, comes):
        kube.delete(pod)
    settle(sidecar)


def test_what_the_server_accepts_and_the_gateway_does_not(
    kube: KubeApiServer, sidecar: Sidecar
) -> None:
    bad = [new_driver(job=job) for job in ("job", "SPARK-Up", "a_b.c", "")]
    for address in ("127.0.0.1", "169.254.169.254", "10.0.0.1"):
        pod = new_driver()
        pod["status"] = {**pod["status"], "podIP": address, "podIPs": [{"ip": address}]}
        bad.append(pod)
    good = new_driver()
    for pod in [*bad, good]:
        kube.apply(pod)
    settle(sidecar, good)
    refused = sum(sidecar.metric("rejected_total", f'reason="{why}"') for why in ("id", "address"))
    assert refused >= len(bad)
    for pod in [*bad, good]:
        kube.delete(pod)


def test_the_server_itself_refuses_what_would_be_a_path(kube: KubeApiServer) -> None:
    for job in ("a/b", "..", "a\nb", "x" * 64):
        pod = new_driver(job=job)
        with pytest.raises(AssertionError, match=r"a valid label must be|must be no more than 63"):
            kube.apply(pod)


def test_the_account_can_read_pods_and_nothing_else(kube: KubeApiServer) -> None:
    def ask(method: str, path: str, document: object = None) -> int:
        return kube.try_asking(method, path, document, token=GATEWAY)[0]

    assert ask("GET", "/api/v1/pods") == 200
    assert ask("GET", "/api/v1/namespaces/spark/pods?watch=1&timeoutSeconds=1") == 200
    pod = {"metadata": {"name": "x"}, "spec": {"containers": [{"name": "a", "image": "a"}]}}
    assert ask("POST", "/api/v1/namespaces/spark/pods", pod) == 403
    assert ask("DELETE", "/api/v1/namespaces/spark/pods/x") == 403
    for other in ("services", "secrets", "configmaps", "nodes", "endpoints"):
        assert ask("GET", f"/api/v1/{other}") == 403


def test_bookmarks_come(kube: KubeApiServer, sidecar: Sidecar) -> None:
    """Where nothing at all happens no bookmark comes either; here others' pods come and go."""
    executor = new_driver()
    executor["metadata"]["labels"]["spark-role"] = "executor"
    kube.apply(executor)
    begun = time.monotonic()
    wait_for(lambda: sidecar.metric("events_total", 'type="bookmark"') >= 1, 130, pause=0.5)
    assert sidecar.metric("staleness_seconds") < time.monotonic() - begun + 1
    assert sidecar.metric("api_errors_total", 'kind="unanswered"') == 0
