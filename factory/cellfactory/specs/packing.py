"""Statements are packed into managed policies, which IAM lets be only so long and so many."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from cellfactory.errors import Finding, Problem, SizingError
from cellfactory.facts.schema import Facts
from cellfactory.specs.roles import RoleSpec, RolesSpec, Statements

_EXPRESSION = re.compile(r"\$\{[^}]*\}")
_LONGEST_ARN = 100  # characters of what stands for an expression; more than the ARN of any key
_AROUND = len('{"Statement":[],"Version":"2012-10-17"}')  # characters


def length(statement: Mapping[str, Any]) -> int:
    """How long IAM finds a statement: without white space, with the comma behind it (characters).

    >>> length({"Sid": "A"})
    12
    """
    text = _EXPRESSION.sub("x" * _LONGEST_ARN, json.dumps(statement))
    return len("".join(text.split())) + 1


def packed(name: str, statements: Statements, facts: Facts) -> dict[str, Statements]:
    """Put statements into as few policies as hold them in their order.

    Args:
        name: of the first; further ones are numbered from 2.
        statements: what is to be allowed.
        facts: how long a policy may be.

    Returns:
        Statements by the name of their policy; nothing for none.

    Raises:
        SizingError: where one statement alone is too long (F681).
    """
    most = int(facts.parameter("managed-policy-characters")) - _AROUND
    made: list[list[Mapping[str, Any]]] = []
    room = 0
    for one in statements:
        if length(one) > most:
            raise SizingError([Problem(None, _too_long(name, one, most))])
        if not made or length(one) > room:
            made.append([])
            room = most
        made[-1].append(one)
        room -= length(one)
    return {
        name if place == 1 else f"{name}-{place}": tuple(held)
        for place, held in enumerate(made, start=1)
    }


def require_attachable(role: str, policies: Mapping[str, Statements], facts: Facts) -> None:
    """Make sure that so many policies can be attached to a role.

    Raises:
        SizingError: where they are too many (F681).
    """
    most = int(facts.parameter("policies-of-a-role"))
    if len(policies) > most:
        finding = Finding(
            rule="F681",
            message=f"role {role} would have {len(policies):,} managed policies; IAM attaches "
            f"{most:,} at most",
            hint="raise quota L-0DA4ABF3 of its account, and attach them by hand: "
            + ", ".join(sorted(policies)),
        )
        raise SizingError([Problem(None, finding)])


def require_short(name: str, boundary: Statements, facts: Facts) -> None:
    """Make sure that a boundary, which is one policy, is not too long for one.

    Raises:
        SizingError: where it is (F681).
    """
    if len(made := packed(name, boundary, facts)) > 1:
        most = int(facts.parameter("managed-policy-characters"))
        finding = Finding(
            rule="F681",
            message=f"boundary {name} does not fit into the {most:,} characters of a managed "
            f"policy: it would take {len(made):,}",
            hint="name fewer organizations in one inventory, or report it",
        )
        raise SizingError([Problem(None, finding)])


def roles_spec(
    boundary_name: str,
    boundary: Statements,
    roles: Mapping[str, RoleSpec],
    facts: Facts,
    others: Mapping[str, Statements] | None = None,
) -> RolesSpec:
    """Put roles and their boundary together, as far as IAM takes them.

    Args:
        boundary_name: of the policy that bounds them.
        boundary: what it says.
        roles: those that it bounds.
        facts: what IAM takes.
        others: policies of the same account for roles that are made elsewhere, by name.

    Raises:
        SizingError: where a policy is too long, a role has too many, or its name is too long
            (F681).
    """
    for name, held in {boundary_name: boundary, **(others or {})}.items():
        require_short(name, held, facts)
    for role in roles.values():
        require_attachable(role.name, role.policies, facts)
        _require_name(role.name, facts)
    return RolesSpec(
        boundary_name=boundary_name, boundary=boundary, roles=roles, others=others or {}
    )


def _require_name(name: str, facts: Facts) -> None:
    most = int(facts.parameter("role-name-characters"))
    if len(name) > most:
        finding = Finding(
            rule="F681",
            message=f"role {name} would have a name of {len(name):,} characters; IAM lets it have "
            f"{most:,}",
            hint="shorten provisioning_role or member_role of the organization: the role beside it "
            "that only reads has Read behind the name",
        )
        raise SizingError([Problem(None, finding)])


def _too_long(name: str, statement: Mapping[str, Any], most: int) -> Finding:
    return Finding(
        rule="F681",
        message=f"statement {statement['Sid']} of policy {name} has {length(statement):,} "
        f"characters; IAM lets a managed policy have {most:,}",
        hint="a bug where the inventory is an ordinary one: please report it",
    )
