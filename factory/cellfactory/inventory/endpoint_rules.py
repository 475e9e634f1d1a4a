"""What stands under `endpoints`, against the services that AWS is known to have."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from cellfactory.errors import Finding, KeyPath
from cellfactory.facts.catalogues import EndpointCatalogue, EndpointKind
from cellfactory.facts.schema import Facts
from cellfactory.inventory.endpoints import ALWAYS
from cellfactory.inventory.nearest import suggest
from cellfactory.inventory.schema import CellType, Inventory
from cellfactory.inventory.unreadable import as_far_as_readable, peek, readable


def check_endpoints(inventory: Inventory, facts: Facts) -> Iterator[Finding]:
    """Yield endpoints that AWS would refuse, or that nobody could use.

    Rules:
        F134: a service that is not known, as AWS adds some every month, or that has no private
            names (warnings).
        F135: a service whose gateway endpoint every cell has.
        F136: a service without an endpoint in a zone of the cell.
        F155: a service without private names (a warning).
    """
    yield from _check_cell_types(inventory, facts)


@as_far_as_readable
def _check_cell_types(inventory: Inventory, facts: Facts) -> Iterator[Finding]:
    for name, cell_type in inventory.cell_types.items():
        for index, service in readable(peek(cell_type, "endpoints") or ()):
            path: KeyPath = ("cell_types", name, "endpoints", index)
            yield from _check_service(service, facts.endpoint_services, cell_type, path)


def _check_service(
    service: str, catalogue: EndpointCatalogue, cell_type: CellType, path: KeyPath
) -> Iterator[Finding]:
    kind = catalogue.kinds.get(service)
    if kind is None:
        yield Finding(
            rule="F134",
            path=path,
            message=f"{service!r} is not an endpoint service known as of {catalogue.checked}"
            f"{suggest(service, _by_likeness(service, catalogue.kinds))}",
            hint="if AWS does not have it in the Region, the network cannot be applied; see "
            f"{catalogue.source}",
            severity="warning",
        )
    elif service == ALWAYS:
        yield Finding(
            rule="F135",
            path=path,
            message=f"every cell already reaches {service} through a gateway endpoint",
            hint="remove it: an interface endpoint would only add cost",
        )
    else:
        yield from _check_kind(kind, cell_type, path)


def _by_likeness(service: str, known: Mapping[str, EndpointKind]) -> list[str]:
    """Put names that begin alike first, for only so many are compared."""
    return sorted(known, key=lambda name: (not name.startswith(service[:2]), name))


@as_far_as_readable
def _check_kind(kind: EndpointKind, cell_type: CellType, path: KeyPath) -> Iterator[Finding]:
    if not (kind.gateway or kind.private_names):
        yield Finding(
            rule="F155",
            path=path,
            message=f"the endpoint of {kind.name} has no private names",
            hint=f"clients must use the endpoint's own DNS name; see {kind.source}",
            severity="warning",
        )
    lacking = sorted({zone for _, zone in readable(cell_type.zones)} & set(kind.zones_without))
    if lacking:
        yield Finding(
            rule="F136",
            path=path,
            message=f"{kind.name} has no endpoint in {', '.join(lacking)}",
            hint=f"cells have an endpoint in every zone: choose other zones; see {kind.source}",
        )
