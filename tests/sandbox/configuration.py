"""A small Terraform configuration with every kind of resource a cell uses."""

from __future__ import annotations

import json
from typing import Any

MANAGEMENT = "111111111111"
CELL = "444444444444"
PEER = "555555555555"
HUB = "333333333333"
HUB_VPC = "vpc-0f00ba12"
REGION = "us-east-1"
IMAGE = "amazon-eks-node-al2023-arm64-standard-1.34-v20251103"
ZONES = {"use1-az1": 0, "use1-az2": 1}
SERVICES = (
    "autoscaling",
    "ec2",
    "eks",
    "elbv2",
    "iam",
    "kms",
    "logs",
    "organizations",
    "s3",
    "sts",
)


def configuration(endpoint: str, bucket: str) -> str:
    """Render the configuration for one emulator; its state goes to an S3 bucket there."""
    return json.dumps(
        {
            "terraform": _terraform(endpoint, bucket),
            "provider": {"aws": [_management(endpoint), _cell(endpoint), _peer(endpoint)]},
            "data": _data(),
            "resource": _merge(
                _organization(), _network(), _peering(), _cluster(), _nodes(), _flow_logs()
            ),
        },
        indent=2,
    )


def _terraform(endpoint: str, bucket: str) -> dict[str, Any]:
    return {
        "required_providers": {
            "aws": {"source": "hashicorp/aws", "version": ">= 5.100.0, < 7.0.0"}
        },
        "backend": {
            "s3": {
                "bucket": bucket,
                "key": "cell/all.tfstate",
                "region": REGION,
                "use_lockfile": True,
                "encrypt": True,
                "use_path_style": True,
                "skip_credentials_validation": True,
                "skip_requesting_account_id": True,
                "skip_metadata_api_check": True,
                "access_key": "sandbox",
                "secret_key": "sandbox",
                "endpoints": {"s3": endpoint, "sts": endpoint},
            }
        },
    }


def _provider(endpoint: str, *roles: str) -> dict[str, Any]:
    return {
        "region": REGION,
        "access_key": "sandbox",
        "secret_key": "sandbox",
        "skip_credentials_validation": True,
        "skip_metadata_api_check": True,
        "skip_region_validation": True,
        "s3_use_path_style": True,
        "endpoints": [dict.fromkeys(SERVICES, endpoint)],
        "assume_role": [{"role_arn": role} for role in roles],
        "default_tags": [{"tags": {"cellfactory:cell": "sandbox"}}],
    }


def _management(endpoint: str) -> dict[str, Any]:
    role = f"arn:aws:iam::{MANAGEMENT}:role/CellFactory"
    return {"alias": "management", **_provider(endpoint, role)}


def _cell(endpoint: str) -> dict[str, Any]:
    chain = (
        f"arn:aws:iam::{MANAGEMENT}:role/CellFactory",
        f"arn:aws:iam::{CELL}:role/OrganizationAccountAccessRole",
    )
    return {**_provider(endpoint, *chain), "allowed_account_ids": [CELL]}


def _peer(endpoint: str) -> dict[str, Any]:
    role = f"arn:aws:iam::{PEER}:role/OrganizationAccountAccessRole"
    return {"alias": "peer", **_provider(endpoint, role)}


def _merge(*parts: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    whole: dict[str, dict[str, Any]] = {}
    for part in parts:
        for kind, named in part.items():
            whole.setdefault(kind, {}).update(named)
    return whole


def _data() -> dict[str, Any]:
    return {
        "aws_caller_identity": {"this": {}},
        "aws_ami": {
            "node": {
                "owners": ["amazon"],
                "most_recent": True,
                "filter": [{"name": "name", "values": [IMAGE]}],
            }
        },
    }


def _organization() -> dict[str, dict[str, Any]]:
    return {
        "aws_organizations_account": {
            "new": {
                "provider": "aws.management",
                "name": "cell-new",
                "email": "aws+cell-new@example.com",
                "parent_id": "ou-ab12-cdefgh34",
                "role_name": "OrganizationAccountAccessRole",
                "close_on_deletion": False,
            }
        }
    }


def _network() -> dict[str, dict[str, Any]]:
    vpc = "${aws_vpc.cell.id}"
    return {
        "aws_vpc": {
            "cell": {
                "cidr_block": "10.128.0.0/20",
                "enable_dns_support": True,
                "enable_dns_hostnames": True,
                "enable_network_address_usage_metrics": True,
                "tags": {"Name": "cell"},
            },
            "peer": {
                "provider": "aws.peer",
                "cidr_block": "10.129.0.0/20",
                "enable_dns_support": True,
                "enable_dns_hostnames": True,
            },
        },
        "aws_vpc_ipv4_cidr_block_association": {
            "pods": {"vpc_id": vpc, "cidr_block": "100.64.0.0/16"}
        },
        "aws_subnet": {
            **{
                f"node-{zone}": {
                    "vpc_id": vpc,
                    "cidr_block": f"10.128.{4 * index}.0/22",
                    "availability_zone_id": zone,
                    "map_public_ip_on_launch": False,
                }
                for zone, index in ZONES.items()
            },
            **{
                f"pod-{zone}": {
                    "vpc_id": "${aws_vpc_ipv4_cidr_block_association.pods.vpc_id}",
                    "cidr_block": f"100.64.{128 * index}.0/17",
                    "availability_zone_id": zone,
                }
                for zone, index in ZONES.items()
            },
        },
        "aws_ec2_subnet_cidr_reservation": {
            f"pod-{zone}": {
                "subnet_id": f"${{aws_subnet.pod-{zone}.id}}",
                "cidr_block": f"100.64.{128 * index + 64}.0/18",
                "reservation_type": "prefix",
            }
            for zone, index in ZONES.items()
        },
        "aws_route_table": {
            "cell": {"vpc_id": vpc},
            "peer": {"provider": "aws.peer", "vpc_id": "${aws_vpc.peer.id}"},
        },
        "aws_route_table_association": {
            f"{use}-{zone}": {
                "route_table_id": "${aws_route_table.cell.id}",
                "subnet_id": f"${{aws_subnet.{use}-{zone}.id}}",
            }
            for zone in ZONES
            for use in ("node", "pod")
        },
        "aws_internet_gateway": {"cell": {"vpc_id": vpc}},
        "aws_eip": {"nat": {"domain": "vpc"}},
        "aws_nat_gateway": {
            "cell": {
                "allocation_id": "${aws_eip.nat.id}",
                "subnet_id": "${aws_subnet.node-use1-az1.id}",
                "depends_on": ["aws_internet_gateway.cell"],
            }
        },
        "aws_route": {
            "out": {
                "route_table_id": "${aws_route_table.cell.id}",
                "destination_cidr_block": "0.0.0.0/0",
                "nat_gateway_id": "${aws_nat_gateway.cell.id}",
            }
        },
        "aws_security_group": {
            "endpoints": {"name": "endpoints", "description": "endpoints", "vpc_id": vpc},
            "nodes": {"name": "nodes", "description": "nodes", "vpc_id": vpc},
        },
        "aws_vpc_security_group_ingress_rule": {
            "endpoints": {
                "security_group_id": "${aws_security_group.endpoints.id}",
                "cidr_ipv4": "100.64.0.0/16",
                "ip_protocol": "tcp",
                "from_port": 443,
                "to_port": 443,
                "description": "pods",
            },
            "nodes": {
                "security_group_id": "${aws_security_group.nodes.id}",
                "referenced_security_group_id": "${aws_security_group.endpoints.id}",
                "ip_protocol": "-1",
            },
        },
        "aws_vpc_security_group_egress_rule": {
            "nodes": {
                "security_group_id": "${aws_security_group.nodes.id}",
                "cidr_ipv4": "0.0.0.0/0",
                "ip_protocol": "-1",
            }
        },
        "aws_vpc_endpoint": {
            "s3": {
                "vpc_id": vpc,
                "service_name": f"com.amazonaws.{REGION}.s3",
                "vpc_endpoint_type": "Gateway",
                "route_table_ids": ["${aws_route_table.cell.id}"],
            },
            "ecr": {
                "vpc_id": vpc,
                "service_name": f"com.amazonaws.{REGION}.ecr.api",
                "vpc_endpoint_type": "Interface",
                "private_dns_enabled": True,
                "subnet_ids": [f"${{aws_subnet.node-{zone}.id}}" for zone in ZONES],
                "security_group_ids": ["${aws_security_group.endpoints.id}"],
            },
        },
    }


def _peering() -> dict[str, dict[str, Any]]:
    connection = "${aws_vpc_peering_connection.peer.id}"
    active = "${aws_vpc_peering_connection_accepter.cell.id}"
    return {
        "aws_vpc_peering_connection": {
            "peer": {
                "vpc_id": "${aws_vpc.cell.id}",
                "peer_vpc_id": "${aws_vpc.peer.id}",
                "peer_owner_id": PEER,
                "auto_accept": False,
                "tags": {"Name": "to-peer"},
                "depends_on": ["aws_vpc_ipv4_cidr_block_association.pods"],
            },
            "hub": {
                "vpc_id": "${aws_vpc.cell.id}",
                "peer_vpc_id": HUB_VPC,
                "peer_owner_id": HUB,
                "auto_accept": False,
                "depends_on": ["aws_vpc_ipv4_cidr_block_association.pods"],
            },
        },
        "aws_vpc_peering_connection_accepter": {
            "cell": {
                "provider": "aws.peer",
                "vpc_peering_connection_id": connection,
                "auto_accept": True,
                "tags": {"Name": "to-cell"},
            }
        },
        "aws_vpc_peering_connection_options": {
            "requester": {
                "vpc_peering_connection_id": active,
                "requester": [{"allow_remote_vpc_dns_resolution": True}],
            },
            "accepter": {
                "provider": "aws.peer",
                "vpc_peering_connection_id": active,
                "accepter": [{"allow_remote_vpc_dns_resolution": True}],
            },
        },
        "aws_route": {
            "to-peer": {
                "route_table_id": "${aws_route_table.cell.id}",
                "destination_cidr_block": "10.129.0.0/20",
                "vpc_peering_connection_id": connection,
            },
            "to-cell": {
                "provider": "aws.peer",
                "route_table_id": "${aws_route_table.peer.id}",
                "destination_cidr_block": "10.128.0.0/20",
                "vpc_peering_connection_id": active,
            },
        },
    }


def _trust(service: str, *actions: str) -> str:
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": service},
        "Action": list(actions) if len(actions) > 1 else actions[0],
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def _cluster() -> dict[str, dict[str, Any]]:
    pods = ("sts:AssumeRole", "sts:TagSession")
    name = "${aws_eks_cluster.cell.name}"
    return {
        "aws_iam_role": {
            "cluster": {
                "name": "cell-cluster",
                "assume_role_policy": _trust("eks.amazonaws.com", "sts:AssumeRole"),
            },
            "cni": {
                "name": "cell-cni",
                "assume_role_policy": _trust("pods.eks.amazonaws.com", *pods),
            },
            "job": {
                "name": "cell-job",
                "assume_role_policy": _trust("pods.eks.amazonaws.com", *pods),
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


def _nodes() -> dict[str, dict[str, Any]]:
    return {
        "aws_iam_role": {
            "node": {
                "name": "cell-node",
                "assume_role_policy": _trust("ec2.amazonaws.com", "sts:AssumeRole"),
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


def _flow_logs() -> dict[str, dict[str, Any]]:
    bucket = "${aws_s3_bucket.logs.id}"
    return {
        "aws_s3_bucket": {"logs": {"bucket": "cell-flow-logs", "force_destroy": False}},
        "aws_s3_bucket_public_access_block": {
            "logs": {
                "bucket": bucket,
                "block_public_acls": True,
                "block_public_policy": True,
                "ignore_public_acls": True,
                "restrict_public_buckets": True,
            }
        },
        "aws_s3_bucket_versioning": {
            "logs": {"bucket": bucket, "versioning_configuration": [{"status": "Enabled"}]}
        },
        "aws_s3_bucket_server_side_encryption_configuration": {
            "logs": {
                "bucket": bucket,
                "rule": [
                    {
                        "apply_server_side_encryption_by_default": [{"sse_algorithm": "AES256"}],
                        "bucket_key_enabled": True,
                    }
                ],
            }
        },
        "aws_s3_bucket_lifecycle_configuration": {
            "logs": {
                "bucket": bucket,
                "rule": [
                    {
                        "id": "expire",
                        "status": "Enabled",
                        "filter": [{}],
                        "expiration": [{"days": 90}],
                        "abort_incomplete_multipart_upload": [{"days_after_initiation": 7}],
                    }
                ],
            }
        },
        "aws_s3_bucket_ownership_controls": {
            "logs": {"bucket": bucket, "rule": [{"object_ownership": "BucketOwnerEnforced"}]}
        },
        "aws_s3_bucket_policy": {
            "logs": {
                "bucket": bucket,
                "policy": json.dumps(
                    {
                        "Version": "2012-10-17",
                        "Statement": [
                            {
                                "Sid": "DeliverLogs",
                                "Effect": "Allow",
                                "Principal": {"Service": "delivery.logs.amazonaws.com"},
                                "Action": "s3:PutObject",
                                "Resource": "arn:aws:s3:::cell-flow-logs/*",
                            }
                        ],
                    }
                ),
            }
        },
        "aws_flow_log": {
            "cell": {
                "vpc_id": "${aws_vpc.cell.id}",
                "traffic_type": "ALL",
                "log_destination_type": "s3",
                "log_destination": "${aws_s3_bucket.logs.arn}",
                "max_aggregation_interval": 60,
                "depends_on": ["aws_s3_bucket_policy.logs"],
            }
        },
    }
