"""Rules of joining the VPCs of a mesh: each fires with its numbers, and says what it rests on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import get_args

from cellfactory.options.model import OptionRule, Said, costs_more, monthly
from cellfactory.options.situation import MeshSituation, pool_room, worst
from cellfactory.pricing.meshes import INTERCONNECT_TITLES, INTERCONNECTS, Interconnect
from cellfactory.sizing.nau import CellNau
from cellfactory.sizing.usage import Limit
from cellfactory.words import counted

_VPC = "https://docs.aws.amazon.com/vpc/latest"
_DECISION = "docs/decisions/0041-options.md"
EVERY: tuple[str, ...] = INTERCONNECTS
BUILT = ("peering", "gateway")
"""Ways that this program makes."""

SHARED_TABLES = 2
"""Route tables of a gateway whose cells share one: theirs, and that of the hubs."""

ROUTED = ("peering", "gateway", "cloud_wan")
"""Ways by which a packet reaches any address of the others."""


def within(used: float, limit: Limit, what: str, unit: str = "") -> Iterator[Said]:
    """Judge a number by a limit: past what AWS gives it refuses, past what is there it costs."""
    number = f"{what}: {used:,.0f}{unit}"
    most = limit.maximum if limit.adjustable else limit.value
    if most is not None and used > most:
        yield "refuses", f"{number}; AWS allows {most:,.0f} at most"
    elif used > limit.value:
        how = f"{limit.code} has to be raised" if limit.code else "ask AWS for more"
        yield "costs", f"{number}; the limit is {limit.value:,.0f}, {how}"
    else:
        yield "notes", f"{number} of {limit.value:,.0f}"


def _organizations(asked: MeshSituation, option: str) -> Iterator[Said]:
    names = ", ".join(asked.organizations)
    if len(asked.organizations) < 2:
        yield "notes", f"every account is of organization {names}"
    elif option == "shared_vpc":
        yield "refuses", f"subnets are shared in one organization only; the cells are of {names}"
    elif option == "peering":
        yield "favours", f"any two accounts can peer; the cells are of {names}"
    else:
        yield "notes", f"shared to {names} as external principals, accepted by each account"


def _way_back(_: MeshSituation, option: str) -> Iterator[Said]:
    if option == "shared_vpc":
        yield (
            "costs",
            "one-way door: what shares a VPC is taken apart by a rebuild alone",
        )
    elif option in ROUTED:
        yield (
            "favours",
            ("two-way door: a route changes its target in place, as long as pod blocks are unique"),
        )


def _blast_radius(asked: MeshSituation, option: str) -> Iterator[Said]:
    if option != "shared_vpc":
        return
    if len(asked.cells) > 1:
        yield "costs", f"{len(asked.cells):,} cells share every quota of one VPC: one blast radius"
    total = sum(asked.of(cell).nau.designed for cell in asked.cells)
    yield from within(total, asked.quota("vpc-nau"), "NAU of one VPC")
    blocks = sum(len(asked.of(cell).addresses.blocks) for cell in asked.cells)
    yield from within(blocks, asked.quota("blocks-per-vpc"), "blocks of one VPC")
    accounts = asked.quota("participants-per-shared-vpc")
    yield from within(len(asked.cells), accounts, "accounts that share it")


def _nau(asked: MeshSituation, option: str) -> Iterator[Said]:
    if option == "peering":
        yield from _peered_nau(asked)
    elif option != "shared_vpc":
        yield "favours", "NAU: each VPC counts its own; one that is misconfigured harms no other"


def _peered_nau(asked: MeshSituation) -> Iterator[Said]:
    found: list[tuple[float, float, float, str, Limit]] = []
    for around in asked.around:
        designed = around.hub_nau + sum(asked.of(cell).nau.designed for cell in around.cells)
        off = max((_gone_wrong(asked.of(cell).nau) for cell in around.cells), default=0)
        limit = asked.quota("peered-nau", around.quotas)
        found.append((designed / limit.value, designed, off, around.owner, limit))
    _, designed, off, owner, limit = max(found, key=lambda one: one[0])
    said = tuple(within(designed, limit, f"NAU of {owner} and its peers"))
    yield from said
    if designed <= limit.value < designed + off:
        text = f"one misconfigured cell takes {owner} to {designed + off:,.0f} NAU"
        yield "costs", f"{text}; the limit of all its peers is {limit.value:,.0f}"


def _gone_wrong(nau: CellNau) -> float:
    """Say by how much a cell grows whose CNI delegates no prefixes, or lost its settings (NAU)."""
    return max(nau.misconfigured, nau.reset) - nau.designed


def _peerings(asked: MeshSituation, _: str) -> Iterator[Said]:
    around = max(asked.around, key=lambda near: near.connections)
    limit = asked.quota("peerings-per-vpc", around.quotas)
    yield from within(around.connections, limit, f"peering connections of {around.owner}")


def _attachments(asked: MeshSituation, _: str) -> Iterator[Said]:
    count = len(asked.cells) + len(asked.hubs)
    yield from within(count, asked.quota("attachments-per-transit-gateway"), "attachments")


def _core_network(asked: MeshSituation, _: str) -> Iterator[Said]:
    count = len(asked.cells) + len(asked.hubs)
    yield from within(count, asked.quota("attachments-per-core-network"), "attachments")
    segments = asked.quota("segments-per-core-network")
    yield from within(
        len(asked.cells) + 1, segments, "segments, one for each cell and one for hubs"
    )


def _services(asked: MeshSituation, _: str) -> Iterator[Said]:
    limit = asked.quota("services-per-lattice-network")
    yield from within(len(asked.cells), limit, "services, one for each cell")


def upkeep(asked: MeshSituation, option: str) -> Decimal:
    """Reckon what it takes to keep the connections of a mesh (USD per month)."""
    if option != "peering":
        return Decimal(0)
    return Decimal(asked.facts.policy_value("peering-connection-worth")) * asked.connections


def _upkeep(asked: MeshSituation, _: str) -> Iterator[Said]:
    each = asked.facts.policy_value("peering-connection-worth")
    text = f"{counted(asked.connections, 'connection')} to keep, reckoned at {each:g} USD each"
    total = upkeep(asked, "peering")
    gateway = asked.cost("gateway").fixed
    yield (
        "costs" if total > gateway > 0 else "notes",
        f"{text}: {total:,.0f} USD a month beside AWS's bill",
    )


def _routes(asked: MeshSituation, option: str) -> Iterator[Said]:
    if option not in ROUTED:
        return
    others = len(asked.cells) - 1 if asked.is_full else 0
    routes = others + sum(len(asked.inventory.hubs[hub].blocks) for hub in asked.hubs)
    yield from within(routes, asked.quota("routes-per-route-table"), "routes in each route table")


def _segments(asked: MeshSituation, _: str) -> Iterator[Said]:
    """Judge a route table for each cell, so that none reaches more than its mesh says.

    What that is too much for, a table that all cells share is not: they reach alike.
    """
    gateway = asked.inventory.meshes[asked.mesh].gateway
    is_shared = gateway is not None and gateway.route_tables == "mesh"
    ends, whose = len(asked.cells) + len(asked.hubs), "all cells" if is_shared else "each cell"
    count = SHARED_TABLES if is_shared else len(asked.cells) + 1
    tables = f"route tables, one for {whose} and one for hubs"
    for quota, what, each in (
        ("route-tables-per-transit-gateway", tables, 1),
        ("routes-per-transit-gateway", "routes in all of them", ends),
    ):
        for effect, text in within(count * each, asked.quota(quota), what):
            if is_shared or effect == "notes":
                yield effect, text
            else:
                yield "costs", f"{text}; {SHARED_TABLES * each:,} with route_tables: mesh"


def _pod_blocks(asked: MeshSituation, option: str) -> Iterator[Said]:
    if option not in (*ROUTED, "shared_vpc"):
        return
    taken, room = (
        sum(asked.of(c).pod_addresses for c in asked.cells),
        pool_room(asked.inventory, "pod"),
    )
    if option in ("gateway", "cloud_wan"):
        yield "notes", "pod blocks may be used again; then there is no way back to peering"
    elif taken > room:
        yield "refuses", f"pod addresses, unique here: {taken:,}; the pool has {room:,}"
    else:
        yield "notes", f"pod addresses, unique here: {taken:,} of {room:,}"


def _bandwidth(asked: MeshSituation, option: str) -> Iterator[Said]:
    if option not in ("gateway", "cloud_wan"):
        return
    each = asked.quota("transit-gateway-bandwidth").value
    rate, cell = worst([(asked.rate(cell), cell) for cell in asked.cells])
    most = each * asked.zones(cell)
    text = f"mean rate of cell {cell}: {rate:,.0f} Gbit/s"
    if not rate:
        yield "notes", f"no traffic is declared; an attachment takes {most:,.0f} Gbit/s"
    elif rate > most:
        yield "refuses", f"{text}; its attachment takes {most:,.0f} in {asked.zones(cell)} zones"
    else:
        yield "notes", f"{text} of {most:,.0f}, more at peaks"
    if asked.hubs and asked.hub_rate > most:
        text = f"mean rate of each hub: {asked.hub_rate:,.0f} Gbit/s"
        yield "costs", f"{text}; one attachment takes {most:,.0f}, so spread it over more VPCs"


def _packets(asked: MeshSituation, option: str) -> Iterator[Said]:
    largest = {
        "peering": asked.facts.parameter("peering-mtu"),
        "gateway": asked.facts.parameter("transit-gateway-mtu"),
    }
    yield "notes", f"largest packet: {largest[option]:,.0f} bytes"


def _shape(asked: MeshSituation, option: str) -> Iterator[Said]:
    if option == "lattice" and asked.is_full:
        yield (
            "refuses",
            "it leads to services that are registered, to no address; each cell is to reach "
            "each (cell_to_cell: full)",
        )
    elif option == "lattice":
        yield "costs", "each destination has to be registered as a service; no address is reached"
    elif option == "cloud_wan":
        yield "costs", f"it joins Regions, and every VPC is in {asked.region}"


def _cost(asked: MeshSituation, option: str) -> Iterator[Said]:
    kind = next(one for one in get_args(Interconnect) if one == option)
    found = asked.cost(kind)
    more = found.dollars - asked.cost("peering").dollars
    text = monthly(found)
    if more > 0 and option != "peering":
        yield "costs", f"{text}: {more:,.0f} more than peering"
    else:
        yield "costs" if found.transfer else "notes", text
    if found.unpriced:
        yield "costs", f"no price in {asked.region}: {'; '.join(found.unpriced)}"
    if found.undeclared:
        yield "notes", costs_more(found)


def _built(_: MeshSituation, option: str) -> Iterator[Said]:
    if option == "peering":
        yield "favours", "cellfactory makes it, edges, routes and all"
    elif option in BUILT:
        yield "favours", "cellfactory makes it, and the way there from peering and back"
    else:
        yield "notes", "cellfactory does not make it yet"


RULES: tuple[OptionRule[MeshSituation], ...] = (
    OptionRule(id="organizations", title="organizations of the accounts", options=EVERY,
               source=f"{_VPC}/userguide/vpc-sharing.html", judge=_organizations),
    OptionRule(id="way-back", title="whether there is a way back", options=EVERY,
               source=_DECISION, judge=_way_back),
    OptionRule(id="blast-radius", title="quotas that all share", options=("shared_vpc",),
               source=f"{_VPC}/userguide/amazon-vpc-limits.html", judge=_blast_radius),
    OptionRule(id="nau", title="Network Address Usage, over peers", options=EVERY,
               source=f"{_VPC}/userguide/network-address-usage.html", judge=_nau),
    OptionRule(id="peerings", title="connections of a VPC", options=("peering",),
               source=f"{_VPC}/peering/vpc-peering-connection-quotas.html", judge=_peerings),
    OptionRule(id="upkeep", title="connections that have to be kept", options=("peering",),
               source=_DECISION, judge=_upkeep),
    OptionRule(id="attachments", title="attachments", options=("gateway",),
               source=f"{_VPC}/tgw/transit-gateway-quotas.html", judge=_attachments),
    OptionRule(id="core-network", title="attachments and segments", options=("cloud_wan",),
               source="https://docs.aws.amazon.com/network-manager/latest/cloudwan/"
               "cloudwan-quotas.html", judge=_core_network),
    OptionRule(id="services", title="services of a network", options=("lattice",),
               source="https://docs.aws.amazon.com/vpc-lattice/latest/ug/quotas.html",
               judge=_services),
    OptionRule(id="routes", title="routes of a route table", options=ROUTED,
               source=f"{_VPC}/userguide/amazon-vpc-limits.html", judge=_routes),
    OptionRule(id="segments", title="keeping cells apart", options=("gateway",),
               source=f"{_VPC}/tgw/transit-gateway-quotas.html", judge=_segments),
    OptionRule(id="pod-blocks", title="room for pods that nobody else may have", options=EVERY,
               source=f"{_VPC}/peering/vpc-peering-basics.html", judge=_pod_blocks),
    OptionRule(id="bandwidth", title="rate of an attachment", options=("gateway", "cloud_wan"),
               source=f"{_VPC}/tgw/transit-gateway-quotas.html", judge=_bandwidth),
    OptionRule(id="packets", title="largest packet", options=("peering", "gateway"),
               source="https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/network_mtu.html",
               judge=_packets),
    OptionRule(id="shape", title="what it is made for", options=("lattice", "cloud_wan"),
               source=_DECISION, judge=_shape),
    OptionRule(id="cost", title="what AWS charges", options=EVERY,
               source="docs/decisions/0040-prices.md", judge=_cost),
    OptionRule(id="built", title="whether cellfactory makes it", options=EVERY,
               source=_DECISION, judge=_built),
)  # fmt: skip
"""Every rule, in the order in which they speak."""

TITLES: Mapping[str, str] = {str(kind): title for kind, title in INTERCONNECT_TITLES.items()}
