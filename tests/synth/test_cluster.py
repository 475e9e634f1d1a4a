"""A cluster with everything that a cell type can ask of it, and what it is without."""

from __future__ import annotations

import json
from typing import Any

import pytest

from cellfactory.addressing.lock import EMPTY_LOCK
from cellfactory.addressing.plan import plan_addresses
from cellfactory.facts.loader import load_facts
from cellfactory.inventory.addon_rules import CNI_OURS, OURS
from cellfactory.layers import list_stacks
from cellfactory.specs.cni import cni_environment, cni_settings, ipv6_environment
from tests.inventories import ADDONS, data, inventory
from tests.synth.provider_schema import unknown_attributes

pytestmark = pytest.mark.synth

FACTS = load_facts()
ROLE = "arn:aws:iam::444444444444:role/"
CNI = {
    "version": "v1.23.1-eksbuild.1",
    "configuration": {
        "env": {"AWS_VPC_K8S_CNI_LOGLEVEL": "WARN"},
        "nodeAgent": {"enablePolicyEventLogs": "true"},
        "node-agent": {"x": 1},
    },
}
ASKED: dict[str, Any] = {
    "egress": "none",
    "support": "standard",
    "control_plane_tier": "4xl",
    "control_plane_logs": ["scheduler", "api"],
    "deletion_protection": True,
    "zonal_shift": True,
    "session_manager": True,
    "submitters": [f"{ROLE}router"],
    "viewers": [f"{ROLE}b", f"{ROLE}a"],
    "addons": {
        **ADDONS,
        "vpc-cni": CNI,
        "coredns": {
            "version": "v1.12.4-eksbuild.1",
            "configuration": {"autoScaling": {"maxReplicas": 77}, "corefile": ".:53 {}"},
        },
        "eks-node-monitoring-agent": "v1.7.1-eksbuild.1",
        "metrics-server": "v0.8.0-eksbuild.1",
        "aws-ebs-csi-driver": "v1.44.0-eksbuild.1",
        "amazon-cloudwatch-observability": "v4.1.0-eksbuild.1",
    },
    "node_groups": {
        "all": {"instance_type": "r6i.4xlarge", "nodes_per_zone": 250, "reservations": "spark"},
        "tainted": {
            "instance_type": "r6i.4xlarge",
            "nodes_per_zone": 3,
            "repair": False,
            "taints": [{"key": "a", "effect": "NoSchedule"}],
        },
        "small": {"instance_type": "r6i.4xlarge", "nodes_per_zone": 101},
    },
    "spark": {
        "namespaces": ["jobs", "etl"],
        "operator": {"chart_version": "2.5.2", "image_registry": "r.example.com/mirror"},
        "job_policies": ["data/read", "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"],
        "namespace_policies": {"etl": ["data/write"]},
    },
}


def made(**changes: Any) -> dict[str, dict[str, Any]]:
    """The stacks of one cell, by layer; without a change of its pools, of ten nodes a zone."""
    from cellfactory.stacks.synth import synth_stacks

    told = data()
    told["cell_types"]["plain"] |= changes
    cells = inventory(told)
    plan, _ = plan_addresses(cells, EMPTY_LOCK, FACTS)
    texts = synth_stacks(cells, plan, FACTS, list_stacks(cells, FACTS)).stacks
    return {name.rpartition("-")[2]: json.loads(text) for name, text in texts.items()}


@pytest.fixture(scope="module")
def asked() -> dict[str, dict[str, Any]]:
    return made(**ASKED)


@pytest.fixture(scope="module")
def plain() -> dict[str, dict[str, Any]]:
    return made()


def test_every_attribute_exists_in_the_provider_of_the_bindings(
    asked: dict[str, dict[str, Any]],
) -> None:
    assert {
        layer: unknown_attributes(document) for layer, document in asked.items()
    } == dict.fromkeys(asked, unknown_attributes({}))


def test_eks_updates_no_control_plane_by_itself_unless_it_is_asked_to(
    asked: dict[str, dict[str, Any]], plain: dict[str, dict[str, Any]]
) -> None:
    for document, support in ((plain, "EXTENDED"), (asked, "STANDARD")):
        plane = document["cluster"]["resource"]["aws_eks_cluster"]["cell"]
        assert plane["upgrade_policy"] == {"support_type": support}


def test_what_the_oldest_provider_does_not_know_is_written_where_it_is_asked_for(
    asked: dict[str, dict[str, Any]], plain: dict[str, dict[str, Any]]
) -> None:
    new = {"deletion_protection", "control_plane_scaling_config", "zonal_shift_config"}
    plane = asked["cluster"]["resource"]["aws_eks_cluster"]["cell"]
    assert plane["control_plane_scaling_config"] == {"tier": "tier-4xl"}
    assert plane["deletion_protection"] is True
    assert plane["zonal_shift_config"] == {"enabled": True}
    assert plane["enabled_cluster_log_types"] == ["api", "scheduler"]
    assert new.isdisjoint(plain["cluster"]["resource"]["aws_eks_cluster"]["cell"])


def test_groups_are_small_and_dns_waits_for_the_few_that_it_needs(
    asked: dict[str, dict[str, Any]],
) -> None:
    resources = asked["cluster"]["resource"]
    sizes = [g["scaling_config"]["desired_size"] for g in resources["aws_eks_node_group"].values()]
    assert max(sizes) == FACTS.policy_value("nodes-per-group")
    assert sum(sizes) == 3 * (250 + 3 + 101)
    first = [f"aws_eks_node_group.group-small-use1-az{n}" for n in (1, 2, 4)]
    assert resources["aws_eks_addon"]["addon-coredns"]["depends_on"] == first


def test_one_group_that_fails_leaves_a_cell_with_dns(asked: dict[str, dict[str, Any]]) -> None:
    """Whatever runs on nodes names no group of a pool that it could not run on."""
    for name, addon in asked["cluster"]["resource"]["aws_eks_addon"].items():
        groups = [d for d in addon.get("depends_on", ()) if "node_group" in d]
        assert len(groups) in (0, 3), name
        assert not any("tainted" in group for group in groups), name


def test_nodes_heal_unless_they_are_told_not_to(asked: dict[str, dict[str, Any]]) -> None:
    for name, group in asked["cluster"]["resource"]["aws_eks_node_group"].items():
        repairs = {"enabled": True} if "tainted" not in name else None
        assert group.get("node_repair_config") == repairs


def test_reservations_are_those_of_the_account_that_the_cell_is_in(
    asked: dict[str, dict[str, Any]],
) -> None:
    templates = asked["cluster"]["resource"]["aws_launch_template"]
    target = templates["template-all"]["capacity_reservation_specification"]
    arn = "arn:aws:resource-groups:us-east-1:444444444444:group/spark"
    assert target == {
        "capacity_reservation_target": {"capacity_reservation_resource_group_arn": arn}
    }
    assert "capacity_reservation_specification" not in templates["template-small"]


def configuration(addon: dict[str, Any]) -> Any:
    return json.loads(addon["configuration_values"])


def test_coredns_is_as_large_as_its_cell(plain: dict[str, dict[str, Any]]) -> None:
    small = configuration(plain["cluster"]["resource"]["aws_eks_addon"]["addon-coredns"])
    assert small["autoScaling"] == {"enabled": True, "minReplicas": 3, "maxReplicas": 3}
    assert small["resources"]["limits"]["memory"] == "170Mi"
    pools = {"all": {"instance_type": "r6gd.8xlarge", "nodes_per_zone": 433}}
    large = configuration(
        made(node_groups=pools, quotas={})["cluster"]["resource"]["aws_eks_addon"]["addon-coredns"]
    )
    nodes = 3 * (433 + 5 * 2)  # five groups in a zone, each with two nodes more while it is updated
    assert large["autoScaling"]["maxReplicas"] == -(-nodes * 32 // 256)
    assert large["resources"]["limits"]["memory"] == "186Mi"  # 96 pods of a node, a tenth services


def test_what_an_add_on_is_asked_stands_beside_what_the_cell_sets(
    asked: dict[str, dict[str, Any]],
) -> None:
    addons = asked["cluster"]["resource"]["aws_eks_addon"]
    dns = configuration(addons["addon-coredns"])
    assert dns["autoScaling"]["maxReplicas"] == 77
    assert dns["autoScaling"]["enabled"] is True
    assert dns["corefile"] == ".:53 {}"
    text = addons["addon-vpc-cni"]["configuration_values"]
    assert '"AWS_VPC_K8S_CNI_LOGLEVEL": "WARN"' in text
    assert 'enableNetworkPolicy = "true", env = {' in text
    assert 'nodeAgent = {"enablePolicyEventLogs": "true"}' in text
    for name, value in cni_environment(96, 2).items():
        assert f'"{name}": "{value}"' in text


def test_nobody_but_the_cell_sets_what_holds_a_node_at_its_prefixes() -> None:
    assert {*cni_environment(96, 2), *ipv6_environment()} <= set(CNI_OURS)
    made = {(key,) for key in cni_settings({})} - {("env",)}
    assert made | {("nodeAgent", "enabled")} <= set(OURS["vpc-cni"])


def test_network_policies_are_enforced_whatever_the_cell_asks(
    asked: dict[str, dict[str, Any]], plain: dict[str, dict[str, Any]]
) -> None:
    """The add-on's schema takes a text: `true` would be refused when the add-on is made."""
    for synthesized in (asked, plain):
        text = synthesized["cluster"]["resource"]["aws_eks_addon"]["addon-vpc-cni"]
        assert 'enableNetworkPolicy = "true"' in text["configuration_values"]


def test_add_ons_that_call_aws_have_an_identity(asked: dict[str, dict[str, Any]]) -> None:
    resources = asked["cluster"]["resource"]
    for name, account in (
        ("aws-ebs-csi-driver", "ebs-csi-controller-sa"),
        ("amazon-cloudwatch-observability", "cloudwatch-agent"),
    ):
        (identity,) = resources["aws_eks_addon"][f"addon-{name}"]["pod_identity_association"]
        assert identity["service_account"] == account
    policies = {p["policy_arn"] for p in resources["aws_iam_role_policy_attachment"].values()}
    assert "arn:aws:iam::aws:policy/service-role/AmazonEBSCSIDriverPolicy" in policies
    assert "arn:aws:iam::aws:policy/CloudWatchAgentServerPolicy" in policies
    assert "arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore" in policies


def test_a_cell_without_a_way_out_reaches_what_it_asks_for(
    asked: dict[str, dict[str, Any]],
) -> None:
    endpoints = set(asked["network"]["resource"]["aws_vpc_endpoint"])
    wanted = ("ssm", "ssmmessages", "monitoring", "logs")
    assert {f"interface-{service}" for service in wanted} <= endpoints


def test_who_hands_in_jobs_is_no_administrator(asked: dict[str, dict[str, Any]]) -> None:
    resources, rows = asked["cluster"]["resource"], asked["cluster"]["locals"]
    for name, group in (("submitter", "submitters"), ("viewer", "viewers")):
        entry = resources["aws_eks_access_entry"][name]
        assert entry["kubernetes_groups"] == [f"cellfactory:{group}"]
        assert entry["for_each"] == f"${{local.{group}}}"
    assert list(rows["viewers"]) == [f"{ROLE}a", f"{ROLE}b"]
    assert set(resources["aws_eks_access_policy_association"]) == {"admin-policy-deployer"}


def test_jobs_have_an_identity_with_and_without_a_history_server(
    asked: dict[str, dict[str, Any]],
) -> None:
    resources = asked["cluster"]["resource"]
    assert "aws_s3_bucket" not in resources
    identities = resources["aws_eks_pod_identity_association"]
    assert {i["namespace"]: i["role_arn"] for i in identities.values()} == {
        name: f'${{aws_iam_role.role-spark-job["{name}"].arn}}' for name in ("jobs", "etl")
    }
    rows = asked["cluster"]["locals"]
    assert rows["job_roles"] == {
        name: {"role": f"cell-000-spark-job-{name}"} for name in ("jobs", "etl")
    }
    own, shared = "arn:aws:iam::444444444444:policy/", "arn:aws:iam::aws:policy/"
    assert set(rows["job_policies"]) == {
        f"jobs {own}data/read",
        f"jobs {shared}AmazonS3ReadOnlyAccess",
        f"etl {own}data/read",
        f"etl {own}data/write",
        f"etl {shared}AmazonS3ReadOnlyAccess",
    }
    for key, row in rows["job_policies"].items():
        assert key == f"{row['namespace']} {row['policy']}"


def test_long_namespaces_have_roles_of_their_own() -> None:
    one, other = "n" * 63, "n" * 62 + "m"
    spark = {**data()["cell_types"]["plain"]["spark"], "namespaces": [one, other]}
    rows = made(spark=spark)["cluster"]["locals"]["job_roles"]
    names = {row["role"] for row in rows.values()}
    assert len(names) == 2
    assert all(len(name) <= FACTS.parameter("role-name-characters") for name in names)


def test_the_log_group_outlives_the_cluster_and_goes_after_the_vpc(
    plain: dict[str, dict[str, Any]],
) -> None:
    assert "aws_cloudwatch_log_group" not in plain["cluster"]["resource"]
    network = plain["network"]["resource"]
    (group,) = network["aws_cloudwatch_log_group"].values()
    assert group["name"] == "/aws/eks/cell-000/cluster"
    (vpc,) = network["aws_vpc"].values()
    assert vpc["depends_on"] == ["aws_cloudwatch_log_group.control-plane-logs"]
