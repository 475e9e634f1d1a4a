"""Rules of giving pods addresses: each fires with its numbers, and says what it rests on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Literal, get_args

from cellfactory.facts.schema import ADDRESSES_PER_PREFIX
from cellfactory.inventory.groups import declared_nodes
from cellfactory.inventory.node_config import pods_per_node, prefixes_per_node
from cellfactory.options.model import Effect, OptionRule, Said, costs_more, monthly
from cellfactory.options.situation import TypeSituation, pool_room
from cellfactory.pricing.lines import Sum, add
from cellfactory.pricing.meshes import pod_lines
from cellfactory.sizing.nau import weights_of
from cellfactory.sizing.terms import ipv6_node_nau
from cellfactory.words import counted

PodNetwork = Literal["custom", "routable", "ipv6", "overlay", "nat_gateway", "host"]
POD_NETWORKS: tuple[PodNetwork, ...] = get_args(PodNetwork)
TITLES: Mapping[str, str] = {
    "custom": "VPC CNI, custom networking",
    "routable": "VPC CNI, routable pods",
    "ipv6": "native IPv6",
    "overlay": "overlay CNI",
    "nat_gateway": "pods behind NAT gateways",
    "host": "host networking",
}
EVERY: tuple[str, ...] = POD_NETWORKS
IN_BLOCKS = ("custom", "nat_gateway")
"""Ways in which pods have unroutable addresses of the VPC."""

_EKS = "https://docs.aws.amazon.com/eks/latest/userguide"
_DECISION = "docs/decisions/0041-options.md"


def cost_of(asked: TypeSituation, option: str) -> Sum:
    """Add up what AWS charges for a way, for every cell of the type."""
    if option != "nat_gateway":
        return Sum()
    inventory, facts = asked.inventory, asked.facts
    cells = (pod_lines("nat_gateway", inventory, cell, facts) for cell in asked.cells)
    return add(line for lines in cells for line in lines)


def _room(asked: TypeSituation, option: str) -> Iterator[Said]:
    count = len(asked.cells)
    if option in IN_BLOCKS:
        taken, room = asked.sized.pod_addresses, pool_room(asked.inventory, "pod")
        yield "favours", "no routable address for a pod: the node pool holds nodes alone"
        yield _unique(taken, room, count)
    elif option == "routable":
        nodes = declared_nodes(asked.cell_type)
        prefixes = prefixes_per_node(asked.cell_type, asked.facts)
        taken = nodes * prefixes * ADDRESSES_PER_PREFIX * count
        room = pool_room(asked.inventory, "node")
        if taken > room:
            yield "refuses", f"routable addresses for pods: {taken:,}; the pool has {room:,}"
        else:
            yield "costs", f"routable addresses for pods: {taken:,} of {room:,}"
    else:
        yield "favours", "no IPv4 address of the VPC for a pod"


def _unique(taken: int, room: int, cells: int) -> Said:
    """Judge the unroutable addresses of cells: peered ones need blocks of their own."""
    if taken > room:
        return "refuses", f"pod addresses of one cell: {taken:,}; the pool has {room:,}"
    number = f"pod addresses: {taken * cells:,} of {room:,} for {counted(cells, 'cell')}"
    if taken * cells > room:
        return "costs", f"{number}; they may be the same only where no VPCs are peered"
    return "notes", number


def _nau(asked: TypeSituation, option: str) -> Iterator[Said]:
    node = asked.sized.nau.node
    if option in ("overlay", "host"):
        yield "favours", "NAU: one for each node, none for pods"
    elif option == "ipv6":
        taken = ipv6_node_nau(weights_of(asked.facts), pods=0)
        yield (
            "favours",
            f"NAU of a node: {taken:,.0f}, whatever its pods",
        )
    else:
        yield (
            "notes",
            f"NAU of a node: {node.designed:,.0f}, {node.misconfigured:,.0f} misconfigured",
        )


def _family(asked: TypeSituation, option: str) -> Iterator[Said]:
    if (option == "ipv6") == asked.cell_type.has_pod_blocks:
        yield "costs", "a cluster keeps its family: each cell is built anew and drained"
    if option != "ipv6":
        return
    needed = f"{asked.facts.parameter('spark-ipv6-since'):g}"
    oldest = asked.cell_type.load.oldest_spark
    if oldest is None:
        yield "costs", f"jobs need Spark {needed}; load.oldest_spark does not say what they have"
    elif _version(oldest) < _version(needed):
        yield "refuses", f"jobs need Spark {needed}; they run on {oldest} (load.oldest_spark)"
    else:
        yield "notes", f"jobs need Spark {needed}; they run on {oldest}"


def _operator(asked: TypeSituation, option: str) -> Iterator[Said]:
    if option != "ipv6":
        return
    needed = f"{asked.facts.parameter('spark-operator-ipv6-since'):g}"
    chart = asked.cell_type.spark.operator.chart_version
    effect: Effect = "notes" if _version(chart) >= _version(needed) else "costs"
    yield effect, f"it needs Spark Operator {needed}.0; the type has {chart}"


def _version(text: str) -> tuple[int, ...]:
    return tuple(map(int, text.split(".")))


def _ports(asked: TypeSituation, option: str) -> Iterator[Said]:
    if option != "host":
        return
    pods = pods_per_node(asked.cell_type, asked.facts)
    if pods > 1:
        yield "refuses", f"{pods:,} pods of a node would share one address, and their fixed ports"
    else:
        yield "notes", "one pod on a node has all its ports"


def _routed(_: TypeSituation, option: str) -> Iterator[Said]:
    if option == "overlay":
        yield "costs", "nothing of the VPC sees a pod: no route, no security group, no flow log"
    elif option == "custom":
        yield (
            "notes",
            "nothing outside opens a connection to a pod: a driver elsewhere gets no result of "
            "more than spark.task.maxDirectResultSize",
        )
    elif option in ("routable", "ipv6"):
        yield "favours", "others open connections to pods"


def _support(_: TypeSituation, option: str) -> Iterator[Said]:
    if option == "overlay":
        yield "costs", "AWS supports the VPC CNI alone; another one is a component to keep"


def _cost(asked: TypeSituation, option: str) -> Iterator[Said]:
    found = cost_of(asked, option)
    if option == "custom":
        yield "favours", "NAT on the host: AWS charges nothing for it"
    elif option == "nat_gateway":
        if found.dollars:
            yield "costs", monthly(found)
        if found.unpriced:
            yield "costs", f"no price is known for {', '.join(found.unpriced)}"
        if found.undeclared:
            yield "costs", costs_more(found)


def _built(_: TypeSituation, option: str) -> Iterator[Said]:
    if option == "custom":
        yield "favours", "cellfactory makes it, prefixes and reservations and all"
    elif option == "ipv6":
        yield "favours", "cellfactory makes it, for new cells: ip_family: ipv6"
    else:
        yield "notes", "cellfactory does not make it"


RULES: tuple[OptionRule[TypeSituation], ...] = (
    OptionRule(id="address-room", title="room for pods", options=EVERY,
               source=f"{_EKS}/cni-custom-network.html", judge=_room),
    OptionRule(id="node-nau", title="Network Address Usage of a node", options=EVERY,
               source="https://docs.aws.amazon.com/vpc/latest/userguide/network-address-usage.html",
               judge=_nau),
    OptionRule(id="family", title="address family, and the Spark that it needs",
               options=EVERY, source="https://issues.apache.org/jira/browse/SPARK-39490",
               judge=_family),
    OptionRule(id="operator", title="operator that it needs", options=("ipv6",),
               source="https://github.com/kubeflow/spark-operator/pull/2703", judge=_operator),
    OptionRule(id="ports", title="ports of a node", options=("host",),
               source="https://spark.apache.org/docs/latest/running-on-kubernetes.html",
               judge=_ports),
    OptionRule(id="reach", title="who reaches a pod", options=EVERY,
               source=f"{_EKS}/external-snat.html", judge=_routed),
    OptionRule(id="support", title="whose component it is", options=("overlay",),
               source=f"{_EKS}/alternate-cni-plugins.html", judge=_support),
    OptionRule(id="nat-cost", title="what AWS charges", options=EVERY,
               source="docs/decisions/0040-prices.md", judge=_cost),
    OptionRule(id="pods-built", title="whether cellfactory makes it", options=EVERY,
               source=_DECISION, judge=_built),
)  # fmt: skip
"""Every rule, in the order in which they speak."""
