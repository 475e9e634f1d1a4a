"""Node groups against what EC2, the VPC CNI and the kubelet allow."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import get_args

from cellfactory.errors import Finding, KeyPath
from cellfactory.facts.schema import (
    ADDRESSES_PER_PREFIX,
    STANDARD_IMAGE,
    Facts,
    InstanceType,
    UnknownFact,
    UnknownInstanceType,
)
from cellfactory.inventory.node_config import is_open, prefixes_per_node
from cellfactory.inventory.schema import CellType, CoreAddonName, Inventory, NodeGroup
from cellfactory.inventory.unreadable import (
    as_far_as_readable,
    is_whole,
    lacks,
    names_of,
    peek,
    readable,
)


def check_node_groups(inventory: Inventory, facts: Facts) -> Iterator[Finding]:
    """Yield what is wrong with the nodes of each cell type.

    Rules:
        F103: an add-on is missing.
        F112: an unknown instance type.
        F113: an instance type without prefix delegation.
        F114: an instance type whose pod interface holds too few prefixes.
        F115: `max_pods` outside the addresses of a node's prefixes.
        F127: an instance type that none of the node images is made for.
        F132: no group that pods without tolerations may run on.
        F123: a label or taint that a node may not give itself, or that stands twice.
    """
    yield from _check_cell_types(inventory, facts)


@as_far_as_readable
def _check_cell_types(inventory: Inventory, facts: Facts) -> Iterator[Finding]:
    for name, cell_type in inventory.cell_types.items():
        path: KeyPath = ("cell_types", name)
        yield from _check_addons(cell_type, (*path, "addons"))
        yield from _check_max_pods(cell_type, facts, (*path, "max_pods"))
        yield from _check_open_group(cell_type, (*path, "node_groups"))
        for group_name, group in (peek(cell_type, "node_groups") or {}).items():
            where = (*path, "node_groups", group_name)
            yield from _check_instance(group, cell_type, facts, where)
            yield from _check_labels(group, (*where, "labels"))
            yield from _check_taints(group, (*where, "taints"))


@as_far_as_readable
def _check_addons(cell_type: CellType, path: KeyPath) -> Iterator[Finding]:
    for addon in get_args(CoreAddonName):
        if lacks(cell_type.addons, addon):
            yield Finding(rule="F103", path=path, message=f"addons lacks {addon!r}")


@as_far_as_readable
def _check_open_group(cell_type: CellType, path: KeyPath) -> Iterator[Finding]:
    """Yield a cell type whose every node repels what carries the cell: its DNS comes up last."""
    groups = cell_type.node_groups
    if not is_whole(groups):  # the one that cannot be read may be open
        return
    if not any(is_open(group) for group in groups.values()):
        yield Finding(
            rule="F132",
            path=path,
            message="every node group has a taint, so CoreDNS and the platform, which tolerate "
            "none, have no nodes to run on",
            hint="keep one group free of NoSchedule and NoExecute",
        )


def pods_bounds(prefixes_per_node: int) -> tuple[int, int]:
    """Say the fewest and the most pods that agree with a number of prefixes.

    Below the fewest, a node whose interface takes its prefixes in two steps stops a prefix early;
    above the most, pods are scheduled that get no address.

    Source: https://github.com/aws/amazon-vpc-cni-k8s/blob/b5218838/pkg/ipamd/ipamd.go

    >>> pods_bounds(6)
    (81, 96)
    """
    most = ADDRESSES_PER_PREFIX * prefixes_per_node
    return most - ADDRESSES_PER_PREFIX + 1, most


@as_far_as_readable
def _check_max_pods(cell_type: CellType, facts: Facts, path: KeyPath) -> Iterator[Finding]:
    if not cell_type.has_pod_blocks:
        return  # an IPv6 prefix has an address for every pod
    prefixes = prefixes_per_node(cell_type, facts)
    least, most = pods_bounds(prefixes)
    pods = cell_type.max_pods
    if pods is not None and not least <= pods <= most:
        yield Finding(
            rule="F115",
            path=path,
            message=f"max_pods must be {least} to {most} with {prefixes} "
            f"prefixes per node, not {pods:,}",
            hint=f"{prefixes} prefixes hold {most} addresses; change "
            "prefixes_per_node, or leave max_pods out",
        )


@as_far_as_readable
def _check_instance(
    group: NodeGroup, cell_type: CellType, facts: Facts, path: KeyPath
) -> Iterator[Finding]:
    path = (*path, "instance_type")
    try:
        instance = facts.instance(group.instance_type)
    except UnknownInstanceType as error:
        yield Finding(rule="F112", path=path, message=str(error))
        return
    if fault := _image_fault(instance, facts):
        yield Finding(rule="F127", path=path, message=fault, hint="take another type")
    elif not instance.delegates_prefixes:
        message = f"{instance.name} does not support prefix delegation: its hypervisor is Xen"
        hint = "use a Nitro type; on Xen the VPC CNI silently falls back to single addresses"
        yield Finding(rule="F113", path=path, message=message, hint=hint)
    elif not cell_type.has_pod_blocks:
        return  # its pods share the primary interface of the node
    elif instance.enis < 2:
        message = f"{instance.name} has no second network interface for pods"
        yield Finding(rule="F114", path=path, message=message, hint="take another type")
    elif instance.prefix_slots < (prefixes := prefixes_per_node(cell_type, facts)):
        yield Finding(
            rule="F114",
            path=path,
            message=f"the pod interface of {instance.name} holds {instance.prefix_slots} "
            f"prefixes, but each node takes {prefixes}",
            hint=f"lower prefixes_per_node to {instance.prefix_slots}, or use a larger type",
        )


def _image_fault(instance: InstanceType, facts: Facts) -> str:
    """Say what keeps a type from every node image; nothing, when one is made for it."""
    built = sorted({build.architecture for build in facts.image_builds})
    if not set(built) & set(instance.architectures):
        runs = " and ".join(instance.architectures)
        return f"{instance.name} runs {runs}; node images are made for {' and '.join(built)}"
    try:
        facts.image_build(instance)
    except UnknownFact:
        variants = sorted({build.variant for build in facts.image_builds} - {STANDARD_IMAGE})
        return (
            f"no node image drives the {instance.accelerators} accelerators of {instance.name}; "
            f"there are images for {' and '.join(variants)}"
        )
    return ""


_RESERVED_DOMAIN = re.compile(r"(.+\.)?(kubernetes\.io|k8s\.io|eks\.amazonaws\.com)")
_OPEN_DOMAIN = re.compile(r"(.+\.)?(kubelet|node)\.kubernetes\.io")


@as_far_as_readable
def _check_labels(group: NodeGroup, path: KeyPath) -> Iterator[Finding]:
    """Yield labels that the kubelet refuses to give its own node, or that EKS gives.

    Source:
        https://kubernetes.io/docs/reference/access-authn-authz/admission-controllers/#noderestriction
    """
    for key in names_of(group.labels):
        domain = key.rpartition("/")[0]
        if _RESERVED_DOMAIN.fullmatch(domain) and not _OPEN_DOMAIN.fullmatch(domain):
            message = f"the label {key!r} cannot be set by a node itself"
            hint = "use your own domain, such as example.com/pool"
            yield Finding(rule="F123", path=(*path, key), message=message, hint=hint)


@as_far_as_readable
def _check_taints(group: NodeGroup, path: KeyPath) -> Iterator[Finding]:
    seen = set()
    for index, taint in readable(group.taints):
        named = (peek(taint, "key"), peek(taint, "effect"))
        if named in seen:
            message = f"the taint {taint.key!r} with effect {taint.effect} is duplicated"
            yield Finding(rule="F123", path=(*path, index), message=message)
        if None not in named:
            seen.add(named)
