"""One set of processes for each module here: an API server, a sidecar, an NGINX."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.gateway.apiserver import ApiServer, make_driver
from tests.gateway.rig import (
    NET,
    Nginx,
    Sidecar,
    StandInDriver,
    drivers,
    wait_for,
)

JOB = "spark-" + "0a" * 16
ADDRESS = f"{NET}.0.1"


@pytest.fixture(scope="module")
def api() -> Iterator[ApiServer]:
    """One server for all tests here."""
    server = ApiServer()
    yield server
    server.stop()


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the sidecar and NGINX of this module meet."""
    return tmp_path_factory.mktemp("gateway")


@pytest.fixture(scope="module")
def sidecar(api: ApiServer, directory: Path) -> Iterator[Sidecar]:
    """One sidecar for all tests here."""
    with Sidecar(directory, api) as process:
        process.start()
        process.wait_synced()
        yield process


@pytest.fixture(scope="module")
def nginx(sidecar: Sidecar, nginx_binary: Path, directory: Path) -> Iterator[Nginx]:
    """One NGINX for all tests here."""
    assert sidecar.child is not None
    with Nginx(directory, nginx_binary) as process:
        process.start()
        yield process


@pytest.fixture
def driver(api: ApiServer, sidecar: Sidecar, nginx: Nginx) -> Iterator[StandInDriver]:
    """A driver with a route."""
    assert nginx.child is not None
    pod = make_driver(1, address=ADDRESS, job=JOB)
    with drivers(ADDRESS, port=4040) as (running,):
        api.apply(pod)
        wait_for(lambda: JOB in sidecar.routes)
        yield running
    api.delete(pod)
    wait_for(lambda: JOB not in sidecar.routes)
