"""What botocore knows of AWS, read once for all the tests of a process that ask."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import pytest
from botocore.loaders import JSONFileLoader
from botocore.session import Session

_load_file = JSONFileLoader.load_file


@cache
def model_of(service: str) -> Any:
    """Give the description of a service: its operations, and what each takes."""
    return Session().get_service_model(service)


@contextmanager
def models_read_once() -> Iterator[None]:
    """Have every session take its descriptions from what this process has read before."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(JSONFileLoader, "load_file", lambda _, path: _loaded(path))
        yield


@cache
def _loaded(path: str) -> Any:
    return _load_file(JSONFileLoader(), path)
