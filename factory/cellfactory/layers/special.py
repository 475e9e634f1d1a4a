"""Statements whose actions are bound by more than a name or a tag: roles, tags, launches."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cellfactory.facts.iam import Dependent, IamActions
from cellfactory.layers.scopes import ANY, MANAGED_POLICIES, TOO_MUCH, Place
from cellfactory.layers.statement import Statement, statement
from cellfactory.naming import role_name

TAGGING = frozenset({"ec2:CreateTags", "ec2:DeleteTags"})
"""They go with whatever a layer makes."""

ATTACHING = frozenset({"iam:AttachRolePolicy", "iam:DetachRolePolicy"})
INLINE = frozenset({"iam:DeleteRolePolicy", "iam:PutRolePolicy"})
BOUND_ELSEWHERE = TAGGING | ATTACHING | INLINE
"""What has a statement of its own here."""

_LAUNCH = "ec2:RunInstances"
_LAUNCHED = ("instance", "network-interface", "volume")  # what a launch makes and tags


def special(place: Place, iam: IamActions, names: Sequence[str]) -> Iterator[Statement]:
    """Yield the statements of a layer that are bound in a way of their own.

    Args:
        place: the layer and the cell.
        iam: the table of actions.
        names: the layer's actions.
    """
    asked = [row for name in names for row in iam.dependents.get(name, ())]
    yield from _tag(place, iam, names, asked)
    yield from _attach(place, names)
    for action in dict.fromkeys(row.action for row in asked):
        rows = [row for row in asked if row.action == action]
        yield _dependent(place, iam, action, rows)


def tag_condition(key: str, place: Place) -> dict[str, dict[str, tuple[str, ...]]]:
    """Ask for the tag that names the owner; for `*`, that there is one.

    Args:
        key: `aws:ResourceTag` or `aws:RequestTag`.
        place: whose it is.
    """
    if place.cell == ANY:
        return {"Null": {f"{key}/{place.owner_tag}": ("false",)}}
    return {"StringEquals": {f"{key}/{place.owner_tag}": (place.cell,)}}


def made_kinds(iam: IamActions, names: Sequence[str]) -> set[str]:
    """What EC2 makes, with tags, when actions are called."""
    rows = (iam.actions[name] for name in names if name not in TAGGING)
    return {kind for row in rows for kind, tie in row.things.items() if tie == "created"}


def _tag(
    place: Place, iam: IamActions, names: Sequence[str], asked: Sequence[Dependent]
) -> Iterator[Statement]:
    """Tags are given as things are made: an action of their own, bound to the making."""
    making = [
        name
        for name in names
        if name not in TAGGING and "created" in iam.actions[name].things.values()
    ]
    kinds = made_kinds(iam, names)
    if any(row.action == _LAUNCH for row in asked):
        making, kinds = [*making, _LAUNCH], kinds.union(_LAUNCHED)
    if not making:
        return
    conditions = tag_condition("aws:RequestTag", place)
    ours = dict(conditions.get("StringEquals", {}))
    ours["ec2:CreateAction"] = tuple(sorted(name.partition(":")[2] for name in making))
    yield statement(
        place.sid("Ec2Tag"),
        "EC2 asks for this where something is made with tags, and all of ours is; "
        "it holds for the making alone.",
        ["ec2:CreateTags"],
        [arn for kind in kinds for arn in place.arns("ec2", kind)],
        {**conditions, "StringEquals": ours},
    )


def _attach(place: Place, names: Sequence[str]) -> Iterator[Statement]:
    """Known policies go to the roles of services; to those of jobs, none of an administrator."""
    attaching, inline = ATTACHING.intersection(names), INLINE.intersection(names)
    jobs = [f"arn:aws:iam::*:role/{role_name(place.cell, 'spark-job-*')}"]
    ours = [f"arn:aws:iam::*:role/{role_name(place.cell, 'spark-*')}"]
    if attaching:
        yield statement(
            place.sid("IamServicePolicies"),
            "The roles of services get the policies that AWS manages for them, and no other.",
            attaching,
            place.arns("iam", "role"),
            {"ArnEquals": {"iam:PolicyARN": MANAGED_POLICIES}},
        )
        yield statement(
            place.sid("IamJobPolicies"),
            "The roles of jobs get the policies that cells.yaml names, but never one that "
            "makes an administrator.",
            attaching,
            jobs,
            {"ArnNotLike": {"iam:PolicyARN": TOO_MUCH}},
        )
    if inline:
        yield statement(
            place.sid("IamInlinePolicies"),
            "The roles of jobs and of the History Server may use the bucket of event logs.",
            inline,
            ours,
        )


def _dependent(place: Place, iam: IamActions, action: str, rows: Sequence[Dependent]) -> Statement:
    """Make the statement of an action that AWS asks for beside others."""
    services = tuple(sorted({row.service for row in rows if row.service}))
    why = "; ".join(dict.fromkeys(row.because for row in rows))
    service, _, operation = action.partition(":")
    sid = place.sid(f"{service.title()}{operation}")
    reason = f"{why[0].upper()}{why[1:]}."
    things = iam.actions[action].things
    arns = [arn for kind in things for arn in place.arns(service, kind)] or [ANY]
    if action == "iam:PassRole":
        return statement(
            sid, reason, [action], arns, {"StringEquals": {"iam:PassedToService": services}}
        )
    if action == "iam:CreateServiceLinkedRole":
        linked = [f"arn:aws:iam::*:role/aws-service-role/{each}/*" for each in services]
        return statement(
            sid, reason, [action], linked, {"StringEquals": {"iam:AWSServiceName": services}}
        )
    if action == _LAUNCH:
        template = {"ec2:LaunchTemplate": tuple(place.arns("ec2", "launch-template"))}
        return statement(sid, reason, [action], arns, {"ArnLike": template})
    if action == "kms:CreateGrant":
        conditions = tag_condition("aws:ResourceTag", place)
        for_aws = {"Bool": {"kms:GrantIsForAWSResource": ("true",)}}
        return statement(sid, reason, [action], arns, {**conditions, **for_aws})
    return statement(sid, reason, [action], arns)
