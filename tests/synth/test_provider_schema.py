"""The reader of the provider's schema finds what is wrong, at any depth, and only that."""

from __future__ import annotations

from typing import Any

import pytest

from tests.synth.provider_schema import Attribute, load_schema, unknown_attributes

CLUSTER: dict[str, Any] = {
    "name": "moka",
    "role_arn": "${aws_iam_role.cluster.arn}",
    "vpc_config": {"subnet_ids": ["subnet-1"], "endpoint_public_access": False},
    "kubernetes_network_config": {"elastic_load_balancing": {"enabled": False}},
    "depends_on": ["aws_iam_role.cluster"],
    "lifecycle": {"ignore_changes": ["tags"]},
    "tags": {"any": "key"},
}


def cluster(**changes: Any) -> dict[str, Any]:
    return {"resource": {"aws_eks_cluster": {"c": {**CLUSTER, **changes}}}}


def test_a_right_document_has_nothing_unknown() -> None:
    assert unknown_attributes(cluster()) == []


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"nmae": "moka"}, "aws_eks_cluster.c.nmae: there is no such argument"),
        (
            {"vpc_config": {"subnet_ids": [], "subnets": []}},
            "aws_eks_cluster.c.vpc_config.subnets: there is no such argument",
        ),
        (
            {"kubernetes_network_config": {"elastic_load_balancing": {"enable": True}}},
            "aws_eks_cluster.c.kubernetes_network_config.elastic_load_balancing.enable: "
            "there is no such argument",
        ),
        (
            {"encryption_config": [{"resources": ["secrets"], "provider": [{}]}]},
            "aws_eks_cluster.c.encryption_config[0].provider[0].key_arn: required, but missing",
        ),
        ({"role_arn": None}, "aws_eks_cluster.c.role_arn: required, but missing"),
        ({"vpc_config": {}}, "aws_eks_cluster.c.vpc_config.subnet_ids: required, but missing"),
        ({"arn": "a"}, "aws_eks_cluster.c.arn: the provider computes it, it cannot be set"),
        ({"vpc_config": 3}, "aws_eks_cluster.c.vpc_config: a block, but the value is 3"),
    ],
)
def test_one_mistake_is_the_one_thing_found(changes: dict[str, Any], said: str) -> None:
    assert unknown_attributes(cluster(**changes)) == [said]


def test_every_mistake_is_found() -> None:
    document = cluster(nmae="x", vpc_config={"subnet_ids": [], "subnets": []})
    assert len(unknown_attributes(document)) == 2


def test_dynamic_blocks_are_read() -> None:
    group = {"dynamic": {"ingress": {"for_each": "${var.x}", "content": {"form_port": 1}}}}
    found = unknown_attributes({"resource": {"aws_security_group": {"g": group}}})
    assert found == ["aws_security_group.g.ingress.form_port: there is no such argument"]


def test_expressions_stand_for_blocks() -> None:
    assert unknown_attributes(cluster(vpc_config="${local.vpc_config}")) == []


def test_unknown_types_data_sources_and_providers() -> None:
    document = {
        "resource": {"aws_vcp": {"x": {}}},
        "data": {"aws_ami": {"a": {"owner": ["x"]}}, "aws_caller_identity": {"me": {}}},
        "provider": {"aws": [{"region": "us-east-1", "assume_role": [{"rolearn": "x"}]}]},
    }
    assert unknown_attributes(document) == [
        "aws_vcp.x: there is no type aws_vcp",
        "data.aws_ami.a.owner: there is no such argument",
        "provider.aws[0].assume_role[0].rolearn: there is no such argument",
    ]


def test_helm() -> None:
    release = {"name": "spark", "chart": "c", "set": [{"name": "a", "value": "b", "typ": "auto"}]}
    exec_ = {"api_version": "client.authentication.k8s.io/v1", "comand": "aws"}
    document = {
        "resource": {"helm_release": {"r": release}},
        "provider": {"helm": [{"kubernetes": {"host": "https://x", "exec": exec_}}]},
    }
    assert unknown_attributes(document) == [
        "helm_release.r.set[0].typ: there is no such argument",
        "provider.helm[0].kubernetes.exec.comand: there is no such argument",
        "provider.helm[0].kubernetes.exec.command: required, but missing",
    ]


def test_the_schema_says_who_gives_a_value() -> None:
    """As the registry's page of provider 6.25.0 has it."""
    vpc = load_schema(["aws_vpc"])["aws_vpc"]
    assert vpc.attributes["arn"] == Attribute(computed=True, optional=False, required=False)
    assert vpc.attributes["cidr_block"] == Attribute(computed=True, optional=True, required=False)
    assert vpc.attributes["ipv4_ipam_pool_id"] == Attribute(
        computed=False, optional=True, required=False
    )
    cluster_block = load_schema(["aws_eks_cluster"])["aws_eks_cluster"]
    assert cluster_block.attributes["name"].required
    assert "cluster_security_group_id" in cluster_block.blocks["vpc_config"].attributes


def test_types_that_the_door_does_not_offer_are_read_too() -> None:
    schema = load_schema(["aws_sqs_queue", "data.aws_vpc", "aws_nothing"])
    assert set(schema) == {"aws_sqs_queue", "data.aws_vpc"}
