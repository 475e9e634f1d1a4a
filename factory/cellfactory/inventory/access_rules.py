"""Who may do what in a cluster, and how its instances are bought."""

from __future__ import annotations

from collections.abc import Iterator

from cellfactory.errors import Finding, KeyPath
from cellfactory.facts.schema import Facts
from cellfactory.inventory.nearest import suggest
from cellfactory.inventory.schema import CellType, Inventory, NodeGroup
from cellfactory.inventory.unreadable import as_far_as_readable, lacks, names_of, peek, readable

_LISTS = ("admins", "submitters", "viewers")


def check_access(inventory: Inventory, facts: Facts) -> Iterator[Finding]:
    """Yield what EKS, EC2 or IAM takes once only, not together, or not so many of.

    Rules:
        F110: policies for a namespace that jobs do not run in.
        F121: a policy that a namespace has twice.
        F146: a principal in two of the lists of those who are let in.
        F147: capacity reservations for Spot instances.
        F158: more policies than the role of a namespace's jobs may have (a warning where AWS may
            raise it).
    """
    yield from _check_cell_types(inventory)
    for name, cell_type in inventory.cell_types.items():
        yield from _check_policies(cell_type, facts, ("cell_types", name, "spark"))


@as_far_as_readable
def _check_policies(cell_type: CellType, facts: Facts, path: KeyPath) -> Iterator[Finding]:
    known, shared = cell_type.spark.namespaces, cell_type.spark.job_policies
    for namespace, policies in cell_type.spark.namespace_policies.items():
        where = (*path, "namespace_policies", namespace)
        if lacks(known, namespace):
            message = f"jobs run in no namespace {namespace!r}{suggest(namespace, names_of(known))}"
            yield Finding(rule="F110", path=where, message=message)
        seen = {policy: "job_policies" for _, policy in readable(shared)}
        for index, policy in readable(policies):
            if policy in seen:
                message = f"{policy!r} is among the {seen[policy]} already"
                yield Finding(rule="F121", path=(*where, index), message=message)
            seen.setdefault(policy, f"policies of {namespace}")
        yield from _check_number(namespace, len(seen), facts, where)


def _check_number(namespace: str, number: int, facts: Facts, path: KeyPath) -> Iterator[Finding]:
    usual, most = map(facts.parameter, ("policies-of-a-role", "policies-of-a-role-most"))
    if number > usual:
        yield Finding(
            rule="F158",
            path=path,
            message=f"the role of the jobs in {namespace!r} has {number:,} policies; IAM lets a "
            f"role have {usual:.0f}, and {most:.0f} where AWS has raised that",
            hint="join some of them into one policy",
            severity="error" if number > most else "warning",
        )


@as_far_as_readable
def _check_cell_types(inventory: Inventory) -> Iterator[Finding]:
    for name, cell_type in inventory.cell_types.items():
        path: KeyPath = ("cell_types", name)
        yield from _check_people(cell_type, path)
        for pool, group in (peek(cell_type, "node_groups") or {}).items():
            yield from _check_reservations(group, (*path, "node_groups", pool, "reservations"))


def _check_people(cell_type: CellType, path: KeyPath) -> Iterator[Finding]:
    """Yield principals with two entries: EKS takes one for each.

    Source:
        https://docs.aws.amazon.com/eks/latest/APIReference/API_CreateAccessEntry.html
    """
    seen: dict[str, str] = {}
    for name in _LISTS:
        for index, principal in readable(peek(cell_type, name) or []):
            before = seen.setdefault(principal, name)
            if before != name:
                yield Finding(
                    rule="F146",
                    path=(*path, name, index),
                    message=f"{principal} is already one of the {before}, and EKS accepts one "
                    "entry per principal",
                    hint="list it once; admins can do everything the others can",
                )


@as_far_as_readable
def _check_reservations(group: NodeGroup, path: KeyPath) -> Iterator[Finding]:
    """Yield reservations that no instance is ever started from.

    Source:
        https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-capacity-reservations.html
    """
    if group.reservations is not None and group.capacity == "spot":
        message = "Spot Instances cannot use capacity reservations"
        yield Finding(rule="F147", path=path, message=message, hint="set capacity: on_demand")
