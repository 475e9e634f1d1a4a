"""What every test stands on: an empty environment, no network, and two options.

The environment is set once, before anything is collected, so that doctests, fixtures of any
scope and child processes see the same: no credentials, no Terraform settings, no colours, a home
of their own. Nothing but loopback can be reached from the test process.
"""

from __future__ import annotations

import gc
import ipaddress
import os
import socket
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

ROOT = Path(__file__).resolve().parent.parent

# What a person's shell may hold that would change what a test sees.
CLEARED_PREFIXES = (
    *("AWS_", "GITHUB_", "GIT_", "JSII_", "LC_", "NODE_", "PYTHON", "TF_", "XDG_"),
    *("CI", "CLICOLOR", "FORCE_COLOR", "LINES"),
)
KEPT_NAMES = ("TF_PLUGIN_MIRROR",)
SET = {
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "CELLFACTORY_CDK": "checked",  # the bindings check every argument; users skip that
    "CHECKPOINT_DISABLE": "1",  # Terraform asks nobody for its newest version
    "COLUMNS": "100",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_SYSTEM": os.devnull,
    "LC_ALL": "C.UTF-8",
    "NO_COLOR": "1",
    "TERM": "dumb",
    "TZ": "UTC",
}

# Same examples on every run and no deadline: a busy machine is not a bug.
# `--hypothesis-profile explore` looks further.
settings.register_profile("steady", deadline=None, derandomize=True, database=None)
settings.register_profile("explore", deadline=None, max_examples=2000)
settings.load_profile("steady")


class OutsideWorldError(AssertionError):
    """A test tried to reach something that is not on this machine."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Offer the one way in which expected outputs are rewritten."""
    parser.addoption(
        "--update-cases",
        action="store_true",
        help="rewrite expected outputs with what is seen now; read the diff before you commit it",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Empty the environment and close the way out, before anything is imported."""
    for name in list(os.environ):
        if name.startswith(CLEARED_PREFIXES) and name not in KEPT_NAMES:
            del os.environ[name]
    os.environ.update(SET, HOME=str(_home(config)))
    _close_the_way_out()


def pytest_collection_finish() -> None:
    """Look for garbage in what tests make alone: what is imported and collected by now stays."""
    gc.collect()
    gc.freeze()


def pytest_ignore_collect(collection_path: Path) -> bool | None:
    """Look for doctests in `factory` only: what tests are made of may be a program of its own."""
    is_part = collection_path.suffix == ".py" and not collection_path.name.startswith("test_")
    return True if is_part else None


def _home(config: pytest.Config) -> Path:
    """Give a home that lasts from run to run, because caches below it take seconds to fill."""
    home = config.rootpath / ".pytest_cache" / "home"
    home.mkdir(parents=True, exist_ok=True)
    return home


def _close_the_way_out() -> None:
    connect, connect_ex = socket.socket.connect, socket.socket.connect_ex

    def guarded_connect(self: socket.socket, address: Any) -> None:
        _require_loopback(self, address)
        connect(self, address)

    def guarded_connect_ex(self: socket.socket, address: Any) -> int:
        _require_loopback(self, address)
        return connect_ex(self, address)

    socket.socket.connect = guarded_connect  # type: ignore[assignment, method-assign]
    socket.socket.connect_ex = guarded_connect_ex  # type: ignore[assignment, method-assign]


def _require_loopback(sock: socket.socket, address: Any) -> None:
    if sock.family not in (socket.AF_INET, socket.AF_INET6):
        return
    host = str(address[0])
    try:
        is_loopback = host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        is_loopback = False
    if not is_loopback:
        msg = f"tests stay on this machine, but this one connects to {address!r}"
        raise OutsideWorldError(msg)


@pytest.fixture(scope="session")
def project_root() -> Path:
    """Give the folder that holds `pyproject.toml`, wherever pytest was started."""
    return ROOT


@pytest.fixture(scope="session")
def terraform_mirror() -> Path:
    """Give the root of a Terraform filesystem mirror that holds the AWS provider.

    A test that needs the provider asks for this, and is skipped where there is none: tests
    download nothing.
    """
    named = os.environ.get("TF_PLUGIN_MIRROR", "")
    if not named:
        pytest.skip("TF_PLUGIN_MIRROR names no Terraform filesystem mirror")
    mirror = Path(named)
    if not (mirror / "registry.terraform.io" / "hashicorp" / "aws").is_dir():
        pytest.skip(f"TF_PLUGIN_MIRROR={named} does not hold the AWS provider")
    return mirror
