"""Peering requests in rounds: never more of them at once than may wait to be accepted.

AWS lets so many requests of an account wait; a cell of a large mesh asks more peers than that. So
its stack is applied several times: each time it asks as many peers as there is room for, the peers
accept, and the next round has room again. What a round leaves out is left out of the variable
`peer_vpc_ids` only, whose keys are the rows: no address moves, and a connection that is there is
never given up.

Which requests wait, AWS is asked anew each time. So nothing is remembered from run to run, hubs
that accept by hand count until they have, and a request that has expired is made again.

Source:
    https://docs.aws.amazon.com/vpc/latest/peering/vpc-peering-connection-quotas.html
    https://docs.aws.amazon.com/vpc/latest/peering/vpc-peering-basics.html
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cellfactory.credentials import aws_faults
from cellfactory.errors import Finding, TerraformError
from cellfactory.layers import Access, Stack, StackId
from cellfactory.layers.edges import PEER_VPCS
from cellfactory.terraform.messages import Value
from cellfactory.terraform.sessions import SessionOf, full_access

WAITING = frozenset({"initiating-request", "pending-acceptance"})
LIVE = (*sorted(WAITING), "provisioning", "active")
"""States of a connection that is there; every other one has ended, and Terraform forgets it."""


@dataclass(frozen=True, slots=True)
class Request:
    """A connection that an account asked for, and that has not ended."""

    asked_by: str  # VPC
    asked: str  # VPC
    status: str

    @property
    def waits(self) -> bool:
        """Whether it counts among those that wait to be accepted."""
        return self.status in WAITING


AskRequests = Callable[[Access], Sequence[Request]]
"""Asks AWS for every connection that an account has asked for in a Region, and that is there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asker:
    """A cell that asks more VPCs than may wait at once."""

    hubs: Collection[str]  # VPCs of its hubs, which it asks in the first round
    most: int  # requests that may wait at once


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """What one round asks for."""

    peers: Mapping[str, str]  # VPC by peer: those that are asked by then
    total: int  # edges, hubs included
    left: int  # edges that no round has asked for yet
    waiting: int  # requests that will wait to be accepted
    is_idle: bool = False  # whether it asks nobody, for want of room

    def __str__(self) -> str:
        done = self.total - self.left
        return (
            f"{done:,} of {self.total:,} connections are there or asked for; {self.left:,} more "
            f"will be, once some of the {self.waiting:,} that wait are accepted"
        )


def next_round(
    peers: Mapping[str, str], asker: Asker, own: str, requests: Sequence[Request]
) -> Round:
    """Say whom a cell asks now: whoever it has asked, its hubs, and as many peers as there is room.

    Args:
        peers: VPC by peer, of all that it is to ask.
        asker: the cell.
        own: its VPC.
        requests: every one of its account that has not ended.
    """
    there = {request.asked for request in requests if request.asked_by == own}
    waiting = sum(request.waits for request in requests)
    waiting += len(set(asker.hubs) - there)
    new = [peer for peer in sorted(peers) if peers[peer] not in there]
    room = max(0, asker.most - waiting)
    later = set(new[room:])
    return Round(
        peers={peer: vpc for peer, vpc in peers.items() if peer not in later},
        total=len(peers) + len(asker.hubs),
        left=len(later),
        waiting=waiting + min(room, len(new)),
        is_idle=bool(later) and room == 0 and set(asker.hubs) <= there,
    )


def narrowed(inputs: Mapping[str, Value], asked: Round) -> dict[str, Value]:
    """Leave out of the inputs of a stack what comes with a later round."""
    return {**inputs, PEER_VPCS: dict(asked.peers)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Rounds:
    """Which stacks of a run ask in rounds, and how to learn what waits."""

    askers: Mapping[StackId, Asker]
    ask: AskRequests

    def of(self, stack: Stack, inputs: Mapping[str, Value]) -> Round | None:
        """Say what a stack asks for now; None of one that asks all at once.

        Raises:
            TerraformError: when nobody may look at its requests (F649), or the account of the cell
                cannot be entered (F622).
        """
        asker, own = self.askers.get(stack.id), inputs.get("vpc_id")
        peers = inputs.get(PEER_VPCS)
        if asker is None or not isinstance(own, str) or not isinstance(peers, dict):
            return None
        requests = self.ask(full_access(stack, inputs))
        return next_round(peers, asker, own, requests)


def ask_requests(session_of: SessionOf) -> AskRequests:
    """Make what asks AWS, or the emulated one, by the roles of a stack."""

    def ask(access: Access) -> Sequence[Request]:
        ec2 = session_of(access).client("ec2", region_name=access.region)
        try:
            return tuple(_requests(ec2, access.account))
        except aws_faults() as error:
            message = f"nobody tells which peering requests of account {access.account} wait"
            hint = f"allow its role ec2:DescribeVpcPeeringConnections; AWS says: {error}"
            raise TerraformError(Finding(rule="F649", message=message, hint=hint)) from error

    return ask


def _requests(ec2: Any, account: str) -> Iterator[Request]:
    filters = [
        {"Name": "requester-vpc-info.owner-id", "Values": [account]},
        {"Name": "status-code", "Values": list(LIVE)},
    ]
    pages = ec2.get_paginator("describe_vpc_peering_connections")
    for page in pages.paginate(Filters=filters):
        for row in page["VpcPeeringConnections"]:
            sides = (row["RequesterVpcInfo"], row["AccepterVpcInfo"])
            asked_by, asked = (side["VpcId"] for side in sides)
            yield Request(asked_by, asked, row["Status"]["Code"])
