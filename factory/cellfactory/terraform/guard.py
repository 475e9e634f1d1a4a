"""What an apply may not do unless it was told to: destroy, replace, or make anew what got lost.

Three kinds of things are told apart. *Accounts* are given up by no apply. What is *kept* (a VPC, a
cluster, a key, a bucket) is covered by its whole address alone, and so is a route that would be
replaced. All else is covered by its address
or its layer. Where Terraform calls something tainted, because its creation broke off half-way, it
may be replaced freely only when little hangs on it.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cellfactory.errors import Finding
from cellfactory.layers import LAYERS, StackId
from cellfactory.terraform.advice import terraform_line
from cellfactory.terraform.messages import Change
from cellfactory.terraform.target import Mode

NEVER = frozenset({"aws_organizations_account"})
"""Its e-mail address is spent, and it leaves its organization."""

KEPT = frozenset(
    {"aws_vpc", "aws_eks_cluster", "aws_kms_key", "aws_s3_bucket", "aws_ec2_transit_gateway"}
)
"""What cannot be made again: all of a cell stands on it, or what it held is gone."""

IN_PLACE = frozenset({"aws_route"})
"""While it is replaced there is no way; what it leads over changes in place."""

FILLED = frozenset({"aws_eks_node_group"})
"""One instance that EC2 does not have taints a whole group of nodes that work."""

EXPIRING = frozenset(
    {
        "aws_vpc_peering_connection",
        "aws_vpc_peering_connection_accepter",
        "aws_vpc_peering_connection_options",
    }
)
"""A request that nobody accepted is gone after a week, and asking again harms nobody."""

FORGOTTEN = frozenset({"aws_vpc_peering_connection_options"})
"""To destroy one does nothing in AWS: Terraform forgets it, and its connection keeps it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowed:
    """What this run may destroy and replace."""

    addresses: frozenset[str] = frozenset()
    layers: frozenset[str] = frozenset()

    @classmethod
    def of(cls, words: Iterable[str]) -> Allowed:
        """Tell layers from Terraform addresses."""
        given = frozenset(words)
        layers = given & frozenset(LAYERS)
        return cls(addresses=given - layers, layers=layers)


NOTHING = Allowed()
"""What a run may destroy that was told nothing."""


def dangers(planned: Iterable[Change], lost: Iterable[Change]) -> tuple[Change, ...]:
    """List what a plan would destroy, replace, or make anew because it got lost; by address.

    Args:
        planned: what Terraform plans.
        lost: what its state holds and AWS does not have any more.
    """
    gone = {change.address for change in lost}
    found = (c for c in planned if _is_danger(c, gone))
    return tuple(sorted(found, key=lambda change: change.address))


def forbidden(found: Iterable[Change], layer: str, allowed: Allowed) -> tuple[Change, ...]:
    """Keep of the dangers those that a run may not go on with."""
    return tuple(c for c in found if not _is_allowed(c, layer, allowed))


def describe(refused: Sequence[Change], stack: StackId, mode: Mode) -> tuple[str, str]:
    """Say what a plan is refused for, and which words let it where any do.

    Args:
        refused: never empty.
        stack: whose plan it is.
        mode: where it was to be applied.

    Returns:
        A sentence, and a hint of a line for each way out.
    """
    actions = [change.action for change in refused]
    told = [f"{_VERBS[a]} {actions.count(a):,}" for a in _VERBS if a in actions]
    ways: dict[str, None] = {}
    for change in refused:
        ways[_way_out(change, stack, mode)] = None
    return f"it would {' and '.join(told)}", "\n".join(ways)


def tainted_warnings(planned: Iterable[Change], stack: StackId, mode: Mode) -> Iterator[Finding]:
    """Warn of what is tainted and an apply will refuse to replace, with the line that untaints it.

    Args:
        planned: what Terraform plans.
        stack: whose plan it is.
        mode: where it is applied.

    Rules:
        F682: there is something (a warning; an apply is refused for it, F607).
    """
    for change in forbidden(dangers(planned, ()), stack.layer, NOTHING):
        if is_tainted(change):
            yield Finding(
                rule="F682",
                stack=stack.name,
                message=f"apply refuses to replace {change.address}",
                hint=_way_out(change, stack, mode),
                severity="warning",
            )


_VERBS = {"delete": "destroy", "replace": "replace", "create": "re-create missing resources:"}


def _way_out(change: Change, stack: StackId, mode: Mode) -> str:
    kind, address, layer = change.resource_type, shlex.quote(change.address), stack.layer
    if kind in NEVER:
        return "an account is never destroyed or replaced: revert the edit"
    if is_tainted(change):
        return (
            "its creation was interrupted; if AWS has completed it: "
            f"{terraform_line(stack, mode, 'untaint', change.address)}\n"
            f"to replace it: --allow-destroy {address}"
        )
    if change.action == "create":
        return (
            f"Terraform did not find {change.address}: check that it looks in the right "
            f"account; to re-create it: --allow-destroy {address if kind in KEPT else layer}"
        )
    if _cuts(change):
        return (
            f"there is no way while {change.address} is replaced, and what it leads over changes "
            f"in place: find out why; to replace it: --allow-destroy {address}"
        )
    if kind in KEPT:
        return f"{change.address} cannot be re-created; to destroy it: --allow-destroy {address}"
    return f"to allow it: --allow-destroy {layer}"


def is_tainted(change: Change) -> bool:
    """Whether it is replaced because its creation broke off half-way."""
    return change.action == "replace" and change.reason == "tainted"


def lifted(document: Mapping[str, Any], only: Collection[str] | None = None) -> dict[str, Any]:
    """Make an override that lets Terraform destroy what a document keeps.

    Args:
        document: a synthesized stack.
        only: whole addresses; all that it keeps when None.

    Source:
        https://developer.hashicorp.com/terraform/language/files/override
    """
    resources: dict[str, dict[str, Any]] = {}
    for kind, named in document.get("resource", {}).items():
        for name, body in named.items():
            is_named = only is None or any(
                a == f"{kind}.{name}" or a.startswith(f"{kind}.{name}[") for a in only
            )
            if is_named and kind not in NEVER and _is_kept(body):
                freed = {"lifecycle": {"prevent_destroy": False}}
                resources.setdefault(kind, {})[name] = freed
    return {"resource": resources} if resources else {}


def _is_kept(body: Mapping[str, Any]) -> bool:
    lifecycle = body.get("lifecycle", {})
    return "prevent_destroy" in json.dumps(lifecycle)


def _is_danger(change: Change, gone: Collection[str]) -> bool:
    kind = change.resource_type
    if change.action == "delete":
        return kind not in FORGOTTEN
    if change.action == "replace":
        return not is_tainted(change) or kind in NEVER | KEPT | FILLED
    return change.action == "create" and change.address in gone and kind not in EXPIRING


def _is_allowed(change: Change, layer: str, allowed: Allowed) -> bool:
    kind = change.resource_type
    if kind in NEVER:
        return False
    if change.address in allowed.addresses:
        return True
    is_apart = kind in KEPT or is_tainted(change) or _cuts(change)
    return layer in allowed.layers and not is_apart


def _cuts(change: Change) -> bool:
    return change.action == "replace" and change.resource_type in IN_PLACE
