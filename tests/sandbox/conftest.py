"""One emulator for all tests of this folder; each test takes accounts of its own."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import pytest

from tests.aws_models import models_read_once
from tests.sandbox.eks_cell import Cell, make_cell
from tests.sandbox.emulators import WORLD, Emulator, start, stop


@pytest.fixture(scope="module", autouse=True)
def models() -> Iterator[None]:
    with models_read_once():
        yield


@pytest.fixture(scope="session")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    process, running = start(tmp_path_factory.mktemp("emulator"), WORLD)
    yield running
    stop(process)


@pytest.fixture(scope="session")
def _numbers() -> Iterator[int]:
    return itertools.count(700_000_000_000)


@pytest.fixture
def account(_numbers: Iterator[int]) -> str:
    """An account that nobody has touched."""
    return str(next(_numbers))


@pytest.fixture
def other_account(_numbers: Iterator[int]) -> str:
    """A second one."""
    return str(next(_numbers))


@pytest.fixture
def cell(emulator: Emulator, account: str) -> Cell:
    """A VPC in it that clusters can be made in."""
    return make_cell(emulator, account)
