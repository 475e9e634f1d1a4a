"""Who reaches a cell, and where a cell reaches: P1xx."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_network

from cellfactory.policy.model import policy, resources
from cellfactory.policy.subject import Subject, is_true, listed
from cellfactory.tree.values import Value

_VPC = {"cell": {"cidr_block": "10.128.0.0/21"}}
_OF_VPC = {"vpc_id": "${aws_vpc.cell.id}"}
_SOURCES = ("cidr_ipv4", "cidr_ipv6", "cidr_blocks", "ipv6_cidr_blocks")
_DESTINATIONS = ("destination_cidr_block", "destination_ipv6_cidr_block", "cidr_block")
WIDEST = {4: 8, 6: 7}  # prefix length of the largest private block: 10.0.0.0/8, fc00::/7


def network(value: Value) -> IPv4Network | IPv6Network | None:
    """Read a block; None for what is none, or is not known."""
    return _network(value) if isinstance(value, str) else None


@lru_cache(maxsize=1 << 12)
def _network(text: str) -> IPv4Network | IPv6Network | None:
    try:
        return ip_network(text, strict=False)
    except ValueError:
        return None


def _is_central(route: Subject) -> bool:
    return route.stack.expected.central_egress and route.has("transit_gateway_id")


def _worldwide(subject: Subject, *keys: str) -> Iterator[str]:
    """Yield each block in these attributes that is wider than any private network.

    Half of all addresses is no better than all: two halves are as many.
    """
    for key in keys:
        for value in listed(subject.get(key)):
            found = network(value)
            if found is not None and found.prefixlen < WIDEST[found.version]:
                yield str(found)


def _what(block: str) -> str:
    return "every address" if block.endswith("/0") else "wider than any private network"


@policy(
    "P101",
    "No security group admits every address",
    types="aws_vpc_security_group_ingress_rule aws_security_group_rule",
    reason="A cell is reached from its peers and hubs, whose blocks are known. 0.0.0.0/0 also "
    "admits whatever a route, a peering or a mistake adds later.",
    remedy="admit the blocks of hubs, or a security group",
    controls=("FSBP EC2.18", "CIS AWS 5.0.0 5.3", "CIS AWS 5.0.0 5.4"),
    bad=resources(
        aws_vpc_security_group_ingress_rule={
            "api": {"cidr_ipv4": "0.0.0.0/0", "ip_protocol": "tcp", "from_port": 443}
        }
    ),
    good=resources(
        aws_vpc_security_group_ingress_rule={
            "api": {"cidr_ipv4": "10.0.0.0/16", "ip_protocol": "tcp", "from_port": 443}
        }
    ),
)
def ingress_from_everywhere(rule: Subject) -> Iterator[str]:
    """Look at rules of their own; those inside a group are P102."""
    if rule.type == "aws_security_group_rule" and rule.get("type") != "ingress":
        return
    for block in _worldwide(rule, *_SOURCES):
        yield f"admits {block}, which is {_what(block)}"


@policy(
    "P102",
    "No security group keeps rules inside itself",
    types="aws_security_group",
    reason="Rules inside a group are replaced as a whole by each apply and hide from a review "
    "what was added; a group without a description tells nobody whom it serves.",
    remedy="write each rule as aws_vpc_security_group_ingress_rule or …_egress_rule",
    bad=resources(
        aws_security_group={
            "node": {"description": "Nodes", "ingress": [{"cidr_blocks": ["0.0.0.0/0"]}]}
        }
    ),
    good=resources(aws_security_group={"node": {"description": "Nodes"}}),
)
def rules_inside_a_group(group: Subject) -> Iterator[str]:
    """Any rule inside is one too many, whatever it admits."""
    for key in ("ingress", "egress"):
        if group.blocks(key):
            yield f"keeps its {key} rules inside itself"
    if not group.get("description"):
        yield "has no description"


@policy(
    "P103",
    "Only a cell with egress has a way to the internet",
    types="aws_internet_gateway aws_egress_only_internet_gateway aws_nat_gateway aws_eip aws_route",
    reason="`egress: none` promises that nothing leaves the cell but by endpoints, peers and "
    "hubs. A gateway or a default route breaks the promise for every pod.",
    remedy="set egress: nat_gateway in the cell type, or remove the gateway and its route",
    key=("egress",),
    bad=resources(aws_internet_gateway={"way-out": _OF_VPC}),
    good=resources(
        aws_route={
            "to-peer": {
                "destination_cidr_block": "10.129.0.0/21",
                "vpc_peering_connection_id": "pcx-0a",
            }
        }
    ),
)
def way_to_the_internet(found: Subject) -> Iterator[str]:
    """Gateways and addresses are a way out; of routes, those of every address."""
    if found.stack.expected.internet or _is_central(found):
        return
    if found.type != "aws_route":
        yield "is a way to the internet, and the inventory gives this cell none"
        return
    for block in _worldwide(found, *_DESTINATIONS):
        yield f"routes {block} out of the VPC, and the inventory gives this cell no egress"


@policy(
    "P104",
    "No route of every address leads to a peer",
    types="aws_route",
    reason="A peer that is the way to everywhere sees all traffic of the cell, and a default "
    "route over a peering does not even work on AWS.",
    remedy="route the blocks of the peer, and no others",
    controls=("CIS AWS 5.0.0 5.6",),
    bad=resources(
        aws_route={
            "to-peer": {
                "destination_cidr_block": "0.0.0.0/0",
                "vpc_peering_connection_id": "pcx-0a",
            }
        }
    ),
    good=resources(
        aws_route={
            "to-peer": {
                "destination_cidr_block": "10.129.0.0/21",
                "vpc_peering_connection_id": "pcx-0a",
            }
        }
    ),
)
def wide_route_to_a_peer(route: Subject) -> Iterator[str]:
    """Nothing wider than the largest private block goes to a peer; a central way out is none."""
    if _is_central(route):
        return
    if not route.has("vpc_peering_connection_id") and not route.has("transit_gateway_id"):
        return
    for key in _DESTINATIONS:
        found = network(route.get(key))
        if found is not None and found.prefixlen < (widest := WIDEST[found.version]):
            yield f"routes {found} to a peer: no peer has a block wider than /{widest}"


@policy(
    "P105",
    "Pod addresses are never routed to another network",
    types="aws_route aws_ec2_transit_gateway_route aws_vpn_connection_route",
    reason="Every cell may use the same pod blocks, because they never leave their VPC. A "
    "route to one of them leads to the wrong cell, or to two at once.",
    remedy="route the node block of the peer; its pods leave from their node's address",
    controls=("CIS AWS 5.0.0 5.6",),
    bad=resources(
        aws_route={
            "to-peer": {
                "destination_cidr_block": "100.67.0.0/17",
                "vpc_peering_connection_id": "pcx-0a",
            }
        }
    ),
    good=resources(
        aws_route={
            "to-peer": {
                "destination_cidr_block": "10.129.0.0/21",
                "vpc_peering_connection_id": "pcx-0a",
            }
        }
    ),
)
def routed_pods(route: Subject) -> Iterator[str]:
    """A destination that overlaps a pod block; a default route is P103 or P104."""
    if is_true(route.get("blackhole")):
        return  # what is dropped reaches nobody
    for key in _DESTINATIONS:
        found = network(route.get(key))
        if found is None or found.prefixlen == 0:
            continue
        for pods in map(network, route.stack.expected.pod_blocks):
            if pods is not None and found.version == pods.version and found.overlaps(pods):
                yield f"routes {found}, which holds pod addresses ({pods})"


@policy(
    "P106",
    "The default security group of a VPC admits nothing",
    types="aws_vpc aws_default_security_group",
    reason="AWS puts whatever names no group into the default one, whose members reach each "
    "other and everything outside.",
    remedy="add aws_default_security_group without rules",
    controls=("FSBP EC2.2", "CIS AWS 5.0.0 5.5"),
    bad=resources(aws_vpc=_VPC),
    good=resources(aws_vpc=_VPC, aws_default_security_group={"default": _OF_VPC}),
)
def default_security_group(found: Subject) -> Iterator[str]:
    """A VPC has one of ours, and ours has no rules."""
    if found.type == "aws_vpc":
        if not found.stack.attached(found, "aws_default_security_group", "vpc_id"):
            yield "its default security group is as AWS makes it: open to its members"
    elif found.blocks("ingress") or found.blocks("egress"):
        yield "the default security group has rules"


@policy(
    "P107",
    "The main route table of a VPC leads nowhere",
    types="aws_vpc aws_default_route_table",
    reason="A subnet that names no route table uses the main one; a route there is a way that "
    "nobody reviewed for it.",
    remedy="add aws_default_route_table with route: []",
    bad=resources(aws_vpc=_VPC),
    good=resources(
        aws_vpc=_VPC,
        aws_default_route_table={
            "main": {"default_route_table_id": "${aws_vpc.cell.default_route_table_id}"}
        },
    ),
)
def main_route_table(found: Subject) -> Iterator[str]:
    """A VPC has one of ours, and ours has no routes."""
    if found.type == "aws_vpc":
        key = "default_route_table_id"
        if not found.stack.attached(found, "aws_default_route_table", key):
            yield "its main route table is not ours to keep empty"
    elif found.blocks("route"):
        yield "the main route table has routes"


@policy(
    "P108",
    "Every VPC has flow logs",
    types="aws_vpc",
    reason="Without them nobody can tell afterwards who spoke to whom, or what was refused.",
    remedy="add aws_flow_log for the VPC",
    controls=("FSBP EC2.6", "CIS AWS 5.0.0 3.7"),
    bad=resources(aws_vpc=_VPC),
    good=resources(
        aws_vpc=_VPC,
        aws_flow_log={"flow-log": {**_OF_VPC, "traffic_type": "REJECT"}},
    ),
)
def flow_logs(vpc: Subject) -> Iterator[str]:
    """REJECT is enough for the control."""
    if not vpc.stack.attached(vpc, "aws_flow_log", "vpc_id"):
        yield "has no flow log"


@policy(
    "P109",
    "Nothing of a cell has a public address",
    types="aws_subnet aws_launch_template aws_lb aws_instance",
    reason="A node or load balancer with a public address can be reached from the internet as "
    "soon as one route or rule is wrong.",
    remedy="set map_public_ip_on_launch and associate_public_ip_address to false, internal to true",
    controls=("FSBP EC2.15", "FSBP EC2.25", "CIS EKS 1.8.0 5.4.3"),
    bad=resources(aws_lb={"ingress": {"load_balancer_type": "network", "internal": False}}),
    good=resources(aws_lb={"ingress": {"load_balancer_type": "network", "internal": True}}),
)
def public_addresses(found: Subject) -> Iterator[str]:
    """A load balancer is public unless it says otherwise; the others only where they say so."""
    if found.type == "aws_lb" and not is_true(found.get("internal")):
        yield "faces the internet: internal is not true"
    if is_true(found.get("map_public_ip_on_launch")):
        yield "gives what starts in it a public address"
    if is_true(found.get("associate_public_ip_address")):
        yield "has a public address"
    for interface in found.blocks("network_interfaces"):
        if is_true(interface.get("associate_public_ip_address")):
            yield "gives nodes a public address"


RULES = (
    *(ingress_from_everywhere, rules_inside_a_group, way_to_the_internet, wide_route_to_a_peer),
    *(routed_pods, default_security_group, main_route_table, flow_logs, public_addresses),
)
