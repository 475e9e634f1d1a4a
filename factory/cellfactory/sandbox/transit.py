"""Transit gateways as they are: one world for all accounts, in which each sees its own part.

moto keeps a gateway in the account that made it, shows it to no other, and has everything ready
at once. Here a gateway, its attachments and its route tables are values of one fabric, a state
goes on by itself in the time that the world says, and who sees what is asked of the fabric.

Source:
    https://docs.aws.amazon.com/vpc/latest/tgw/how-transit-gateways-work.html
    https://docs.aws.amazon.com/vpc/latest/tgw/transit-gateway-share.html
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from ipaddress import ip_network
from typing import Any

from moto.core.utils import utcnow

GONE = frozenset({"deleted", "deleting", "failed", "failing", "rejected", "rejecting"})
CARRYING = frozenset({"available", "modifying"})  # states in which an attachment carries traffic


@dataclass(frozen=True, slots=True)
class Place:
    """An account in a Region: who calls, who owns."""

    account: str  # 12 digits
    region: str


@dataclass(frozen=True, slots=True)
class Stage:
    """A state that turns into another one by itself."""

    during: str
    after: str
    ends: float = 0.0  # monotonic seconds

    @property
    def name(self) -> str:
        """The state now."""
        return self.after if time.monotonic() >= self.ends else self.during


@dataclass(slots=True, eq=False, kw_only=True)
class Gateway:
    """A transit gateway."""

    id: str
    owner: Place
    description: str
    options: dict[str, Any]  # by the API's names; the ids of default tables are added
    stage: Stage
    made: Any = field(default_factory=utcnow)

    @property
    def arn(self) -> str:
        """The name that RAM shares it by."""
        return f"arn:aws:ec2:{self.owner.region}:{self.owner.account}:transit-gateway/{self.id}"

    def has(self, option: str) -> bool:
        """Whether an option is enabled."""
        return self.options.get(option) == "enable"


@dataclass(slots=True, eq=False, kw_only=True)
class Attachment:
    """What is attached to a gateway: a VPC, or a gateway of another Region."""

    id: str
    owner: Place  # of the VPC; of the gateway that asked
    gateway: str  # id
    stage: Stage
    vpc: str = ""
    subnets: list[str] = field(default_factory=list)
    options: dict[str, str] = field(default_factory=dict)  # by the API's names
    peer: str = ""  # id of the other gateway
    peer_owner: Place | None = None
    made: Any = field(default_factory=utcnow)

    @property
    def is_peering(self) -> bool:
        """Whether a gateway is at its other end."""
        return self.peer_owner is not None

    @property
    def is_there(self) -> bool:
        """Whether it is neither refused nor deleted nor on the way there."""
        return self.stage.name not in GONE

    @property
    def carries(self) -> bool:
        """Whether traffic goes over it."""
        return self.stage.name in CARRYING

    def resource(self, gateway: str) -> tuple[str, str]:
        """What it leads to, as seen from a gateway: the type and the id."""
        if not self.is_peering:
            return "vpc", self.vpc
        return "peering", self.peer if gateway == self.gateway else self.gateway


@dataclass(slots=True, eq=False, kw_only=True)
class Table:
    """A route table of a gateway."""

    id: str
    gateway: str
    stage: Stage
    routes: dict[str, str] = field(default_factory=dict)  # attachment by CIDR; "" drops packets
    associations: dict[str, Stage] = field(default_factory=dict)  # by attachment
    propagations: dict[str, Stage] = field(default_factory=dict)  # by attachment, oldest first
    made: Any = field(default_factory=utcnow)


@dataclass(slots=True)
class Fabric:
    """Every gateway, attachment and table of the world, by id."""

    seconds: float = 0.0  # that each step takes
    limits: Mapping[str, int] = field(default_factory=dict)  # by the id of a quota
    gateways: dict[str, Gateway] = field(default_factory=dict)
    attachments: dict[str, Attachment] = field(default_factory=dict)
    tables: dict[str, Table] = field(default_factory=dict)

    def soon(self, during: str, after: str) -> Stage:
        """A state that begins now and ends when the world's time for a step is over."""
        return Stage(during, after, time.monotonic() + self.seconds)

    def attached(self, gateway: str) -> Iterator[Attachment]:
        """Yield what is attached to a gateway or asks to be, oldest first."""
        for attachment in self.attachments.values():
            if gateway in (attachment.gateway, attachment.peer) and attachment.is_there:
                yield attachment

    def tables_of(self, gateway: str) -> Iterator[Table]:
        """Yield the route tables of a gateway that are there."""
        for table in self.tables.values():
            if table.gateway == gateway and table.stage.name not in GONE:
                yield table

    def association_of(self, attachment: str, gateway: str) -> Table | None:
        """Find the table of a gateway that an attachment's packets are looked up in."""
        for table in self.tables_of(gateway):
            stage = table.associations.get(attachment)
            if stage is not None and stage.name != "disassociated":
                return table
        return None

    def vpc_attachment(self, gateway: str, vpc: str) -> Attachment | None:
        """Find the attachment of a VPC to a gateway; a VPC has one at most."""
        return next((one for one in self.attached(gateway) if one.vpc == vpc), None)

    def owns(self, place: Place, gateway: str) -> bool:
        """Whether a gateway is there and a place's own."""
        known = self.gateways.get(gateway)
        return known is not None and known.owner == place and known.stage.name not in GONE

    def sides(self, attachment: Attachment) -> Iterator[Place]:
        """Yield the places that see an attachment: the owners of its two ends."""
        yield attachment.owner
        if attachment.peer_owner is not None:
            yield attachment.peer_owner
        elif attachment.gateway in self.gateways:
            yield self.gateways[attachment.gateway].owner

    def forget(self, attachment: Attachment) -> None:
        """Take an attachment out of every table; static routes to it stay and drop packets."""
        for table in self.tables.values():
            table.associations.pop(attachment.id, None)
            table.propagations.pop(attachment.id, None)


FABRIC = Fabric()  # the emulator's state belongs to the process


def start(seconds: float, limits: Mapping[str, int]) -> None:
    """Begin a world in which a step takes so long and no more may be made than so many."""
    FABRIC.seconds, FABRIC.limits = seconds, limits
    for kept in (FABRIC.gateways, FABRIC.attachments, FABRIC.tables):
        kept.clear()


def is_within(block: str, other: str) -> bool:
    """Whether all of a block lies in another one.

    >>> is_within("10.1.0.0/16", "10.0.0.0/8"), is_within("10.0.0.0/8", "10.1.0.0/16")
    (True, False)
    """
    inner, outer = ip_network(block), ip_network(other)
    return inner.version == outer.version and inner.subnet_of(outer)  # type: ignore[arg-type]
