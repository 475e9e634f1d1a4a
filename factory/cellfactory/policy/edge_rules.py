"""Where networks meet: endpoints, gateways between networks, network ACLs, load balancers: P11x."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from cellfactory.policy.identity_rules import CALLERS
from cellfactory.policy.model import policy, resources
from cellfactory.policy.network_rules import network
from cellfactory.policy.statements import statements_in
from cellfactory.policy.subject import Subject, is_true

CLOSABLE = frozenset({"s3", "dynamodb", "ec2", "ecr.api", "ecr.dkr", "logs", "sts"})
"""Services of a cell whose endpoints take a policy and whose callers are known.

Source:
    https://docs.aws.amazon.com/vpc/latest/privatelink/aws-services-privatelink-support.html
"""
_DATA = ("s3", "dynamodb")  # services that a stranger could keep our data in
_ADMINISTRATION = (22, 3389)  # SSH and Remote Desktop
_RESOURCES = {"aws:resourceaccount", "aws:resourceorgid", "aws:resourceorgpaths"}


def _endpoint(**statement: Any) -> Any:
    body = {"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*", **statement}
    text = json.dumps({"Version": "2012-10-17", "Statement": [body]}, sort_keys=True)
    gateway = {"service_name": "com.amazonaws.us-east-1.s3", "vpc_endpoint_type": "Gateway"}
    return resources(aws_vpc_endpoint={"gateway-s3": {**gateway, "policy": text}})


_OURS = {"aws:PrincipalAccount": ["111122223333"], "aws:ResourceAccount": ["111122223333"]}


@policy(
    "P110",
    "Endpoints let only known accounts through",
    types="aws_vpc_endpoint",
    reason="An endpoint without a policy is a way out of a cell without egress: whoever runs a "
    "pod can copy data to a bucket of their own, with keys of their own.",
    remedy="give the endpoint a policy, or set endpoint_access: any in the cell type",
    key=("endpoint_access",),
    bad=_endpoint(),
    good=_endpoint(Condition={"StringEquals": _OURS}),
)
def open_endpoints(endpoint: Subject) -> Iterator[str]:
    """Of services whose endpoints take a policy."""
    service = str(endpoint.get("service_name")).split(".", 3)[-1]
    if endpoint.stack.expected.open_endpoints or service not in CLOSABLE:
        return
    if endpoint.get("policy") is None:
        yield f"has no policy: everybody's credentials get through to {service}"
    for statement in statements_in(endpoint.get("policy")):
        if not statement.allows or not statement.speaks_of_everybody:
            continue
        is_whole = "*" in statement.actions and "*" in statement.resources
        if is_whole and not statement.condition_keys & CALLERS:
            yield f"{statement.name} lets everybody through to everything"
        elif is_whole and service in _DATA and not statement.condition_keys & _RESOURCES:
            yield f"{statement.name} lets through to everybody's {service}"


@policy(
    "P111",
    "Nothing joins another network by itself",
    types="aws_ec2_transit_gateway aws_vpc_endpoint_service",
    reason="Who accepts by itself is joined by whoever asks, and learns of it afterwards.",
    remedy="accept each request: auto_accept_shared_attachments = disable, acceptance_required "
    "= true",
    controls=("FSBP EC2.23",),
    bad=resources(aws_ec2_transit_gateway={"hub": {"auto_accept_shared_attachments": "enable"}}),
    good=resources(aws_ec2_transit_gateway={"hub": {"auto_accept_shared_attachments": "disable"}}),
)
def joined_by_itself(found: Subject) -> Iterator[str]:
    """A transit gateway refuses unless told otherwise; a service of endpoints has to say."""
    if found.get("auto_accept_shared_attachments") == "enable":
        yield "accepts the attachments of other accounts by itself"
    if found.type == "aws_vpc_endpoint_service" and not is_true(found.get("acceptance_required")):
        yield "accepts endpoints by itself"


@policy(
    "P112",
    "No network ACL admits every address to SSH or Remote Desktop",
    types="aws_network_acl_rule aws_network_acl aws_default_network_acl",
    reason="A network ACL is what is left where a security group is wrong.",
    remedy="admit the blocks that need it, or no port of administration",
    controls=("FSBP EC2.21", "CIS AWS 5.0.0 5.2"),
    bad=resources(
        aws_network_acl_rule={
            "ssh": {
                **{"cidr_block": "0.0.0.0/0", "rule_action": "allow", "egress": False},
                **{"protocol": "tcp", "from_port": 22, "to_port": 22},
            }
        }
    ),
    good=resources(
        aws_network_acl_rule={
            "ssh": {
                **{"cidr_block": "10.0.0.0/16", "rule_action": "allow", "egress": False},
                **{"protocol": "tcp", "from_port": 22, "to_port": 22},
            }
        }
    ),
)
def administration_ports(found: Subject) -> Iterator[str]:
    """A rule of its own, or each rule inside an ACL."""
    rules = [found.body] if found.type == "aws_network_acl_rule" else found.blocks("ingress")
    for rule in rules:
        action = rule.get("rule_action", rule.get("action"))
        if action != "allow" or is_true(rule.get("egress")):
            continue
        block = network(rule.get("cidr_block")) or network(rule.get("ipv6_cidr_block"))
        if block is None or block.prefixlen:
            continue
        for port in _ADMINISTRATION:
            if _holds(rule.get("from_port"), rule.get("to_port"), port):
                yield f"admits {block} to port {port}"


def _holds(first: object, last: object, port: int) -> bool:
    try:
        low, high = int(str(first)), int(str(last))
    except ValueError:
        return first is None and last is None
    return (low == high == 0) or low <= port <= high


@policy(
    "P113",
    "What faces beyond its network speaks TLS",
    types="aws_lb_listener",
    reason="Plain HTTP on a load balancer of an application shows sessions to whoever listens.",
    remedy="use HTTPS or TLS, or redirect; a network load balancer may pass TCP on",
    bad=resources(
        aws_lb_listener={
            "web": {"port": 80, "protocol": "HTTP", "default_action": {"type": "forward"}}
        }
    ),
    good=resources(
        aws_lb_listener={
            "web": {"port": 80, "protocol": "HTTP", "default_action": {"type": "redirect"}}
        }
    ),
)
def plain_http(listener: Subject) -> Iterator[str]:
    """TCP says nothing of what it carries."""
    actions = [action.get("type") for action in listener.blocks("default_action")]
    if listener.get("protocol") == "HTTP" and actions != ["redirect"]:
        yield "forwards plain HTTP"


@policy(
    "P120",
    "IPv6 leaves a cell by an egress-only gateway alone",
    types="aws_route",
    reason="IPv6 addresses of nodes and pods are known everywhere. An internet gateway lets "
    "everybody to them that a rule admits, and a peer would reach pods; an egress-only gateway "
    "lets nobody in.",
    remedy="route ::/0 to an aws_egress_only_internet_gateway, and no IPv6 block elsewhere",
    bad=resources(
        aws_route={"out": {"destination_ipv6_cidr_block": "::/0", "gateway_id": "igw-0a"}}
    ),
    good=resources(
        aws_route={
            "out": {"destination_ipv6_cidr_block": "::/0", "egress_only_gateway_id": "eigw-0a"}
        }
    ),
)
def ipv6_to_others(route: Subject) -> Iterator[str]:
    """Any IPv6 route that is none of an egress-only gateway: pods have addresses beside nodes."""
    if route.has("destination_ipv6_cidr_block") and not route.has("egress_only_gateway_id"):
        yield f"routes {route.get('destination_ipv6_cidr_block')} to what may also let in"


RULES = (open_endpoints, joined_by_itself, administration_ports, plain_http, ipv6_to_others)
