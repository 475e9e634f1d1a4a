"""Labels and taints against what EC2 and EKS take of them."""

from __future__ import annotations

from collections.abc import Iterator

from cellfactory.errors import Finding, KeyPath
from cellfactory.facts.schema import Facts
from cellfactory.inventory.node_config import label_flag, render_node_config, taint_flag
from cellfactory.inventory.schema import Inventory, NodeGroup
from cellfactory.inventory.unreadable import as_far_as_readable, peek, readable

_IPV6_SERVICES = "fdff:ffff:ffff::/108"  # stands in for the block that EKS chooses; as long


def check_user_data(inventory: Inventory, facts: Facts) -> Iterator[Finding]:
    """Yield node groups with more labels or taints than a node can be told.

    Rules:
        F129: user data beyond EC2's limit, or labels and taints beyond those of EKS.
    """
    yield from _check_cell_types(inventory, facts)


@as_far_as_readable
def _check_cell_types(inventory: Inventory, facts: Facts) -> Iterator[Finding]:
    for name, cell_type in inventory.cell_types.items():
        named = (peek(inventory, "cells") or {}).items()
        cells = [cell for cell, made in named if peek(made, "type") == name]
        for pool, group in (peek(cell_type, "node_groups") or {}).items():
            path = ("cell_types", name, "node_groups", pool)
            yield from _check_labels(group, facts, (*path, "labels"))
            yield from _check_taints(group, facts, path)
            if cells:  # the one with the longest name has the longest user data
                yield from _check_bytes(inventory, max(cells, key=len), pool, facts, path)


@as_far_as_readable
def _check_labels(group: NodeGroup, facts: Facts, path: KeyPath) -> Iterator[Finding]:
    longest = round(facts.parameter("label-key-characters"))
    hint = _see(facts, "label-key-characters")
    for key, value in group.labels.items():
        if len(key) > longest:
            message = (
                f"EKS takes {longest} characters of a label's key, with its domain, "
                f"not {len(key):,}"
            )
            yield Finding(
                rule="F129", path=(*path, key), message=message, hint=f"shorten it; {hint}"
            )
        if not value:
            message = f"EKS takes no empty value of a label, as that of {key!r}"
            yield Finding(rule="F129", path=(*path, key), message=message, hint=hint)


@as_far_as_readable
def _check_taints(group: NodeGroup, facts: Facts, path: KeyPath) -> Iterator[Finding]:
    most = round(facts.parameter("taints-per-node-group"))
    if len(group.taints) > most:
        yield Finding(
            rule="F129",
            path=(*path, "taints"),
            message=f"EKS takes {most} taints of a node group, not {len(group.taints):,}",
            hint=f"remove {len(group.taints) - most:,}; {_see(facts, 'taints-per-node-group')}",
        )
    longest = round(facts.parameter("taint-key-characters"))
    for index, taint in readable(group.taints):
        length = len(peek(taint, "key") or "")
        if length > longest:
            yield Finding(
                rule="F129",
                path=(*path, "taints", index, "key"),
                message=f"EKS takes {longest} characters of a taint's key, with its domain, "
                f"not {length:,}",
                hint=f"shorten it; {_see(facts, 'taint-key-characters')}",
            )


@as_far_as_readable
def _check_bytes(
    inventory: Inventory, cell: str, pool: str, facts: Facts, path: KeyPath
) -> Iterator[Finding]:
    cell_type = inventory.type_of(cell)
    group = cell_type.node_groups[pool]
    endpoint = "." * round(facts.parameter("cluster-endpoint-bytes"))
    certificate = "." * round(facts.parameter("cluster-certificate-bytes"))
    text = render_node_config(
        cell,
        cell_type,
        group,
        facts,
        endpoint=endpoint,
        certificate=certificate,
        services=None if cell_type.ip_family == "ipv4" else _IPV6_SERVICES,
    )
    size, most = len(text.encode()), round(facts.parameter("user-data-bytes"))
    if size <= most:
        return
    labels, taints = len(label_flag(group)), len(taint_flag(group))
    yield Finding(
        rule="F129",
        path=(*path, "labels" if labels >= taints else "taints"),
        message=f"the nodes of group {pool!r} in cell {cell!r} have {size:,} bytes of user data; "
        f"EC2 takes {most:,} ({size / most:.0%})",
        hint=f"remove {size - most:,} bytes: {len(group.labels):,} labels take {labels:,}, "
        f"{len(group.taints):,} taints {taints:,}\n"
        f"{len(endpoint) + len(certificate):,} bytes are kept for the endpoint and certificate "
        f"of the cluster; {_see(facts, 'user-data-bytes')}",
    )


def _see(facts: Facts, parameter: str) -> str:
    return f"see {facts.parameters[parameter].source}"
