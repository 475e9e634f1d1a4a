"""Cells whose pods have IPv6 addresses: what they need, and what they have no use for."""

from __future__ import annotations

from collections.abc import Iterator

from cellfactory.errors import Finding, KeyPath
from cellfactory.facts.schema import Facts
from cellfactory.inventory.schema import CellType, Inventory
from cellfactory.inventory.unreadable import as_far_as_readable, peek

RULES = {
    "F750": "`ip_family: ipv6` without a block of IPv6 addresses in the VPC.",
    "F751": "A cell type with `ip_family: ipv6` sets what only IPv4 pods have.",
    "F752": "Jobs need a Spark that supports IPv6, and the cell type names an older one or none.",
    "F753": "The Spark Operator is too old for IPv6.",
    "F754": "The IP family of an existing cluster changes, which EKS does not allow.",
}
"""What each rule says; a number is never used again for something else."""

_OF_IPV4 = {
    "prefixes_per_node": "one IPv6 prefix has an address for every pod of a node; "
    "max_pods says how many there are",
    "service_block": "EKS chooses the block of IPv6 services",
}


def check_families(inventory: Inventory, facts: Facts) -> Iterator[Finding]:
    """Yield what keeps a cell type from IPv6.

    Rules:
        F750: no block of IPv6 addresses. F751: what only IPv4 pods have. F752: no Spark that is
        known to support it. F753: an operator that does not.
    """
    yield from _check_cell_types(inventory, facts)


@as_far_as_readable
def _check_cell_types(inventory: Inventory, facts: Facts) -> Iterator[Finding]:
    for name, cell_type in inventory.cell_types.items():
        if peek(cell_type, "ip_family") == "ipv6":
            path: KeyPath = ("cell_types", name)
            yield from _check_block(cell_type, path)
            yield from _check_keys(cell_type, path)
            yield from _check_environment(cell_type, path)
            yield from _check_spark(cell_type, facts, path)
            yield from _check_operator(cell_type, facts, path)


@as_far_as_readable
def _check_block(cell_type: CellType, path: KeyPath) -> Iterator[Finding]:
    if cell_type.ipv6_block == "none":
        yield Finding(
            rule="F750",
            path=(*path, "ipv6_block"),
            message="ip_family is ipv6, but ipv6_block is none",
            hint="pods have addresses of that block: remove the key, or write `amazon`",
        )


@as_far_as_readable
def _check_keys(cell_type: CellType, path: KeyPath) -> Iterator[Finding]:
    for key, why in _OF_IPV4.items():
        if key in cell_type.model_fields_set:
            yield Finding(
                rule="F751",
                path=(*path, key),
                message=f"{key} is of no use with ip_family ipv6",
                hint=f"remove it: {why}",
            )


@as_far_as_readable
def _check_environment(cell_type: CellType, path: KeyPath) -> Iterator[Finding]:
    """Yield an environment of the operator in place of ours: a list of Helm is never merged."""
    controller = cell_type.spark.operator.values.get("controller")
    if isinstance(controller, dict) and "env" in controller:
        yield Finding(
            rule="F751",
            path=(*path, "spark", "operator", "values", "controller", "env"),
            message="the Helm value controller.env is not free with ip_family ipv6",
            hint="remove it: it tells submissions to use IPv6; controller.envFrom is free",
        )


@as_far_as_readable
def _check_spark(cell_type: CellType, facts: Facts, path: KeyPath) -> Iterator[Finding]:
    needed, oldest = f"{facts.parameter('spark-ipv6-since'):g}", cell_type.load.oldest_spark
    if oldest is not None and version(oldest) >= version(needed):
        return
    where = (*path, "load", "oldest_spark") if oldest else (*path, "ip_family")
    told = f"jobs run on Spark {oldest}" if oldest else "load.oldest_spark is not set"
    yield Finding(
        rule="F752",
        path=where,
        message=f"ip_family ipv6 needs Spark {needed} or later, and {told}",
        hint="move every job to a later Spark first, and write the oldest one under "
        f"`load: {{oldest_spark: ...}}`; see {facts.parameters['spark-ipv6-since'].source}",
    )


@as_far_as_readable
def _check_operator(cell_type: CellType, facts: Facts, path: KeyPath) -> Iterator[Finding]:
    needed = f"{facts.parameter('spark-operator-ipv6-since'):g}"
    chart = cell_type.spark.operator.chart_version
    if version(chart) < version(needed):
        yield Finding(
            rule="F753",
            path=(*path, "spark", "operator", "chart_version"),
            message=f"ip_family ipv6 needs Spark Operator {needed}.0 or later, not {chart}",
            hint=f"see {facts.parameters['spark-operator-ipv6-since'].source}",
        )


def version(text: str) -> tuple[int, ...]:
    """Read the numbers of a version, so that two of them can be compared.

    >>> version("3.10") > version("3.4")
    True
    """
    return tuple(map(int, text.split(".")))
