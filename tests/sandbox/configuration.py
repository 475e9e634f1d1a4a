"""A small Terraform configuration with every kind of resource a cell uses."""

from __future__ import annotations

import json
from typing import Any

from tests.sandbox.cluster_part import cluster
from tests.sandbox.network_part import flow_logs, network, peering
from tests.sandbox.nodes_part import nodes
from tests.sandbox.places import CELL, IMAGE, MANAGEMENT, PEER, REGION, SERVICES


def configuration(endpoint: str, bucket: str) -> str:
    """Render the configuration for one emulator; its state goes to an S3 bucket there."""
    return json.dumps(
        {
            "terraform": _terraform(endpoint, bucket),
            "provider": {"aws": [_management(endpoint), in_cell(endpoint), _peer(endpoint)]},
            "data": _data(),
            "resource": _merge(
                _organization(), network(), peering(), cluster(), nodes(), flow_logs()
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


def in_cell(endpoint: str) -> dict[str, Any]:
    """The provider of the account of the cell, by the way that a run goes."""
    chain = (
        f"arn:aws:iam::{MANAGEMENT}:role/CellFactory",
        f"arn:aws:iam::{CELL}:role/OrganizationAccountAccessRole",
    )
    return {**_provider(endpoint, *chain), "allowed_account_ids": [CELL]}


def _peer(endpoint: str) -> dict[str, Any]:
    chain = (
        f"arn:aws:iam::{MANAGEMENT}:role/CellFactory",
        f"arn:aws:iam::{PEER}:role/OrganizationAccountAccessRole",
    )
    return {"alias": "peer", **_provider(endpoint, *chain)}


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
                "close_on_deletion": True,
            }
        }
    }
