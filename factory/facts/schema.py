"""The shapes of the facts: what AWS allows, charges and counts, and what we decided.

A fact is a number with a unit, a scope, a source and the day somebody read the
source. Nothing here opens a file; `factory.facts.loader` reads the data that
ships with the package into these values.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Literal, TypeVar

Kind = Literal["fixed", "quota", "guidance"]
"""`fixed`: nobody can raise it. `quota`: AWS raises it on request, up to `maximum`
where one is documented. `guidance`: AWS or Kubernetes advises it and enforces
nothing; going past it is a risk and not a refusal."""

ADDRESSES_PER_PREFIX = 16  # a delegated IPv4 prefix is always a /28

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
class Provenance:
    """Where a fact comes from; every row of every table has it."""

    source: str
    checked: date
    confirmed: bool = True
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Quota(Provenance):
    """The most of one thing that one scope may hold.

    Attributes:
        default: what holds without a request (in `unit`).
        maximum: what AWS documents as the most it gives; equal to `default` for
            `fixed`; None for a quota that can be raised to an undocumented height.
        disputed: other values that sources of some weight print for `default`.
        code: the Service Quotas code, empty where none is known.
    """

    id: str
    title: str
    default: int
    maximum: int | None
    unit: str
    scope: str
    kind: Kind
    service: str
    code: str = ""
    disputed: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class NauWeight(Provenance):
    """Network Address Usage units that one resource takes (NAU per `per`)."""

    id: str
    title: str
    weight: int
    per: str
    unit: str = "NAU"


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenBucket(Provenance):
    """How often one EC2 action may be called, per account and Region.

    Attributes:
        action: EC2 API action; `*` is every action of the category without a row of its
            own, and in the category `shared` all mutating actions out of one bucket.
        counts: `requests`, or `resources` where one request takes several tokens.
        capacity: burst (tokens, > 0).
        refill: tokens that come back each second (> 0).
    """

    id: str
    action: str
    category: str
    counts: str
    capacity: int
    refill: float
    unit: str = "tokens"
    scope: str = "account-region"


@dataclass(frozen=True, slots=True, kw_only=True)
class CallCount:
    """How often one node calls one action while it boots: base + per_prefix x prefixes.

    Attributes:
        counts: `requests`, or `resources` where a node takes a token of a shared request.
    """

    action: str
    base: int
    per_prefix: int = 0
    mutating: bool = True
    counts: str = "requests"

    def of(self, prefixes: int) -> int:
        """Count the calls of a node that takes that many /28 prefixes; never below 0."""
        return max(0, self.base + self.per_prefix * prefixes)


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeCalls(Provenance):
    """EC2 calls that one booting node causes, for a range of VPC CNI versions.

    Attributes:
        growth: `launch` is what every node causes; `at-once` takes every prefix with
            the ENI (MINIMUM_IP_TARGET), `one-by-one` takes all but the first singly.
        since, before: half-open range of CNI versions; None is an open end.
    """

    id: str
    growth: str
    since: tuple[int, ...] | None
    before: tuple[int, ...] | None
    calls: tuple[CallCount, ...]
    unit: str = "calls per node"

    def covers(self, version: tuple[int, ...]) -> bool:
        """Tell whether a CNI version, such as (1, 15, 4), falls into the range."""
        return (self.since is None or version >= self.since) and (
            self.before is None or version < self.before
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter(Provenance):
    """A constant of a formula, or a knob for what no source settles."""

    id: str
    title: str
    value: float
    unit: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """A number that we chose; `decision` is the page that says why."""

    id: str
    title: str
    value: float
    unit: str
    decision: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AddonVersion(Provenance):
    """A published version of an EKS add-on that fits a Kubernetes version."""

    addon: str
    kubernetes: str
    version: str
    unit: str = "version"


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeImage(Provenance):
    """A published EKS-optimized AL2023 image."""

    name: str
    kubernetes: str
    release: str
    architecture: str
    unit: str = "image"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChartVersion(Provenance):
    """A published version of a Helm chart."""

    chart: str
    repository: str
    version: str
    unit: str = "version"


@dataclass(frozen=True, slots=True, kw_only=True)
class InstanceType:
    """What one EC2 instance type carries; network numbers are of its default card.

    Attributes:
        enis: network interfaces on the default network card, the primary included.
            The sum over all cards is larger and no use to the VPC CNI.
        ipv4_per_eni: IPv4 addresses on one interface, its primary included.
        hypervisor: `nitro`, `xen`, or empty for bare metal of some families.
        architectures: such as `("arm64",)`.
        nvme_gb: local NVMe storage (GB), 0 where there is none.
        network: bandwidth in AWS's words.
        gbps: baseline bandwidth of the default card (Gbit/s).
        attachments: EBS volumes that can be attached.
        attachments_shared: ENIs and NVMe disks count against `attachments`.
    """

    name: str
    enis: int
    ipv4_per_eni: int
    vcpu: int
    memory_mib: int
    hypervisor: str
    bare_metal: bool
    architectures: tuple[str, ...]
    nvme_gb: int
    network: str
    gbps: float
    attachments: int
    attachments_shared: bool

    @property
    def delegates_prefixes(self) -> bool:
        """Tell whether EC2 delegates prefixes to it: Nitro and bare metal only.

        Source: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-prefix-eni.html
        """
        return self.hypervisor == "nitro" or self.bare_metal

    @property
    def prefix_slots(self) -> int:
        """Count the prefixes one ENI can hold: its addresses less its own primary one."""
        return self.ipv4_per_eni - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Region:
    """A Region and the ids of its zones, the same for every account.

    Attributes:
        confirmed: AWS answered with these zones; False where only the pattern of names
            says so, and a zone that is not listed may well exist.
    """

    name: str
    zone_ids: tuple[str, ...]
    confirmed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Every table, each keyed by id."""

    quotas: Mapping[str, Quota]
    nau: Mapping[str, NauWeight]
    buckets: Mapping[str, TokenBucket]
    calls: Mapping[str, NodeCalls]
    parameters: Mapping[str, Parameter]
    policy: Mapping[str, Policy]
    instances: Mapping[str, InstanceType]
    regions: Mapping[str, Region]
    addons: tuple[AddonVersion, ...] = field(default=())
    images: tuple[NodeImage, ...] = field(default=())
    charts: tuple[ChartVersion, ...] = field(default=())

    def quota(self, id_: str) -> Quota:
        """Look a quota up by id; UnknownFact when there is none."""
        return _row("quota", self.quotas, id_)

    def parameter(self, id_: str) -> float:
        """Look the value of a parameter up by id; UnknownFact when there is none."""
        return _row("parameter", self.parameters, id_).value

    def policy_value(self, id_: str) -> float:
        """Look the value of a policy up by id; UnknownFact when there is none."""
        return _row("policy", self.policy, id_).value

    def weight(self, id_: str) -> int:
        """Look a NAU weight up by id; UnknownFact when there is none."""
        return _row("NAU weight", self.nau, id_).weight

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


def effective(quota: Quota, override: int | None = None) -> int:
    """Say how much of a quota really holds: what the account was given, or the default.

    Args:
        quota: the fact.
        override: what Service Quotas shows for the account (in `quota.unit`), if known.

    Returns:
        The limit in `quota.unit`.

    Raises:
        ValueError: for a negative override, one above the documented maximum, or
            any change of a limit that is not a quota.

    Source: https://docs.aws.amazon.com/servicequotas/latest/userguide/intro.html
    """
    if override is None or override == quota.default:
        return quota.default
    if quota.kind != "quota":
        msg = f"{quota.id} is {quota.default:,} {quota.unit} for every account"
        raise ValueError(msg)
    if override < 0:
        msg = f"{quota.id} cannot be negative: {override:,}"
        raise ValueError(msg)
    if quota.maximum is not None and override > quota.maximum:
        msg = f"{quota.id} can be raised to {quota.maximum:,} {quota.unit}, not to {override:,}"
        raise ValueError(msg)
    return override


def _row(table: str, rows: Mapping[str, RowType], id_: str) -> RowType:
    try:
        return rows[id_]
    except KeyError:
        raise UnknownFact(table, id_) from None
