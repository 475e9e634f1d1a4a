"""What joins the VPCs of a mesh: peerings, a transit gateway, or both on the way between them.

A mesh moves one step at a time, there and back, and one edit of `cells.yaml` is one step. No step
takes a way from a cell before it has another one: routes move in place, and what they led over is
removed a step later.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Literal, get_args

from pydantic import AfterValidator, Field

from cellfactory.inventory.central import CentralEgress
from cellfactory.inventory.values import AccountId, Model, Name, Quotas

Interconnect = Literal["peering", "prepare", "both", "canary", "soak", "retire", "gateway"]
"""Where a mesh is between peerings and a transit gateway, in the order of the way there."""

STEPS: tuple[Interconnect, ...] = get_args(Interconnect)

Over = Literal["peering", "gateway"]
"""What a way between two VPCs leads over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StepRow:
    """What there is at one step."""

    name: str  # of the edit that leads here on the way there
    peerings: bool  # connections are kept
    gateway: bool  # the transit gateway is there
    attached: bool  # and every cell is attached to it
    routes: Literal["peering", "canary", "gateway"]  # what the routes of cells lead over
    meaning: str


ROWS: Mapping[Interconnect, StepRow] = {
    "peering": StepRow(
        name="start",
        peerings=True,
        gateway=False,
        attached=False,
        routes="peering",
        meaning="connections alone",
    ),
    "prepare": StepRow(
        name="prepare",
        peerings=True,
        gateway=True,
        attached=False,
        routes="peering",
        meaning="the gateway is made and shared, nothing is attached",
    ),
    "both": StepRow(
        name="both present",
        peerings=True,
        gateway=True,
        attached=True,
        routes="peering",
        meaning="every cell is attached, no route leads over the gateway",
    ),
    "canary": StepRow(
        name="canary cell",
        peerings=True,
        gateway=True,
        attached=True,
        routes="canary",
        meaning="routes from and to the canary cells lead over the gateway",
    ),
    "soak": StepRow(
        name="flip",
        peerings=True,
        gateway=True,
        attached=True,
        routes="gateway",
        meaning="every route leads over the gateway, connections stay as the way back",
    ),
    "retire": StepRow(
        name="retire",
        peerings=False,
        gateway=True,
        attached=True,
        routes="gateway",
        meaning="connections are deleted, their empty states stay",
    ),
    "gateway": StepRow(
        name="end",
        peerings=False,
        gateway=True,
        attached=True,
        routes="gateway",
        meaning="the gateway alone",
    ),
}
"""What there is at each step; nothing else asks for a step by its name to find out."""


def next_step(step: Interconnect) -> Interconnect | None:
    """Return the step after one on the way to the gateway; None at its end."""
    index = STEPS.index(step) + 1
    return STEPS[index] if index < len(STEPS) else None


def step_back(step: Interconnect) -> Interconnect | None:
    """Return the step before one, which is the next on the way to peerings; None at its end."""
    index = STEPS.index(step)
    return STEPS[index - 1] if index else None


def step_towards(here: Interconnect, there: Interconnect) -> Interconnect:
    """Return the one step from here that comes next on the way there; `there` where it is one.

    >>> step_towards("both", "gateway"), step_towards("soak", "peering")
    ('canary', 'canary')
    """
    way, end = STEPS.index(here), STEPS.index(there)
    return STEPS[way + (end > way) - (end < way)]


PRIVATE_ASNS = (range(64512, 65535), range(4_200_000_000, 4_294_967_295))
"""Numbers that a gateway may have for its side of BGP.

Source: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_TransitGatewayRequestOptions.html
"""


def _private(asn: int) -> int:
    if not any(asn in private for private in PRIVATE_ASNS):
        words = " or ".join(f"{r.start} to {r.stop - 1}" for r in PRIVATE_ASNS)
        msg = f"{asn} is not a private ASN, which is {words}"
        raise ValueError(msg)
    return asn


Asn = Annotated[
    int,
    AfterValidator(_private),
    Field(
        json_schema_extra={
            "anyOf": [
                {"type": "integer", "minimum": r.start, "maximum": r.stop - 1} for r in PRIVATE_ASNS
            ]
        }
    ),
]


class TransitGateway(Model):
    """The transit gateway of a mesh, in a network account."""

    account: AccountId = Field(description="Network account that owns it; no cell lies in it.")
    organization: Name = Field(description="Organization of that account, whose roles lead there.")
    asn: Asn = Field(
        default=PRIVATE_ASNS[0].start,
        description="Private ASN of its side of BGP; those of meshes that are peered differ.",
    )
    route_tables: Literal["cell", "mesh"] = Field(
        default="cell",
        description="`cell`: a route table for each cell; `mesh`: one for all cells that reach the "
        "same, which is what fits the quotas of a large mesh.",
    )
    pod_blocks: Literal["unique", "reusable"] = Field(
        default="unique",
        description="`reusable`: once the pool has no others, new cells get pod blocks that others "
        "of the mesh have. From then on there is no way back to peering.",
    )
    egress: CentralEgress | None = Field(
        default=None, description="Way out of cells with `egress: central`."
    )
    peers: list[Name] = Field(
        default=[],
        max_length=50,
        description="Meshes, each with a gateway of its own, whose cells this mesh reaches; either "
        "of two may name the other.",
    )
    quotas: Quotas
