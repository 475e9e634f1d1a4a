"""Terraform of a cell's network: VPC, subnets, routes, rules, endpoints, peerings, flow logs."""

from __future__ import annotations

import json
from typing import Any

from tests.sandbox.places import CELL, HUB, HUB_VPC, PEER, REGION, ZONES

LOGS = "arn:aws:s3:::cell-flow-logs"


def network() -> dict[str, dict[str, Any]]:
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
                "description": "prefixes of nodes",
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
                "description": "endpoints to nodes",
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


def peering() -> dict[str, dict[str, Any]]:
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


def flow_logs() -> dict[str, dict[str, Any]]:
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
                            delivery(
                                "AWSLogDeliveryWrite",
                                "s3:PutObject",
                                f"{LOGS}/AWSLogs/{CELL}/*",
                                {"s3:x-amz-acl": "bucket-owner-full-control"},
                            ),
                            delivery("AWSLogDeliveryAclCheck", "s3:GetBucketAcl", LOGS, {}),
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


def delivery(sid: str, action: str, resource: str, equals: dict[str, str]) -> dict[str, Any]:
    """A statement as AWS writes it by itself into the policy of a bucket that lacks it."""
    return {
        "Sid": sid,
        "Effect": "Allow",
        "Principal": {"Service": "delivery.logs.amazonaws.com"},
        "Action": action,
        "Resource": resource,
        "Condition": {
            "StringEquals": {"aws:SourceAccount": CELL} | equals,
            "ArnLike": {"aws:SourceArn": f"arn:aws:logs:{REGION}:{CELL}:*"},
        },
    }
