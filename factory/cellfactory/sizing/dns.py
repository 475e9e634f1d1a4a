"""CoreDNS, sized like its cell: replicas and memory, and what the VPC's resolver lets through."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil
from typing import Any

from cellfactory.facts.schema import Facts
from cellfactory.sizing.entry import CellEntries
from cellfactory.sizing.shape import CellShape
from cellfactory.sizing.usage import Usage

BYTES_PER_MB, BYTES_PER_MIB = 10**6, 2**20


@dataclass(frozen=True, slots=True, kw_only=True)
class DnsSize:
    """How much of CoreDNS a cell has once all its nodes are there."""

    least: int  # replicas from the first node on
    replicas: int  # replicas with all nodes, those that an update adds included
    memory_mib: int  # request and limit of each (MiB)


def dns_replicas(nodes: int, vcpus: int, facts: Facts) -> int:
    """Count the replicas that the add-on's own autoscaling makes; never fewer than AWS advises.

    Args:
        nodes: of the cell (nodes).
        vcpus: of all of them (vCPUs).
        facts: the tables.

    Source:
        https://docs.aws.amazon.com/eks/latest/userguide/coredns-autoscaling.html
    """
    by_nodes = nodes / facts.parameter("coredns-nodes-per-replica")
    by_cores = vcpus / facts.parameter("coredns-cores-per-replica")
    return max(round(facts.parameter("coredns-replicas-least")), ceil(max(by_nodes, by_cores)))


def dns_memory(pods: int, facts: Facts) -> int:
    """Say the memory that each replica needs to know all pods and services (MiB).

    Source:
        https://github.com/coredns/deployment/blob/000c366e/kubernetes/Scaling_CoreDNS.md
    """
    objects = pods * (1 + facts.parameter("services-per-pod"))
    per_megabyte = facts.parameter("coredns-objects-per-megabyte")
    megabytes = facts.parameter("coredns-memory-base") + objects / per_megabyte
    needed = ceil(megabytes * BYTES_PER_MB / BYTES_PER_MIB)
    return max(needed, round(facts.parameter("coredns-memory-default")))


def dns_size(shape: CellShape, facts: Facts) -> DnsSize:
    """Size CoreDNS for a cell with all its nodes."""
    nodes = sum(shape.peak_nodes(pool) for pool in shape.pools)
    vcpus = sum(shape.peak_nodes(pool) * pool.instance.vcpu for pool in shape.pools)
    return DnsSize(
        least=round(facts.parameter("coredns-replicas-least")),
        replicas=dns_replicas(nodes, vcpus, facts),
        memory_mib=dns_memory(nodes * shape.max_pods, facts),
    )


def dns_configuration(size: DnsSize, facts: Facts) -> dict[str, Any]:
    """Write what the add-on is told; AWS's controller moves the replicas between the two bounds."""
    memory = f"{size.memory_mib}Mi"
    cpu = f"{facts.parameter('coredns-cpu-request'):.0f}m"
    return {
        "autoScaling": {
            "enabled": True,
            "minReplicas": size.least,
            "maxReplicas": size.replicas,
        },
        "resources": {"limits": {"memory": memory}, "requests": {"cpu": cpu, "memory": memory}},
    }


def size_dns(entries: CellEntries) -> Iterator[Usage]:
    """Size what CoreDNS asks the VPC's resolver for, against what one interface may send.

    All pods of a node share one interface, so replicas on one node share its limit.
    """
    shape, facts = entries.shape, entries.facts
    replicas = dns_size(shape, facts).replicas
    open_nodes = sum(shape.peak_nodes(pool) for pool in shape.pools if pool.is_open)
    if not open_nodes:
        return  # F132 says so
    senders = min(replicas, open_nodes)
    rate = facts.parameter("resolver-queries-per-pod")
    yield entries.usage(
        "resolver-packets",
        shape.nodes * shape.max_pods * rate / senders,
        entries.quota("resolver-packets"),
        detail=f"{rate:g} queries a second of each pod that CoreDNS does not answer itself "
        f"(resolver-queries-per-pod, which AWS does not document), from {senders:,} nodes",
    )
