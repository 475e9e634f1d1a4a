"""Endpoint services that AWS is known to have; the only reader of the file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pkgutil import get_data

from factory.documents import load_data

FILE = "endpoint_services.yaml"


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointKind:
    """What kind of endpoint a service has.

    Attributes:
        name: last part of the service name, such as `ecr.api`.
        gateway: whether it is reached through route tables; such an endpoint takes no address.
        interface: whether cells reach it through interfaces in their subnets.
        private_names: whether clients find the interfaces by the service's usual names.
        zones_without: zone ids in which it has no interface.
        note: what to know besides.
        source: the page that says so.
    """

    name: str
    gateway: bool = False
    interface: bool = True
    private_names: bool = True
    zones_without: tuple[str, ...] = ()
    note: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointCatalogue:
    """Every service that is known, and how old that knowledge is."""

    kinds: Mapping[str, EndpointKind]  # by name
    source: str
    checked: str  # a day

    def kind(self, name: str) -> EndpointKind:
        """Return the kind of a service; one that is not known is taken for a usual one."""
        return self.kinds.get(name) or EndpointKind(name=name)


@cache
def load_catalogue() -> EndpointCatalogue:
    """Read the services that ship with the package; the same object each time."""
    data = get_data(__package__, FILE)
    if data is None:
        raise FileNotFoundError(FILE)
    told = load_data(data.decode("utf-8"))
    kinds = {name: EndpointKind(name=name, source=told["source"]) for name in told["usual"]}
    for name, row in told["peculiar"].items():
        zones = tuple(row.get("zones_without", ()))
        kinds[name] = EndpointKind(name=name, **{**row, "zones_without": zones})
    return EndpointCatalogue(kinds=kinds, source=told["source"], checked=str(told["checked"]))
