"""One row of each table of facts, with where it comes from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Literal

Kind = Literal["fixed", "quota", "guidance"]
"""`fixed`: nobody can raise it. `quota`: AWS raises it on request, up to `maximum`
where one is documented. `guidance`: AWS or Kubernetes advises it and enforces
nothing; going past it is a risk and not a refusal."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """Where a fact comes from; every row of every table has it.

    Attributes:
        checked: the day on which somebody read the page, or a copy of it.
        copied: of a copy, the newest day that it shows; None where no day is to be seen.
        informs: why it is here although no code reads it; empty for every other fact.
    """

    source: str
    checked: date
    copied: date | None = None
    confirmed: bool = True
    note: str = ""
    informs: str = ""

    @property
    def as_of(self) -> date:
        """The day up to which it is known to hold: what came later is not known here."""
        return self.copied or self.checked


@dataclass(frozen=True, slots=True, kw_only=True)
class Quota(Provenance):
    """The most of one thing that one scope may hold.

    Attributes:
        default: what holds without a request (in `unit`).
        maximum: what AWS documents as the most it gives; equal to `default` for
            `fixed`; None for a quota that can be raised to an undocumented height.
        disputed: other values that sources of some weight print for `default`.
        code: the Service Quotas code, empty where none is known.
        by_region: Regions where another default holds.
        families: letters that the instance families begin with which a vCPU quota counts.
        times, within: ids of quotas; the account's value of this one multiplied by that of `times`
            must not exceed `within`. Both are empty for nearly all.
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
    families: tuple[str, ...] = ()
    by_region: tuple[tuple[str, int], ...] = ()
    times: str = ""
    within: str = ""

    @property
    def is_raisable(self) -> bool:
        """Tell whether AWS raises it, for an account that asks by its code."""
        return self.kind == "quota" and bool(self.code)

    def in_region(self, region: str) -> Quota:
        """Take the default that holds in a Region; most are the same everywhere."""
        default = dict(self.by_region).get(region, self.default)
        maximum = default if self.kind == "fixed" else self.maximum
        if (default, maximum) == (self.default, self.maximum):
            return self
        return replace(self, default=default, maximum=maximum)


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
class CallRetries(Provenance):
    """How often the VPC CNI tries a call that EC2 throttles, for a range of its versions.

    Attributes:
        since, before: half-open range of CNI versions; None is an open end.
        attempts: of its SDK for one call, the first included.
        longest_wait: between two of them (s).
        rounds: of so many attempts that it makes for some actions; one for all others.
    """

    id: str
    since: tuple[int, ...] | None
    before: tuple[int, ...] | None
    attempts: int
    longest_wait: float
    rounds: Mapping[str, int]
    unit: str = "attempts"

    def covers(self, version: tuple[int, ...]) -> bool:
        """Tell whether a CNI version falls into the range."""
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
class EndpointService(Provenance):
    """A service that a cell without egress reaches through an interface endpoint.

    Attributes:
        id: last part of the service's name, such as `ecr.api`.
        reason: what a cell needs it for.
        asked_by: key of a cell type, or `addons.` and an add-on, without which nobody needs it.
    """

    id: str
    reason: str
    asked_by: str = ""
    unit: str = "service"


@dataclass(frozen=True, slots=True, kw_only=True)
class InstanceType:
    """What one EC2 instance type carries; network numbers are of its default card.

    Attributes:
        enis: network interfaces on the default network card, the primary included.
            The sum over all cards is larger and no use to the VPC CNI.
        ipv4_per_eni: IPv4 addresses on one interface, its primary included.
        hypervisor: `nitro`, `xen`, or empty for bare metal of some families.
        architectures: such as `("arm64",)`.
        accelerators: whose accelerators it has beside its processors, such as `nvidia`;
            `neuron` are AWS's own; empty where there are none.
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
    accelerators: str
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
        partition: AWS's own name for the group of Regions that share accounts and ARNs.
        refused: zone ids in which EKS takes no cluster subnet, listed above or not.
        opt_in: an account has to enable it before anything can be made there.
        checked: day of the list that it stands in.
    """

    name: str
    zone_ids: tuple[str, ...]
    confirmed: bool
    partition: str = "aws"
    refused: tuple[str, ...] = ()
    opt_in: bool = False
    checked: str = ""
