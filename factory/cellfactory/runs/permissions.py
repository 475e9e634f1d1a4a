"""May a role do what it is needed for: asked of IAM's policy simulator, which does nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from cellfactory.credentials import aws_faults
from cellfactory.layers.rows import Layer
from cellfactory.runs.questions import Unmet, error_code


def ask_permissions(iam: Any, role: str, wanted: Mapping[Layer, Sequence[str]]) -> Unmet | None:
    """Ask whether a role is allowed actions on all resources, by the layer that takes them.

    Where the simulator may not be asked, or does not answer, that is said and nothing is claimed.

    Args:
        iam: client of the role's own account.
        role: its ARN.
        wanted: actions by layer.

    Source:
        https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulatePrincipalPolicy.html
    """
    every = list(dict.fromkeys(action for actions in wanted.values() for action in actions))
    try:
        pages = iam.get_paginator("simulate_principal_policy").paginate(
            PolicySourceArn=role, ActionNames=every
        )
        rows = [row for page in pages for row in page["EvaluationResults"]]
    except aws_faults() as error:
        why = error_code(error) or type(error).__name__
        seen = f"not asked: iam:SimulatePrincipalPolicy is not answered ({why})"
        return Unmet(seen, "compare with the list in docs/prerequisites.md", "skipped")
    denied = {row["EvalActionName"]: row for row in rows if row["EvalDecision"] != "allowed"}
    told = [
        f"{layer}: {', '.join(lost)}"
        for layer, actions in wanted.items()
        if (lost := [action for action in actions if action in denied])
    ]
    if not told:
        return None
    name = role.rpartition("/")[2]
    if any(map(_is_forbidden, denied.values())):
        return Unmet(f"{name} is denied {'; '.join(told)}", "lift the policy that denies it")
    seen = f"{name} is not allowed on all resources {'; '.join(told)}"
    return Unmet(seen, f"allow {name} these, unless it may on those that it makes", "warning")


def _is_forbidden(row: Mapping[str, Any]) -> bool:
    """Whether a policy forbids an action, of the role or of the organization.

    What no policy allows for all resources may still be allowed for some, or on a condition.
    """
    organization = row.get("OrganizationsDecisionDetail", {})
    is_closed = organization.get("AllowedByOrganizations") is False
    return bool(row["EvalDecision"] == "explicitDeny" or is_closed)
