"""Terraform of a cell's nodes: launch template, node group, load balancer."""

from __future__ import annotations

from typing import Any

from tests.sandbox.cluster_part import trust
from tests.sandbox.places import ZONES


def nodes() -> dict[str, dict[str, Any]]:
    return {
        "aws_iam_role": {
            "node": {
                "name": "cell-node",
                "assume_role_policy": trust("ec2.amazonaws.com", "sts:AssumeRole"),
            }
        },
        "aws_iam_role_policy_attachment": {
            "node": {
                "role": "${aws_iam_role.node.name}",
                "policy_arn": "arn:aws:iam::aws:policy/AmazonEKSWorkerNodePolicy",
            },
            "pull": {
                "role": "${aws_iam_role.node.name}",
                "policy_arn": "arn:aws:iam::aws:policy/AmazonEC2ContainerRegistryPullOnly",
            },
        },
        "aws_launch_template": {
            "node": {
                "name": "cell-node",
                "image_id": "${data.aws_ami.node.id}",
                "instance_type": "r6g.4xlarge",
                "update_default_version": True,
                "user_data": '${base64encode("MIME-Version: 1.0")}',
                "vpc_security_group_ids": [
                    "${aws_security_group.nodes.id}",
                    "${aws_eks_cluster.cell.vpc_config[0].cluster_security_group_id}",
                ],
                "metadata_options": [
                    {
                        "http_endpoint": "enabled",
                        "http_tokens": "required",
                        "http_put_response_hop_limit": 1,
                        "instance_metadata_tags": "disabled",
                    }
                ],
                "block_device_mappings": [
                    {
                        "device_name": "/dev/xvda",
                        "ebs": [
                            {
                                "volume_size": 100,
                                "volume_type": "gp3",
                                "encrypted": "true",
                                "delete_on_termination": "true",
                                "iops": 3000,
                                "throughput": 125,
                            }
                        ],
                    }
                ],
                "tag_specifications": [
                    {"resource_type": kind, "tags": {"Name": "cell-node"}}
                    for kind in ("instance", "volume", "network-interface")
                ],
            }
        },
        "aws_eks_node_group": {
            "node": {
                "cluster_name": "${aws_eks_cluster.cell.name}",
                "node_group_name": "node-use1-az1",
                "node_role_arn": "${aws_iam_role.node.arn}",
                "subnet_ids": ["${aws_subnet.node-use1-az1.id}"],
                "launch_template": [
                    {
                        "id": "${aws_launch_template.node.id}",
                        "version": "${aws_launch_template.node.latest_version}",
                    }
                ],
                "scaling_config": [{"min_size": 420, "max_size": 420, "desired_size": 420}],
                "labels": {"cellfactory/pool": "node"},
                "taint": [{"key": "spark", "value": "executor", "effect": "NO_SCHEDULE"}],
                "update_config": [{"max_unavailable_percentage": 10}],
                "node_repair_config": [{"enabled": True}],
                "depends_on": [
                    "aws_eks_addon.cni",
                    "aws_iam_role_policy_attachment.node",
                    "aws_iam_role_policy_attachment.pull",
                ],
            }
        },
        "aws_lb": {
            "gateway": {
                "name": "cell-gateway",
                "load_balancer_type": "network",
                "internal": True,
                "subnets": [f"${{aws_subnet.node-{zone}.id}}" for zone in ZONES],
                "security_groups": ["${aws_security_group.endpoints.id}"],
                "enable_cross_zone_load_balancing": True,
            }
        },
        "aws_lb_target_group": {
            "gateway": {
                "name": "cell-gateway",
                "port": 30443,
                "protocol": "TCP",
                "target_type": "instance",
                "vpc_id": "${aws_vpc.cell.id}",
                "preserve_client_ip": "true",
                "health_check": [{"protocol": "TCP", "port": "traffic-port"}],
            }
        },
        "aws_lb_listener": {
            "gateway": {
                "load_balancer_arn": "${aws_lb.gateway.arn}",
                "port": 443,
                "protocol": "TCP",
                "default_action": [
                    {
                        "type": "forward",
                        "target_group_arn": "${aws_lb_target_group.gateway.arn}",
                    }
                ],
            }
        },
        "aws_autoscaling_attachment": {
            "gateway": {
                "autoscaling_group_name": (
                    "${aws_eks_node_group.node.resources[0].autoscaling_groups[0].name}"
                ),
                "lb_target_group_arn": "${aws_lb_target_group.gateway.arn}",
            }
        },
    }
