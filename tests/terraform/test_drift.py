"""What somebody changes behind our back is found, told apart and put back: real provider.

The tests of this file are the steps of one story, in the order in which they stand.
"""

from __future__ import annotations

import copy
import json
import shlex
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cellfactory.documents import load_data
from tests.terraform.ladder import PARALLEL, ROOT, Ladder, climbing

pytestmark = [pytest.mark.terraform, pytest.mark.sandbox, pytest.mark.timeout(1_500)]

CELL, ACCOUNT = "moka-use1-b", "555555555555"
PEER, PEER_ACCOUNT = "moka-use1-d", "888888888888"
LAYERS = ("network", "peering", "accept", "routes")
CHOSEN = tuple(word for layer in LAYERS for word in ("--layer", layer))
BY_HAND = "192.168.0.0/16"
FROM_NODES = "Nodes to Interface endpoints"
REPAIR = f"cellfactory apply --sandbox --cell {CELL} --allow-destroy network --allow-destroy routes"


@pytest.fixture(scope="module")
def ladder(tmp_path_factory: pytest.TempPathFactory, terraform_mirror: Path) -> Iterator[Ladder]:
    folder = tmp_path_factory.mktemp("drift")
    made = load_data((ROOT / "cells.yaml").read_text("utf-8"))
    cell = made["cells"][CELL]
    peer = copy.deepcopy({**cell, "account": {"id": PEER_ACCOUNT}})
    made |= {"cells": {CELL: cell, PEER: peer}, "hubs": {}}
    for mesh in made["meshes"].values():
        mesh["hubs"] = []
    shutil.copy(ROOT / "cells.lock.yaml", folder)
    with climbing(folder, terraform_mirror, made) as ladder:
        yield ladder


def drift(ladder: Ladder, *words: str, code: int) -> dict[str, dict[str, Any]]:
    """Look for drift; what was found, by cell."""
    told = ladder.run(
        *("drift", "--sandbox", "--exit-code", "--format", "json", *PARALLEL, *words), code=code
    )
    return {cell["name"]: cell for cell in json.loads(told)["cells"]}


def block_of(ladder: Ladder, cell: str) -> str:
    lock = load_data((ladder.folder / "cells.lock.yaml").read_text("utf-8"))
    return str(lock["cells"][cell]["primary"])


def changes(cell: dict[str, Any]) -> dict[str, tuple[str, str]]:
    return {one["address"]: (one["event"], one["cause"]) for one in cell["changes"]}


def test_what_was_just_applied_has_not_drifted(ladder: Ladder) -> None:
    rows = ladder.results("apply", *CHOSEN)
    assert {row["status"] for row in rows.values()} == {"applied"}
    found = drift(ladder, code=0)
    assert [(c["name"], c["drifted"], c["fingerprint"]) for c in found.values()] == [
        (CELL, False, None),
        (PEER, False, None),
    ]
    assert all(cell["changes"] == [] for cell in found.values())


def change_by_hand(ladder: Ladder) -> None:
    """Change, add and take away in the network of a cell."""
    made, ec2 = ladder.outputs(CELL, "network"), ladder.client("ec2", ACCOUNT)
    named = [{"Key": "Name", "Value": "by hand"}, {"Key": "costcentre", "Value": "42"}]
    ec2.create_tags(Resources=[made["vpc_id"]], Tags=named)
    groups = made["security_group_ids"]
    ec2.authorize_security_group_ingress(
        GroupId=groups["node"],
        IpPermissions=[
            {
                "IpProtocol": "tcp",
                "FromPort": 22,
                "ToPort": 22,
                "IpRanges": [{"CidrIp": "0.0.0.0/0"}],
            }
        ],
    )
    where = [{"Name": "group-id", "Values": [groups["endpoint"]]}]
    rules = ec2.describe_security_group_rules(Filters=where)["SecurityGroupRules"]
    (ours,) = [r["SecurityGroupRuleId"] for r in rules if r.get("Description", "") == FROM_NODES]
    ec2.revoke_security_group_ingress(GroupId=groups["endpoint"], SecurityGroupRuleIds=[ours])
    one, other, _ = (made["node_route_table_ids"][z] for z in sorted(made["node_route_table_ids"]))
    table = ec2.describe_route_tables(RouteTableIds=[one])["RouteTables"][0]
    route = next(r for r in table["Routes"] if r.get("VpcPeeringConnectionId"))
    ec2.delete_route(RouteTableId=one, DestinationCidrBlock=route["DestinationCidrBlock"])
    ec2.create_route(
        RouteTableId=other,
        DestinationCidrBlock=BY_HAND,
        VpcPeeringConnectionId=route["VpcPeeringConnectionId"],
    )
    subnet = made["pod_subnet_ids"]["use1-az1"]
    ec2.modify_subnet_attribute(SubnetId=subnet, MapPublicIpOnLaunch={"Value": True})
    s3, bucket = ladder.client("s3", ACCOUNT), f"{CELL}-flow-logs-{ACCOUNT}"
    policy = json.loads(s3.get_bucket_policy(Bucket=bucket)["Policy"])
    policy["Statement"] = policy["Statement"][1:]
    s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps(policy))


def test_what_somebody_did_is_found_and_told_apart(ladder: Ladder) -> None:
    change_by_hand(ladder)
    states = ladder.folder / ".cellfactory/sandbox/state"
    before = {path: path.read_bytes() for path in states.rglob("*.tfstate")}
    found = drift(ladder, code=10)
    assert not found[PEER]["drifted"]
    assert changes(found[CELL]) == {
        "aws_route_table.table-node-use1-az2": ("added", "unknown"),
        "aws_security_group.node": ("added", "unknown"),
        "aws_s3_bucket_policy.flow-logs-delivery": ("changed", "reverted"),
        "aws_subnet.pod-use1-az1": ("changed", "reverted"),
        "aws_vpc.cell": ("changed", "reverted"),
        "aws_vpc_security_group_ingress_rule.endpoint-from-node-443": ("gone", "reverted"),
        f'aws_route.to-peer["node-use1-az1 {block_of(ladder, PEER)}"]': ("gone", "reverted"),
    }
    vpc = next(one for one in found[CELL]["changes"] if one["address"] == "aws_vpc.cell")
    assert vpc["values"][0] == {
        "path": ["tags", "Name"],
        "applied": CELL,
        "found": "by hand",
        "secret": False,
    }
    again = drift(ladder, "--cell", CELL, code=10)
    for told in ("fingerprint", "issue", "repair"):
        assert again[CELL][told] == found[CELL][told]
    assert again[CELL]["repair"] == REPAIR
    assert {path: path.read_bytes() for path in states.rglob("*.tfstate")} == before
    assert not list((ladder.folder / ".cellfactory").rglob("*.tfplan"))


def test_the_line_that_is_told_puts_back_what_an_apply_can(ladder: Ladder) -> None:
    """What it cannot is taken away by hand; that nothing is left is seen at the end of all."""
    ladder.run(*shlex.split(REPAIR)[1:], *PARALLEL, *CHOSEN)
    found = drift(ladder, "--cell", CELL, code=10)
    assert {cause for _, cause in changes(found[CELL]).values()} == {"unknown"}
    made, ec2 = ladder.outputs(CELL, "network"), ladder.client("ec2", ACCOUNT)
    ec2.revoke_security_group_ingress(
        GroupId=made["security_group_ids"]["node"],
        IpPermissions=[
            {
                "IpProtocol": "tcp",
                "FromPort": 22,
                "ToPort": 22,
                "IpRanges": [{"CidrIp": "0.0.0.0/0"}],
            }
        ],
    )
    ec2.delete_route(
        RouteTableId=made["node_route_table_ids"]["use1-az2"], DestinationCidrBlock=BY_HAND
    )


def test_a_connection_that_somebody_deleted_is_made_anew_on_both_sides(ladder: Ladder) -> None:
    (connection,) = ladder.outputs(CELL, "peering")["connection_ids"].values()
    ec2 = ladder.client("ec2", ACCOUNT)
    ec2.delete_vpc_peering_connection(VpcPeeringConnectionId=connection)
    found = drift(ladder, code=10)
    assert found[CELL]["drifted"]
    assert found[PEER]["drifted"]
    ladder.run(*shlex.split(found[CELL]["repair"])[1:], *PARALLEL, *CHOSEN)
    assert not any(cell["drifted"] for cell in drift(ladder, code=0).values())


def test_an_edit_of_the_inventory_is_no_drift(ladder: Ladder) -> None:
    file = ladder.folder / "cells.yaml"
    text = file.read_text("utf-8")
    assert "    egress: none\n" in text
    file.write_text(text.replace("    egress: none\n", "    egress: nat_gateway\n"), "utf-8")
    ladder.run("synth")
    told = ladder.run("drift", "--sandbox", "--exit-code", "--layer", "network", *PARALLEL)
    assert "2 cells: 0 drifted, 2 as applied" in told
    assert f"note: {CELL} (network): synthesized otherwise since" in told
