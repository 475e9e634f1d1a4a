"""What the runner asks of the connection to a hub, on the emulated AWS."""

from __future__ import annotations

from pathlib import Path

import pytest

from cellfactory.layers import Access
from cellfactory.sandbox.world import Organization, World
from cellfactory.terraform.hub_ways import GONE, ask_status
from cellfactory.terraform.sessions import sessions
from cellfactory.terraform.target import Target
from tests.sandbox.emulators import HUB, MANAGEMENT, REGION, running

pytestmark = pytest.mark.sandbox

CELL = "7" * 12


def test_the_state_of_a_connection_is_asked_by_the_chain_of_roles(tmp_path: Path) -> None:
    organization = Organization(management_account=MANAGEMENT[0])
    with running(tmp_path, World(organizations=(organization,), hubs=(HUB,))) as emulator:
        ec2 = emulator.client("ec2", CELL)
        vpc = ec2.create_vpc(CidrBlock="10.64.0.0/20")["Vpc"]["VpcId"]
        asked = ec2.create_vpc_peering_connection(
            VpcId=vpc, PeerVpcId=HUB.vpc_id, PeerOwnerId=HUB.account
        )["VpcPeeringConnection"]["VpcPeeringConnectionId"]
        target = Target(mode="sandbox", folder=tmp_path, endpoint=emulator.endpoint)
        ask = ask_status(sessions(target, "cellfactory-hubs"))
        access = Access(
            account=CELL,
            roles=(
                f"arn:aws:iam::{MANAGEMENT[0]}:role/CellFactory",
                f"arn:aws:iam::{CELL}:role/Member",
            ),
            region=REGION,
            sts_region=REGION,
        )
        assert ask(access, [asked, "pcx-0"]) == {asked: "pending-acceptance", "pcx-0": GONE}
        hub = emulator.client("ec2", HUB.account)
        hub.accept_vpc_peering_connection(VpcPeeringConnectionId=asked)
        assert ask(access, [asked]) == {asked: "active"}
