"""A cell that nobody has declared: what would it take, alone or in a mesh of its like?"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from math import inf
from typing import Literal

from pydantic import ValidationError

from cellfactory.addressing.alone import addresses_alone
from cellfactory.addressing.need import need_of
from cellfactory.facts.schema import Facts
from cellfactory.inventory.schema import CellType, NodeGroup
from cellfactory.inventory.values import IpFamily, bounds_of
from cellfactory.sizing.mesh import Neighbourhood
from cellfactory.sizing.nau import cell_nau
from cellfactory.sizing.setting import Setting
from cellfactory.sizing.shape import Peers, shape_of_type

NAME = "what-if"
POOL = "nodes"
PATH = ("what-if",)
_, MOST_PER_ZONE = bounds_of(NodeGroup, "nodes_per_zone")
RANGES = {
    "prefixes": bounds_of(CellType, "prefixes_per_node"),
    "cells": (1, 10_000),
    "max_pods": bounds_of(CellType, "max_pods"),
    "max_eni": (1, 100),
    "max_unavailable": bounds_of(NodeGroup, "max_unavailable"),
    "root_volume_gib": bounds_of(NodeGroup, "root_volume_gib"),
    "hubs": (0, 1_000),
    "hub_nau": (0, 10_000_000),
    "churn": (0, 1_000),
}
"""What may be asked, by field: beyond it the question is a slip of the pen."""

QuotaLevel = Literal["default", "maximum"]


class WhatIfError(ValueError):
    """The question contradicts itself; the message says how."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WhatIf:
    """A question. What is not asked for has a default here, and the answer says so."""

    nodes: int
    instance: str
    prefixes: int | None = None  # our policy when None
    zones: int = 3
    cells: int = 1  # cells of the mesh, all alike, each peered with each
    max_pods: int | None = None  # all that the prefixes hold when None
    max_eni: int | None = None  # our policy when None
    max_unavailable: int = NodeGroup.model_fields["max_unavailable"].default
    root_volume_gib: int = NodeGroup.model_fields["root_volume_gib"].default
    hub_nau: int = 0  # NAU of the hubs that every cell is peered with
    hubs: int = 0
    churn: float = 0  # pods that come and go on each node (per second)
    cni: str = ""  # version of the VPC CNI, today's when empty
    egress: Literal["none", "nat_gateway"] = "none"
    ip_family: IpFamily = "ipv4"
    region: str = "us-east-1"
    level: QuotaLevel = "default"
    quotas: Mapping[str, int] = field(default_factory=dict)  # on top of the level, by quota code

    def __post_init__(self) -> None:
        if not self.zones <= self.nodes <= MOST_PER_ZONE * self.zones:
            most = MOST_PER_ZONE * self.zones
            msg = f"{self.zones} zones take from {self.zones:,} to {most:,} nodes"
            raise WhatIfError(msg)
        if self.ip_family == "ipv6" and (self.prefixes or self.max_eni):
            msg = "IPv6 pods have one prefix on the primary interface: no prefixes, no max eni"
            raise WhatIfError(msg)
        for name, (least, most) in RANGES.items():
            value = getattr(self, name)
            if value is not None and not least <= value <= most:
                msg = f"{name.replace('_', ' ')} must be from {least:,} to {most:,}, not {value:,}"
                raise WhatIfError(msg)


def setting_of_what_if(question: WhatIf, facts: Facts) -> Setting:
    """Make the cell that is asked about, with subnets as the address planner would cut them.

    Raises:
        WhatIfError: when the Region is unknown or has fewer zones, or the instance type delegates
            no prefixes.
        UnknownInstanceType: with the nearest names.
    """
    zones = _zones(question, facts)
    cell_type = _cell_type(question, zones, facts)
    peers = question.cells - 1 + question.hubs
    shape = shape_of_type(
        NAME,
        cell_type,
        addresses_alone(NAME, cell_type, need_of(cell_type, facts), facts),
        facts,
        region=question.region,
        type_path=PATH,
        quotas={**_granted(question.level, question.region, facts), **question.quotas},
        peers=Peers(blocks=peers, hub_blocks=question.hubs),
    )
    missing = -question.nodes % question.zones
    shape = replace(shape, pools=tuple(replace(p, missing=missing) for p in shape.pools))
    shape = replace(shape, churn=question.churn)
    if question.max_eni is not None:
        shape = replace(shape, interfaces=question.max_eni)
    return Setting(
        shape=shape,
        around=Neighbourhood(
            owner=NAME,
            path=PATH,
            region=question.region,
            cells=(NAME,) * question.cells,
            hub_nau=question.hub_nau,
            connections=peers,
            asks=peers,
            by_hand=question.hubs,
            hubs=question.hubs,
            quotas=shape.quotas,
        ),
        nau={NAME: cell_nau(shape, facts)},
        facts=facts,
    )


def assumed(question: WhatIf, given: Collection[str], facts: Facts) -> Iterator[str]:
    """Say what the question left open, and the options that would settle it.

    Args:
        question: The question.
        given: Names of the fields that were asked for.
        facts: Our policy, for what it settles.
    """
    prefixes = facts.policy_value("prefixes-per-node")
    for names, words in _DEFAULTS if question.ip_family == "ipv4" else _IPV6_DEFAULTS:
        if not set(names) <= set(given):
            options = ", ".join(_option(name) for name in names)
            yield f"{words.format(q=question, prefixes=prefixes)} ({options})"


_DEFAULTS: tuple[tuple[tuple[str, ...], str], ...] = (
    (("prefixes",), "{prefixes:g} prefixes for each node"),
    (("zones", "region"), "{q.zones} zones of {q.region}"),
    (("cells",), "cells of the mesh, all alike: {q.cells}"),
    (("hubs", "hub_nau"), "{q.hubs} hubs with {q.hub_nau:,} NAU together"),
    (("level", "quotas"), "quotas at AWS's {q.level}"),
    (("root_volume_gib",), "root volumes of {q.root_volume_gib} GiB"),
    (("max_unavailable",), "an update replaces {q.max_unavailable} at a time"),
    (("cni",), "VPC CNI of today"),
    (("egress",), "way to the internet: {q.egress}"),
    (("ip_family",), "addresses of pods: {q.ip_family}"),
    (("max_pods",), "maxPods as many as the prefixes hold"),
    (("churn",), "no pod comes or goes"),
    (("max_eni",), "MAX_ENI as our policy says"),
)

_IPV6_DEFAULTS = (
    *(row for row in _DEFAULTS if row[0][0] not in ("prefixes", "max_eni", "max_pods")),
    (("max_pods",), "maxPods as many as {prefixes:g} IPv4 prefixes would hold"),
)
"""Pods with IPv6 addresses share one prefix of the node's only interface."""


def _option(name: str) -> str:
    named = {"level": "--quotas", "quotas": "--quota"}
    return named.get(name, f"--{name.replace('_', '-')}")


def _zones(question: WhatIf, facts: Facts) -> list[str]:
    region = facts.regions.get(question.region)
    if region is None:
        msg = f"unknown Region {question.region!r}"
        raise WhatIfError(msg)
    taken = [zone for zone in region.zone_ids if zone not in region.refused]
    zones = taken[: question.zones]
    least = int(facts.parameter("cluster-subnet-zones-least"))
    if not least <= question.zones <= len(zones):
        there = f"EKS takes {len(taken)} of {question.region}"
        msg = f"a cell has {least} zones or more, and {there}: not {question.zones}"
        raise WhatIfError(msg)
    return zones


def _cell_type(question: WhatIf, zones: list[str], facts: Facts) -> CellType:
    """Declare the cell type; what does not matter for its size is the least that is valid."""
    instance = facts.instance(question.instance)
    if not instance.delegates_prefixes:
        msg = f"{instance.name} ({instance.hypervisor}) cannot have prefixes delegated to it"
        raise WhatIfError(msg)
    declared = {
        "kubernetes_version": "1.34",
        "node_image": "v20251103",
        "zones": zones,
        "node_groups": {
            POOL: {
                "instance_type": instance.name,
                "nodes_per_zone": -(-question.nodes // question.zones),
                "root_volume_gib": question.root_volume_gib,
                "max_unavailable": question.max_unavailable,
            }
        },
        "prefixes_per_node": question.prefixes,
        "max_pods": question.max_pods,
        "addons": {"vpc-cni": question.cni} if question.cni else {},
        "egress": question.egress,
        "ip_family": question.ip_family,
        "spark": {"namespaces": ["jobs"], "operator": {"chart_version": "2.5.2"}},
    }
    try:
        return CellType.model_validate(declared)
    except ValidationError as error:
        if any(fault["loc"][0] != "addons" for fault in error.errors()):
            raise  # all else was checked before: a bug of ours
        msg = f"{question.cni!r} is not a version of the VPC CNI, such as v1.20.4-eksbuild.1"
        raise WhatIfError(msg) from error


def _granted(level: QuotaLevel, region: str, facts: Facts) -> dict[str, float]:
    """Say what an account has: nothing raised, or all that AWS documents, and no end elsewhere.

    A quota that bounds another one stays at its default.
    """
    if level == "default":
        return {}
    others = {quota.times for quota in facts.quotas.values()}
    raisable = (q for q in facts.quotas.values() if q.kind == "quota" and q.id not in others)
    most = {quota.code: facts.most(quota, region, {}) for quota in raisable}
    return {code: inf if maximum is None else maximum for code, maximum in most.items()}
