"""What is in an account and in no state: what Terraform lost when it was killed.

Every resource that a stack makes bears the name of the stack as a tag. What bears one, and is in
none of the states, is an orphan: no `plan` shows it and no `destroy` removes it.

Source:
    https://docs.aws.amazon.com/resourcegroupstagging/latest/APIReference/API_GetResources.html
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True, kw_only=True)
class _Lister:
    """How EC2 lists what it still shows, and the tagging API with it, for hours after its end."""

    operation: str
    rows: str
    id: str
    state: Callable[[Mapping[str, Any]], str]
    ended: frozenset[str]  # states in which it is gone


_LISTERS: Mapping[str, _Lister] = {
    ":vpc-peering-connection/": _Lister(
        operation="describe_vpc_peering_connections",
        rows="VpcPeeringConnections",
        id="VpcPeeringConnectionId",
        state=lambda row: str(row["Status"]["Code"]),
        ended=frozenset({"deleted", "deleting", "expired", "failed", "rejected"}),
    ),
    ":natgateway/": _Lister(
        operation="describe_nat_gateways",
        rows="NatGateways",
        id="NatGatewayId",
        state=lambda row: str(row["State"]),
        ended=frozenset({"deleted", "deleting", "failed"}),
    ),
}
"""By what is in the ARN."""

_KEY = ":key/"
_GOING = frozenset({"PendingDeletion", "PendingReplicaDeletion"})
"""States of a key that waits for its day; nobody can use it, and nothing is to be done about it."""


def _ended(session: Session, region: str, arns: Collection[str]) -> frozenset[str]:
    """Keep of ARNs those of what has ended, or has only to wait for its end."""
    found = {arn for arn in arns if _KEY in arn and _is_going(session, region, arn)}
    for part, lister in _LISTERS.items():
        named = {arn.rpartition("/")[2]: arn for arn in arns if part in arn}
        if named:
            live = set(_live(session, region, lister))
            found |= {arn for id_, arn in named.items() if id_ not in live}
    return frozenset(found)


def _live(session: Session, region: str, lister: _Lister) -> Iterator[str]:
    ec2 = session.client("ec2", region_name=region)
    for page in ec2.get_paginator(lister.operation).paginate():
        for row in page[lister.rows]:
            if lister.state(row) not in lister.ended:
                yield str(row[lister.id])


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
