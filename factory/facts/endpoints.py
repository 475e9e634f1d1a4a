"""Interface endpoints that a cell without egress cannot do without; the only reader of the file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from pkgutil import get_data

from factory.documents import load_data

FILE = "endpoints.yaml"


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointService:
    """An AWS service that a private cell reaches through an interface endpoint."""

    name: str  # last part of the service name, such as `ecr.api`
    reason: str
    source: str
    checked: date


@cache
def load_endpoints() -> Mapping[str, EndpointService]:
    """Read the services that ship with the package, by name; the same object each time."""
    data = get_data(__package__, FILE)
    if data is None:
        raise FileNotFoundError(FILE)
    rows = load_data(data.decode("utf-8"))
    return {name: EndpointService(name=name, **row) for name, row in rows.items()}
