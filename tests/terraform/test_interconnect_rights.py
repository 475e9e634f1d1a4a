"""Two organizations, a gateway, a central way out and a hub by role: applied by narrow roles alone.

Every role is what `bootstrap` makes of it, or the owner of the hub, in an emulated AWS that
enforces IAM. At first each of three roles lacks one statement. The tests of this file are the steps
of one story, in the order in which they stand.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from cellfactory.documents import load_data, render_data
from cellfactory.inventory.mesh_edit import edit_step
from tests.terraform.enforced import EnforcedLadder
from tests.terraform.ladder import ROOT

pytestmark = [
    pytest.mark.terraform,
    pytest.mark.sandbox,
    pytest.mark.timeout(2_400),
    pytest.mark.long,
]

MESH, NETWORK, HUB = "moka-use1", "888888888888", "shared-services"
OUT, OTHER = "moka-use1-b", "moka-use1-c"
HUB_ACCOUNT, HUB_VPC, TABLE = "333333333333", "vpc-0f00ba120f00ba120", "rtb-0f00ba120f00ba120"
ROLE = f"arn:aws:iam::{HUB_ACCOUNT}:role/cellfactory-accept"
ACCOUNTS = {OUT: "555555555555", OTHER: "999999999999"}
ZONES = ["use1-az1", "use1-az2"]
LAYERS = (
    *("network", "gateway", "egress", "peering", "accept", "hub", "transit", "segments"),
    "routes",
)
CHOSEN = tuple(word for layer in LAYERS for word in ("--layer", layer))
WORDS = ("--no-bake", "--override", "cells=rights", "--override", "edges_lost=rights")
LOST = {  # one statement each: the layers on the way, what fails without it, and the call
    "EgressEc2Create": (("network", "gateway", "egress"), f"{MESH}-egress", "CreateVpc"),
    "TransitRamNamed": (("network", "transit"), f"{OTHER}-transit", "AcceptResourceShare"),
    "HubAccept": (("peering", "hub"), f"{HUB}-hub", "AcceptVpcPeeringConnection"),
}


def declared() -> dict[str, Any]:
    """Two cells of two organizations; one leaves by the central way out."""
    made: dict[str, Any] = load_data((ROOT / "cells.yaml").read_text("utf-8"))
    kind = made["cell_types"]["spark-small"] | {"zones": ZONES}
    made["cell_types"] = {"spark-small": kind, "out": {**copy.deepcopy(kind), "egress": "central"}}
    made["cells"] = {
        name: {**copy.deepcopy(made["cells"][name]), "account": {"id": account}}
        for name, account in ACCOUNTS.items()
    }
    made["cells"][OUT]["type"] = "out"
    made["organizations"]["legacy"]["resource_sharing"] = True  # only the other one is invited
    made["organizations"]["legacy"]["member_role"] = "CellFactoryLegacyMember"
    made["hubs"][HUB] |= {
        "accept": {"role": ROLE, "via": "legacy"},
        "route_tables": [TABLE],
        "dns_resolution": True,
    }
    mesh = made["meshes"][MESH]
    mesh |= {"interconnect": "both"}
    mesh["gateway"] = {
        "account": NETWORK,
        "organization": "legacy",
        "egress": {"block": "10.32.0.0/24", "zones": ZONES[:1]},
    }
    made["meshes"] = {MESH: mesh}
    return made


@pytest.fixture(scope="module")
def ladder(
    tmp_path_factory: pytest.TempPathFactory, terraform_mirror: Path
) -> Iterator[EnforcedLadder]:
    folder = tmp_path_factory.mktemp("enforced")
    (folder / "cells.yaml").write_text(render_data(declared()), "utf-8")
    ladder = EnforcedLadder(folder=folder, mirror=terraform_mirror, lost=frozenset(LOST))
    try:
        prepare(ladder)
        ladder.start()
        yield ladder
    finally:
        ladder.stop()


def prepare(ladder: EnforcedLadder) -> None:
    ladder.run("lock")
    ladder.run("synth")


def edit(ladder: EnforcedLadder, change: Any) -> None:
    """Change the inventory, and synthesize it anew."""
    file = ladder.folder / "cells.yaml"
    made = load_data(file.read_text("utf-8"))
    change(made)
    file.write_text(render_data(made), "utf-8")
    prepare(ladder)


def statuses(rows: Mapping[str, Mapping[str, Any]]) -> set[str]:
    return {str(row["status"]) for row in rows.values()}


def hub_routes(ladder: EnforcedLadder) -> dict[str, str]:
    """Where the hub's own table leads, by block."""
    ec2 = ladder.client("ec2", HUB_ACCOUNT)
    (table,) = ec2.describe_route_tables(RouteTableIds=[TABLE])["RouteTables"]
    return {
        row["DestinationCidrBlock"]: row.get("VpcPeeringConnectionId") or row["TransitGatewayId"]
        for row in table["Routes"]
        if row.get("VpcPeeringConnectionId") or row.get("TransitGatewayId")
    }


@pytest.mark.parametrize("lost", LOST)
def test_without_one_statement_of_a_role_its_layer_fails_and_no_other(
    ladder: EnforcedLadder, lost: str
) -> None:
    layers, stack, call = LOST[lost]
    chosen = [word for layer in layers for word in ("--layer", layer)]
    rows = ladder.results("apply", *chosen, *WORDS, code=6)
    failed = {name: row for name, row in rows.items() if row["status"] == "failed"}
    assert set(failed) == {stack}
    why = str(failed[stack]["diagnostics"]) + str(failed[stack]["reason"])
    assert call in why, why
    ladder.give_back(lost)


def test_with_all_of_them_every_layer_is_applied(ladder: EnforcedLadder) -> None:
    rows = ladder.results("apply", *CHOSEN, *WORDS)
    assert {name.rpartition("-")[2] for name in rows} == set(LAYERS)
    assert statuses(rows) <= {"applied", "no-change"}
    assert statuses(ladder.results("plan", "--exit-code", *CHOSEN)) == {"no-change"}
    led = hub_routes(ladder)
    assert len(led) == len(ACCOUNTS)
    assert all(over.startswith("pcx-") for over in led.values())


def test_doctor_asks_by_the_role_of_the_hub_and_finds_all_well(
    ladder: EnforcedLadder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What else it finds is another matter: this AWS has no state bucket."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", ladder.endpoint)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "sandbox")
    told = json.loads(ladder.run("doctor", "--cell", OUT, "--format", "json", code=6))
    hub = [one for one in told["answers"] if one["subject"] == {"kind": "hub", "name": HUB}]
    assert len(hub) == 5
    assert {one["status"] for one in hub} == {"ok"}, hub


def test_the_hub_is_attached_and_its_role_leads_over_the_gateway(ladder: EnforcedLadder) -> None:
    ram, ec2 = (ladder.client(service, HUB_ACCOUNT) for service in ("ram", "ec2"))
    for one in ram.get_resource_share_invitations()["resourceShareInvitations"]:
        arn = one["resourceShareInvitationArn"]
        ram.accept_resource_share_invitation(resourceShareInvitationArn=arn)
    (gateway,) = ec2.describe_transit_gateways()["TransitGateways"]
    subnet = ec2.create_subnet(VpcId=HUB_VPC, CidrBlock="10.0.255.0/28")["Subnet"]["SubnetId"]
    made = ec2.create_transit_gateway_vpc_attachment(
        TransitGatewayId=gateway["TransitGatewayId"], VpcId=HUB_VPC, SubnetIds=[subnet]
    )["TransitGatewayVpcAttachment"]["TransitGatewayAttachmentId"]

    def attach(inventory: dict[str, Any]) -> None:
        inventory["hubs"][HUB]["attachments"] = {MESH: made}
        egress = inventory["meshes"][MESH]["gateway"]["egress"]
        egress |= {"zones": ZONES}

    edit(ladder, attach)
    assert statuses(ladder.results("apply", *CHOSEN, *WORDS)) <= {"applied", "no-change"}
    file = ladder.folder / "cells.yaml"
    file.write_text(edit_step(file.read_text("utf-8"), MESH, "canary", [OUT]), "utf-8")
    prepare(ladder)
    rows = ladder.results("apply", *CHOSEN, *WORDS)
    assert statuses(rows) <= {"applied", "no-change"}
    counts = rows[f"{HUB}-hub"]["counts"]
    assert (counts["add"], counts["change"], counts["destroy"]) == (0, 1, 0)
    assert sorted(over[:4] for over in hub_routes(ladder).values()) == ["pcx-", "tgw-"]


def test_all_of_it_goes_by_the_same_roles(ladder: EnforcedLadder) -> None:
    rows = ladder.results("destroy", *CHOSEN)
    assert statuses(rows) <= {"destroyed", "empty"}
    assert hub_routes(ladder) == {}
    for account in (*ACCOUNTS.values(), NETWORK):
        assert ladder.leftovers(account, "us-east-1") == []
