"""The shipped inventory on real Terraform, the real AWS provider and an emulated AWS.

The tests of this file are the steps of one story, in the order in which they stand: apply,
look, add a cell, remove it, re-plan, destroy. A step that fails makes the later ones fail. Every
role has the derived rights of its own cell and no others, and the emulated IAM holds calls against
them. No step plans what the next one plans anyway.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cellfactory.addressing.blocks import subnet_kinds
from cellfactory.addressing.lock_file import parse_lock
from cellfactory.documents import load_data
from cellfactory.facts.loader import load_facts
from tests.terraform.ladder import ROOT, Ladder
from tests.terraform.rights import RightsLadder

pytestmark = [pytest.mark.terraform, pytest.mark.sandbox, pytest.mark.timeout(1_500)]

ACCOUNTS = {
    "moka-use1-a": "444444444444",
    "moka-use1-b": "555555555555",
    "moka-usw2-a": "666666666666",
}
HUB_ACCOUNT = "333333333333"
EDGE_LAYERS = ("peering", "accept", "routes")
FOURTH = "moka-use1-bb"  # between two others: it accepts from some and asks the rest
FOURTH_ACCOUNT = "888888888888"
FOURTH_CELL = {
    "type": "spark-small",
    "mesh": "moka-use1",
    "organization": "next",
    "ring": "rest",
    "account": {"id": FOURTH_ACCOUNT},
    "quotas": {"L-CD17FD4B": 512000, "L-1216C47A": 2000},
}
ROLES = {
    ("444444444444", "OrganizationAccountAccessRole"): "moka-use1-a",
    ("666666666666", "CellFactoryMember"): "moka-usw2-a",
    (FOURTH_ACCOUNT, "CellFactoryMember"): FOURTH,
}
"""Whose rights the roles have; those of the other two cells are told in `rights.py`."""

EDGES = [("moka-use1-a", "moka-use1-b"), ("moka-use1-a", "moka-use1-c")]
EDGES += [("moka-use1-b", "moka-use1-c")]


@pytest.fixture(scope="module")
def ladder(tmp_path_factory: pytest.TempPathFactory, terraform_mirror: Path) -> Iterator[Ladder]:
    folder = tmp_path_factory.mktemp("ladder")
    for name in ("cells.yaml", "cells.lock.yaml"):
        shutil.copy(ROOT / name, folder)
    ladder = RightsLadder(folder=folder, mirror=terraform_mirror, others=ROLES)
    ladder.resolve_hub_names()
    ladder.run("synth", "--locked")
    ladder.start()
    yield ladder
    ladder.stop()


def account_of(ladder: Ladder, cell: str) -> str:
    known: str = ACCOUNTS.get(cell) or ladder.outputs(cell, "account")["account_id"]
    return known


def without_platform(results: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Leave out what has no provider here, and see that the command says so."""
    platform = {name for name in results if name.endswith("-platform")}
    assert {results[name]["status"] for name in platform} <= {"left-out"}
    return {name: row for name, row in results.items() if name not in platform}


def test_a_stack_of_each_layer_is_valid(ladder: Ladder) -> None:
    """The others are held against the provider's schemas when they are planned."""
    rows = without_platform(ladder.validate("--cell", "moka-use1-c"))
    assert set(rows) == {
        f"moka-use1-c-{layer}" for layer in ("account", "network", "cluster", *EDGE_LAYERS)
    }
    assert {row["status"] for row in rows.values()} == {"valid"}


def test_a_plan_defers_what_waits_for_others_and_makes_nothing_up(ladder: Ladder) -> None:
    rows = without_platform(ladder.results("plan"))
    planned = {name for name, row in rows.items() if row["status"] == "planned"}
    assert planned == {
        "moka-use1-a-network",
        "moka-use1-b-network",
        "moka-usw2-a-network",
        "moka-use1-c-account",
    }
    deferred = {row["status"] for name, row in rows.items() if name not in planned}
    assert deferred == {"deferred"}
    assert "moka-use1-c-account" in rows["moka-use1-c-network"]["reason"]


def test_everything_applies(ladder: Ladder) -> None:
    rows = without_platform(ladder.results("apply"))
    assert len(rows) == 17
    assert {row["status"] for row in rows.values()} == {"applied"}
    assert "has to accept" in ladder.stderr  # the hub's owner, for each cell of the mesh
    for cell in ("moka-use1-a", "moka-use1-b", "moka-use1-c"):
        assert f"to route {lock_of(ladder)[cell].primary} to it" in ladder.stderr
    assert "waits for account" in ladder.stderr  # the one that was made


def test_the_synthesized_file_is_what_terraform_read(ladder: Ladder) -> None:
    for made in (ladder.folder / "cdktf.out/stacks").glob("*/cdk.tf.json"):
        if not made.parent.name.endswith("-platform"):
            read = ladder.folder / ".cellfactory/sandbox/work" / made.parent.name / made.name
            assert read.read_bytes() == made.read_bytes(), made.parent.name


def test_the_hubs_owner_accepts(ladder: Ladder) -> None:
    ec2 = ladder.client("ec2", HUB_ACCOUNT)
    pending = ec2.describe_vpc_peering_connections(
        Filters=[{"Name": "status-code", "Values": ["pending-acceptance"]}]
    )["VpcPeeringConnections"]
    assert len(pending) == 3
    for connection in pending:
        ec2.accept_vpc_peering_connection(
            VpcPeeringConnectionId=connection["VpcPeeringConnectionId"]
        )


def test_names_of_the_hub_are_resolved_once_its_owner_has_accepted(ladder: Ladder) -> None:
    rows = ladder.results("apply", "--layer", "routes")
    assert {name: row["counts"]["add"] for name, row in rows.items()} == {
        f"moka-use1-{letter}-routes": 1 for letter in "abc"
    }
    assert {row["counts"]["change"] for row in rows.values()} == {0}


@pytest.mark.parametrize(("lower", "higher"), EDGES)
def test_both_sides_of_an_edge_route_over_an_active_peering(
    ladder: Ladder, lower: str, higher: str
) -> None:
    connection = ladder.outputs(lower, "peering")["connection_ids"][higher]
    for one, other in ((lower, higher), (higher, lower)):
        ec2 = ladder.client("ec2", account_of(ladder, one))
        (peering,) = ec2.describe_vpc_peering_connections(VpcPeeringConnectionIds=[connection])[
            "VpcPeeringConnections"
        ]
        assert peering["Status"]["Code"] == "active"
        for side in ("RequesterVpcInfo", "AccepterVpcInfo"):
            assert peering[side]["PeeringOptions"]["AllowDnsResolutionFromRemoteVpc"] is True
        block = str(lock_of(ladder)[other].primary)
        for table in ladder.outputs(one, "network")["node_route_table_ids"].values():
            (found,) = ec2.describe_route_tables(RouteTableIds=[table])["RouteTables"]
            routes = {r.get("DestinationCidrBlock"): r for r in found["Routes"]}
            assert routes[block]["VpcPeeringConnectionId"] == connection
            assert routes[block]["State"] == "active"


def lock_of(ladder: Ladder) -> Any:
    file = ladder.folder / "cells.lock.yaml"
    return parse_lock(file.read_text("utf-8"), file.name, load_facts()).cells


def test_subnets_lie_in_their_zones_and_blocks(ladder: Ladder) -> None:
    for cell, account in ACCOUNTS.items():
        region = "us-west-2" if cell == "moka-usw2-a" else "us-east-1"
        vpc = ladder.outputs(cell, "network")["vpc_id"]
        subnets = ladder.client("ec2", account, region).describe_subnets(
            Filters=[{"Name": "vpc-id", "Values": [vpc]}]
        )["Subnets"]
        found = {(s["AvailabilityZoneId"], s["CidrBlock"]) for s in subnets}
        for zone, blocks in lock_of(ladder)[cell].zones.items():
            for block in (blocks[kind] for kind in subnet_kinds(egress=False)):
                assert (zone, str(block)) in found


def test_pod_subnets_keep_whole_prefixes_free(ladder: Ladder) -> None:
    ec2 = ladder.client("ec2", ACCOUNTS["moka-use1-a"])
    for subnet in ladder.outputs("moka-use1-a", "network")["pod_subnet_ids"].values():
        reservations = ec2.get_subnet_cidr_reservations(SubnetId=subnet)[
            "SubnetIpv4CidrReservations"
        ]
        assert {r["ReservationType"] for r in reservations} == {"prefix"}
        # A /16 but its first /22, which the pod interfaces' own addresses come from.
        assert sorted(int(r["Cidr"].partition("/")[2]) for r in reservations) == [*range(17, 23)]


@pytest.mark.parametrize("cell", ["moka-use1-a", "moka-use1-b", "moka-use1-c"])
def test_the_cluster_is_private_and_its_cni_static(ladder: Ladder, cell: str) -> None:
    eks = ladder.client("eks", account_of(ladder, cell))
    cluster = eks.describe_cluster(name=cell)["cluster"]
    assert cluster["resourcesVpcConfig"]["endpointPublicAccess"] is False
    assert cluster["resourcesVpcConfig"]["endpointPrivateAccess"] is True
    assert cluster["accessConfig"]["authenticationMode"] == "API"
    addon = eks.describe_addon(clusterName=cell, addonName="vpc-cni")["addon"]
    values = load_data(addon["configurationValues"])
    assert values["env"]["MINIMUM_IP_TARGET"] == "96"
    assert values["env"]["WARM_IP_TARGET"] == "0"
    assert values["env"]["MAX_ENI"] == "2"
    network = ladder.outputs(cell, "network")
    assert values["eniConfig"]["subnets"] == {
        network["zone_names"][zone]: {
            "id": subnet,
            "securityGroups": [network["security_group_ids"]["pod"]],
        }
        for zone, subnet in network["pod_subnet_ids"].items()
    }


def test_node_groups_are_static_and_hold_the_pods_their_addresses_allow(ladder: Ladder) -> None:
    account = ACCOUNTS["moka-use1-a"]
    eks = ladder.client("eks", account)
    ec2 = ladder.client("ec2", account)
    nodes = 0
    for name in eks.list_nodegroups(clusterName="moka-use1-a")["nodegroups"]:
        group = eks.describe_nodegroup(clusterName="moka-use1-a", nodegroupName=name)["nodegroup"]
        sizes = group["scalingConfig"]
        assert sizes["minSize"] == sizes["maxSize"] == sizes["desiredSize"]
        nodes += sizes["desiredSize"]
        template = group["launchTemplate"]
        (version,) = ec2.describe_launch_template_versions(
            LaunchTemplateId=template["id"], Versions=[template["version"]]
        )["LaunchTemplateVersions"]
        user_data = _decode(version["LaunchTemplateData"]["UserData"])
        assert user_data["spec"]["kubelet"]["config"]["maxPods"] == 96
        assert user_data["spec"]["kubelet"]["maxPodsExpression"] == "96"
        cluster = eks.describe_cluster(name="moka-use1-a")["cluster"]
        assert user_data["spec"]["cluster"]["apiServerEndpoint"] == cluster["endpoint"]
    assert nodes == 1299


def _decode(user_data: str) -> Any:
    """Read the NodeConfig as nodeadm does: base64, then a MIME part, then YAML."""
    from base64 import b64decode
    from email import message_from_bytes

    message = message_from_bytes(b64decode(user_data))
    assert message.get_content_type() == "multipart/mixed"
    (part,) = [part for part in message.walk() if not part.is_multipart()]
    assert part.get_content_type() == "application/node.eks.aws"
    return load_data(str(part.get_payload()))


def test_nothing_is_admitted_from_everywhere_and_everything_is_tagged(ladder: Ladder) -> None:
    for cell, account in ACCOUNTS.items():
        region = "us-west-2" if cell == "moka-usw2-a" else "us-east-1"
        ec2 = ladder.client("ec2", account, region)
        for rule in ec2.describe_security_group_rules()["SecurityGroupRules"]:
            if not rule["IsEgress"]:
                assert rule.get("CidrIpv4") != "0.0.0.0/0"
        vpc = ladder.outputs(cell, "network")["vpc_id"]
        filters = [{"Name": "vpc-id", "Values": [vpc]}]
        (found,) = ec2.describe_vpcs(VpcIds=[vpc])["Vpcs"]
        for thing in (found, *ec2.describe_subnets(Filters=filters)["Subnets"]):
            tags = {tag["Key"]: tag["Value"] for tag in thing["Tags"]}
            assert tags["cellfactory:cell"] == cell
            assert tags["cellfactory:layer"] == "network"
            assert tags["cellfactory:stack"] == f"{cell}-network"


def test_a_fourth_cell_adds_rows_and_touches_nothing_else(ladder: Ladder) -> None:
    """Nor has anything that was just applied something to do."""
    before = ladder.documents()
    ladder.change_cells({FOURTH: FOURTH_CELL})
    ladder.run("synth")
    rows = without_platform(ladder.results("apply"))
    own = {name for name in rows if name.startswith(f"{FOURTH}-")}
    assert {row["status"] for row in rows.values()} <= {"applied", "no-change"}
    assert {name.rpartition("-")[2] for name in own} == {
        *("network", "peering", "accept", "routes", "cluster")
    }
    for name, row in rows.items():
        counts = row["counts"]
        assert (counts["change"], counts["destroy"], counts["replace"]) == (0, 0, 0), name
    touched = {name for name, row in rows.items() if row["counts"]["add"]} - own
    assert touched == {
        *("moka-use1-a-peering", "moka-use1-b-peering", "moka-use1-c-accept"),
        *("moka-use1-a-routes", "moka-use1-b-routes", "moka-use1-c-routes"),
    }
    others = rows.keys() - own - touched
    assert len(others) == 17 - len(touched)
    assert {rows[name]["status"] for name in others} == {"no-change"}
    after = ladder.documents()
    unchanged = [n for n in before if n not in touched and not n.endswith("-platform")]
    assert [n for n in unchanged if after[n] != before[n]] == []


def test_the_fourth_cell_leaves_and_nobody_else_moves(ladder: Ladder) -> None:
    ladder.change_cells({FOURTH: None})
    ladder.run("lock")
    ladder.run("synth")
    lock = load_data((ladder.folder / "cells.lock.yaml").read_text("utf-8"))
    assert list(lock["removed"]) == [FOURTH]
    ladder.run("apply", "--sandbox", *("--layer", "peering"), code=6)  # it would destroy
    assert "--allow-destroy" in ladder.stderr
    allowed = (w for name in EDGE_LAYERS for w in ("--layer", name, "--allow-destroy", name))
    rows = without_platform(ladder.results("apply", *allowed))
    assert "destroy --sandbox --gone" in ladder.stderr
    assert {row["counts"]["add"] for row in rows.values()} == {0}
    gone = {name for name, row in rows.items() if row["counts"]["destroy"]}
    assert gone == {
        *("moka-use1-a-peering", "moka-use1-b-peering", "moka-use1-c-accept"),
        *("moka-use1-a-routes", "moka-use1-b-routes", "moka-use1-c-routes"),
    }
    assert {row["counts"]["replace"] for row in rows.values()} == {0}
    rows = ladder.results("destroy", "--gone")
    assert {row["status"] for row in rows.values()} == {"destroyed"}
    assert all(name.startswith(f"{FOURTH}-") for name in rows)
    assert ladder.leftovers(FOURTH_ACCOUNT, "us-east-1") == []


def test_the_rest_is_as_it_was(ladder: Ladder) -> None:
    rows = without_platform(ladder.results("plan", "--exit-code"))
    assert len(rows) == 17
    assert {row["status"] for row in rows.values()} == {"no-change"}


def test_destroyed_in_reverse_order_nothing_is_left(ladder: Ladder) -> None:
    third = ladder.outputs("moka-use1-c", "account")["account_id"]
    rows = ladder.results("destroy", "--forget-accounts")
    forgotten = rows.pop("moka-use1-c-account")
    assert forgotten["status"] == "forgotten"
    assert f"account {third} (" in ladder.stderr
    assert {row["status"] for row in rows.values()} == {"destroyed"}
    organizations = ladder.client("organizations", "222222222222")
    assert organizations.describe_account(AccountId=third)["Account"]["Status"] == "ACTIVE"
    for account in (*ACCOUNTS.values(), third):
        for region in ("us-east-1", "us-west-2"):
            assert ladder.leftovers(account, region) == [], (account, region)
