"""`docs/permissions.md`: the statements of each layer, why each is there and how it is known."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from ipaddress import IPv4Network

from cellfactory.facts.iam import load_iam
from cellfactory.facts.loader import load_facts
from cellfactory.inventory.schema import Hub, HubRole
from cellfactory.layers.hub_rights import hub_statements
from cellfactory.layers.permissions import (
    member_statements,
    policies,
    policy,
    statements,
    way_in,
)
from cellfactory.layers.rows import LAYERS, ROWS
from cellfactory.layers.scopes import TYPES
from cellfactory.layers.statement import Statement
from tools.markdown import table

CELL = "CELL"  # stands for the name of a cell

HEAD = """\
<!-- Made by `python3 dev.py docs` from the statements themselves; do not edit. -->

# What the roles may do

Each layer takes the statements below and no more: those of `account` go to the provisioning role
of an organization, those of `gateway`, `egress`, `link`, `linked` and `segments` to the member role
in the network account of a mesh, all others to the member role in the account of a cell
([prerequisites.md](prerequisites.md)). They are derived, not written: from the types of resources
that a layer holds, from what Terraform's provider calls for each of those, and from what AWS lets
each call be bound to ([decision 37](decisions/0037-least-privilege.md)). `{cell}` stands for the
name of the cell, or of the mesh, that a role is for.

- *measured*: the AWS provider {provider} was seen to call it, on {measured}, while cells were
  made, read, changed and destroyed.
- *documented*: AWS asks for it, or a command of ours does; the page or the file is named in
  `factory/cellfactory/facts/iam_documented.yaml`.

What a policy can bind an action to is the Service Authorization Reference of {reference}. A plan
takes the actions of level List and Read alone, with the same bounds.

All statements of a member role fill {count} managed policies; a role takes {most} unless its quota
is raised.
"""

HUB = """\
The role of a hub that `accept: {role: …}` names is made by the hub's owner, in the hub's account
([prerequisites.md](prerequisites.md#by-a-role)). Here it is that of VPC `vpc-0f00ba120f00ba120` in
account 333333333333, with `dns_resolution: true` and one route table; the role beside it, whose
name ends in `Read`, takes the first statement alone."""

TAIL = """\
## What is not bound

- A peering connection that waits, and the default security group and route table of a VPC, bear no
  tag of ours until they are taken over: the statements named *Adopt* reach whatever in the account
  bears the tag of no cell.
- An attachment that a cell or a hub asks for bears no tag of a mesh until `segments` takes it up,
  and nobody sees the tags that another account gave to its gateway: *Adopt*, too. The shares that a
  cell takes up are bound to the network accounts of the inventory by `bootstrap`.
- The calls of the statements named *Look* and *Any* can be bound to nothing, AWS says.
- `kms:TagResource` is asked before a key has a name: it may give any key of the account the tags of
  the cell.
- The roles of jobs may get any policy that `cells.yaml` names, but those of an administrator: bound
  them by a permissions boundary or a policy of the organization.
- `destroy --sweep`, `decommission` and `doctor` ask for more
  ([prerequisites.md](prerequisites.md#what-each-layer-needs)).
"""


def render_permissions() -> str:
    """Render a section for each layer that has stacks."""
    return "\n".join(_lines()).rstrip("\n") + "\n"


def _lines() -> Iterator[str]:
    iam, facts = load_iam(), load_facts()
    longest = policies(member_statements("c" * 40), facts)
    yield HEAD.format(
        cell=CELL,
        provider=iam.provider,
        measured=iam.measured,
        reference=iam.reference,
        count=len(longest),
        most=int(facts.parameter("policies-of-a-role")),
    )
    for layer in LAYERS:
        if layer in TYPES:
            own = statements(layer, CELL)
            makes = ROWS[layer].makes_account
            granted = [*own, way_in("MEMBER-ROLE")] if makes else own
            yield from (f"## {layer}", "")
            yield from table(("Statement", "Why"), ((f"`{s.sid}`", s.reason) for s in granted))
            for one in granted:
                yield from _section(one)
    yield from _hub()
    yield TAIL


def _hub() -> Iterator[str]:
    """The statements of a hub's role, which its owner makes, for one that has all there is."""
    hub = Hub(
        account="333333333333",
        vpc="vpc-0f00ba120f00ba120",
        region="us-east-1",
        blocks=[IPv4Network("10.0.0.0/16")],
        accept=HubRole(role="arn:aws:iam::333333333333:role/cellfactory-accept"),
        route_tables=["rtb-0123456789abcdef0"],
        dns_resolution=True,
        quotas={},
    )
    yield from ("## hub", "", HUB, "")
    granted = hub_statements(hub)
    yield from table(("Statement", "Why"), ((f"`{s.sid}`", s.reason) for s in granted))
    for one in granted:
        yield from _section(one)
    yield from ("As a policy:", "", "```json", json.dumps(policy(granted), indent=2), "```", "")


def _section(one: Statement) -> Iterator[str]:
    yield from (f"### {one.sid}", "")
    iam = load_iam()
    measured = [action for action in one.actions if iam.is_measured(action)]
    told = [action for action in one.actions if action not in measured]
    for title, actions in (("measured", measured), ("documented", told)):
        if actions:
            yield f"- {title}: {_listed(actions)}"
    yield f"- on: {_listed(one.resources)}"
    for operator, keys in one.conditions.items():
        for key, values in keys.items():
            yield f"- where {operator} `{key}`: {_listed(values)}"
    yield ""


def _listed(values: Iterable[str]) -> str:
    return ", ".join(f"`{value}`" for value in values)
