"""The layers `bootstrap`, `member` and `netmember`: roles of accounts that are there already."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial

from cellfactory.facts.schema import Facts
from cellfactory.inventory.schema import Inventory, Organization
from cellfactory.layers import LAYERS, ROWS, Layer, Stack
from cellfactory.layers.access import plan_role, ring_roles
from cellfactory.layers.bootstrap import network_accounts
from cellfactory.layers.hub_rights import hub_roles
from cellfactory.layers.permissions import Statement, read_statements, statements
from cellfactory.naming import factory_policy_name, reading_role_name, role_arn
from cellfactory.specs.boundaries import (
    CELL_BOUNDARY,
    allow,
    any_account,
    cell_boundary,
    member_boundary,
    provisioning_boundary,
)
from cellfactory.specs.packing import packed, roles_spec
from cellfactory.specs.parts import Parts
from cellfactory.specs.pipeline import require_pipeline
from cellfactory.specs.roles import RoleSpec, RolesSpec, Statements
from cellfactory.specs.trust import role_trust

_BY_DOCTOR = (
    *("organizations:DescribeOrganization", "organizations:DescribeOrganizationalUnit"),
    *("organizations:ListRoots", "organizations:ListAWSServiceAccessForOrganization"),
)
MEMBER_LAYERS: tuple[Layer, ...] = tuple(
    layer
    for layer in LAYERS
    if ROWS[layer].owner == "cell"
    and not ROWS[layer].by_bootstrap
    and not ROWS[layer].makes_account
)
"""Layers that are applied by the member role."""
MESH_LAYERS: tuple[Layer, ...] = tuple(
    layer for layer in LAYERS if ROWS[layer].owner == "mesh" and not ROWS[layer].by_bootstrap
)
"""Layers that are applied by the member role of a network account."""


def mesh_layers(inventory: Inventory, account: str) -> tuple[Layer, ...]:
    """List the layers of meshes that are applied in an account.

    Returns:
        Nothing where no gateway lies there; `egress` only where one there has a way out.
    """
    gateways = (mesh.gateway for mesh in inventory.meshes.values())
    here = [gateway for gateway in gateways if gateway and gateway.account == account]
    lacking = {"egress"} if all(gateway.egress is None for gateway in here) else set()
    return tuple(layer for layer in MESH_LAYERS if layer not in lacking) if here else ()


def describe_organization(parts: Parts, stack: Stack) -> RolesSpec:
    """Collect the roles of an organization's management account."""
    inventory, name = parts.inventory, stack.id.owner
    organization, pipeline = inventory.organizations[name], require_pipeline(inventory)
    role, member = organization.provisioning_role, organization.member_role
    appliers = ring_roles(inventory).values()
    own = [any_account(role), any_account(reading_role_name(role))]
    hubs, hubs_read = (hub_roles(inventory, name, reads=reads) for reads in (False, True))
    gateways = mesh_layers(inventory, organization.management_account)
    doctor = (
        allow("AskedByDoctor", _BY_DOCTOR, ["*"]),
        allow("WhatItMay", ["iam:SimulatePrincipalPolicy"], own),
    )
    return roles_spec(
        factory_policy_name("provisioning", "boundary"),
        provisioning_boundary(member, (*hubs, *hubs_read), gateways),
        {
            "provisioning": RoleSpec(
                name=role,
                description="Makes accounts of cells, and goes into them",
                trust=(role_trust("AppliesOfThePipeline", appliers),),
                policies={
                    **packed(
                        factory_policy_name("provisioning"),
                        (
                            *_as_policy(statements("account")),
                            allow("GoToMembers", ["sts:AssumeRole"], [any_account(member), *hubs]),
                            *doctor,
                        ),
                        parts.facts,
                    ),
                    **_by_layer("provisioning", gateways, statements, parts.facts),
                },
            ),
            "provisioning-read": RoleSpec(
                name=reading_role_name(role),
                description="Looks at accounts of cells, and goes into them to look",
                trust=(role_trust("PlansOfThePipeline", [plan_role(pipeline.account)]),),
                policies={
                    **packed(
                        factory_policy_name("provisioning-read"),
                        (
                            *_as_policy(read_statements("account")),
                            allow(
                                "GoToMembersToLook",
                                ["sts:AssumeRole"],
                                [any_account(reading_role_name(member)), *hubs_read],
                            ),
                            *doctor,
                        ),
                        parts.facts,
                    ),
                    **_by_layer("provisioning-read", gateways, read_statements, parts.facts),
                },
            ),
        },
        parts.facts,
    )


def describe_member(parts: Parts, stack: Stack) -> RolesSpec:
    """Collect the roles of a cell's account, which is the same for all of an organization."""
    inventory = parts.inventory
    sharers = tuple(network_accounts(inventory))
    layers = MEMBER_LAYERS if sharers else tuple(one for one in MEMBER_LAYERS if one != "transit")
    return _member_roles(
        parts,
        inventory.organization_of(stack.id.owner),
        _by_layer("member", layers, partial(statements, sharers=sharers), parts.facts),
        _by_layer("member-read", layers, read_statements, parts.facts),
        of="a cell",
    )


def describe_network_member(parts: Parts, stack: Stack) -> RolesSpec:
    """Collect the roles of a network account: they do what the layers of meshes are made of."""
    gateway = parts.inventory.meshes[stack.id.owner].gateway
    assert gateway is not None  # it has the account
    layers = mesh_layers(parts.inventory, gateway.account)
    return _member_roles(
        parts,
        parts.inventory.organizations[gateway.organization],
        _by_layer("member", layers, statements, parts.facts),
        _by_layer("member-read", layers, read_statements, parts.facts),
        of="the gateways of meshes",
    )


def _member_roles(
    parts: Parts,
    organization: Organization,
    changing: Mapping[str, Statements],
    looking: Mapping[str, Statements],
    *,
    of: str,
) -> RolesSpec:
    """Make the member role and the one beside it that reads, by what each may do."""
    role, way = organization.member_role, organization.provisioning_role
    account = organization.management_account
    reading = role_arn(account, reading_role_name(way))
    return roles_spec(
        factory_policy_name("member", "boundary"),
        member_boundary(role),
        {
            "member": RoleSpec(
                name=role,
                description=f"Makes and changes what {of} is made of",
                trust=(role_trust("ProvisioningRoleAlone", [role_arn(account, way)]),),
                policies=changing,
            ),
            "member-read": RoleSpec(
                name=reading_role_name(role),
                description=f"Looks at what {of} is made of, and changes nothing",
                trust=(role_trust("ReadingProvisioningRoleAlone", [reading]),),
                policies=looking,
            ),
        },
        parts.facts,
        {CELL_BOUNDARY: cell_boundary(role, way)},
    )


def _by_layer(
    use: str,
    layers: Sequence[Layer],
    statements_of: Callable[[Layer], tuple[Statement, ...]],
    facts: Facts,
) -> Mapping[str, Statements]:
    """One policy for each layer that takes anything, or more where it is too long for one."""
    return {
        name: held
        for layer in layers
        for name, held in packed(
            factory_policy_name(use, layer), _as_policy(statements_of(layer)), facts
        ).items()
    }


def _as_policy(told: Iterable[Statement]) -> Statements:
    return tuple(one.document() for one in told)
