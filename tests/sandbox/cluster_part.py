"""Terraform of a cell's cluster: keys, roles, the cluster, access, add-ons."""

from __future__ import annotations

import json
from typing import Any

from tests.sandbox.places import CELL, ZONES


def trust(service: str, *actions: str) -> str:
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": service},
        "Action": list(actions) if len(actions) > 1 else actions[0],
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def cluster() -> dict[str, dict[str, Any]]:
    pods = ("sts:AssumeRole", "sts:TagSession")
    name = "${aws_eks_cluster.cell.name}"
    return {
        "aws_iam_role": {
            "cluster": {
                "name": "cell-cluster",
                "assume_role_policy": trust("eks.amazonaws.com", "sts:AssumeRole"),
            },
            "cni": {
                "name": "cell-cni",
                "assume_role_policy": trust("pods.eks.amazonaws.com", *pods),
            },
            "job": {
                "name": "cell-job",
                "assume_role_policy": trust("pods.eks.amazonaws.com", *pods),
            },
        },
        "aws_iam_role_policy_attachment": {
            "cluster": {
                "role": "${aws_iam_role.cluster.name}",
                "policy_arn": "arn:aws:iam::aws:policy/AmazonEKSClusterPolicy",
            },
            "cni": {
                "role": "${aws_iam_role.cni.name}",
                "policy_arn": "arn:aws:iam::aws:policy/AmazonEKS_CNI_Policy",
            },
        },
        "aws_iam_policy": {
            "job": {
                "name": "cell-job",
                "policy": json.dumps(
                    {
                        "Version": "2012-10-17",
                        "Statement": [
                            {"Effect": "Allow", "Action": "s3:ListBucket", "Resource": "*"}
                        ],
                    }
                ),
            }
        },
        "aws_iam_role_policy": {
            "job": {
                "name": "inline",
                "role": "${aws_iam_role.job.id}",
                "policy": "${aws_iam_policy.job.policy}",
            }
        },
        "aws_kms_key": {
            "cell": {
                "description": "secrets of the cell",
                "enable_key_rotation": True,
                "deletion_window_in_days": 7,
            }
        },
        "aws_kms_alias": {
            "cell": {"name": "alias/cell", "target_key_id": "${aws_kms_key.cell.key_id}"}
        },
        "aws_cloudwatch_log_group": {
            "cell": {"name": "/aws/eks/cell/cluster", "retention_in_days": 30}
        },
        "aws_eks_cluster": {
            "cell": {
                "name": "cell",
                "role_arn": "${aws_iam_role.cluster.arn}",
                "version": "1.34",
                "bootstrap_self_managed_addons": False,
                "enabled_cluster_log_types": ["api", "audit"],
                "access_config": [
                    {
                        "authentication_mode": "API",
                        "bootstrap_cluster_creator_admin_permissions": False,
                    }
                ],
                "vpc_config": [
                    {
                        "subnet_ids": [f"${{aws_subnet.node-{zone}.id}}" for zone in ZONES],
                        "endpoint_private_access": True,
                        "endpoint_public_access": False,
                    }
                ],
                "kubernetes_network_config": [{"service_ipv4_cidr": "172.20.0.0/16"}],
                "upgrade_policy": [{"support_type": "STANDARD"}],
                "encryption_config": [
                    {
                        "resources": ["secrets"],
                        "provider": [{"key_arn": "${aws_kms_key.cell.arn}"}],
                    }
                ],
                "depends_on": [
                    "aws_iam_role_policy_attachment.cluster",
                    "aws_cloudwatch_log_group.cell",
                ],
            }
        },
        "aws_eks_access_entry": {
            "operator": {
                "cluster_name": name,
                "principal_arn": f"arn:aws:iam::{CELL}:role/operator",
                "type": "STANDARD",
                "kubernetes_groups": ["operators"],
            }
        },
        "aws_eks_access_policy_association": {
            "operator": {
                "cluster_name": name,
                "principal_arn": "${aws_eks_access_entry.operator.principal_arn}",
                "policy_arn": "arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy",
                "access_scope": [{"type": "cluster"}],
            }
        },
        "aws_eks_addon": {
            "agent": {"cluster_name": name, "addon_name": "eks-pod-identity-agent"},
            "proxy": {
                "cluster_name": name,
                "addon_name": "kube-proxy",
                "addon_version": "v1.34.0-eksbuild.2",
                "resolve_conflicts_on_create": "OVERWRITE",
                "resolve_conflicts_on_update": "OVERWRITE",
            },
            "cni": {
                "cluster_name": name,
                "addon_name": "vpc-cni",
                "configuration_values": json.dumps(
                    {"env": {"ENABLE_PREFIX_DELEGATION": "true", "MINIMUM_IP_TARGET": "96"}}
                ),
                "pod_identity_association": [
                    {"role_arn": "${aws_iam_role.cni.arn}", "service_account": "aws-node"}
                ],
            },
        },
        "aws_eks_pod_identity_association": {
            "job": {
                "cluster_name": name,
                "namespace": "jobs",
                "service_account": "spark",
                "role_arn": "${aws_iam_role.job.arn}",
            }
        },
    }
