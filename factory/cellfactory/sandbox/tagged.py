"""What the Resource Groups Tagging API tells of gateways and shares, which moto does not know.

As AWS does, it goes on telling of what was deleted.

Source:
    https://docs.aws.amazon.com/resourcegroupstagging/latest/APIReference/API_GetResources.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from moto.core.resource_tagging import TaggedResource

from cellfactory.sandbox.sharing import SHARES
from cellfactory.sandbox.transit import FABRIC, Place


def tagged_in(here: Place, tags: Mapping[str, Mapping[str, str]]) -> Iterator[TaggedResource]:
    """Yield the gateways, attachments, route tables and shares of a place.

    Args:
        here: account and Region.
        tags: what that account has given to things of EC2, by their ids.
    """
    things = {
        **dict.fromkeys(FABRIC.gateways, "transit-gateway"),
        **dict.fromkeys(FABRIC.attachments, "transit-gateway-attachment"),
        **dict.fromkeys(FABRIC.tables, "transit-gateway-route-table"),
    }
    for id_, kind in things.items():
        if id_ in tags:
            arn = f"arn:aws:ec2:{here.region}:{here.account}:{kind}/{id_}"
            yield TaggedResource(arn=arn, tags=dict(tags[id_]), resource_type=f"ec2:{kind}")
    for share in SHARES.values():
        if share.owner == here:
            yield TaggedResource(
                arn=share.arn, tags=dict(share.tags), resource_type="ram:resource-share"
            )
