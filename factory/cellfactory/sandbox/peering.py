"""VPC peering as EC2 does it: two sides, and a request that can fail.

moto shares one object, so one set of tags, between requester and accepter, lets overlapping
blocks peer, gives a second request a second id, takes any number of requests, lets them live for
ever, and sets options on what is not active.

Source:
    https://docs.aws.amazon.com/vpc/latest/peering/vpc-peering-basics.html
    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateVpcPeeringConnection.html
    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ModifyVpcPeeringConnectionOptions.html
    https://docs.aws.amazon.com/vpc/latest/peering/vpc-peering-connection-quotas.html
"""

from __future__ import annotations

import copy
import time
from collections.abc import Iterator
from ipaddress import ip_network
from typing import Any, ClassVar

from moto.core.responses import ActionResult
from moto.ec2.exceptions import EC2ClientError, InvalidVPCIdError
from moto.ec2.models import EC2Backend, ec2_backends
from moto.ec2.models.vpc_peering_connections import VPCPeeringConnection
from moto.ec2.models.vpcs import VPC
from moto.ec2.responses import EC2Response
from moto.ec2.utils import generic_filter, random_vpc_peering_connection_id

INFO_KEYS = {"vpc-id": "VpcId", "owner-id": "OwnerId", "cidr-block": "CidrBlock"}
LIVE_STATES = frozenset({"initiating-request", "pending-acceptance", "provisioning", "active"})


class Peering(VPCPeeringConnection):
    """One side of a peering connection: state and options are shared, tags are not."""

    made_at = 0.0  # monotonic seconds

    @property
    def requester_vpc_info(self) -> dict[str, Any]:
        return {**super().requester_vpc_info, "CidrBlockSet": _block_set(self.vpc)}

    @property
    def accepter_vpc_info(self) -> dict[str, Any]:
        return {**super().accepter_vpc_info, "CidrBlockSet": _block_set(self.peer_vpc)}

    def expire(self, seconds: float) -> None:
        """End a request that nobody has accepted for so long."""
        if self._status.code == "pending-acceptance" and time.monotonic() >= self.made_at + seconds:
            self._status.code, self._status.message = "expired", "Expired"

    @property
    def is_pending(self) -> bool:
        """Whether it waits to be accepted."""
        return self._status.code == "pending-acceptance"

    @property
    def is_live(self) -> bool:
        """Whether it is requested or active, and not failed, rejected or deleted."""
        return self._status.code in LIVE_STATES

    def get_filter_value(self, filter_name: str, method_name: str | None = None) -> Any:
        side, _, key = filter_name.partition("-vpc-info.")
        if side in ("requester", "accepter") and key in INFO_KEYS:
            info = self.requester_vpc_info if side == "requester" else self.accepter_vpc_info
            return info[INFO_KEYS[key]]
        if filter_name == "vpc-peering-connection-id":
            return self.id
        if filter_name in ("status-code", "status-message"):
            return self.status[filter_name.removeprefix("status-").capitalize()]
        return super().get_filter_value(filter_name, method_name)

    def fail(self) -> None:
        """End the request as EC2 ends one that can never be accepted."""
        self._status.code = "failed"
        self._status.message = (
            "Failed due to incorrect VPC-ID, Account ID, or overlapping CIDR range"
        )

    def seen_from(self, backend: Any) -> Peering:
        """Return the other account's or Region's view of the same connection."""
        side = copy.copy(self)
        side.ec2_backend = backend
        return side


class PeeringBackend(EC2Backend):
    """EC2 with peering connections that behave."""

    most_requests: ClassVar[int] = 25  # that wait in an account and Region, for who asked
    request_seconds: ClassVar[float] = 7 * 86_400

    def create_vpc_peering_connection(
        self, vpc: VPC, peer_vpc: Any, tags: dict[str, str] | None = None
    ) -> VPCPeeringConnection:
        for known in self.live_peerings(vpc.id):
            if (known.vpc.id, known.peer_vpc.id) == (vpc.id, peer_vpc.id):
                return known
        mine = (p for p in self._peerings() if p.is_pending and p.vpc.owner_id == self.account_id)
        if sum(1 for _ in mine) >= self.most_requests:
            code = "OutstandingVpcPeeringConnectionLimitExceeded"
            message = (
                f"The maximum number of outstanding VPC peering connections ({self.most_requests}) "
                "has been reached."
            )
            raise EC2ClientError(code, message)
        make: Any = Peering  # abstract to the type checker only: it has CloudFormation's methods
        peering: Peering = make(self, random_vpc_peering_connection_id(), vpc, peer_vpc, tags)
        peering.made_at = time.monotonic()
        self.vpc_pcxs[peering.id] = peering
        if not isinstance(peer_vpc, VPC) or overlapping(blocks_of(vpc), blocks_of(peer_vpc)):
            peering.fail()
            return peering
        peering._status.pending()
        if peer_vpc.ec2_backend is not self:
            peer = peer_vpc.ec2_backend
            peer.vpc_pcxs[peering.id] = peering.seen_from(peer)
        return peering

    def live_peerings(self, vpc_id: str) -> Iterator[Peering]:
        """Yield the peerings of a VPC that are requested or active."""
        for peering in self._peerings():
            if peering.is_live and vpc_id in (peering.vpc.id, peering.peer_vpc.id):
                yield peering

    def is_requester(self, vpc_id: str) -> bool:
        """Whether a request of the VPC's waits to be accepted."""
        return any(p.is_pending and p.vpc.id == vpc_id for p in self._peerings())

    def describe_vpc_peering_connections(
        self, vpc_peering_ids: list[str] | None = None
    ) -> list[VPCPeeringConnection]:
        list(self._peerings())
        return super().describe_vpc_peering_connections(vpc_peering_ids)

    def get_vpc_peering_connection(self, vpc_pcx_id: str) -> VPCPeeringConnection:
        list(self._peerings())
        return super().get_vpc_peering_connection(vpc_pcx_id)

    def modify_vpc_peering_connection_options(
        self,
        vpc_pcx_id: str,
        accepter_options: dict[str, Any] | None = None,
        requester_options: dict[str, Any] | None = None,
    ) -> VPCPeeringConnection:
        """Set options of an active connection, each side its own."""
        peering = self.get_vpc_peering_connection(vpc_pcx_id)
        if peering.status["Code"] != "active":
            code = "OperationNotPermitted"
            message = f"Peering options can be added only to active peerings, not to {vpc_pcx_id}."
            raise EC2ClientError(code, message)
        sides = ((requester_options, peering.vpc), (accepter_options, peering.peer_vpc))
        for options, vpc in sides:
            if options and (vpc.owner_id, vpc.region) != (self.account_id, self.region_name):
                code = "OperationNotPermitted"
                message = f"User {self.account_id} cannot modify peering options of {vpc.id}."
                raise EC2ClientError(code, message)
        return super().modify_vpc_peering_connection_options(
            vpc_pcx_id, accepter_options, requester_options
        )

    def _peerings(self) -> Iterator[Peering]:
        """Yield every peering, as it is after the time that has passed."""
        for peering in list(self.vpc_pcxs.values()):
            if isinstance(peering, Peering):
                peering.expire(self.request_seconds)
                yield peering


class PeeringResponse(EC2Response):
    """Requests for peers that do not exist, and filters.

    EC2 cannot tell the requester what exists in another account, so it takes the
    request and lets it end in the state `failed`. moto ignores filters.
    """

    def describe_vpc_peering_connections(self) -> Any:
        """Answer with the connections that every filter admits."""
        ids = self._get_param("VpcPeeringConnectionIds", [])
        filters = self._filters_from_querystring()
        found = self.ec2_backend.describe_vpc_peering_connections(vpc_peering_ids=ids)
        return ActionResult({"VpcPeeringConnections": generic_filter(filters, found)})

    def _peer_vpc(self) -> Any:
        account = self._get_param("PeerOwnerId") or self.current_account
        region = self._get_param("PeerRegion") or self.region
        vpc_id = self._get_param("PeerVpcId")
        try:
            return ec2_backends[account][region].get_vpc(vpc_id)
        except InvalidVPCIdError:
            if account == self.current_account:
                raise
            return UnknownVpc(account, region, vpc_id)

    def create_vpc_peering_connection(self) -> Any:
        tags = self._parse_tag_specification().get("vpc-peering-connection", {})
        vpc = self.ec2_backend.get_vpc(self._get_param("VpcId"))
        peer = self._peer_vpc()
        if peer.id == vpc.id:
            code = "InvalidParameterValue"
            raise EC2ClientError(code, f"A VPC cannot be peered with itself: {vpc.id}")
        peering = self.ec2_backend.create_vpc_peering_connection(vpc, peer, tags)
        return ActionResult({"VpcPeeringConnection": peering})


class UnknownVpc:
    """A VPC that was named in a request and does not exist."""

    cidr_block = None

    def __init__(self, account: str, region: str, vpc_id: str) -> None:
        self.owner_id, self.region, self.id = account, region, vpc_id


def blocks_of(vpc: Any) -> list[str]:
    """Return the IPv4 blocks of a VPC that are associated now, as CIDR text."""
    if not isinstance(vpc, VPC):
        return []
    return [
        row["cidr_block"]
        for row in vpc.get_cidr_block_association_set()
        if row["cidr_block_state"]["state"] == "associated"
    ]


def overlapping(blocks: list[str], others: list[str]) -> bool:
    """Whether any block shares an address with any of the others."""
    return any(
        ip_network(one, strict=False).overlaps(ip_network(two, strict=False))
        for one in blocks
        for two in others
    )


def _block_set(vpc: Any) -> list[dict[str, str]]:
    return [{"CidrBlock": block} for block in blocks_of(vpc)]
