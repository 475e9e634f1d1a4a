"""Network Address Usage of a cell's VPC, as designed and as it may go wrong."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from cellfactory.facts.schema import Facts
from cellfactory.sizing.entry import CellEntries
from cellfactory.sizing.shape import CellShape, Pool
from cellfactory.sizing.terms import (
    Attached,
    NauWeights,
    as_designed,
    custom_networking_off,
    everything_attached,
    ipv6_node_nau,
    node_nau,
    prefix_delegation_off,
    settings_lost,
    settings_reset,
)
from cellfactory.sizing.usage import Usage


@dataclass(frozen=True, slots=True, kw_only=True)
class VpcNau:
    """NAU of one VPC, or of one node, in each case (NAU)."""

    designed: float
    pods: float  # as designed, and each pod on a prefix counts as well
    misconfigured: float  # prefix delegation off, targets and MAX_ENI kept
    reset: float  # the CNI's settings at their defaults
    attached: float  # every interface but the primary one full
    bare: float  # custom networking off too


@dataclass(frozen=True, slots=True, kw_only=True)
class CellNau(VpcNau):
    """NAU of a cell's VPC in each case, and of one node of its main pool (NAU)."""

    node: VpcNau


def weights_of(facts: Facts) -> NauWeights:
    """Read the weights of what hangs on a node."""
    return NauWeights(
        address=facts.weight("address"),
        extra_interface=facts.weight("extra-interface"),
        prefix=facts.weight("prefix"),
    )


def pool_nau(shape: CellShape, pool: Pool, weights: NauWeights, per_pod: float) -> VpcNau:
    """Count the NAU of one node of a pool in each case."""
    if shape.ipv6_pods:
        return _ipv6_nau(shape, weights, per_pod)
    instance = pool.instance
    slots, enis = instance.prefix_slots, instance.enis
    allowed = min(shape.interfaces, enis)

    def nau(attached: Attached) -> float:
        return node_nau(attached, weights)

    designed = as_designed(shape.prefixes, slots)
    off = prefix_delegation_off(prefixes=shape.prefixes, slots=slots, interfaces=allowed)
    return VpcNau(
        designed=node_nau(designed, weights, per_pod=per_pod),
        pods=node_nau(designed, weights, per_pod=max(1.0, per_pod)),
        misconfigured=nau(off),
        reset=max(
            nau(settings_reset(max_pods=shape.max_pods, slots=slots, interfaces=enis)),
            nau(settings_lost(max_pods=shape.max_pods, slots=slots, interfaces=enis)),
        ),
        attached=nau(everything_attached(slots=slots, interfaces=enis)),
        bare=nau(custom_networking_off(slots=slots, interfaces=enis)),
    )


def _ipv6_nau(shape: CellShape, weights: NauWeights, per_pod: float) -> VpcNau:
    """Count the NAU of a node with IPv6 pods: two addresses and one prefix, whatever is set."""
    designed = ipv6_node_nau(weights, pods=shape.max_pods, per_pod=per_pod)
    return VpcNau(
        designed=designed,
        pods=ipv6_node_nau(weights, pods=shape.max_pods, per_pod=max(1.0, per_pod)),
        misconfigured=designed,
        reset=designed,
        attached=designed,
        bare=designed,
    )


def base_nau(shape: CellShape, facts: Facts) -> float:
    """Count the NAU of a cell without its nodes.

    Source:
        https://docs.aws.amazon.com/vpc/latest/userguide/network-address-usage.html
    """
    zones = len(shape.zones)
    return (
        facts.weight("interface-endpoint") * shape.endpoints * zones
        + (facts.weight("network-load-balancer") * zones if shape.ingress else 0)
        + facts.weight("nat-gateway") * shape.nat_gateways
        + facts.weight("transit-gateway-attachment") * shape.peers.has_gateway
        + facts.parameter("nau-per-gateway-endpoint") * shape.gateways
        + facts.parameter("nau-per-control-plane-interface")
        * facts.parameter("control-plane-interfaces-most")
    )


def cell_nau(shape: CellShape, facts: Facts) -> CellNau:
    """Count the NAU of a cell's VPC in each case, with the nodes of an update's surge."""
    weights, base = weights_of(facts), base_nau(shape, facts)
    per_pod = facts.parameter("nau-per-pd-pod")
    nodes = [
        (shape.peak_nodes(pool), pool_nau(shape, pool, weights, per_pod)) for pool in shape.pools
    ]
    return CellNau(
        designed=base + sum(count * nau.designed for count, nau in nodes),
        pods=base + sum(count * nau.pods for count, nau in nodes),
        misconfigured=base + sum(count * nau.misconfigured for count, nau in nodes),
        reset=base + sum(count * nau.reset for count, nau in nodes),
        attached=base + sum(count * nau.attached for count, nau in nodes),
        bare=base + sum(count * nau.bare for count, nau in nodes),
        node=pool_nau(shape, shape.main_pool, weights, per_pod),
    )


def size_nau(entries: CellEntries, nau: CellNau) -> Iterator[Usage]:
    """Size the NAU of a cell's VPC in each case."""
    shape, node = entries.shape, nau.node
    limit, scope = entries.quota("vpc-nau"), entries.scope("vpc")
    rows = (
        ("vpc-nau", nau.designed, node.designed),
        ("vpc-nau-pods", nau.pods, node.pods),
        ("vpc-nau-misconfigured", nau.misconfigured, node.misconfigured),
        ("vpc-nau-reset", nau.reset, node.reset),
        ("vpc-nau-attached", nau.attached, node.attached),
        ("vpc-nau-bare", nau.bare, node.bare),
    )
    for bound, used, per_node in rows[:2] if shape.ipv6_pods else rows:
        detail = f"{per_node:,.0f} NAU for each node of {shape.main_pool.name}"
        yield entries.usage(bound, used, limit, per_node=per_node, scope=scope, detail=detail)
