"""Which attributes cannot be changed in place: the table, and the one question that is asked of it.

That the table says what the provider does is in `tests/terraform/test_replacements.py`.
"""

from __future__ import annotations

import pytest

from cellfactory.diff.model import Path
from cellfactory.diff.replacing import replaces
from cellfactory.facts.replacements import Way, load_replacements


@pytest.mark.parametrize(
    ("resource_type", "path", "answer"),
    [
        ("aws_vpc", ("cidr_block",), True),
        ("aws_vpc", ("tags", "Name"), False),
        ("aws_eks_cluster", ("version",), False),
        ("aws_eks_cluster", ("vpc_config", 0, "subnet_ids", 2), False),
        ("aws_eks_cluster", ("kubernetes_network_config", "service_ipv4_cidr"), True),
        ("aws_eks_node_group", ("labels", "topology.kubernetes.io/zone"), False),
        ("aws_eks_node_group", ("launch_template", 0, "version"), False),
        ("aws_eks_node_group", ("capacity_type",), True),
        ("aws_launch_template", ("user_data", "spec", "kubelet", "maxPods"), False),
        ("aws_launch_template", ("block_device_mappings", 0, "ebs", 0, "volume_size"), False),
        ("aws_launch_template", ("block_device_mappings", 0, "ebs"), False),
        ("aws_eks_pod_identity_association", ("role_arn",), False),
        ("aws_ec2_subnet_cidr_reservation", ("cidr_block",), True),
        ("helm_release", ("namespace",), True),
        ("helm_release", ("values", 0, "controller"), False),
        ("aws_eks_cluster", ("deletion_protection",), None),
        ("aws_eks_cluster", ("access_config",), None),  # what it holds is not of one mind
        ("aws_eks_cluster", ("timeouts", "create"), False),
        ("aws_vpc", ("lifecycle", "prevent_destroy"), False),
        ("aws_vpc", ("no_such_thing",), None),
        ("aws_no_such_type", ("name",), None),
        ("aws_vpc", (), None),
    ],
)
def test_one_question(resource_type: str, path: Path, answer: bool | None) -> None:
    assert replaces(resource_type, path) is answer


@pytest.mark.parametrize(
    ("resource_type", "path", "way", "answer"),
    [
        ("aws_eks_cluster", ("encryption_config",), "added", False),
        ("aws_eks_cluster", ("encryption_config",), "removed", True),
        ("aws_lb", ("security_groups",), "changed", False),
        ("aws_lb", ("security_groups",), "added", True),
        ("aws_vpc", ("tags",), "removed", False),  # one word stands for all ways
    ],
)
def test_some_depend_on_where_a_value_comes_from(
    resource_type: str, path: Path, way: Way, answer: bool
) -> None:
    assert replaces(resource_type, path, way) is answer


def test_the_table_says_what_it_was_measured_on() -> None:
    table = load_replacements()
    assert (table.provider, table.version) == ("registry.terraform.io/hashicorp/aws", "5.100.0")
    assert table.checked == "2026-11-28"
