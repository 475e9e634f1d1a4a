"""The facts: what AWS allows, charges and counts, and what we decided.

A fact is a number with a unit, a scope, a source and the day somebody read the
source. Nothing here opens a file; `cellfactory.facts.loader` reads the data that
ships with the package into these values.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar

from cellfactory.facts.catalogues import EndpointCatalogue, Offerings
from cellfactory.facts.prices import PriceTable
from cellfactory.facts.published import (
    AddonVersion,
    AwsDefault,
    ChartVersion,
    ImageBuild,
    KubernetesVersion,
    NodeImage,
    OldestAddon,
)
from cellfactory.facts.rows import (
    CallCount,
    CallRetries,
    EndpointService,
    InstanceType,
    Kind,
    NauWeight,
    NodeCalls,
    Parameter,
    Policy,
    Provenance,
    Quota,
    Region,
    TokenBucket,
)

__all__ = [
    "ADDRESSES_PER_PREFIX",
    "PREFIX_LENGTH",
    "STANDARD_IMAGE",
    "AddonVersion",
    "AwsDefault",
    "CallCount",
    "CallRetries",
    "ChartVersion",
    "EndpointService",
    "Facts",
    "ImageBuild",
    "InstanceType",
    "Kind",
    "KubernetesVersion",
    "NauWeight",
    "NodeCalls",
    "NodeImage",
    "OldestAddon",
    "Parameter",
    "Policy",
    "Provenance",
    "Quota",
    "Region",
    "TokenBucket",
    "UnknownFact",
    "UnknownInstanceType",
    "effective",
]

PREFIX_LENGTH = 28  # of a delegated IPv4 prefix: always a /28
ADDRESSES_PER_PREFIX = 1 << (32 - PREFIX_LENGTH)
STANDARD_IMAGE = "standard"  # the variant of node images without any drivers of accelerators

RowType = TypeVar("RowType")


class UnknownFact(KeyError):
    """A table holds no row of that id: a typing mistake in our own code."""

    def __init__(self, table: str, id_: str) -> None:
        super().__init__(id_)
        self.table = table
        self.id = id_

    def __str__(self) -> str:
        return f"no {self.table} has the id {self.id!r}"


class UnknownInstanceType(KeyError):
    """No instance type of that name is known; `nearest` holds the likely ones."""

    def __init__(self, name: str, nearest: tuple[str, ...]) -> None:
        super().__init__(name)
        self.name = name
        self.nearest = nearest

    def __str__(self) -> str:
        meant = f"; did you mean {' or '.join(self.nearest)}?" if self.nearest else ""
        return f"unknown instance type {self.name!r}{meant}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Every table, each keyed by id."""

    quotas: Mapping[str, Quota]
    nau: Mapping[str, NauWeight]
    buckets: Mapping[str, TokenBucket]
    calls: Mapping[str, NodeCalls]
    retries: Mapping[str, CallRetries]
    parameters: Mapping[str, Parameter]
    policy: Mapping[str, Policy]
    instances: Mapping[str, InstanceType]
    regions: Mapping[str, Region]
    sts_region: str  # where roles are assumed for a Region that their accounts may not have
    addons: Mapping[str, AddonVersion]
    oldest_addons: Mapping[str, OldestAddon]
    images: Mapping[str, NodeImage]
    charts: Mapping[str, ChartVersion]
    kubernetes: Mapping[str, KubernetesVersion]
    endpoints: Mapping[str, EndpointService]  # what a cell without egress cannot do without
    endpoint_services: EndpointCatalogue
    offerings: Offerings
    aws_defaults: Mapping[str, AwsDefault]  # what changes by itself
    prices: PriceTable

    def quota(self, id_: str) -> Quota:
        """Look a quota up by id; UnknownFact when there is none."""
        return _row("quota", self.quotas, id_)

    def quotas_by_code(self, region: str) -> dict[str, Quota]:
        """List the quotas that Service Quotas knows, by code, as they are in a Region."""
        here = (quota.in_region(region) for quota in self.quotas.values())
        return {quota.code: quota for quota in here if quota.code}

    def most(self, quota: Quota, region: str, raised: Mapping[str, float]) -> int | None:
        """Say the most that AWS gives of a quota; None where no page names one.

        Args:
            quota: the fact.
            region: where the account uses it.
            raised: what the account was given of others: some quotas bound each other.
        """
        most = quota.in_region(region).maximum
        if not quota.within:
            return most
        others = effective(self.quota(quota.times), region, raised)
        together = int(self.quota(quota.within).default / max(1, others))
        return together if most is None else min(most, together)

    def parameter(self, id_: str) -> float:
        """Look the value of a parameter up by id; UnknownFact when there is none."""
        return _row("parameter", self.parameters, id_).value

    def policy_value(self, id_: str) -> float:
        """Look the value of a policy up by id; UnknownFact when there is none."""
        return _row("policy", self.policy, id_).value

    def weight(self, id_: str) -> int:
        """Look a NAU weight up by id; UnknownFact when there is none."""
        return _row("NAU weight", self.nau, id_).weight

    def addon(self, addon: str, kubernetes: str) -> str:
        """Look up the newest version of an add-on for a Kubernetes version, such as "1.34"."""
        return _row("add-on", self.addons, f"{addon}@{kubernetes}").version

    def image(self, kubernetes: str, architecture: str, variant: str = STANDARD_IMAGE) -> NodeImage:
        """Find the AL2023 image of a Kubernetes version; UnknownFact when there is none."""
        wanted = (kubernetes, architecture, variant)
        for image in self.images.values():
            if (image.kubernetes, image.architecture, image.variant) == wanted:
                return image
        raise UnknownFact(table="node image", id_=f"{architecture} {variant} {kubernetes}")

    def role_region(self, region: str) -> str:
        """Say at which Region's STS endpoint roles are assumed, to work in a Region.

        At the endpoint of a Region that has to be enabled, both accounts would need it.

        Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_temp_enable-regions.html
        """
        return self.sts_region if self.regions[region].opt_in else region

    @property
    def image_builds(self) -> tuple[ImageBuild, ...]:
        """Every architecture and variant that node images are made for, sorted."""
        rows = self.images.values()
        return tuple(sorted({ImageBuild(row.architecture, row.variant) for row in rows}))

    def image_build(self, instance: InstanceType) -> ImageBuild:
        """Choose the image that an instance type runs: one with the drivers of its accelerators.

        An old type that also runs 32 bits takes the 64-bit image.

        Raises:
            UnknownFact: when no image is made for its processor, or for its accelerators.

        Source: https://docs.aws.amazon.com/eks/latest/userguide/ml-eks-optimized-ami.html
        """
        variant = instance.accelerators or STANDARD_IMAGE
        for build in self.image_builds:
            if build.variant == variant and build.architecture in instance.architectures:
                return build
        raise UnknownFact(table="node image", id_=f"for {instance.name}")

    def vcpu_quota(self, instance_type: str) -> Quota:
        """Find the On-Demand vCPU quota that counts an instance type.

        Raises:
            UnknownFact: when none does, as for Mac, which runs on dedicated hosts only.
        """
        letters = re.match("[a-z]*", instance_type)
        for quota in self.quotas.values():
            if letters and letters[0] in quota.families:
                return quota
        raise UnknownFact(table="vCPU quota", id_=instance_type)

    def bucket(self, call: CallCount) -> TokenBucket:
        """Find the bucket that a call draws on: its action's own, or its category's."""
        for bucket in self.buckets.values():
            if (bucket.action, bucket.counts) == (call.action, call.counts):
                return bucket
        return self.buckets["mutating" if call.mutating else "non-mutating"]

    def node_calls(self, growth: str, version: tuple[int, ...]) -> tuple[CallCount, ...]:
        """List the EC2 calls of one booting node: the launch and what the CNI adds.

        Raises:
            UnknownFact: when no row covers that growth and CNI version.
        """
        for row in self.calls.values():
            if row.growth == growth and row.covers(version):
                return (*self.calls["launch"].calls, *row.calls)
        wanted = f"{growth} of CNI {'.'.join(map(str, version))}"
        raise UnknownFact(table="node calls", id_=wanted)

    def call_retries(self, version: tuple[int, ...]) -> CallRetries:
        """Say how often the CNI tries a call that is throttled.

        Raises:
            UnknownFact: when no row covers the CNI version.
        """
        for row in self.retries.values():
            if row.covers(version):
                return row
        raise UnknownFact(table="retries", id_=".".join(map(str, version)))

    def instance(self, name: str) -> InstanceType:
        """Look an instance type up by its exact name.

        Raises:
            UnknownInstanceType: with the nearest names; no type is ever guessed.
        """
        try:
            return self.instances[name]
        except KeyError:
            nearest = tuple(difflib.get_close_matches(name, self.instances, n=2, cutoff=0.75))
            raise UnknownInstanceType(name, nearest) from None


def effective(quota: Quota, region: str, raised: Mapping[str, float]) -> float:
    """Say how much of a quota an account may use in a Region.

    Args:
        quota: the fact.
        region: where the account uses it; the default of some quotas differs by Region.
        raised: what Service Quotas shows for the account there, by quota code, as far as told.

    Returns:
        What the account was given, or the Region's default (in `quota.unit`). A raise above the
        documented maximum counts as the maximum (F391 reports it), and one of what is no quota
        counts for nothing.

    Source: https://docs.aws.amazon.com/servicequotas/latest/userguide/intro.html
    """
    local = quota.in_region(region)
    value = raised.get(local.code, local.default) if local.is_raisable else local.default
    return value if local.maximum is None else min(value, local.maximum)


def _row(table: str, rows: Mapping[str, RowType], id_: str) -> RowType:
    try:
        return rows[id_]
    except KeyError:
        raise UnknownFact(table, id_) from None
