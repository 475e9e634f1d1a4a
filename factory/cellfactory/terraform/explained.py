"""Parts of a resource that are resources of their own: which of them none of ours accounts for.

A security group shows its rules, a route table its routes and a role its policies, whoever made
them. Ours are resources of their own, in any stack of the cell; what is left somebody has added.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

Values = Mapping[str, Any]
"""Attributes of a resource, as its provider calls them."""

Resources = Mapping[str, Iterable[Values]]
"""All resources of a cell, by type."""

Item = tuple[Any, ...]
"""One rule, route or policy, in a form in which it can be compared."""

_Listed = Callable[[Values], Iterator[Item]]
_Made = Callable[[Values, Resources], Iterator[Item]]

_TARGETS = (
    "carrier_gateway_id",
    "core_network_arn",
    "egress_only_gateway_id",
    "gateway_id",
    "local_gateway_id",
    "nat_gateway_id",
    "network_interface_id",
    "transit_gateway_id",
    "vpc_endpoint_id",
    "vpc_peering_connection_id",
)
"""What a route may lead to; the same names in a table and in a route of its own."""

_SOURCES = (
    ("cidr_blocks", "cidr_ipv4"),
    ("ipv6_cidr_blocks", "cidr_ipv6"),
    ("prefix_list_ids", "prefix_list_id"),
    ("security_groups", "referenced_security_group_id"),
)
"""What a rule lets through: as a group lists it, and as a rule of its own names it."""


def strange_items(kind: str, attribute: str, values: Values, resources: Resources) -> list[str]:
    """List the items of an attribute that no resource of ours is, in words.

    Args:
        kind: type of the resource.
        attribute: whose items are held against resources.
        values: of the resource, as AWS has it now.
        resources: all that the cell is made of.
    """
    listed, made = _READERS[kind, attribute]
    ours = set(made(values, resources))
    found = dict.fromkeys(item for item in listed(values) if item not in ours)
    return [_words(kind, item) for item in found]


def _routes(values: Values) -> Iterator[Item]:
    for route in values.get("route") or ():
        where = route.get("cidr_block") or route.get("destination_prefix_list_id")
        if _target(route) != ("gateway_id", "local"):
            yield (where or route.get("ipv6_cidr_block"), *_target(route))


def _own_routes(values: Values, resources: Resources) -> Iterator[Item]:
    for route in resources.get("aws_route", ()):
        if route.get("route_table_id") == values.get("id"):
            where = route.get("destination_cidr_block") or route.get("destination_prefix_list_id")
            yield (where or route.get("destination_ipv6_cidr_block"), *_target(route))


def _target(route: Values) -> tuple[str, str]:
    return next(((name, route[name]) for name in _TARGETS if route.get(name)), ("", ""))


def _rules(attribute: str) -> Callable[[Values], Iterator[Item]]:
    def listed(values: Values) -> Iterator[Item]:
        for rule in values.get(attribute) or ():
            ports = _ports(rule.get("protocol"), rule)
            for plural, _ in _SOURCES:
                yield from ((attribute, *ports, source) for source in rule.get(plural) or ())
            if rule.get("self"):
                yield (attribute, *ports, values.get("id"))

    return listed


def _own_rules(attribute: str) -> Callable[[Values, Resources], Iterator[Item]]:
    def made(values: Values, resources: Resources) -> Iterator[Item]:
        for rule in resources.get(f"aws_vpc_security_group_{attribute}_rule", ()):
            if rule.get("security_group_id") == values.get("id"):
                source = next((rule[name] for _, name in _SOURCES if rule.get(name)), None)
                yield (attribute, *_ports(rule.get("ip_protocol"), rule), source)

    return made


def _ports(protocol: Any, rule: Values) -> Item:
    """Protocol and ports; a rule for every protocol has none, which is told in several ways."""
    if protocol in (None, "-1", "all"):
        return ("-1", None, None)
    return (protocol, rule.get("from_port"), rule.get("to_port"))


def _attached(values: Values) -> Iterator[Item]:
    yield from ((arn,) for arn in values.get("managed_policy_arns") or ())


def _own_attached(values: Values, resources: Resources) -> Iterator[Item]:
    for one in resources.get("aws_iam_role_policy_attachment", ()):
        if one.get("role") == values.get("name"):
            yield (one.get("policy_arn"),)


def _inline(values: Values) -> Iterator[Item]:
    yield from ((one.get("name"),) for one in values.get("inline_policy") or () if one.get("name"))


def _own_inline(values: Values, resources: Resources) -> Iterator[Item]:
    for one in resources.get("aws_iam_role_policy", ()):
        if one.get("role") == values.get("name"):
            yield (one.get("name"),)


def _whole(attribute: str) -> Callable[[Values], Iterator[Item]]:
    """An attribute that is one thing, whatever it holds."""

    def listed(values: Values) -> Iterator[Item]:
        if values.get(attribute):
            yield (f"{attribute} of the bucket",)

    return listed


def _own_whole(kind: str, attribute: str) -> Callable[[Values, Resources], Iterator[Item]]:
    def made(values: Values, resources: Resources) -> Iterator[Item]:
        if any(one.get("bucket") == values.get("id") for one in resources.get(kind, ())):
            yield (f"{attribute} of the bucket",)

    return made


def _bucket(attribute: str, kind: str) -> tuple[_Listed, _Made]:
    return _whole(attribute), _own_whole(kind, attribute)


_READERS: Mapping[tuple[str, str], tuple[_Listed, _Made]] = {
    ("aws_route_table", "route"): (_routes, _own_routes),
    ("aws_default_route_table", "route"): (_routes, _own_routes),
    ("aws_security_group", "ingress"): (_rules("ingress"), _own_rules("ingress")),
    ("aws_security_group", "egress"): (_rules("egress"), _own_rules("egress")),
    ("aws_iam_role", "managed_policy_arns"): (_attached, _own_attached),
    ("aws_iam_role", "inline_policy"): (_inline, _own_inline),
    ("aws_s3_bucket", "policy"): _bucket("policy", "aws_s3_bucket_policy"),
    ("aws_s3_bucket", "lifecycle_rule"): _bucket(
        "lifecycle_rule", "aws_s3_bucket_lifecycle_configuration"
    ),
    ("aws_s3_bucket", "server_side_encryption_configuration"): _bucket(
        "server_side_encryption_configuration",
        "aws_s3_bucket_server_side_encryption_configuration",
    ),
}


def _words(kind: str, item: Item) -> str:
    """Say of a rule, a route or a policy what it is.

    >>> _words("aws_security_group", ("ingress", "tcp", 22, 22, "10.0.0.0/8"))
    'tcp 22 from 10.0.0.0/8'
    >>> _words("aws_route_table", ("0.0.0.0/0", "gateway_id", "igw-1"))
    '0.0.0.0/0 to igw-1'
    """
    if kind == "aws_security_group":
        way, protocol, low, high, source = item
        ports = "" if low is None else f" {low}" if low == high else f" {low}-{high}"
        name = "all traffic" if protocol == "-1" else f"{protocol}{ports}"
        return f"{name} {'from' if way == 'ingress' else 'to'} {source}"
    if kind in ("aws_route_table", "aws_default_route_table"):
        where, _, target = item
        return f"{where} to {target}" if target else str(where)
    return str(item[0])
