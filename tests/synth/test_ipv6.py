"""The Terraform of a cell whose pods have IPv6 addresses, and of one that only reserves them."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from cellfactory.documents import load_data, render_data
from tests.synth.conftest import ROOT, Example, synthesize
from tests.synth.provider_schema import unknown_attributes
from tests.synth.test_policy import standing

pytestmark = pytest.mark.synth

HERE = Path(__file__).parent
CELL = "moka-use1-b"
LAYERS = ("network", "cluster", "platform")


def ipv6_inventory(egress: str) -> dict[str, Any]:
    """The shipped inventory, where one cell has IPv6 pods."""
    made: dict[str, Any] = copy.deepcopy(load_data((ROOT / "cells.yaml").read_text("utf-8")))
    kind = copy.deepcopy(made["cell_types"]["spark-small"])
    del kind["prefixes_per_node"]
    kind |= {"ip_family": "ipv6", "load": {"oldest_spark": "3.5"}, "egress": egress}
    made["cell_types"]["spark-ipv6"] = kind
    made["cells"][CELL]["type"] = "spark-ipv6"
    return made


@pytest.fixture(scope="module", params=["none", "nat_gateway"])
def egress(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def made(egress: str, tmp_path_factory: pytest.TempPathFactory) -> Example:
    file = tmp_path_factory.mktemp("ipv6") / "cells.yaml"
    file.write_text(render_data(ipv6_inventory(egress)), "utf-8")
    return synthesize(file)


@pytest.mark.parametrize("layer", LAYERS)
def test_golden_cell(
    made: Example, egress: str, layer: str, request: pytest.FixtureRequest
) -> None:
    if egress == "none":
        pytest.skip("one golden is enough")
    golden = HERE / "golden" / f"ipv6-{layer}.tf.json"
    text = made.texts[f"{CELL}-{layer}"]
    if request.config.getoption("--update-cases"):
        golden.write_text(text, "utf-8")
    assert text == golden.read_text("utf-8")


def resources(made: Example, layer: str) -> dict[str, dict[str, dict[str, Any]]]:
    found: dict[str, dict[str, dict[str, Any]]] = made.documents[f"{CELL}-{layer}"]["resource"]
    return found


def test_the_provider_knows_all_of_it(made: Example) -> None:
    for layer in LAYERS:
        assert unknown_attributes(made.documents[f"{CELL}-{layer}"]) == [], layer


def test_no_route_leads_to_a_block_of_ipv6_but_the_way_out(made: Example, egress: str) -> None:
    routes = [
        (row["destination_ipv6_cidr_block"], sorted(row))
        for stack, document in made.documents.items()
        for row in document.get("resource", {}).get("aws_route", {}).values()
        if "destination_ipv6_cidr_block" in row and stack.startswith("moka")
    ]
    keys = ["destination_ipv6_cidr_block", "egress_only_gateway_id", "route_table_id"]
    assert routes == ([("::/0", keys)] * 3 if egress == "nat_gateway" else [])


def test_nothing_is_admitted_by_an_ipv6_block(made: Example) -> None:
    rules = resources(made, "network")["aws_vpc_security_group_ingress_rule"].values()
    assert not [rule for rule in rules if "cidr_ipv6" in rule]


def test_each_subnet_that_nodes_route_from_has_its_own_part(made: Example) -> None:
    subnets = resources(made, "network")["aws_subnet"]
    parts = {name: row.get("ipv6_cidr_block") for name, row in subnets.items()}
    given = [part for part in parts.values() if part]
    assert len(given) == len(set(given)) == 9
    assert not [name for name, part in parts.items() if part and name.startswith("public")]
    assigned = {n for n, row in subnets.items() if row.get("assign_ipv6_address_on_creation")}
    assert {name.rpartition("-use1")[0] for name in assigned} == {"node", "control-plane"}
    assert not [name for name in subnets if name.startswith("pod")]


def test_the_cluster_leaves_the_block_of_its_services_to_eks(made: Example) -> None:
    found = resources(made, "cluster")
    (cluster,) = found["aws_eks_cluster"].values()
    assert cluster["kubernetes_network_config"] == {"ip_family": "ipv6"}
    for template in found["aws_launch_template"].values():
        assert "kubernetes_network_config[0].service_ipv6_cidr" in template["user_data"]
        assert "vpc_security_group_ids" not in template
        (interface,) = template["network_interfaces"]
        assert (interface["primary_ipv6"], interface["ipv6_address_count"]) == ("true", 1)


def test_the_cni_attaches_prefixes_by_rights_of_its_own(made: Example) -> None:
    found = resources(made, "cluster")
    addon = found["aws_eks_addon"]["addon-vpc-cni"]
    told = json.loads(addon["configuration_values"])
    assert "eniConfig" not in told
    assert told["env"]["ENABLE_IPv6"] == told["env"]["ENABLE_PREFIX_DELEGATION"] == "true"
    assert "aws_iam_role_policy.vpc-cni-ipv6" in addon["depends_on"]
    allowed = json.loads(found["aws_iam_role_policy"]["vpc-cni-ipv6"]["policy"])["Statement"]
    (assigning,) = [row for row in allowed if "ec2:AssignIpv6Addresses" in row["Action"]]
    assert assigning["Resource"] == ["arn:aws:ec2:*:*:network-interface/*"]
    attached = found["aws_iam_role_policy_attachment"].values()
    assert not [row for row in attached if row["policy_arn"].endswith("AmazonEKS_CNI_Policy")]


def test_the_balancer_speaks_ipv4_to_hubs_and_ipv6_to_nodes(made: Example) -> None:
    found = resources(made, "cluster")
    assert found["aws_lb"]["ingress"]["ip_address_type"] == "dualstack"
    assert found["aws_lb_target_group"]["ingress-targets"]["ip_address_type"] == "ipv6"


def test_charts_are_told_the_family(made: Example) -> None:
    releases = {
        name: json.loads(row["values"][0])
        for name, row in resources(made, "platform")["helm_release"].items()
    }
    assert releases["spark-history-server"]["ipFamily"] == "IPv6"
    gateway = releases["spark-ui-gateway"]
    assert (gateway["ipFamily"], gateway["podBlocks"]) == ("IPv6", ["${var.ipv6_block}"])
    names = [row["name"] for row in releases["spark-operator"]["controller"]["env"]]
    assert names == ["_JAVA_OPTIONS", "KUBERNETES_DISABLE_HOSTNAME_VERIFICATION"]


def test_a_cell_that_reserves_a_block_differs_by_nothing_else(
    example: Example, tmp_path: Path
) -> None:
    """So the block comes to cells that stand in place, and nothing of them uses it."""
    plain = load_data((ROOT / "cells.yaml").read_text("utf-8"))
    for kind in plain["cell_types"].values():
        del kind["ipv6_block"]
    file = tmp_path / "cells.yaml"
    file.write_text(render_data(plain), "utf-8")
    before = synthesize(file)
    for name, document in before.documents.items():
        for vpc in document.get("resource", {}).get("aws_vpc", {}).values():
            assert "assign_generated_ipv6_cidr_block" not in vpc
            vpc["assign_generated_ipv6_cidr_block"] = True
        assert document == example.documents[name], name


def test_it_breaks_no_policy_that_is_not_waived(made: Example) -> None:
    assert standing(made) == []
