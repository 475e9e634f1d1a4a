"""A cell's day in a minute: a thousand jobs at forty a second, fifty thousand routes, outages."""

from __future__ import annotations

import http.client
import os
import re
import signal
import socket
import threading
import time
from collections import Counter, deque
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.gateway.apiserver import ApiServer, Pod, make_driver
from tests.gateway.rig import NET, Nginx, Sidecar, StandInDriver, wait_for

pytestmark = pytest.mark.gateway_nginx

JOBS = 1000
JOBS_PER_SECOND = 40.0
JOB_SECONDS = 4.0
SOON = 1.0  # seconds in which a dead route has to go
MOST = 10.0  # when the machine itself stands still for a while
OUTAGE_SECONDS = float(os.environ.get("GATEWAY_OUTAGE_SECONDS", "5"))


def job_id(number: int) -> str:
    return f"spark-{number:032x}"


def address(number: int) -> str:
    return f"{NET}.{100 + number // 250}.{number % 250 + 1}"


@dataclass(slots=True)
class Churn:
    """Jobs that come, live and go; and a viewer who looks at them all the while."""

    api: ApiServer
    nginx: Nginx
    living: dict[int, StandInDriver] = field(default_factory=dict)
    ended: deque[tuple[int, float]] = field(default_factory=deque)
    known: set[int] = field(default_factory=set)
    looks: Counter[int] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)
    late: list[float] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)
    over: threading.Event = field(default_factory=threading.Event)

    def run_jobs(self) -> None:
        """Start jobs on time; end each when its time is over."""
        begun, ends = time.monotonic(), deque[tuple[float, int, Pod]]()
        started = 0
        while started < JOBS or ends:
            now = time.monotonic()
            if started < JOBS and now - begun >= started / JOBS_PER_SECOND:
                pod = make_driver(started, address=address(started), job=job_id(started))
                driver = StandInDriver(address(started), 4040)
                driver.start()
                with self.lock:
                    self.living[started] = driver
                self.api.apply(pod)
                ends.append((now + JOB_SECONDS, started, pod))
                started += 1
            elif ends and now >= ends[0][0]:
                self._end(*ends.popleft()[1:])
            else:
                time.sleep(0.002)

    def _end(self, number: int, pod: Pod) -> None:
        """A pod is told to stop first and dies later, as Kubernetes does it."""
        with self.lock:
            driver = self.living.pop(number)
            self.known.discard(number)
        pod["metadata"]["deletionTimestamp"] = "2026-11-22T09:00:00Z"
        self.api.apply(pod)
        self.ended.append((number, time.monotonic()))
        threading.Timer(SOON, driver.stop).start()
        self.api.delete(pod)

    def watch_living(self) -> None:
        """Ask every living job again and again; once seen, it must never fail."""
        connection = http.client.HTTPConnection("127.0.0.1", self.nginx.port, timeout=10)
        while not self.over.is_set():
            with self.lock:
                numbers = list(self.living)
            for number in numbers:
                self._look(connection, number)
        connection.close()

    def _look(self, connection: http.client.HTTPConnection, number: int) -> None:
        try:
            connection.request("GET", f"/jobs/{job_id(number)}/")
            answer = connection.getresponse()
            text = answer.read().decode()
        except (OSError, http.client.HTTPException) as error:
            self.failures.append(f"{number}: {error!r}")
            connection.close()
            return
        with self.lock:
            is_living, was_known = number in self.living, number in self.known
            if answer.status == 200 and is_living:
                self.known.add(number)
        self.looks[answer.status] += 1
        if answer.status == 200 and text != f"driver {address(number)}":
            self.failures.append(f"{number}: answered by {text}")
        if is_living and was_known and answer.status != 200:
            self.failures.append(f"{number}: {answer.status}")

    def watch_dead(self) -> None:
        """Measure how long the route of an ended job lives on."""
        routes = self.nginx.directory / "routes" / "r"
        while not self.over.is_set() or self.ended:
            if not self.ended:
                time.sleep(0.002)
                continue
            number, ended = self.ended.popleft()
            while (routes / job_id(number)).exists() and time.monotonic() - ended < MOST:
                time.sleep(0.001)
            self.late.append(time.monotonic() - ended)


@pytest.mark.timeout(180)
def test_a_thousand_jobs_at_forty_a_second(api: ApiServer, sidecar: Sidecar, nginx: Nginx) -> None:
    workers = find_workers(nginx)
    churn = Churn(api, nginx)
    watchers = [
        threading.Thread(target=churn.watch_living),
        threading.Thread(target=churn.watch_dead),
    ]
    for watcher in watchers:
        watcher.start()
    try:
        churn.run_jobs()
    finally:
        churn.over.set()
        for watcher in watchers:
            watcher.join()
    assert churn.failures == []
    assert churn.looks[200] > JOBS
    assert len(churn.late) == JOBS
    assert max(churn.late) < MOST, "a dead route stayed"
    in_time = sum(late < SOON for late in churn.late)
    assert in_time >= JOBS * 0.99, f"{JOBS - in_time} dead routes stayed too long"
    assert sidecar.routes == {}
    assert api.writes == []
    assert len([path for _, path in api.requests if "watch=" not in path]) == 1
    assert len(api.requests) == 2, "one list and one watch, whatever comes and goes"
    assert find_workers(nginx) == workers, "NGINX was not reloaded"
    assert sidecar.metric("process_resident_memory_bytes") < 40e6


def find_workers(nginx: Nginx) -> set[str]:
    """Find NGINX's processes; a reload makes new workers."""
    assert nginx.child is not None
    children = Path(f"/proc/{nginx.child.pid}/task/{nginx.child.pid}/children").read_text()
    return {str(nginx.child.pid), *re.findall(r"\d+", children)}


@pytest.mark.timeout(180)
def test_fifty_thousand_routes(api: ApiServer, tmp_path: Path) -> None:
    number = 50_000
    fill(api, number)
    # 500 pods a page: the stand-in server is the slow part here, not the sidecar.
    with Sidecar(tmp_path, api, max_drivers="60000", page_pods="500") as process:
        process.start()
        process.wait_synced(120)
        assert process.metric("routes") == number
        assert process.metric("process_resident_memory_bytes") < 110e6
        api.apply(make_driver(number, address="127.78.255.250"))
        wait_for(lambda: (process.directory / "r" / job_id(number)).exists())
        assert process.metric("route_writes_total") == number + 1, "no route was written twice"
        process.end(signal.SIGKILL)
        process.start()
        process.wait_synced(120)
        assert process.metric("route_writes_total") == 0
        assert process.metric("routes") == number + 1


def fill(api: ApiServer, number: int) -> None:
    """Put many drivers into the server at once; each has an address of its own."""
    for index in range(number):
        pod = make_driver(index, address=f"127.78.{index // 250}.{index % 250 + 1}")
        pod["metadata"]["resourceVersion"] = "100"
        api._pods["spark", f"driver-{index:06d}"] = pod


@pytest.mark.timeout(OUTAGE_SECONDS + 300)
def test_five_minutes_without_the_api_are_like_five_seconds(
    api: ApiServer, sidecar: Sidecar, nginx: Nginx
) -> None:
    """Nothing counts the time of an outage, so a short one shows what a long one does.

    GATEWAY_OUTAGE_SECONDS=300 tries the long one.
    """
    driver = StandInDriver(address(1), 4040)
    driver.start()
    try:
        api.apply(make_driver(1, address=address(1), job=job_id(1)))
        wait_for(lambda: nginx.get(f"/jobs/{job_id(1)}/").status == 200)
        api.stop()
        until = time.monotonic() + OUTAGE_SECONDS
        while time.monotonic() < until:
            assert nginx.get(f"/jobs/{job_id(1)}/").status == 200
            assert nginx.get("/readyz").status == 200
            time.sleep(0.05)
        assert sidecar.metric("staleness_seconds") > OUTAGE_SECONDS - 1
        assert sidecar.metric("api_errors_total", 'kind="unanswered"') >= 3
        api.start()
        # The sidecar asks again within its longest pause, half a minute.
        wait_for(lambda: sidecar.metric("staleness_seconds") < 2, seconds=60)
    finally:
        driver.stop()


def test_many_idle_clients_of_the_status_port_cost_nothing(sidecar: Sidecar) -> None:
    clients = [socket.create_connection(("127.0.0.1", sidecar.status_port)) for _ in range(40)]
    wait_for(lambda: sidecar.child is not None and sidecar.child.poll() is None)
    threads = Path(f"/proc/{sidecar.child.pid}/task") if sidecar.child else Path()
    assert len(list(threads.iterdir())) < 20
    for client in clients:
        client.close()

    def is_synced() -> bool:
        try:
            return sidecar.metric("synced") == 1
        except ConnectionError:  # it has not heard yet that they are gone, and takes no more
            return False

    wait_for(is_synced)
