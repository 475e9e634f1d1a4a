"""What botocore knows of AWS, read once for all the tests of a process that ask."""

from __future__ import annotations

from functools import cache
from typing import Any

from botocore.session import Session


@cache
def model_of(service: str) -> Any:
    """Give the description of a service: its operations, and what each takes."""
    return Session().get_service_model(service)
