"""Jobs that start, end, move into the history; processes that are killed; pages of our own."""

from __future__ import annotations

import re
import signal
import socket
import threading
from pathlib import Path

import pytest
from sparkgateway.pages import render_lines
from sparkgateway.pods import Driver
from sparkgateway.store import Store

from tests.gateway.apiserver import ApiServer, make_driver
from tests.gateway.rig import (
    NET,
    Nginx,
    Sidecar,
    StandInDriver,
    drivers,
    fetch,
    ok,
    read_jobs,
    wait_for,
)

pytestmark = pytest.mark.gateway_nginx

JOB = "spark-" + "0a" * 16
OTHER = "spark-" + "0b" * 16
ADDRESS, SECOND = f"{NET}.0.1", f"{NET}.0.2"


def test_a_job_without_an_answer_is_starting_or_ending(
    api: ApiServer, sidecar: Sidecar, nginx: Nginx
) -> None:
    api.apply(make_driver(1, address=ADDRESS, job=JOB))
    wait_for(lambda: JOB in sidecar.routes)
    answer = nginx.get(f"/jobs/{JOB}/jobs/")
    assert answer.status == 503
    assert answer.headers["retry-after"] == "3"
    assert '<meta http-equiv="refresh" content="3">' in answer.text
    with drivers(ADDRESS, port=4040):
        assert nginx.get(f"/jobs/{JOB}/jobs/").status == 200
    assert nginx.get(f"/jobs/{JOB}/jobs/").status == 503
    api.finish(make_driver(1, address=ADDRESS, job=JOB))
    wait_for(lambda: nginx.get(f"/jobs/{JOB}/jobs/").status == 404)


def test_a_driver_too_busy_to_take_connections_is_waited_for(
    api: ApiServer, sidecar: Sidecar, nginx: Nginx
) -> None:
    """The kernel drops what comes while the queue is full, and the caller's tries again."""
    api.apply(make_driver(1, address=ADDRESS, job=JOB))
    wait_for(lambda: JOB in sidecar.routes)
    busy = StandInDriver(ADDRESS, 4040)
    busy.listen(1)
    others = [socket.socket() for _ in range(4)]
    for other in others:  # more than can wait
        other.setblocking(False)
        other.connect_ex((ADDRESS, 4040))

    def get_free() -> None:
        for other in others:
            other.close()
        busy.serve()

    later = threading.Timer(2.5, get_free)
    later.start()
    try:
        assert nginx.get(f"/jobs/{JOB}/jobs/", seconds=60).text == f"driver {ADDRESS}"
    finally:
        later.join()
        busy.stop()


def test_the_slash_after_an_id_is_added(nginx: Nginx, driver: StandInDriver) -> None:
    answer = nginx.get(f"/jobs/{JOB}?x=1", headers={"Host": "elsewhere.example"})
    assert (answer.status, answer.headers["location"]) == (301, f"/jobs/{JOB}/?x=1")
    assert driver.seen == []


@pytest.mark.parametrize(
    "path",
    [
        "/jobs/job/",
        "/jobs/history/",
        "/jobs/SPARK-0/",
        "/jobs/",
        "/x",
        f"/jobs/{JOB}0/",
        f"/jobs/{JOB[:-1]}/",
        "/r/",
        f"/r/{JOB}",
        "/synced",
        "/shs/",
        "/.draft",
    ],
)
def test_other_pages_do_not_exist(nginx: Nginx, driver: StandInDriver, path: str) -> None:
    assert nginx.get(path).status == 404
    assert driver.seen == []


def test_the_index_lists_live_jobs_and_runs_nothing(api: ApiServer, nginx: Nginx) -> None:
    wait_for(lambda: "No job is running." in nginx.get("/").text)
    pod = make_driver(1, address=ADDRESS, job=JOB)
    pod["metadata"]["labels"]["spark-app-name"] = "<script>alert(1)</script>"
    api.apply(pod)
    wait_for(lambda: read_jobs(nginx.port)["total"] == 1)
    answer = nginx.get("/")
    assert answer.headers["content-type"] == "text/html"
    assert f'<a href="/jobs/{JOB}/">&lt;script&gt;alert(1)&lt;/script&gt;</a>' in answer.text
    assert "<script" not in answer.text
    assert read_jobs(nginx.port)["jobs"][0]["path"] == f"/jobs/{JOB}/"
    api.finish(pod)
    wait_for(lambda: read_jobs(nginx.port) == {"total": 0, "jobs": []})


def test_a_job_is_found_by_its_name(api: ApiServer, nginx: Nginx, driver: StandInDriver) -> None:
    """Who submits a job knows what it is called; the id comes later."""
    assert driver.seen == []
    here = "/by-name/spark/app-1"
    wait_for(lambda: nginx.get(here).status == 302)
    assert nginx.get(here).headers["location"] == f"/jobs/{JOB}/"
    deeper = nginx.get(f"{here}/stages/stage/?id=3&attempt=0")
    assert deeper.headers["location"] == f"/jobs/{JOB}/stages/stage/?id=3&attempt=0"
    odd = nginx.get(f"{here}/a%0d%0aX-Evil:1")
    assert "x-evil" not in odd.headers
    for other in ("/by-name/ads/app-1", "/by-name/spark/app", "/by-name/spark/pp-1"):
        waiting = nginx.get(other)
        assert waiting.status == 404
        assert waiting.headers["retry-after"] == "5"
    assert nginx.get("/by-name/spark/a%20b").status == 404
    newer = make_driver(2, address=SECOND, job=OTHER, created="2026-11-22T09:00:00Z")
    newer["metadata"]["labels"]["spark-app-name"] = "app-1"
    api.apply(newer)
    wait_for(lambda: nginx.get(here).headers["location"] == f"/jobs/{OTHER}/")
    api.delete(newer)


def test_a_name_that_a_pod_was_made_with_is_not_taken_by_a_label(
    api: ApiServer, nginx: Nginx, driver: StandInDriver
) -> None:
    """The operator names a driver's pod after the SparkApplication; labels can be changed."""
    assert driver.seen == []
    api.apply(make_driver(2, address=SECOND, job=OTHER, name="nightly-driver"))
    here = "/by-name/spark/nightly"
    wait_for(lambda: nginx.get(here).status == 302)
    thief = make_driver(1, address=ADDRESS, job=JOB, created="2026-11-22T09:00:00Z")
    thief["metadata"]["labels"]["spark-app-name"] = "nightly"
    api.apply(thief)
    wait_for(lambda: "nightly" in str(read_jobs(nginx.port)["jobs"][0]))
    assert nginx.get(here).headers["location"] == f"/jobs/{OTHER}/"
    api.delete(make_driver(2, address=SECOND, job=OTHER, name="nightly-driver"))


def test_jobs_are_found_by_namespace_and_part_of_a_name(nginx_binary: Path, tmp_path: Path) -> None:
    def make(number: int) -> Driver:
        return Driver(
            uid=f"u{number}", job=f"spark-{number:032x}", backend=f"10.0.0.1:{number}",
            created=f"2026-11-22T{number // 3600:02d}:{number // 60 % 60:02d}:{number % 60:02d}Z",
            started="", namespace="ads" if number % 2 else "etl", name=f"app-{number}",
        )  # fmt: skip

    store = Store(tmp_path / "routes")
    store.write_page("jobs.txt", render_lines([make(number) for number in range(2000)]))
    store.write_synced()
    with Nginx(tmp_path, nginx_binary) as server:
        server.start()

        def find(query: str) -> list[str]:
            answer = server.get(f"/find?{query}")
            assert answer.status == 200
            return re.findall(r'href="/jobs/spark-[0-9a-f]+/">([^<]+)<', answer.text)

        assert find("name=app-1234") == ["app-1234"]
        assert find("namespace=ads&name=app-1234") == []
        assert find("namespace=ads&name=app-123") == [
            f"app-{number}" for number in (1239, 1237, 1235, 1233, 1231, 123)
        ]
        assert find("namespace=&name=") == [f"app-{number}" for number in range(1999, 1499, -1)]
        assert find("from=1900")[-1] == "app-0", "the oldest job is found, too"
        assert "from=1000" in server.get("/find?from=500").text
        assert find("namespace=nobody") == []
        assert find("name=2026") == find("name=spark-0000") == [], "only names are searched"
        for wrong in ("name=%3Cscript%3E", "namespace=A", "from=-1", "from=x", "name=a&name=b"):
            assert server.get(f"/find?{wrong}").status == 400


def test_nothing_is_ready_before_the_first_list(
    api: ApiServer, nginx_binary: Path, tmp_path: Path
) -> None:
    with Nginx(tmp_path, nginx_binary) as server:
        server.start()
        assert server.get("/livez").status == 200
        assert server.get("/readyz").status == 503
        assert server.get(f"/jobs/{JOB}/").status == 503, "unknown is not yet ended"
        assert server.get("/").status == 503
        with Sidecar(tmp_path, api) as process:
            process.start()
            process.wait_synced()
            assert server.get("/readyz").status == 200
            assert server.get(f"/jobs/{JOB}/").status == 404


@pytest.mark.parametrize(
    ("asked", "sent"),
    [
        ("/", "/history/{job}/jobs/"),
        ("/stages/stage/?id=1&attempt=0", "/history/{job}/stages/stage/?id=1&attempt=0"),
        ("/api/v1/applications/x/jobs?status=failed", "/api/v1/applications/x/jobs?status=failed"),
        ("/static/spark.css", "/static/spark.css"),
        ("/a%20b%0d%0aX-Evil:1", "/history/{job}/a%20b%0D%0AX-Evil%3A1"),
        ("/%ff%fe", None),
    ],
)
def test_an_ended_job_is_in_the_history(
    nginx_binary: Path, tmp_path: Path, asked: str, sent: str | None
) -> None:
    values = {"historyServer": {"url": "https://history.example.com/spark/"}}
    with Nginx(tmp_path, nginx_binary, values) as server:
        (tmp_path / "routes" / "synced").write_text("yes")
        server.start()
        answer = server.get(f"/jobs/{JOB}{asked}")
        assert answer.status == 302
        assert "x-evil" not in answer.headers
        root = "https://history.example.com/spark"
        if sent is None:
            assert answer.headers["location"].startswith(f"{root}/history/{JOB}/")
            assert answer.headers["location"].isascii()
        else:
            assert answer.headers["location"] == root + sent.format(job=JOB)


def test_a_link_that_was_opened_too_early_leads_to_the_live_page(
    api: ApiServer, nginx_binary: Path, tmp_path: Path
) -> None:
    """Schedulers print links at submission; the browser waits in the history until the job runs."""
    with drivers("127.0.0.1") as (history,), drivers(ADDRESS, port=4040):
        history.raw = ok(b"no such job", status="404 Not Found")
        values = {"historyServer": {"service": f"localhost:{history.port}"}}
        with Nginx(tmp_path, nginx_binary, values) as server:
            server.start()
            with Sidecar(tmp_path, api, history=f"127.0.0.1:{history.port}") as process:
                process.start()
                process.wait_synced()
                wait_for((process.directory / "history").exists)
                early = server.get(f"/jobs/{JOB}/").headers["location"]
                waiting = server.get(early)
                assert waiting.status == 404
                assert '<meta http-equiv="refresh"' in waiting.text
                api.apply(make_driver(1, address=ADDRESS, job=JOB))
                wait_for(lambda: JOB in process.routes)
                led = server.get(early)
                assert (led.status, led.headers["location"]) == (302, f"/jobs/{JOB}/")
                for shown, page in {
                    f"/history/{JOB}": "/",
                    f"/history/{JOB}/1/": "/",
                    f"/history/{JOB}/stages/stage/?id=1&attempt=0": "/stages/stage/?id=1&attempt=0",
                    f"/history/{JOB}/1/SQL/": "/SQL/",
                    f"/history/{JOB}/a%20b%0d%0aX-Evil:1": "/a%20b%0D%0AX-Evil%3A1",
                    f"/history/{JOB}//elsewhere.example/": "/elsewhere.example/",
                }.items():
                    led = server.get(f"/shs{shown}")
                    assert (led.status, led.headers["location"]) == (302, f"/jobs/{JOB}{page}")
                    assert "x-evil" not in led.headers
                assert server.get(f"/jobs/{JOB}/").text == f"driver {ADDRESS}"
    api.delete(make_driver(1, address=ADDRESS, job=JOB))


def test_one_job_leaves_room_for_the_others_and_none_ends_the_pod(
    api: ApiServer, nginx_binary: Path, tmp_path: Path
) -> None:
    """A driver that never answers keeps each request open for as long as it may."""
    values = {"nginx": {"mostConnections": 30, "mostConnectionsPerJob": 10}}
    silent = StandInDriver(ADDRESS, 4040)
    silent.listen(64)  # takes connections and says nothing
    asked = [socket.socket() for _ in range(12)]
    try:
        with Nginx(tmp_path, nginx_binary, values) as server, drivers(SECOND, port=4040):
            server.start()
            with Sidecar(tmp_path, api) as process:
                process.start()
                api.apply(make_driver(1, address=ADDRESS, job=JOB))
                api.apply(make_driver(2, address=SECOND, job=OTHER))
                wait_for(lambda: {JOB, OTHER} == set(process.routes))
                for each in asked:
                    each.connect(("127.0.0.1", server.port))
                    each.sendall(f"GET /jobs/{JOB}/ HTTP/1.1\r\nHost: x\r\n\r\n".encode())
                wait_for(lambda: server.get(f"/jobs/{JOB}/").status == 429)
                busy = server.get(f"/jobs/{JOB}/")
                assert busy.headers["retry-after"] == "3"
                assert server.get(f"/jobs/{OTHER}/").text == f"driver {SECOND}"
                assert server.get("/readyz").status == 200
                assert fetch(server.health_port, "/livez").status == 200
                assert fetch(server.health_port, "/readyz").status == 200
                assert fetch(server.health_port, f"/jobs/{OTHER}/").status == 404
    finally:
        for each in asked:
            each.close()
        silent.stop()
        api.delete(make_driver(1, address=ADDRESS, job=JOB))
        api.delete(make_driver(2, address=SECOND, job=OTHER))


def test_a_history_server_in_the_cluster_is_shown_below_shs(
    api: ApiServer, nginx_binary: Path, tmp_path: Path
) -> None:
    with drivers("127.0.0.1") as (history,):
        service = f"localhost:{history.port}"
        values = {"historyServer": {"service": service}}
        with Nginx(tmp_path, nginx_binary, values) as server:
            server.start()
            assert server.get("/shs/").status == 503, "its address is not known yet"
            with Sidecar(tmp_path, api, history=f"127.0.0.1:{history.port}") as process:
                process.start()
                process.wait_synced()
                wait_for((process.directory / "history").exists)
                hand_off = server.get(f"/jobs/{JOB}/")
                assert hand_off.headers["location"] == f"/shs/history/{JOB}/jobs/"
                secret = {"Cookie": "secret=1"}
                assert server.get("/shs/?showIncomplete=false", headers=secret).status == 200
                assert history.seen[0].line == "GET /?showIncomplete=false HTTP/1.1"
                assert history.seen[0].headers["x-forwarded-context"] == "/shs"
                assert "cookie" not in history.seen[0].headers
                for location in (
                    f"/history/{JOB}/jobs/",
                    f"/shs/history/{JOB}/jobs/",
                    f"http://127.0.0.1:{history.port}/history/{JOB}/jobs/",
                ):
                    history.raw = ok(b"", f"Location: {location}", status="302 Found")
                    answer = server.get(f"/shs/history/{JOB}/")
                    assert answer.headers["location"] == f"/shs/history/{JOB}/jobs/"
                history.raw = ok(b"its own words", status="404 Not Found")
                waiting = server.get(f"/shs/history/{JOB}/jobs/")
                assert waiting.status == 404
                assert 'http-equiv="refresh" content="5"' in waiting.text
                assert server.get("/shs/api/v1/x").text == "its own words"
                assert server.get(f"/shs/history/{JOB}/stages/stage/kill/").status == 403
                history.stop()
                assert server.get(f"/shs/history/{JOB}/jobs/").status == 503
                assert server.get("/shs").headers["location"] == "/shs/"


def test_an_ipv6_driver_is_reached(nginx_binary: Path, tmp_path: Path) -> None:
    """NGINX reads a route as the sidecar spells it for an IPv6 pod; ::1 is no pod's address."""
    with (
        drivers("::1") as (running,),
        Nginx(tmp_path, nginx_binary, {"ipFamily": "IPv6"}) as server,
    ):
        (tmp_path / "routes" / "r" / JOB).write_text(f"[::1]:{running.port}")
        server.start()
        answer = server.get(f"/jobs/{JOB}/")
        assert answer.text == "driver ::1"
        assert running.seen[0].headers["host"] == f"[::1]:{running.port}"


def test_nginx_killed_comes_back_with_every_route(
    sidecar: Sidecar, nginx: Nginx, driver: StandInDriver
) -> None:
    writes = sidecar.metric("route_writes_total")
    nginx.end(signal.SIGKILL)
    nginx.start()
    assert nginx.get(f"/jobs/{JOB}/").status == 200
    assert len(driver.seen) == 1
    assert sidecar.metric("route_writes_total") == writes, "nobody had to write anything again"


def test_the_sidecar_killed_leaves_every_route(
    api: ApiServer, sidecar: Sidecar, nginx: Nginx, driver: StandInDriver
) -> None:
    sidecar.end(signal.SIGKILL)
    assert nginx.get(f"/jobs/{JOB}/").status == 200
    assert nginx.get("/readyz").status == 200
    api.finish(make_driver(1, address=ADDRESS, job=JOB))
    sidecar.start()
    wait_for(lambda: nginx.get(f"/jobs/{JOB}/").status == 404)
    assert driver.seen
    assert sidecar.metric("relists_total", 'reason="start"') == 1


def test_the_log_holds_no_query(nginx: Nginx, driver: StandInDriver) -> None:
    nginx.get(f"/jobs/{JOB}/logged/?token=private")
    wait_for(lambda: f"/jobs/{JOB}/logged/" in nginx.access_log.read_text())
    log = nginx.access_log.read_text()
    assert "private" not in log
    assert '"status":200' in log
    assert "livez" not in log
    assert len(driver.seen) == 1


def test_two_drivers_of_one_id_and_of_one_address(
    api: ApiServer, sidecar: Sidecar, nginx: Nginx
) -> None:
    first = make_driver(1, address=ADDRESS, job=JOB, created="2026-11-22T08:00:00Z")
    second = make_driver(2, address=SECOND, job=JOB, created="2026-11-22T08:00:01Z")
    heir = make_driver(3, address=SECOND, job=OTHER, created="2026-11-22T09:00:00Z")
    with drivers(ADDRESS, SECOND, port=4040):
        api.apply(second)
        wait_for(lambda: nginx.get(f"/jobs/{JOB}/").text == f"driver {SECOND}")
        api.apply(first)
        wait_for(lambda: nginx.get(f"/jobs/{JOB}/").text == f"driver {ADDRESS}")
        wait_for(lambda: sidecar.metric("duplicates") == 1)
        api.finish(first)
        wait_for(lambda: nginx.get(f"/jobs/{JOB}/").text == f"driver {SECOND}")
        api.apply(heir)  # the end of `second` was never told
        wait_for(lambda: nginx.get(f"/jobs/{OTHER}/").text == f"driver {SECOND}")
        wait_for(lambda: nginx.get(f"/jobs/{JOB}/").status == 404)
    api.delete(heir)
    api.delete(second)
