"""Terraform of a transit gateway for two organizations and two Regions, in one configuration."""

from __future__ import annotations

import json
from typing import Any

NETWORK, INSIDE, OUTSIDE, FAR = "811111111111", "822222222222", "833333333333", "844444444444"
HOME, AWAY = "us-east-1", "us-west-2"
BLOCKS = {"inside": "10.64.0.0/16", "outside": "10.65.0.0/16"}
SERVICES = ("ec2", "iam", "ram", "sts")
CELLS = {"inside": INSIDE, "outside": OUTSIDE}


def configuration(endpoint: str) -> str:
    """Render it; the variable `changed` changes everything that is changed in place."""
    return json.dumps(
        {
            "terraform": {"required_providers": {"aws": {"source": "hashicorp/aws"}}},
            "variable": {"changed": {"type": "bool", "default": False}},
            "provider": {
                "aws": [
                    _provider(endpoint, "network", NETWORK, HOME),
                    _provider(endpoint, "inside", INSIDE, HOME),
                    _provider(endpoint, "outside", OUTSIDE, HOME),
                    _provider(endpoint, "far", FAR, AWAY),
                ]
            },
            "resource": {
                **_gateways(),
                **_sharing(),
                **_vpcs(),
                **_attachments(),
                **_tables(),
                **_routes(),
            },
        },
        indent=2,
    )


def _provider(endpoint: str, alias: str, account: str, region: str) -> dict[str, Any]:
    return {
        "alias": alias,
        "region": region,
        "access_key": "sandbox",
        "secret_key": "sandbox",
        "skip_credentials_validation": True,
        "skip_metadata_api_check": True,
        "skip_region_validation": True,
        "endpoints": [dict.fromkeys(SERVICES, endpoint)],
        "assume_role": [{"role_arn": f"arn:aws:iam::{account}:role/SandboxVisitor"}],
        "default_tags": [{"tags": {"cellfactory:mesh": alias}}],
    }


def _if_changed(then: str, otherwise: str) -> str:
    return f'${{var.changed ? "{then}" : "{otherwise}"}}'


def _gateways() -> dict[str, Any]:
    common = {
        "auto_accept_shared_attachments": "disable",
        "default_route_table_association": "disable",
        "default_route_table_propagation": "disable",
        "dns_support": "enable",
        "security_group_referencing_support": _if_changed("enable", "disable"),
    }
    return {
        "aws_ec2_transit_gateway": {
            "hub": {"provider": "aws.network", "amazon_side_asn": 64512, **common},
            "far": {"provider": "aws.far", "amazon_side_asn": 64513, **common},
        },
        "aws_ec2_transit_gateway_peering_attachment": {
            "far": {
                "provider": "aws.network",
                "transit_gateway_id": "${aws_ec2_transit_gateway.hub.id}",
                "peer_transit_gateway_id": "${aws_ec2_transit_gateway.far.id}",
                "peer_account_id": FAR,
                "peer_region": AWAY,
            }
        },
        "aws_ec2_transit_gateway_peering_attachment_accepter": {
            "far": {
                "provider": "aws.far",
                "transit_gateway_attachment_id": (
                    "${aws_ec2_transit_gateway_peering_attachment.far.id}"
                ),
            }
        },
    }


def _sharing() -> dict[str, Any]:
    share = "${aws_ram_resource_share.hub.arn}"
    return {
        "aws_ram_resource_share": {
            "hub": {
                "provider": "aws.network",
                "name": _if_changed("hub-2", "hub"),
                "allow_external_principals": True,
            }
        },
        "aws_ram_resource_association": {
            "hub": {
                "provider": "aws.network",
                "resource_arn": "${aws_ec2_transit_gateway.hub.arn}",
                "resource_share_arn": share,
            }
        },
        "aws_ram_principal_association": {
            name: {
                "provider": "aws.network",
                "principal": account,
                "resource_share_arn": share,
                "depends_on": ["aws_ram_resource_association.hub"],
            }
            for name, account in CELLS.items()
        },
        "aws_ram_resource_share_accepter": {
            "outside": {
                "provider": "aws.outside",
                "share_arn": "${aws_ram_principal_association.outside.resource_share_arn}",
            }
        },
    }


def _vpcs() -> dict[str, Any]:
    return {
        "aws_vpc": {
            name: {"provider": f"aws.{name}", "cidr_block": block} for name, block in BLOCKS.items()
        },
        "aws_subnet": {
            f"{name}-{zone}": {
                "provider": f"aws.{name}",
                "vpc_id": f"${{aws_vpc.{name}.id}}",
                "cidr_block": f"{block.removesuffix('0.0/16')}{index}.0/24",
                "availability_zone": f"{HOME}{zone}",
            }
            for name, block in BLOCKS.items()
            for index, zone in enumerate("ab")
        },
        "aws_route_table": {
            name: {"provider": f"aws.{name}", "vpc_id": f"${{aws_vpc.{name}.id}}"} for name in CELLS
        },
        "aws_vpc_peering_connection": {
            "cells": {
                "provider": "aws.inside",
                "vpc_id": "${aws_vpc.inside.id}",
                "peer_vpc_id": "${aws_vpc.outside.id}",
                "peer_owner_id": OUTSIDE,
            }
        },
        "aws_vpc_peering_connection_accepter": {
            "cells": {
                "provider": "aws.outside",
                "vpc_peering_connection_id": "${aws_vpc_peering_connection.cells.id}",
                "auto_accept": True,
            }
        },
    }


def _attachments() -> dict[str, Any]:
    ready = {
        "inside": ["aws_ram_principal_association.inside"],
        "outside": ["aws_ram_resource_share_accepter.outside"],
    }
    return {
        "aws_ec2_transit_gateway_vpc_attachment": {
            name: {
                "provider": f"aws.{name}",
                "transit_gateway_id": "${aws_ec2_transit_gateway.hub.id}",
                "vpc_id": f"${{aws_vpc.{name}.id}}",
                "subnet_ids": (
                    f"${{var.changed ? [aws_subnet.{name}-a.id, aws_subnet.{name}-b.id] : "
                    f"[aws_subnet.{name}-a.id]}}"
                ),
                "appliance_mode_support": _if_changed("enable", "disable"),
                "security_group_referencing_support": _if_changed("disable", "enable"),
                "depends_on": ready[name],
            }
            for name in CELLS
        },
        "aws_ec2_transit_gateway_vpc_attachment_accepter": {
            name: {
                "provider": "aws.network",
                "transit_gateway_attachment_id": (
                    f"${{aws_ec2_transit_gateway_vpc_attachment.{name}.id}}"
                ),
                "transit_gateway_default_route_table_association": False,
                "transit_gateway_default_route_table_propagation": False,
                "tags": {"Name": name},
            }
            for name in CELLS
        },
    }


def accepted(name: str) -> str:
    """The attachment of a cell, once it is accepted."""
    return f"${{aws_ec2_transit_gateway_vpc_attachment_accepter.{name}.id}}"


def _tables() -> dict[str, Any]:
    peering = "${aws_ec2_transit_gateway_peering_attachment_accepter.far.id}"
    ends = {name: ("network", "hub", accepted(name)) for name in CELLS}
    ends |= {"peering": ("network", "hub", peering), "far": ("far", "far", peering)}
    return {
        "aws_ec2_transit_gateway_route_table": {
            name: {
                "provider": f"aws.{owner}",
                "transit_gateway_id": f"${{aws_ec2_transit_gateway.{gateway}.id}}",
            }
            for name, (owner, gateway, _) in ends.items()
        },
        "aws_ec2_transit_gateway_route_table_association": {
            name: {
                "provider": f"aws.{owner}",
                "transit_gateway_attachment_id": attachment,
                "transit_gateway_route_table_id": _table(name),
            }
            for name, (owner, _, attachment) in ends.items()
        },
        "aws_ec2_transit_gateway_route_table_propagation": {
            name: {
                "provider": "aws.network",
                "transit_gateway_attachment_id": accepted(name),
                "transit_gateway_route_table_id": _table("peering"),
            }
            for name in CELLS
        },
    }


def _routes() -> dict[str, Any]:
    others = {"inside": "outside", "outside": "inside"}
    return {
        "aws_ec2_transit_gateway_route": {
            **{
                name: {
                    "provider": "aws.network",
                    "destination_cidr_block": BLOCKS[other],
                    "transit_gateway_attachment_id": accepted(other),
                    "transit_gateway_route_table_id": _table(name),
                }
                for name, other in others.items()
            },
            "nowhere": {
                "provider": "aws.network",
                "destination_cidr_block": "100.64.0.0/10",
                "blackhole": True,
                "transit_gateway_route_table_id": _table("inside"),
            },
        },
        "aws_route": {
            name: {
                "provider": f"aws.{name}",
                "route_table_id": f"${{aws_route_table.{name}.id}}",
                "destination_cidr_block": BLOCKS[other],
                "transit_gateway_id": "${var.changed ? aws_ec2_transit_gateway.hub.id : null}",
                "vpc_peering_connection_id": (
                    "${var.changed ? null : aws_vpc_peering_connection_accepter.cells.id}"
                ),
                "depends_on": ["aws_ec2_transit_gateway_vpc_attachment_accepter." + name],
            }
            for name, other in others.items()
        },
    }


def _table(name: str) -> str:
    return f"${{aws_ec2_transit_gateway_route_table.{name}.id}}"
