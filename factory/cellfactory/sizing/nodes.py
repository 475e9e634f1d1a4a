"""Bounds of a cell's nodes, pods, groups, processors, disks and load balancer."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from math import ceil, inf

from cellfactory.facts.schema import ADDRESSES_PER_PREFIX
from cellfactory.inventory.groups import update_minutes
from cellfactory.sizing.entry import CellEntries
from cellfactory.sizing.quotas import vcpu_quota
from cellfactory.sizing.shape import CellShape, Pool
from cellfactory.sizing.terms import settings_reset
from cellfactory.sizing.usage import Limit, Usage

GIB_PER_TIB = 1024
NO_VCPU_QUOTA = "no quota is known that counts these vCPUs: look it up in Service Quotas"


def size_pools(entries: CellEntries) -> Iterator[Usage]:
    """Size what one node of each pool holds."""
    if not entries.shape.ipv6_pods:
        yield from _pod_addresses(entries)
    shape, advised = entries.shape, entries.quota("kubernetes-pods-per-node")
    yield entries.usage(
        "kubernetes-pods-per-node",
        shape.max_pods,
        advised,
        path=(*shape.type_path, "max_pods"),
        remedy=_fewer_pods(shape, advised.value),
    )


def _pod_addresses(entries: CellEntries) -> Iterator[Usage]:
    """Size the prefixes of a node, and the interfaces that hold them."""
    shape = entries.shape
    for pool in shape.pools:
        scope = entries.scope("pool", pool.name)
        path = (*pool.path[:-1], "instance_type")
        interfaces = min(shape.interfaces, pool.instance.enis)
        slots = (interfaces - 1) * pool.instance.prefix_slots
        yield entries.usage(
            "prefix-slots",
            shape.prefixes,
            Limit(value=slots, source=pool.instance.name),
            scope=scope,
            path=path,
        )
        yield entries.usage(
            "node-interfaces",
            shape.interfaces,
            Limit(value=pool.instance.enis, source=pool.instance.name),
            scope=scope,
            path=path,
        )
    pods_path = (*shape.type_path, "max_pods")
    held = Limit(
        value=ADDRESSES_PER_PREFIX * shape.prefixes,
        source=f"{ADDRESSES_PER_PREFIX} x prefixes_per_node",
    )
    yield entries.usage(
        "pods-per-node",
        shape.max_pods,
        held,
        path=pods_path,
    )
    if shape.churn:
        cooling = ceil(shape.churn * entries.facts.parameter("ip-cooldown-seconds"))
        yield entries.usage(
            "pods-per-node-churn",
            shape.max_pods + cooling,
            held,
            path=pods_path,
            detail=f"{shape.churn:g} pods a second come and go on each node",
        )


def _fewer_pods(shape: CellShape, pods: float) -> str:
    """Say how to have so many pods on a node; empty where no prefix has so few addresses."""
    if shape.ipv6_pods:
        return f"lower max_pods to {int(pods):,}" if pods >= 1 else ""
    prefixes = int(pods // ADDRESSES_PER_PREFIX)
    return f"lower prefixes_per_node to {prefixes}, and max_pods with it" if prefixes else ""


def size_cluster(entries: CellEntries) -> Iterator[Usage]:
    """Size nodes, pods and groups against our policy, EKS and Kubernetes."""
    shape = entries.shape
    nodes, pods = shape.nodes, shape.nodes * shape.max_pods
    if shape.ceiling is not None:
        declared = Limit(value=shape.ceiling, source="node_ceiling")
        yield entries.usage("declared-ceiling", nodes, declared, per_node=1)
    yield _policy_ceiling(entries)
    for bound in ("kubernetes-nodes", "eks-contact-nodes"):
        yield entries.usage(bound, nodes, entries.quota(bound), per_node=1)
    for bound in ("kubernetes-pods", "eks-contact-pods"):
        limit = entries.quota(bound)
        fewer = _fewer_pods(shape, limit.value / nodes)
        yield entries.usage(bound, pods, limit, per_node=shape.max_pods, remedy=fewer)
    yield _updates(entries)
    groups = len(shape.zones) * sum(len(pool.groups) for pool in shape.pools)
    largest = max(max(pool.groups) for pool in shape.pools)
    for bound, used in (
        ("node-groups-per-cluster", groups),
        ("nodes-per-node-group", largest),
        ("auto-scaling-groups", groups),
    ):
        yield entries.usage(bound, used, entries.quota(bound))


def _updates(entries: CellEntries) -> Usage:
    """Size the update of the group that may take longest: batch after batch of its nodes."""
    shape, facts = entries.shape, entries.facts
    limit = entries.policy("update-hours")
    pool = max(shape.pools, key=lambda p: update_minutes(max(p.groups), p.max_unavailable, facts))
    largest = max(pool.groups)
    minutes = update_minutes(largest, pool.max_unavailable, facts)
    batches = int(limit.value * 60 / update_minutes(1, 1, facts))
    return entries.usage(
        "group-update",
        minutes / 60,
        limit,
        path=(*pool.path[:-1], "max_unavailable"),
        detail=f"{pool.name}: {largest:,} nodes, {min(largest, pool.max_unavailable):,} at a time",
        remedy=f"raise max_unavailable to {ceil(largest / batches)}",
    )


def _policy_ceiling(entries: CellEntries) -> Usage:
    """Size the nodes against our policy: those declared, or those that the ceiling promises."""
    shape, limit = entries.shape, entries.policy("node-ceiling")
    if (shape.ceiling or 0) <= shape.nodes:
        return entries.usage("node-ceiling", shape.nodes, limit, per_node=1)
    promised = entries.usage(
        "node-ceiling",
        shape.ceiling or 0,
        limit,
        per_node=1,
        path=(*shape.type_path, "node_ceiling"),
        detail=f"node_ceiling promises them, {shape.nodes:,} are declared",
        remedy=f"lower node_ceiling to {limit.value:,.0f}",
    )
    return replace(promised, removable=0)  # fewer nodes do not lower what is promised


def size_account(entries: CellEntries) -> Iterator[Usage]:
    """Size processors, volumes, interfaces and endpoints against the account's quotas."""
    shape, zones = entries.shape, len(entries.shape.zones)
    scope = entries.scope("account")
    yield from _vcpus(entries)
    gib = sum(shape.peak_nodes(pool) * pool.root_gib for pool in shape.pools)
    yield entries.usage(
        "gp3-storage",
        gib / GIB_PER_TIB,
        entries.quota("gp3-storage"),
        per_node=shape.main_pool.root_gib / GIB_PER_TIB,
        scope=scope,
    )
    plane = int(entries.facts.parameter("control-plane-interfaces-most"))  # of the whole cell
    gateway = 1 if shape.nat_gateways else 0
    others = shape.endpoints + (1 if shape.ingress else 0) + gateway
    in_zone = sum(pool.peak * (1 + shape.pod_interfaces(pool)) for pool in shape.pools)
    on_nodes = sum(shape.peak_nodes(p) * (1 + shape.pod_interfaces(p)) for p in shape.pools)
    per_node = 1 + shape.pod_interfaces(shape.main_pool)
    interfaces = entries.quota("network-interfaces")
    for bound, used, counted in (
        ("network-interfaces-per-zone", in_zone + others + plane, True),
        ("network-interfaces", on_nodes + others * zones + plane, False),
    ):
        yield entries.usage(
            bound, used, interfaces, per_node=per_node, scope=scope, in_zone=counted
        )
    if not shape.ipv6_pods:
        reset = sum(pool.peak * _interfaces_when_reset(shape, pool) for pool in shape.pools)
        yield entries.usage(
            "network-interfaces-reset",
            reset + others + plane,
            interfaces,
            per_node=_interfaces_when_reset(shape, shape.main_pool),
            scope=scope,
            in_zone=True,
        )
    yield entries.usage(
        "transit-gateway-bandwidth",
        sum(pool.peak * pool.instance.gbps for pool in shape.pools),
        entries.quota("transit-gateway-bandwidth"),
        per_node=shape.main_pool.instance.gbps,
        scope=scope,
        in_zone=True,
    )
    yield entries.usage(
        "interface-endpoints-per-vpc",
        shape.endpoints,
        entries.quota("interface-endpoints-per-vpc"),
        scope=entries.scope("vpc"),
        path=shape.type_path,
    )
    if shape.nat_gateways:
        yield entries.usage(
            "elastic-addresses",
            shape.nat_gateways,
            entries.quota("elastic-addresses"),
            scope=scope,
            path=(*shape.type_path, "egress"),
        )


def _interfaces_when_reset(shape: CellShape, pool: Pool) -> int:
    """Interfaces of one node whose CNI settings are lost, the primary one included."""
    slots = pool.instance.prefix_slots
    attached = settings_reset(max_pods=shape.max_pods, slots=slots, interfaces=pool.instance.enis)
    return 1 + attached.interfaces


def _vcpus(entries: CellEntries) -> Iterator[Usage]:
    """Add up processors by the quota that counts them: families and Spot are counted apart."""
    by_quota: dict[str, list[Pool]] = defaultdict(list)
    for pool in entries.shape.pools:
        quota = vcpu_quota(entries.facts, pool.instance.name, spot=pool.spot)
        by_quota[quota.id if quota else ""].append(pool)
    nodes = entries.shape.peak_nodes
    for id_, pools in sorted(by_quota.items()):
        largest = max(pools, key=lambda pool: pool.peak * pool.instance.vcpu)
        yield entries.usage(
            "vcpus",
            sum(nodes(pool) * pool.instance.vcpu for pool in pools),
            entries.quota(id_) if id_ else Limit(value=inf),
            per_node=largest.instance.vcpu,
            scope=entries.scope("account", id_ or "unknown-quota"),
            path=largest.path,
            detail=entries.facts.quota(id_).title if id_ else NO_VCPU_QUOTA,
        )


def size_ingress(entries: CellEntries) -> Iterator[Usage]:
    """Size the targets of the network load balancer, when the cell has one."""
    shape = entries.shape
    pool = next((pool for pool in shape.pools if pool.name == shape.ingress), None)
    if pool is None:
        return
    targets = shape.peak_nodes(pool)
    for bound, used in (
        ("nlb-targets-per-zone", pool.peak),
        ("nlb-targets", targets),
        ("targets-per-target-group", targets),
    ):
        yield entries.usage(
            bound,
            used,
            entries.quota(bound),
            per_node=1,
            scope=entries.scope("pool", pool.name),
            path=pool.path,
            in_zone=bound == "nlb-targets-per-zone",
        )
