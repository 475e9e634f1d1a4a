"""One job and one client leave the gateway to the others, with the values that the chart has.

GATEWAY_LONG=1 opens as many connections as one host can; `python -m benchmarks.gateway_load` tells
what they take.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.gateway import load
from tests.gateway.rig import Nginx, render_chart

pytestmark = pytest.mark.gateway_nginx

LONG = bool(os.environ.get("GATEWAY_LONG"))
FINE = {"other job": 200, "balancer": 200, "livez": 200, "readyz": 200}
ATTACKS = [
    load.Attack("slow readers of one job", 1000 if LONG else 150, load.ask_for(load.BIG[:1])),
    load.Attack("a silent driver", 4200 if LONG else 400, load.ask_for(load.SILENT[:1])),
    load.Attack("slow askers", 4200 if LONG else 400, load.begin_to_ask(0)),
    load.Attack("slow askers of much", 4200 if LONG else 400, load.begin_to_ask(64)),
    load.Attack("idle", 9000 if LONG else 400, lambda _: b""),
]
BY_MANY_JOBS = [
    load.Attack("slow readers of ten jobs", 1000 if LONG else 300, load.ask_for(load.BIG)),
    load.Attack("ten silent drivers", 4200 if LONG else 400, load.ask_for(load.SILENT)),
]


@pytest.fixture(scope="module")
def drivers(nginx_binary: Path) -> Iterator[Path]:
    """All drivers, and room for the sockets."""
    if not load.allow_many_files(load.MOST_FILES if LONG else 1000):
        pytest.skip("the machine lets a process have too few files")
    with load.serve_drivers():
        yield nginx_binary


@pytest.fixture(scope="module")
def server(drivers: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nginx]:
    """An NGINX with the chart's own values."""
    with Nginx(tmp_path_factory.mktemp("load"), drivers) as process:
        load.write_routes(process)
        process.start()
        yield process


def memory_limit() -> int:
    deployment = yaml.safe_load(render_chart()["deployment.yaml"])
    nginx = deployment["spec"]["template"]["spec"]["containers"][0]
    return int(nginx["resources"]["limits"]["memory"].removesuffix("Mi"))


@pytest.mark.parametrize("what", ATTACKS, ids=lambda what: what.name)
def test_one_client_and_one_job_leave_room(server: Nginx, what: load.Attack) -> None:
    """All of them come from the very address that looks around."""
    with load.attack(server, what) as held:
        assert held == what.number
        assert load.look_around(server) == FINE
        assert load.proportional_mebibytes(server) < memory_limit() * 0.8
    assert "exited on signal" not in server.log.read_text()


@pytest.mark.parametrize("what", BY_MANY_JOBS, ids=lambda what: what.name)
def test_one_client_of_many_jobs_leaves_room_for_other_clients(
    server: Nginx, what: load.Attack
) -> None:
    elsewhere = load.Attack(what.name, what.number, what.ask, lambda _: "127.0.2.1")
    with load.attack(server, elsewhere):
        assert load.look_around(server) == FINE
        assert load.proportional_mebibytes(server) < memory_limit() * 0.5
    assert "exited on signal" not in server.log.read_text()


def test_a_login_in_front_says_for_whom_it_asks(drivers: Path, tmp_path: Path) -> None:
    """All of its requests come from one address; each user has a limit of his own all the same."""
    values = {"nginx": {"trustedProxies": ["127.0.0.0/8"], "mostConnectionsPerClient": 6}}

    def ask(number: int) -> bytes:
        asked = load.ask_for(load.SILENT)(number)
        return asked.replace(b"\r\n\r\n", b"\r\nX-Forwarded-For: 10.1.2.3\r\n\r\n")

    with Nginx(tmp_path, drivers, values) as server:
        load.write_routes(server)
        server.start()
        with load.attack(server, load.Attack("one user", 20, ask)):
            for user, status in (("10.1.2.3", 429), ("10.1.2.4", 200)):
                ends = time.monotonic() + 10  # until all of the attack has come in
                found = 0
                while found != status and time.monotonic() < ends:
                    answer = server.get(f"/jobs/{load.GOOD}/", headers={"X-Forwarded-For": user})
                    found = answer.status
                assert found == status
        assert '"client":"10.1.2.3"' in server.access_log.read_text()
