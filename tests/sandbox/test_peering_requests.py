"""Peering requests: how many may wait, how long, and what cannot be done meanwhile."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from cellfactory.sandbox.world import World
from tests.sandbox.emulators import Emulator, running
from tests.sandbox.test_network import peerings, request_peering, two_vpcs, vpc_in

pytestmark = pytest.mark.sandbox

OPTIONS = {"AllowDnsResolutionFromRemoteVpc": True}


def options(ec2: Any, connection: str, side: str) -> None:
    ec2.modify_vpc_peering_connection_options(
        VpcPeeringConnectionId=connection, **{f"{side}PeeringConnectionOptions": OPTIONS}
    )


def test_options_are_for_active_connections_and_each_side_has_its_own(
    emulator: Emulator, account: str, other_account: str
) -> None:
    ours, theirs, vpc, peer = two_vpcs(emulator, account, other_account)
    connection = request_peering(ours, vpc, peer, other_account)
    with pytest.raises(ClientError, match="OperationNotPermitted"):
        options(ours, connection, "Requester")
    theirs.accept_vpc_peering_connection(VpcPeeringConnectionId=connection)
    with pytest.raises(ClientError, match="OperationNotPermitted"):
        options(ours, connection, "Accepter")
    options(ours, connection, "Requester")
    options(theirs, connection, "Accepter")


def test_a_vpc_whose_request_waits_gets_no_further_block(
    emulator: Emulator, account: str, other_account: str
) -> None:
    ours, theirs, vpc, peer = two_vpcs(emulator, account, other_account)
    connection = request_peering(ours, vpc, peer, other_account)
    with pytest.raises(ClientError, match="OperationNotPermitted"):
        ours.associate_vpc_cidr_block(VpcId=vpc, CidrBlock="100.64.0.0/16")
    theirs.associate_vpc_cidr_block(VpcId=peer, CidrBlock="100.65.0.0/16")
    theirs.accept_vpc_peering_connection(VpcPeeringConnectionId=connection)
    ours.associate_vpc_cidr_block(VpcId=vpc, CidrBlock="100.64.0.0/16")


def test_only_so_many_requests_wait_and_each_for_so_long(
    tmp_path: Path, account: str, other_account: str
) -> None:
    world = World(peering_requests=2, peering_request_seconds=3)
    with running(tmp_path, world) as emulator:
        ours, theirs, vpc, _ = two_vpcs(emulator, account, other_account)
        peers = [vpc_in(theirs, f"10.{number}.0.0/16") for number in range(66, 69)]
        made = [request_peering(ours, vpc, peer, other_account) for peer in peers[:2]]
        assert request_peering(ours, vpc, peers[0], other_account) == made[0]
        with pytest.raises(ClientError, match="OutstandingVpcPeeringConnectionLimitExceeded"):
            request_peering(ours, vpc, peers[2], other_account)
        theirs.accept_vpc_peering_connection(VpcPeeringConnectionId=made[0])
        request_peering(ours, vpc, peers[2], other_account)
        time.sleep(3)
        assert peerings(theirs, made[1])["Status"]["Code"] == "expired"
        with pytest.raises(ClientError, match="InvalidStateTransition"):
            theirs.accept_vpc_peering_connection(VpcPeeringConnectionId=made[1])
        assert peerings(ours, made[0])["Status"]["Code"] == "active"
