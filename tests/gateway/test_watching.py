"""The sidecar as a process against an API server that does what API servers do."""

from __future__ import annotations

import copy
import signal
import time
from pathlib import Path
from typing import Any

import pytest

from tests.gateway.apiserver import ApiServer, Pod, make_driver
from tests.gateway.rig import Sidecar, fetch, wait_for

pytestmark = pytest.mark.gateway_sidecar

JOB = "spark-{:032x}".format


def driver(number: int, **changes: Any) -> Pod:
    return make_driver(number, address=f"127.78.{number // 250}.{number % 250 + 1}", **changes)


def expected(*numbers: int) -> dict[str, str]:
    return {JOB(n): f"127.78.{n // 250}.{n % 250 + 1}:4040" for n in numbers}


def settle(sidecar: Sidecar, wanted: dict[str, str], seconds: float = 30.0) -> None:
    try:
        wait_for(lambda: sidecar.routes == wanted, seconds)
    except AssertionError:
        assert sidecar.routes == wanted
        raise


def test_a_job_comes_and_goes(api: ApiServer, sidecar: Sidecar) -> None:
    pod = driver(1)
    api.apply(pod)
    settle(sidecar, expected(1))
    api.finish(pod)
    settle(sidecar, {})
    assert api.writes == []


def test_a_route_goes_when_its_pod_is_told_to_stop(api: ApiServer, sidecar: Sidecar) -> None:
    pod = driver(1)
    api.apply(pod)
    settle(sidecar, expected(1))
    pod["metadata"]["deletionTimestamp"] = "2026-11-22T09:00:00Z"
    api.apply(pod)
    settle(sidecar, {})


def test_long_lists_come_in_pages(api: ApiServer, tmp_path: Path) -> None:
    for number in range(731):
        api.apply(driver(number))
    with Sidecar(tmp_path, api) as process:
        process.start()
        process.wait_synced()
        assert process.routes == expected(*range(731))
    lists = [path for _, path in api.requests if "watch=" not in path]
    assert len(lists) == 8
    assert all("limit=100" in path and "labelSelector=spark-role+in" in path for path in lists)


@pytest.mark.parametrize("by_status", [True, False], ids=["HTTP 410", "410 in an event"])
def test_an_expired_version_is_listed_anew(
    api: ApiServer, sidecar: Sidecar, by_status: bool
) -> None:
    api.expires_by_status = by_status
    lost = driver(1)
    api.apply(lost)
    settle(sidecar, expected(1))
    api.stop()
    api.delete(lost)  # nobody will ever hear of these two events
    api.apply(driver(2))
    api.compact()
    api.start()
    settle(sidecar, expected(2))
    assert sidecar.metric("relists_total", 'reason="expired"') >= 1


def test_a_list_that_expires_between_pages_begins_again(api: ApiServer, tmp_path: Path) -> None:
    for number in range(150):
        api.apply(driver(number))
    page = api.list_pods
    calls = []

    def compact_after_the_first_page(selectors, limit, token):  # type: ignore[no-untyped-def]
        calls.append(token)
        if len(calls) == 2:
            api.compact()
        return page(selectors, limit, token)

    api.list_pods = compact_after_the_first_page  # type: ignore[method-assign]
    with Sidecar(tmp_path, api) as process:
        process.start()
        process.wait_synced()
        assert process.routes == expected(*range(150))
    assert calls[:2] == ["", "snapshot1/100"]
    assert calls[2] == ""


@pytest.mark.parametrize("fault", ["refused", 500, 429, 403])
def test_faults_remove_no_route(api: ApiServer, sidecar: Sidecar, fault: str | int) -> None:
    api.apply(driver(1))
    settle(sidecar, expected(1))
    if fault == "refused":
        api.stop()
    else:
        api.fail_status = int(fault)
        api.break_connections()
    wait_for(lambda: sidecar.metric("staleness_seconds") > 1.2)
    assert sidecar.routes == expected(1)
    api.apply(driver(2))
    api.fail_status = 0
    if fault == "refused":
        api.start()
    settle(sidecar, expected(1, 2))
    wait_for(lambda: sidecar.metric("staleness_seconds") < 1.2)
    assert sidecar.metric("relists_total", 'reason="expired"') == 0, "the watch went on"


def test_an_older_pod_that_is_relabelled_does_not_take_a_page_over(
    api: ApiServer, sidecar: Sidecar
) -> None:
    """Ids are public, and each job may patch the labels of the pods of its namespace."""
    thief = driver(1, created="2026-11-22T07:00:00Z")
    victim = driver(2, created="2026-11-22T08:00:00Z")
    api.apply(thief)
    api.apply(victim)
    settle(sidecar, expected(1, 2))
    stolen = copy.deepcopy(thief)
    stolen["metadata"]["labels"]["spark-app-selector"] = victim["metadata"]["labels"][
        "spark-app-selector"
    ]
    api.apply(stolen)
    wait_for(lambda: sidecar.metric("rejected_total", 'reason="id"') == 1)
    settle(sidecar, expected(2))


@pytest.mark.parametrize(
    "script",
    [
        b"not json\n",
        b'{"type":"ADDED"}\n',
        b'{"type":"ADDED","object":{"metadata":{"uid":"x","resourceVersion":"9"}}',
        b'{"type":"WEIRD","object":{"metadata":{"resourceVersion":"1"}}}\n',
        b'{"type":"ERROR","object":{"code":500,"reason":"InternalError"}}\n',
        b"[" * 100_000 + b"\n",
    ],
    ids=["no JSON", "no object", "cut off", "unknown type", "error", "deep"],
)
def test_a_broken_watch_is_listed_anew(api: ApiServer, sidecar: Sidecar, script: bytes) -> None:
    api.apply(driver(1))
    settle(sidecar, expected(1))
    api.watch_script.append(script)
    api.break_connections()
    wait_for(lambda: sidecar.metric("relists_total", 'reason="error"') >= 1)
    api.apply(driver(2))
    settle(sidecar, expected(1, 2))


@pytest.mark.usefixtures("sidecar")
def test_a_watch_that_ends_at_once_is_a_failure(api: ApiServer) -> None:
    api.watch_script.extend([b""] * 100)
    before = len(api.requests)
    api.break_connections()
    time.sleep(1.5)
    assert len(api.requests) - before < 15


def test_a_silent_server_is_left(api: ApiServer, tmp_path: Path) -> None:
    """The peer holds the connection and never speaks: the read timeout ends it."""
    api.silent = True
    with Sidecar(tmp_path, api, watch_seconds="1-1", grace_seconds="1") as process:
        process.start()
        process.wait_synced()
        wait_for(lambda: process.metric("api_errors_total", 'kind="unanswered"') >= 1, 15)
        api.silent = False
        api.apply(driver(1))
        settle(process, expected(1))


def test_the_version_moves_on_with_bookmarks(api: ApiServer, sidecar: Sidecar) -> None:
    pod = driver(1)
    pod["metadata"]["labels"]["spark-role"] = "executor"
    for _ in range(50):
        api.apply(pod)  # events of others: only bookmarks tell that the version moved
    wait_for(lambda: sidecar.metric("events_total", 'type="bookmark"') >= 1)
    api.break_connections()
    wait_for(lambda: "resourceVersion=150" in api.requests[-1][1], what=str(api.requests[-1]))


def test_a_restart_while_the_api_is_away_keeps_the_routes(api: ApiServer, sidecar: Sidecar) -> None:
    api.apply(driver(1))
    settle(sidecar, expected(1))
    api.stop()
    sidecar.end(signal.SIGKILL)
    (sidecar.directory / "r" / ".draft").write_text("half")
    (sidecar.directory / "r" / "job").write_text("127.0.0.1:1")
    sidecar.start()
    time.sleep(0.5)
    assert sidecar.routes == expected(1)
    assert (sidecar.directory / "synced").exists()
    assert sidecar.metric("synced") == 0
    api.finish(driver(1))
    api.apply(driver(2))
    api.start()
    settle(sidecar, expected(2))


def test_the_first_start_says_nothing_before_a_complete_list(
    api: ApiServer, tmp_path: Path
) -> None:
    api.fail_status = 500
    api.apply(driver(1))
    with Sidecar(tmp_path, api) as process:
        process.start()
        time.sleep(0.4)
        assert not (process.directory / "synced").exists()
        api.fail_status = 0
        process.wait_synced()
        assert process.routes == expected(1)


def test_a_list_that_lost_most_is_asked_again(api: ApiServer, sidecar: Sidecar) -> None:
    for number in range(20):
        api.apply(driver(number))
    settle(sidecar, expected(*range(20)))
    lies = iter([True])
    api.list_filter = lambda pods: [] if next(lies, False) else pods
    api.compact()
    api.break_connections()
    wait_for(lambda: sidecar.metric("breaker_trips_total") == 1)
    while sidecar.metric("breaker_open"):
        assert len(sidecar.routes) == 20
    assert sidecar.routes == expected(*range(20))


def test_a_second_list_confirms_a_great_loss(api: ApiServer, sidecar: Sidecar) -> None:
    pods = [driver(number) for number in range(20)]
    for pod in pods:
        api.apply(pod)
    settle(sidecar, expected(*range(20)))
    api.stop()
    for pod in pods[:15]:
        api.finish(pod)
    api.apply(driver(30))
    api.compact()
    api.start()
    wait_for(lambda: sidecar.metric("breaker_open") == 1)
    wait_for(lambda: JOB(30) in sidecar.routes, what="what is new does not wait")
    settle(sidecar, expected(*range(15, 20), 30))
    assert sidecar.metric("relists_total", 'reason="breaker"') == 1


def test_the_breaker_guards_a_restart_too(api: ApiServer, sidecar: Sidecar) -> None:
    for number in range(20):
        api.apply(driver(number))
    settle(sidecar, expected(*range(20)))
    sidecar.end(signal.SIGKILL)
    answers = iter([True])
    api.list_filter = lambda pods: [] if next(answers, False) else pods
    sidecar.start()
    wait_for(lambda: sidecar.metric("breaker_trips_total") == 1)
    assert sidecar.routes == expected(*range(20))
    sidecar.wait_synced()
    assert sidecar.routes == expected(*range(20))


def test_a_watch_may_end_every_job_at_once(api: ApiServer, sidecar: Sidecar) -> None:
    pods = [driver(number) for number in range(30)]
    for pod in pods:
        api.apply(pod)
    settle(sidecar, expected(*range(30)))
    for pod in pods:
        api.finish(pod)
    settle(sidecar, {})
    assert sidecar.metric("breaker_trips_total") == 0


def test_namespaces_are_watched_one_by_one(api: ApiServer, tmp_path: Path) -> None:
    api.apply(driver(1, namespace="etl"))
    api.apply(driver(2, namespace="ads"))
    api.apply(driver(3, namespace="other"))
    with Sidecar(tmp_path, api, namespaces="etl,ads") as process:
        process.start()
        process.wait_synced()
        assert process.routes == expected(1, 2)
        api.finish(driver(1, namespace="etl"))
        settle(process, expected(2))
        api.compact()
        api.apply(driver(4, namespace="etl"))
        api.break_connections()
        settle(process, expected(2, 4))
    assert all("/namespaces/etl/" in path or "/namespaces/ads/" in path for _, path in api.requests)


def test_the_number_of_drivers_is_bounded(api: ApiServer, tmp_path: Path) -> None:
    pods = [driver(number) for number in range(12)]
    with Sidecar(tmp_path, api, max_drivers="10") as process:
        process.start()
        process.wait_synced()
        for pod in pods:
            api.apply(pod)
        wait_for(lambda: process.metric("rejected_total", 'reason="limit"') == 2)
        settle(process, expected(*range(10)))
        api.finish(pods[0])
        kept = {JOB(number) for number in range(1, 10)}
        moved_up = [kept | {JOB(10)}, kept | {JOB(11)}]
        wait_for(lambda: process.routes.keys() in moved_up, what="one of two moves up")


def test_hostile_pods_get_no_route(api: ApiServer, sidecar: Sidecar) -> None:
    def spoil(number: int, **status: object) -> Pod:
        pod = driver(number)
        pod["status"].update(status)
        pod["status"]["podIPs"] = [{"ip": status.get("podIP", pod["status"]["podIP"])}]
        return pod

    bad_ids: list[object] = [
        "job",
        "history",
        "proxy",
        "SPARK-Up",
        "a_b.c",
        "",
        "spark-" + "g" * 32,
        "../" * 4,
        "spark-" + "0" * 33,
    ]
    pods = [driver(100 + index, job=job) for index, job in enumerate(bad_ids)]
    pods += [
        spoil(number, podIP=address)
        for number, address in enumerate(
            ["127.0.0.1", "169.254.169.254", "169.254.170.23", "0.0.0.0", "224.0.0.1", "10.0.0.1",
             "::1", "fe80::1", "fd00:ec2::254", "::ffff:127.78.0.1", "127.78.0.1 ", "0x7f4e0001",
             "localhost", "127.78.0.1:80", "127.78.0.1;", ["127.78.0.1"], 2135818241], 200)
    ]  # fmt: skip
    host = driver(300)
    host["spec"]["hostNetwork"] = True
    node = driver(301)
    node["status"]["hostIP"] = node["status"]["podIP"]
    pods += [host, node, driver(302, port=10250), driver(303, port="4040"), driver(304, port=0)]
    shapes = [driver(400 + index) for index in range(4)]
    shapes[0]["spec"] = None
    shapes[0]["status"] = {"phase": "Running", "podIP": "127.0.0.1", "podIPs": [None]}
    shapes[1]["status"]["podIPs"] = "127.78.0.1"
    shapes[1]["status"]["podIP"] = {"ip": "127.78.0.1"}
    shapes[2]["spec"]["containers"] = [None, {"ports": [{"name": "spark-ui"}]}]
    shapes[3]["metadata"]["creationTimestamp"] = None
    for pod in [*pods, *shapes]:
        api.apply(pod)
    api.apply(driver(1))
    settle(sidecar, expected(1))
    total = sum(
        sidecar.metric("rejected_total", f'reason="{reason}"')
        for reason in ("malformed", "role", "id", "host_network", "address", "port")
    )
    assert total == len(pods) + len(shapes)
    assert sidecar.metric("relists_total", 'reason="error"') == 0


def test_texts_that_no_file_can_hold_end_nothing(api: ApiServer, sidecar: Sidecar) -> None:
    """JSON may hold half of a pair of surrogates; UTF-8 cannot write it."""
    odd = driver(1)
    odd["metadata"]["labels"]["spark-app-name"] = "a\ud800b"
    odd["metadata"]["namespace"] = "n\udfff"
    odd["metadata"]["name"] = "\ud800-driver"
    api.apply(odd)
    settle(sidecar, expected(1))
    api.apply(driver(2))
    settle(sidecar, expected(1, 2))
    wait_for(lambda: "a?b" in (sidecar.directory / "jobs.json").read_text())
    wrong = driver(3, job="spark-\ud800")
    wrong["status"]["podIP"] = "\ud800"
    wrong["metadata"]["creationTimestamp"] = "\ud800"
    api.apply(wrong)
    api.apply(driver(4))
    settle(sidecar, expected(1, 2, 4))
    assert sidecar.child is not None
    assert sidecar.child.poll() is None


def test_status_answers_the_kubelet_and_prometheus(api: ApiServer, sidecar: Sidecar) -> None:
    api.apply(driver(1))
    settle(sidecar, expected(1))
    wait_for(lambda: sidecar.metric("routes") == 1)
    text = fetch(sidecar.status_port, "/metrics").text
    for name in ("routes", "staleness_seconds", "relists_total", "publish_latency_seconds_bucket"):
        assert f"spark_ui_gateway_{name}" in text
    assert sidecar.metric("publish_latency_seconds_count") == 1
    assert sidecar.metric("route_writes_total") == 1
    assert fetch(sidecar.status_port, "/healthz").status == 200
    assert fetch(sidecar.status_port, "/").status == 404
    assert fetch(sidecar.status_port, "/metrics", method="POST").status == 501


def test_a_term_signal_ends_it_in_peace(sidecar: Sidecar) -> None:
    assert sidecar.end(signal.SIGTERM) == 0
