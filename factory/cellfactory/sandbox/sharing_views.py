"""Shares, associations and resources as the RAM API shows them.

Source:
    https://docs.aws.amazon.com/ram/latest/APIReference/API_ResourceShare.html
    https://docs.aws.amazon.com/ram/latest/APIReference/API_ResourceShareAssociation.html
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from cellfactory.sandbox.sharing import Principal, Share

Row = dict[str, Any]

PERMISSION = "AWSRAMDefaultPermissionTransitGateway"


def share_row(share: Share) -> Row:
    """Show a share."""
    return {
        "resourceShareArn": share.arn,
        "name": share.name,
        "owningAccountId": share.owner.account,
        "allowExternalPrincipals": share.external,
        "status": "DELETED" if share.is_deleted else "ACTIVE",
        "tags": [{"key": key, "value": value} for key, value in share.tags.items()],
        "creationTime": share.made,
        "lastUpdatedTime": share.made,
        "featureSet": "STANDARD",
    }


def association_rows(share: Share, kind: str) -> Iterable[Row]:
    """List the associations of a share: of its principals (`PRINCIPAL`) or its resources."""
    if kind == "PRINCIPAL":
        return [principal_row(share, one) for one in share.principals.values()]
    return [
        {
            "resourceShareArn": share.arn,
            "resourceShareName": share.name,
            "associatedEntity": arn,
            "associationType": "RESOURCE",
            "status": "ASSOCIATED",
            "creationTime": made,
            "lastUpdatedTime": made,
            "external": False,
        }
        for arn, made in share.resources.items()
    ]


def principal_row(share: Share, principal: Principal) -> Row:
    """Show that a share is for somebody."""
    return {
        "resourceShareArn": share.arn,
        "resourceShareName": share.name,
        "associatedEntity": principal.id,
        "associationType": "PRINCIPAL",
        "status": principal.status,
        "creationTime": principal.made,
        "lastUpdatedTime": principal.made,
        "external": principal.external,
    }


def resource_rows(share: Share) -> Iterator[Row]:
    """Yield what is shared."""
    for arn, made in share.resources.items():
        kind = "ec2:TransitGateway" if ":transit-gateway/" in arn else arn.split(":")[2]
        yield {
            "arn": arn,
            "type": kind,
            "resourceShareArn": share.arn,
            "status": "AVAILABLE",
            "creationTime": made,
            "lastUpdatedTime": made,
            "resourceRegionScope": "REGIONAL",
        }


def permission_row() -> Row:
    """Show what AWS lets whoever has a shared transit gateway do with it."""
    return {
        "arn": f"arn:aws:ram::aws:permission/{PERMISSION}",
        "version": "1",
        "defaultVersion": True,
        "name": PERMISSION,
        "resourceType": "ec2:TransitGateway",
        "status": "ASSOCIATED",
        "isResourceTypeDefault": True,
        "permissionType": "AWS_MANAGED",
        "featureSet": "STANDARD",
    }
