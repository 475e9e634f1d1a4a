"""What a role may do so that a layer can be applied, and no more: statements with their reasons.

They follow from what the layer is made of (`scopes.TYPES`), from what Terraform's provider calls
for each of those (`facts.iam`), and from what AWS lets each call be bound to.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from cellfactory.facts.iam import PHASES, Action, Phase, load_iam
from cellfactory.facts.schema import Facts
from cellfactory.layers.conditions import conditions
from cellfactory.layers.rows import ROWS, Layer
from cellfactory.layers.scopes import ADOPTED, ANY, OF_OTHERS, TYPES, Place
from cellfactory.layers.special import (
    BOUND_ELSEWHERE,
    TAGGING,
    made_kinds,
    special,
)
from cellfactory.layers.statement import Statement, statement
from cellfactory.naming import role_arn

__all__ = [
    "Statement",
    "actions_of",
    "management_actions",
    "member_actions",
    "member_statements",
    "network_statements",
    "policies",
    "policy",
    "read_statements",
    "region_actions",
    "statements",
    "way_in",
]

_VERSION = "2012-10-17"  # of IAM's policy language


def statements(
    layer: Layer, cell: str = ANY, region: str = ANY, sharers: tuple[str, ...] = ()
) -> tuple[Statement, ...]:
    """Derive what applying, reading and destroying a layer takes, in the account it works in.

    Args:
        layer: its name; `account` works in the management account, those of meshes in the network
            account of a gateway, all others in that of a cell.
        cell: the cell or mesh that the role is for; `*` for a role of several.
        region: the one that the cell lies in, so that nothing is done elsewhere; `*` for any.
        sharers: the accounts whose shares are taken up; without any, those of every account.

    Returns:
        Statements that allow, each with its reason; none for a layer that no stack has yet.
    """
    place = Place(layer=layer, cell=cell, region=region, sharers=sharers)
    return tuple(_derive(place, PHASES))


def member_statements(cell: str = ANY, region: str = ANY) -> tuple[Statement, ...]:
    """Derive what the member role takes in the account of a cell: that of all its layers."""
    owned = (layer for layer in TYPES if _is_of_member(layer))
    return tuple(one for layer in owned for one in statements(layer, cell, region))


def network_statements(mesh: str = ANY, region: str = ANY) -> tuple[Statement, ...]:
    """Derive what the member role takes in a network account: that of the layers of meshes."""
    owned = (layer for layer in TYPES if ROWS[layer].owner == "mesh")
    return tuple(one for layer in owned for one in statements(layer, mesh, region))


def _is_of_member(layer: Layer) -> bool:
    return ROWS[layer].owner == "cell" and not ROWS[layer].makes_account


def read_statements(layer: Layer, cell: str = ANY, region: str = ANY) -> tuple[Statement, ...]:
    """Derive what a plan of a layer takes: that part of `statements` which changes nothing."""
    return tuple(_derive(Place(layer=layer, cell=cell, region=region), ("read",)))


def way_in(*member_roles: str) -> Statement:
    """What the provisioning role takes to work in accounts: the way into each by its role.

    Args:
        member_roles: the names of that role, each the same in every account.
    """
    return statement(
        "AccountEnter",
        "Every other layer works in the account of its cell, which this role goes into.",
        ["sts:AssumeRole"],
        [role_arn(ANY, role) for role in member_roles],
    )


def policy(granted: Iterable[Statement]) -> dict[str, Any]:
    """Write statements as a document of IAM."""
    return {"Version": _VERSION, "Statement": [one.document() for one in granted]}


def policies(granted: Iterable[Statement], facts: Facts) -> tuple[dict[str, Any], ...]:
    """Write statements as several documents, none longer than a managed policy may be.

    Args:
        granted: in the order in which they are to stand.
        facts: how long one may be, without white space, which IAM does not count.
    """
    most = int(facts.parameter("managed-policy-characters"))
    made: list[list[Statement]] = [[]]
    for one in granted:
        if made[-1] and _length([*made[-1], one]) > most:
            made.append([])
        made[-1].append(one)
    return tuple(policy(part) for part in made if part)


def _length(granted: Sequence[Statement]) -> int:
    return len(json.dumps(policy(granted), separators=(",", ":")))


def actions_of(layer: Layer, phases: Sequence[Phase] = PHASES) -> tuple[str, ...]:
    """List the actions of a layer, sorted; what AWS asks beside an action is not among them."""
    iam = load_iam()
    found = {a for kind in TYPES.get(layer, ()) for a in iam.of_type(kind, phases)}
    return tuple(sorted(found))


@dataclass(slots=True)
class _Group:
    """Actions that are bound in the same way."""

    actions: set[str] = field(default_factory=set)
    arns: set[str] = field(default_factory=set)

    def add(self, action: str, arns: Iterable[str]) -> None:
        self.actions.add(action)
        self.arns.update(arns)


_Groups = dict[tuple[str, str], _Group]
"""By service, and by the way in which its actions are bound."""


_ADOPTING: tuple[Phase, ...] = ("create", "read")  # what is removed bears our tags by then


def _derive(place: Place, phases: Sequence[Phase]) -> Iterator[Statement]:
    iam = load_iam()
    names = actions_of(place.layer, phases)
    if tuple(phases) != PHASES:
        names = tuple(name for name in names if iam.actions[name].reads)
    groups: _Groups = defaultdict(_Group)
    for name in names:
        if name in TAGGING:
            _tag_again(groups, place, name, made_kinds(iam, names))
        elif name not in BOUND_ELSEWHERE:
            _sort_in(groups, place, iam.actions[name])
    for resource in ADOPTED.keys() & set(TYPES.get(place.layer, ())):
        for name in set(names).intersection(iam.of_type(resource, _ADOPTING)):
            if name in TAGGING or ADOPTED[resource] in iam.actions[name].things:
                groups["ec2", "untagged"].add(name, place.arns("ec2", ADOPTED[resource]))
    for (service, tie), group in sorted(groups.items()):
        yield _granted(place, service, tie, group)
    yield from special(place, iam, names)


def _sort_in(groups: _Groups, place: Place, action: Action) -> None:
    """Put an action into the group, or the groups, that bind it."""
    if not action.things and action.gives_tags:
        groups[action.service, "giving"].add(action.name, [ANY])
    elif not action.things:
        groups["", "look" if action.reads else "any"].add(action.name, [ANY])
    for kind, own in action.things.items():
        tie = "untagged" if kind in OF_OTHERS.get(place.layer, ()) else own
        groups[action.service, tie].add(action.name, place.arns(action.service, kind))


def _tag_again(groups: _Groups, place: Place, name: str, kinds: Iterable[str]) -> None:
    for kind in kinds:
        groups["ec2", "tagged"].add(name, place.arns("ec2", kind))


_WAYS: Mapping[str, tuple[str, str]] = {
    "look": (
        "Look",
        "Terraform reads what is there, and AWS lets these calls be bound to nothing.",
    ),
    "any": ("Any", "AWS lets these calls be bound to nothing."),
    "giving": ("Make", "What is made bears the tags of its owner from the first moment."),
    "created": ("Create", "What is made bears the tags of its owner and layer from the start."),
    "tagged": ("Work", "Only what bears the tag of its owner is used, changed or removed."),
    "named": ("Named", "Only what has the names of the cell is made, read, changed or removed."),
    "untagged": (
        "Adopt",
        "What AWS or another account made is taken over: it bears no tag of an owner of ours yet.",
    ),
}
"""For each way to bind: what its statement is called, and the reason."""

_REASONS: Mapping[tuple[str, str], str] = {
    ("account", "any"): (
        "A new account is moved into its unit and has its Region enabled; "
        "AWS lets both be bound to nothing."
    ),
    ("autoscaling", "tagged"): (
        "Nodes join the load balancer by their Auto Scaling groups, which EKS makes and tags."
    ),
    ("ecr", "named"): "Charts are pulled from whichever repositories cells.yaml names.",
    ("eks", "giving"): "A cluster bears the tags of its cell from the first moment.",
    ("eks", "named"): "The cluster of the cell, and what belongs to it, has the cell's name.",
    ("elasticloadbalancing", "named"): (
        "The load balancer of the cell, its listener and its target group have the cell's name."
    ),
    ("iam", "named"): "Roles are made for the known uses of the cell, under its name.",
    ("kms", "giving"): "A key bears the tags of its cell from the first moment.",
    ("kms", "named"): "The key of Kubernetes secrets has an alias of the cell's name.",
    ("kms", "tagged"): "Only a key that bears the tag of the cell is looked at or removed.",
    ("logs", "named"): "The log group of the control plane has the cluster's name.",
    ("network", "any"): (
        "The prefixes that a subnet reserves are given back, and the addresses of NAT gateways "
        "that are gone; AWS lets neither be bound to what is still there."
    ),
    ("ram", "giving"): "A share bears the tags of its mesh from the first moment.",
    ("ram", "named"): (
        "The share of the mesh's gateway is taken up where its account is invited to it; an "
        "invitation has no tags, and its id is known to nobody before."
    ),
    ("ram", "tagged"): (
        "Only the share that bears the tag of the mesh is changed, and only gateways go into it."
    ),
    ("s3", "named"): "Buckets of the layer have the cell's name, and no other is looked into.",
    ("transit", "untagged"): (
        "The gateway and its share are another account's; the tags that it gave them are not seen "
        "here."
    ),
}
"""By service or layer, where the reason is one of its own."""

_SERVICES = {"elasticloadbalancing": "Elb", "autoscaling": "AutoScaling"}


def _granted(place: Place, service: str, tie: str, group: _Group) -> Statement:
    name, reason = _WAYS[tie]
    sid = place.sid(f"{_SERVICES.get(service, service.title())}{name}")
    for key in (service or place.layer, place.layer):
        reason = _REASONS.get((key, tie), reason)
    return statement(sid, reason, group.actions, group.arns, conditions(place, service, tie))


@cache
def member_actions() -> Mapping[Layer, tuple[str, ...]]:
    """What making each layer takes of the member role, beyond reading: what `doctor` asks for.

    `platform` takes none of IAM, the cluster knows the role.
    """
    made = {layer: _making(layer) for layer in TYPES if _is_of_member(layer)}
    return {layer: actions for layer, actions in made.items() if actions}


def management_actions() -> tuple[str, ...]:
    """What `account` takes of the provisioning role where an account is made."""
    return tuple(name for name in actions_of("account") if name not in region_actions())


def region_actions() -> tuple[str, ...]:
    """What it takes on top where the account has to have a Region enabled."""
    return load_iam().of_type("aws_account_region")


def _making(layer: Layer) -> tuple[str, ...]:
    iam = load_iam()
    made = [name for name in actions_of(layer, ("create",)) if not iam.actions[name].reads]
    beside = [row.action for name in made for row in iam.dependents.get(name, ())]
    return tuple(sorted({*made, *beside}))
