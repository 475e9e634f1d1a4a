"""What is in an account and in no state: what Terraform lost when it was killed.

Every resource that a stack makes bears the name of the stack as a tag. What bears one, and is in
none of the states, is an orphan: no `plan` shows it and no `destroy` removes it.

Source:
    https://docs.aws.amazon.com/resourcegroupstagging/latest/APIReference/API_GetResources.html
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import reduce
from typing import Any

from cellfactory.credentials import Session, asking_aws
from cellfactory.errors import Finding, TerraformError
from cellfactory.naming import TAG_STACK

NOT_OURS = ("instance/", "volume/", "network-interface/")
"""What EC2 makes out of a launch template, with its tags; no stack of ours makes one itself."""


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Orphan:
    """A resource that bears the tag of a stack, and is in no state."""

    stack: str  # the value of the tag
    arn: str
    account: str
    region: str


def held_by(text: str, place: str) -> frozenset[str]:
    """Read out of a state what AWS calls the resources in it: ARNs and ids.

    Args:
        text: the state, as Terraform keeps it.
        place: where it lies, for the message.

    Raises:
        TerraformError: when it is no state (F652).
    """
    try:
        resources = json.loads(text)["resources"]
        instances = [one for resource in resources for one in resource.get("instances", ())]
        return frozenset(n for one in instances for n in _names(one.get("attributes") or {}))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        message = f"{place} is not a state: {type(error).__name__}: {error}"
        raise TerraformError(Finding(rule="F652", message=message)) from error


def tagged(session: Session, account: str, region: str) -> Iterator[Orphan]:
    """Ask AWS for everything in an account and Region that bears the tag of a stack.

    Raises:
        TerraformError: when it cannot be asked (F652).
    """
    with asking_aws("F652", f"account {account} in {region} cannot be asked for what is tagged"):
        client = session.client("resourcegroupstaggingapi", region_name=region)
        pages = client.get_paginator("get_resources").paginate(TagFilters=[{"Key": TAG_STACK}])
        rows = [row for page in pages for row in page["ResourceTagMappingList"]]
        ended = _ended(session, region, [row["ResourceARN"] for row in rows])
        found = [(row["ResourceARN"], {t["Key"]: t["Value"] for t in row["Tags"]}) for row in rows]
    for arn, tags in found:
        if arn not in ended and not arn.partition("/")[0].endswith(
            tuple(f":{kind[:-1]}" for kind in NOT_OURS)
        ):
            yield Orphan(stack=tags[TAG_STACK], arn=arn, account=account, region=region)


_KEY = ":key/"
_GOING = frozenset({"PendingDeletion", "PendingReplicaDeletion"})
"""States of a key that waits for its day; nobody can use it, and nothing is to be done about it."""

ENDED = frozenset({"deleted", "deleting", "expired", "failed", "failing", "rejected", "rejecting"})
"""States of what is gone, which AWS shows for some hours more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Stays:
    """A kind of thing that AWS goes on telling of when it is gone: how to ask for its state."""

    service: str
    operation: str
    rows: str
    id: str  # the key of what ends its ARN, or of the ARN
    state: tuple[str, ...]  # the path
    ask: tuple[tuple[str, str], ...] = ()  # parameters


_STAYING = {  # by what their ARNs hold
    # source: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeTransitGateways.html
    ":vpc-peering-connection/": _Stays(
        service="ec2",
        operation="describe_vpc_peering_connections",
        rows="VpcPeeringConnections",
        id="VpcPeeringConnectionId",
        state=("Status", "Code"),
    ),
    ":natgateway/": _Stays(
        service="ec2",
        operation="describe_nat_gateways",
        rows="NatGateways",
        id="NatGatewayId",
        state=("State",),
    ),
    ":transit-gateway/": _Stays(
        service="ec2",
        operation="describe_transit_gateways",
        rows="TransitGateways",
        id="TransitGatewayId",
        state=("State",),
    ),
    ":transit-gateway-attachment/": _Stays(
        service="ec2",
        operation="describe_transit_gateway_attachments",
        rows="TransitGatewayAttachments",
        id="TransitGatewayAttachmentId",
        state=("State",),
    ),
    ":transit-gateway-route-table/": _Stays(
        service="ec2",
        operation="describe_transit_gateway_route_tables",
        rows="TransitGatewayRouteTables",
        id="TransitGatewayRouteTableId",
        state=("State",),
    ),
    # source: https://docs.aws.amazon.com/ram/latest/APIReference/API_GetResourceShares.html
    ":resource-share/": _Stays(
        service="ram",
        operation="get_resource_shares",
        rows="resourceShares",
        id="resourceShareArn",
        state=("status",),
        ask=(("resourceOwner", "SELF"),),
    ),
}


def _ended(session: Session, region: str, arns: Collection[str]) -> frozenset[str]:
    """Keep of ARNs those of what has ended, or has only to wait for its end."""
    going = {arn for arn in arns if _KEY in arn and _is_going(session, region, arn)}
    gone = (
        arn
        for part, kind in _STAYING.items()
        for arn in _gone(session, region, kind, [arn for arn in arns if part in arn])
    )
    return frozenset((*going, *gone))


def _gone(session: Session, region: str, kind: _Stays, arns: Collection[str]) -> Iterator[str]:
    if not arns:
        return
    client = session.client(kind.service, region_name=region)
    pages = client.get_paginator(kind.operation).paginate(**dict(kind.ask))
    live = {
        str(row[kind.id]).rpartition("/")[2]
        for page in pages
        for row in page[kind.rows]
        if reduce(lambda value, name: value[name], kind.state, row).lower() not in ENDED
    }
    yield from (arn for arn in arns if arn.rpartition("/")[2] not in live)


def _is_going(session: Session, region: str, key: str) -> bool:
    """Whether a key waits for its deletion; one that nobody may look at counts as there."""
    from botocore.exceptions import ClientError

    kms = session.client("kms", region_name=region)
    try:
        state = kms.describe_key(KeyId=key)["KeyMetadata"]["KeyState"]
    except ClientError:
        return False
    return state in _GOING


def is_held(arn: str, held: Collection[str]) -> bool:
    """Whether something is in a state, by its ARN or by the id that ends it.

    >>> is_held("arn:aws:ec2:us-east-1:444444444444:vpc/vpc-1", {"vpc-1"})
    True
    """
    whole = arn.removesuffix(":*")
    return whole in held or whole.rpartition("/")[2] in held or whole.rpartition(":")[2] in held


def _names(attributes: Any) -> Iterator[str]:
    """ARNs anywhere in the attributes of a resource, and its own id."""
    if isinstance(attributes.get("id"), str):
        yield attributes["id"]
    waiting = [attributes]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            waiting += value.values()
        elif isinstance(value, list):
            waiting += value
        elif isinstance(value, str) and value.startswith("arn:"):
            yield value.removesuffix(":*")
