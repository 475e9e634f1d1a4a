"""Whether a cluster does well, as EKS sees it: it, its node groups and its add-ons.

Source:
    https://docs.aws.amazon.com/eks/latest/APIReference/API_Cluster.html
    https://docs.aws.amazon.com/eks/latest/APIReference/API_Nodegroup.html
    https://docs.aws.amazon.com/eks/latest/APIReference/API_Addon.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from cellfactory.credentials import asking_aws
from cellfactory.errors import Finding, TerraformError
from cellfactory.layers import Stack
from cellfactory.terraform.record import Record
from cellfactory.terraform.sessions import SessionOf, full_access

ACTIVE = "ACTIVE"
CLUSTER = "cluster_name"  # the output that names it

AskHealth = Callable[[Stack, Record], tuple[Finding, ...]]
"""Asks how the cluster of a stack does; nothing where it does well."""


def ask_health(session_of: SessionOf) -> AskHealth:
    """Make what asks AWS, or the emulated one, by the roles of a stack."""

    def ask(stack: Stack, record: Record) -> tuple[Finding, ...]:
        name = str(record.outputs[CLUSTER])
        access = full_access(stack, record.inputs)
        try:
            session = session_of(access)
            with asking_aws("F661", f"cannot ask how cluster {name} does"):
                eks = session.client("eks", region_name=access.region)
                told = list(_told(eks, name))
        except TerraformError as error:
            return tuple(problem.finding for problem in error.problems)
        return tuple(Finding(rule="F661", stack=stack.id.name, message=m) for m in told)

    return ask


def holds_cluster(stack: Stack) -> bool:
    """Whether a stack makes a cluster."""
    return CLUSTER in stack.outputs


def _told(eks: Any, cluster: str) -> Iterator[str]:
    yield from _against(f"cluster {cluster}", eks.describe_cluster(name=cluster)["cluster"])
    for name in _names(eks, "list_nodegroups", "nodegroups", cluster):
        told = eks.describe_nodegroup(clusterName=cluster, nodegroupName=name)["nodegroup"]
        yield from _against(f"node group {name} of {cluster}", told)
    for name in _names(eks, "list_addons", "addons", cluster):
        told = eks.describe_addon(clusterName=cluster, addonName=name)["addon"]
        yield from _against(f"add-on {name} of {cluster}", told)


def _names(eks: Any, call: str, key: str, cluster: str) -> Iterator[str]:
    for page in eks.get_paginator(call).paginate(clusterName=cluster):
        yield from page[key]


def _against(what: str, told: Mapping[str, Any]) -> Iterator[str]:
    status = told.get("status", "of no status")
    if status != ACTIVE:
        yield f"{what} is {status}"
    for issue in (told.get("health") or {}).get("issues") or ():
        code, message = issue.get("code", "an issue"), issue.get("message", "")
        yield f"{what}: {code}{f' ({message})' if message else ''}"
