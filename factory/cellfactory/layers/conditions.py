"""What statements are bound by beside names: tags of owners, Regions, and what a share may hold."""

from __future__ import annotations

from cellfactory.layers.rows import ROWS
from cellfactory.layers.scopes import ANY, Place
from cellfactory.layers.special import tag_condition
from cellfactory.layers.statement import Conditions
from cellfactory.naming import TAG_LAYER, cluster_name


def conditions(place: Place, service: str, tie: str) -> Conditions:
    """Say what has to hold of a request: tags by the tie, the Region, and what a share may be."""
    bound = _tie_conditions(place, service, tie)
    if place.region == ANY or service in _GLOBAL or ROWS[place.layer].makes_account:
        return bound
    here = {**bound.get("StringEquals", {}), "aws:RequestedRegion": (place.region,)}
    return {**bound, "StringEquals": here}


_GLOBAL = frozenset({"iam"})  # services that have one place for all Regions


def _tie_conditions(place: Place, service: str, tie: str) -> Conditions:
    if tie in ("created", "giving"):
        asked = tag_condition("aws:RequestTag", place)
        ours = {**asked.get("StringEquals", {}), f"aws:RequestTag/{TAG_LAYER}": (place.layer,)}
        return {**asked, "StringEquals": ours, **_of_shares(place, service, tie)}
    if tie == "untagged":
        return {"Null": {f"aws:ResourceTag/{place.owner_tag}": ("true",)}}
    if tie == "tagged" and service == "autoscaling":  # EKS makes the groups, and tags them
        return {"StringLike": {"aws:ResourceTag/eks:cluster-name": (cluster_name(place.cell),)}}
    if tie == "named":
        return _of_shares(place, service, tie)
    if tie != "tagged":
        return {}
    return {**tag_condition("aws:ResourceTag", place), **_of_shares(place, service, tie)}


def _of_shares(place: Place, service: str, tie: str) -> Conditions:
    """Bind shares: what goes into one is a gateway, and whose are taken up is known.

    RAM asks for each principal and each resource of a request by itself: a type that is not there
    is that of a principal.

    Source:
        https://docs.aws.amazon.com/ram/latest/userguide/security-iam-policies-examples.html
    """
    if service != "ram":
        return {}
    if tie != "named":
        return {"StringEqualsIfExists": {"ram:RequestedResourceType": (_SHARED,)}}
    owners = place.sharers
    return {"StringEquals": {"ram:ShareOwnerAccountId": owners}} if owners else {}


_SHARED = "ec2:TransitGateway"  # the type that a share of ours holds, as RAM calls it
