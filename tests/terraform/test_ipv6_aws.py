"""A cell of IPv6 pods on the real provider: made, planned clean, and taken away.

And one that stands gets the block that Amazon gives, in place: nothing of it is made anew.
"""

from __future__ import annotations

import base64
import copy
from collections.abc import Iterator
from ipaddress import IPv6Network
from pathlib import Path
from typing import Any

import pytest

from cellfactory.documents import load_data, render_data
from tests.terraform.ladder import ROOT, Ladder, climbing

pytestmark = [
    pytest.mark.terraform,
    pytest.mark.sandbox,
    pytest.mark.timeout(1_500),
    pytest.mark.long,
]

REGION = "us-west-2"
PLAIN, SIX = "moka-usw2-a", "moka-usw2-b"
ACCOUNTS = {PLAIN: "666666666666", SIX: "888888888888"}
CHOSEN = ("--layer", "network", "--layer", "cluster")


def inventory() -> dict[str, Any]:
    """A cell as it stood before anybody spoke of IPv6, and one of IPv6 pods beside it."""
    made: dict[str, Any] = load_data((ROOT / "cells.yaml").read_text("utf-8"))
    kind = made["cell_types"]["spark-small-usw2"]
    del kind["ipv6_block"]
    six = copy.deepcopy({**kind, "ip_family": "ipv6", "load": {"oldest_spark": "3.5"}})
    del six["prefixes_per_node"]
    six["ingress"] = {"node_group": "all"}
    made["cell_types"]["spark-ipv6"] = six
    shipped = made["cells"][PLAIN]
    made["cells"] = {
        PLAIN: copy.deepcopy(shipped),
        SIX: copy.deepcopy({**shipped, "type": "spark-ipv6", "account": {"id": ACCOUNTS[SIX]}}),
    }
    return made


@pytest.fixture(scope="module")
def ladder(tmp_path_factory: pytest.TempPathFactory, terraform_mirror: Path) -> Iterator[Ladder]:
    with climbing(tmp_path_factory.mktemp("ipv6"), terraform_mirror, inventory()) as ladder:
        ladder.results("apply", "--no-bake", *CHOSEN)
        yield ladder


def blocks(ladder: Ladder, cell: str) -> list[str]:
    ec2 = ladder.client("ec2", ACCOUNTS[cell], REGION)
    (vpc,) = ec2.describe_vpcs(Filters=[{"Name": "tag:Name", "Values": [cell]}])["Vpcs"]
    rows = vpc.get("Ipv6CidrBlockAssociationSet", [])
    return [r["Ipv6CidrBlock"] for r in rows if r["Ipv6CidrBlockState"]["State"] == "associated"]


def test_a_plan_afterwards_changes_nothing(ladder: Ladder) -> None:
    results = ladder.results("plan", "--exit-code", *CHOSEN)
    assert {result["status"] for result in results.values()} == {"no-change"}


def test_pods_and_services_have_ipv6_and_nodes_say_so(ladder: Ladder) -> None:
    account = ACCOUNTS[SIX]
    cluster = ladder.client("eks", account, REGION).describe_cluster(name=SIX)["cluster"]
    services = cluster["kubernetesNetworkConfig"]["serviceIpv6Cidr"]
    ec2 = ladder.client("ec2", account, REGION)
    (template,) = ec2.describe_launch_templates()["LaunchTemplates"]
    (version,) = ec2.describe_launch_template_versions(
        LaunchTemplateId=template["LaunchTemplateId"], Versions=["$Latest"]
    )["LaunchTemplateVersions"]
    told = base64.b64decode(version["LaunchTemplateData"]["UserData"]).decode()
    assert f'"cidr": "{services}"' in told
    (block,) = blocks(ladder, SIX)
    for subnet in ec2.describe_subnets()["Subnets"]:
        for row in subnet["Ipv6CidrBlockAssociationSet"]:
            assert IPv6Network(row["Ipv6CidrBlock"]).subnet_of(IPv6Network(block))


def test_a_block_comes_to_a_cell_that_stands_in_place(ladder: Ladder) -> None:
    assert blocks(ladder, PLAIN) == []
    made = inventory()
    made["cell_types"]["spark-small-usw2"]["ipv6_block"] = "amazon"
    (ladder.folder / "cells.yaml").write_text(render_data(made), "utf-8")
    ladder.run("synth")
    results = ladder.results("apply", "--no-bake", *CHOSEN)
    assert len(blocks(ladder, PLAIN)) == 1
    counts = results[f"{PLAIN}-network"]["counts"]
    assert (counts["add"], counts["change"], counts["destroy"]) == (0, 1, 0)
    test_a_plan_afterwards_changes_nothing(ladder)
