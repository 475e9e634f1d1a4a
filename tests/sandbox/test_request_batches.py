"""The lowest cell of 126 asks the 125 others of an EC2 that lets 25 requests wait, as AWS does.

Whom it asks in a round is what the product says (`cellfactory.terraform.rounds`), from what this
EC2 tells it; the requests are made with boto3 in place of Terraform.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pytest
from botocore.exceptions import ClientError

from cellfactory.facts.loader import load_facts
from cellfactory.layers import Access
from cellfactory.terraform.rounds import Asker, ask_requests, next_round
from cellfactory.terraform.sessions import SessionOf
from tests.sandbox.emulators import HUB, REGION, WORLD, Emulator
from tests.sandbox.test_network import request_peering, vpc_in

pytestmark = pytest.mark.sandbox

PEERS = 125  # of a VPC, at most
WAITING = 25  # requests of an account


@dataclass(frozen=True, slots=True)
class Mesh:
    """A VPC, and those that it is to ask."""

    emulator: Emulator
    own: str  # account
    other: str  # account, of all the peers
    vpc: str
    peers: Mapping[str, str]  # VPC by name

    @property
    def sessions(self) -> SessionOf:
        emulator, own = self.emulator, self.own

        class Session:
            def client(self, service: str, *, region_name: str) -> Any:
                return emulator.client(service, own, region_name)

        made: Any = Session()
        return lambda _access: made

    def ask(self, vpcs: Mapping[str, str]) -> None:
        """Make the requests of a round; one that is there already is made no second time."""
        ec2 = self.emulator.client("ec2", self.own)
        for vpc in vpcs.values():
            request_peering(ec2, self.vpc, vpc, HUB.account if vpc == HUB.vpc_id else self.other)

    def accept(self, account: str) -> int:
        """Accept whatever an account has been asked."""
        ec2 = self.emulator.client("ec2", account)
        waits = [{"Name": "status-code", "Values": ["pending-acceptance"]}]
        rows = ec2.describe_vpc_peering_connections(Filters=waits)["VpcPeeringConnections"]
        mine = [row for row in rows if row["AccepterVpcInfo"]["OwnerId"] == account]
        for row in mine:
            ec2.accept_vpc_peering_connection(VpcPeeringConnectionId=row["VpcPeeringConnectionId"])
        return len(mine)


@pytest.fixture
def mesh(emulator: Emulator, account: str, other_account: str) -> Mesh:
    theirs = emulator.client("ec2", other_account)
    peers = {f"cell-{n:03}": vpc_in(theirs, f"10.65.{n}.0/24") for n in range(1, PEERS + 1)}
    vpc = vpc_in(emulator.client("ec2", account), "10.64.0.0/16")
    return Mesh(emulator, account, other_account, vpc, peers)


def test_the_emulator_has_the_quota_that_the_facts_have() -> None:
    quota = load_facts().quotas["outstanding-peering-requests"]
    assert (quota.default, WORLD.peering_requests) == (WAITING, None)


def test_asked_all_at_once_the_twenty_sixth_is_refused(mesh: Mesh) -> None:
    with pytest.raises(ClientError, match="OutstandingVpcPeeringConnectionLimitExceeded"):
        mesh.ask(mesh.peers)
    assert mesh.accept(mesh.other) == WAITING


@pytest.mark.parametrize("hubs", [(), (HUB.vpc_id,)], ids=["peers", "a-hub-by-hand"])
def test_asked_in_rounds_none_is_refused(mesh: Mesh, hubs: tuple[str, ...]) -> None:
    """A hub whose owner takes his time keeps one place taken, in every round."""
    access = Access(account=mesh.own, roles=(), region=REGION, sts_region=REGION)
    look, asker = ask_requests(mesh.sessions), Asker(hubs=hubs, most=WAITING)
    accepted = []
    for _ in range(PEERS):
        told = next_round(mesh.peers, asker, mesh.vpc, look(access))
        mesh.ask({**told.peers, **dict.fromkeys(hubs, HUB.vpc_id)})
        assert sum(one.waits for one in look(access)) == told.waiting <= WAITING
        accepted.append(mesh.accept(mesh.other))
        if not told.left:
            break
    assert accepted == ([25] * 5 if not hubs else [24] * 5 + [5])
    states = [one.status for one in look(access)]
    assert (states.count("active"), states.count("pending-acceptance")) == (PEERS, len(hubs))
