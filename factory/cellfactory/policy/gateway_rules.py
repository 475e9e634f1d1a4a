"""What a transit gateway joins, whom it is shared with, and where it leads: P121 to P126."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from cellfactory.policy.model import policy, resources
from cellfactory.policy.network_rules import WIDEST, network
from cellfactory.policy.subject import Subject, is_true, is_unknown, listed
from cellfactory.tree.values import Expression, expressions

_GATEWAY = "aws_ec2_transit_gateway"
_ACCEPTER = f"{_GATEWAY}_vpc_attachment_accepter"
_ATTACHMENT = f"{_GATEWAY}_vpc_attachment"
_OFF = dict.fromkeys(
    ("default_route_table_association", "default_route_table_propagation"), "disable"
)
_ACCOUNT = re.compile(r"\d{12}")
_OF_SUBNETS = ("subnet_id", "subnet_ids")  # attributes that say where something lies
_OWN = ("transit", "attachment")  # how the subnets of attachments are called


def _gateway(**settings: Any) -> Any:
    return resources(**{_GATEWAY: {"mesh": settings}})


@policy(
    "P121",
    "A transit gateway joins nothing to everything by itself",
    types=f"{_GATEWAY} {_ACCEPTER} {_GATEWAY}_route_table_propagation "
    f"{_GATEWAY}_default_route_table_association {_GATEWAY}_default_route_table_propagation",
    reason="AWS associates each attachment with one route table and lets each write its blocks "
    "there: every VPC reaches every other one, and pod blocks are routed too.",
    remedy="set default_route_table_association and …_propagation to disable, to false in an "
    "accepter, and write static routes",
    bad=_gateway(auto_accept_shared_attachments="disable"),
    good=_gateway(**_OFF),
)
def joins_everything(found: Subject) -> Iterator[str]:
    """AWS and the provider do both unless they are told not to."""
    if found.type == _GATEWAY:
        for key, off in _OFF.items():
            if found.get(key) != off:
                yield f"{key} is not {off}"
    elif found.type == _ACCEPTER:
        for key in _OFF:
            name = f"transit_gateway_{key}"
            if found.get(name) not in (False, "false"):
                yield f"{name} is not false"
    else:
        yield "writes the blocks of a VPC into a route table, or takes whatever is attached"


@policy(
    "P122",
    "What is shared is shared with accounts by their ids",
    types="aws_ram_principal_association aws_ram_sharing_with_organization",
    reason="A share with an organization or a unit reaches accounts that nobody here knows, and "
    "those that join it later.",
    remedy="associate the id of each account",
    bad=resources(
        aws_ram_principal_association={
            "all": {"principal": "arn:aws:organizations::111111111111:organization/o-ab12cd34ef"}
        }
    ),
    good=resources(aws_ram_principal_association={"cell": {"principal": "444444444444"}}),
)
def shared_widely(found: Subject) -> Iterator[str]:
    """An id that only an apply knows is one: nothing else is handed on."""
    if found.type == "aws_ram_sharing_with_organization":
        yield "lets every share of the organization skip its invitation; its owner decides that"
        return
    principal = found.get("principal")
    if is_unknown(principal):
        return
    if not _ACCOUNT.fullmatch(str(principal)):
        yield f"shares with {principal}, which is no id of an account"


@policy(
    "P123",
    "Only what has members elsewhere is shared beyond its organization",
    types="aws_ram_resource_share",
    reason="A share that takes external accounts can be given to anybody's, by one more "
    "association.",
    remedy="set allow_external_principals to false",
    bad=resources(aws_ram_resource_share={"share": {"allow_external_principals": True}}),
    good=resources(aws_ram_resource_share={"share": {"allow_external_principals": False}}),
)
def shared_outside(share: Subject) -> Iterator[str]:
    """The provider leaves external accounts out unless it is told otherwise."""
    allowed = share.get("allow_external_principals")
    if allowed in (None, False, "false") or share.stack.expected.shared_outside:
        return
    yield "takes accounts of other organizations, and every member is in the gateway's own"


def _default_route(**more: Any) -> Any:
    route = {"destination_cidr_block": "0.0.0.0/0", **more}
    return resources(aws_ec2_transit_gateway_route={"default": route})


@policy(
    "P124",
    "A gateway leads everywhere only where its mesh has a way out",
    types=f"{_GATEWAY}_route",
    reason="Who is the way to everywhere sees all that cells send, and lets them out past "
    "`egress: none`.",
    remedy="route the blocks of cells and hubs, or drop what is left: blackhole = true",
    controls=("CIS AWS 5.0.0 5.6",),
    bad=_default_route(transit_gateway_attachment_id="tgw-attach-0a"),
    good=_default_route(blackhole=True),
)
def wide_route_of_a_gateway(route: Subject) -> Iterator[str]:
    """Nothing wider than the largest private block, unless it is dropped."""
    if is_true(route.get("blackhole")) or route.stack.expected.way_out:
        return
    found = network(route.get("destination_cidr_block"))
    if found is not None and found.prefixlen < (widest := WIDEST[found.version]):
        yield f"routes {found}: no cell and no hub has a block wider than /{widest}"


def _attached(*subnets: str) -> Any:
    return resources(**{_ATTACHMENT: {"cell": {"subnet_ids": list(subnets)}}})


@policy(
    "P125",
    "Attachments have subnets of their own",
    types=f"{_ATTACHMENT} aws_vpc_endpoint aws_nat_gateway aws_lb aws_eks_cluster "
    "aws_eks_node_group aws_instance aws_network_interface",
    reason="What comes over a gateway leaves it in the subnet of an attachment, under that "
    "subnet's routes. What else lies there is routed like a stranger's traffic, and takes the "
    "addresses that the attachment needs in each zone.",
    remedy="attach the subnets `transit` of a network, and put nothing else into them",
    bad=_attached('${var.node_subnet_ids["use1-az1"]}'),
    good=_attached('${var.transit_subnet_ids["use1-az1"]}'),
)
def subnets_of_attachments(found: Subject) -> Iterator[str]:
    """By the name of what is referred to; an id that is written out says nothing."""
    is_attachment = found.type == _ATTACHMENT
    blocks = [found.body, *found.blocks("vpc_config"), *found.blocks("subnet_mapping")]
    for value in (one for block in blocks for key in _OF_SUBNETS for one in listed(block.get(key))):
        own = isinstance(value, Expression) and _is_own(value)
        if is_attachment and not own:
            yield f"is attached by {value}, which is no subnet of attachments"
        elif own and not is_attachment:
            yield f"lies in {value}, which is for attachments alone"


def _is_own(value: Expression) -> bool:
    subjects = [ref.subject for each in expressions(value) for ref in each.references]
    return any(
        kind in ("var", "aws_subnet") and name.startswith(_OWN)
        for kind, _, name in (subject.partition(".") for subject in subjects)
    )


def _by_list(**target: Any) -> Any:
    return resources(aws_route={"all": {"destination_prefix_list_id": "pl-0a", **target}})


@policy(
    "P126",
    "Routes to other networks name their blocks",
    types=f"aws_route {_GATEWAY}_prefix_list_reference",
    reason="What a prefix list holds stands elsewhere and changes without a plan of this stack: "
    "neither pod blocks nor 0.0.0.0/0 would be noticed in it.",
    remedy="write a route for each block",
    bad=_by_list(transit_gateway_id="tgw-0a"),
    good=_by_list(vpc_endpoint_id="vpce-0a"),
)
def routed_lists(route: Subject) -> Iterator[str]:
    """Lists of AWS's own services, to its endpoints, are none of this."""
    to_others = route.has("transit_gateway_id") or route.has("vpc_peering_connection_id")
    if route.type == "aws_route" and not (route.has("destination_prefix_list_id") and to_others):
        return
    yield "routes whatever a prefix list holds"


RULES = (
    *(joins_everything, shared_widely, shared_outside, wide_route_of_a_gateway),
    *(subnets_of_attachments, routed_lists),
)
