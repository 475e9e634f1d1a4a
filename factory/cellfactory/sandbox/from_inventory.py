"""Which world an inventory needs around it before anything is applied."""

from __future__ import annotations

from cellfactory.facts.published import image_name
from cellfactory.facts.schema import Facts, effective
from cellfactory.inventory.organization_rules import organization_accounts
from cellfactory.inventory.schema import ExistingAccount, Inventory, NewAccount
from cellfactory.sandbox.world import HubVpc, Image, Member, Organization, World

READY_SECONDS = 1.5  # enough for a run to meet an account that is not ready
GATEWAY_QUOTAS = (
    *("attachments-per-transit-gateway", "peerings-per-transit-gateway"),
    *("route-tables-per-transit-gateway", "routes-per-transit-gateway", "transit-gateways"),
)
"""Ids of the quotas that hold of a transit gateway, and of its account."""

LATE_LOG_SECONDS = 1.0  # enough for a log group that goes too early to come back


def plan_world(inventory: Inventory, facts: Facts) -> World:
    """Plan what exists before the first cell: organizations, hubs, machine images.

    A quota of accounts is one number in the emulator: the largest that any of them has.
    """
    return World(
        organizations=tuple(
            _organization(inventory, facts, name) for name in sorted(inventory.organizations)
        ),
        hubs=tuple(
            HubVpc(
                account=hub.account,
                vpc_id=hub.vpc,
                region=hub.region,
                blocks=tuple(map(str, hub.blocks)),
                route_tables=tuple(hub.route_tables),
            )
            for _, hub in sorted(inventory.hubs.items())
        ),
        images=_images(inventory, facts),
        blocks_per_vpc=_largest(inventory, facts, "blocks-per-vpc"),
        peering_requests=_largest(inventory, facts, "outstanding-peering-requests"),
        quotas=_gateway_quotas(inventory, facts),
        account_ready_seconds=READY_SECONDS,
        late_log_seconds=LATE_LOG_SECONDS,
    )


def _organization(inventory: Inventory, facts: Facts, name: str) -> Organization:
    """What an organization has: the units that cells are placed in, and the accounts of others."""
    organization = inventory.organizations[name]
    accounts = [c.account for c in inventory.cells.values() if c.organization == name]
    given = {a.id for a in accounts if isinstance(a, ExistingAccount)}
    given |= {
        mesh.gateway.account
        for mesh in inventory.meshes.values()
        if mesh.gateway is not None and mesh.gateway.organization == name
    }
    units = {a.ou for a in accounts if isinstance(a, NewAccount)}
    units |= {organization.quarantine_ou} if organization.quarantine_ou else set()
    return Organization(
        management_account=organization.management_account,
        units=tuple(sorted(units)),
        members=tuple(
            Member(account=account, role=organization.member_role)
            for account in sorted(given - {organization.management_account})
        ),
        most_accounts=organization_accounts(facts, organization),
        resource_sharing=organization.resource_sharing,
    )


def _gateway_quotas(inventory: Inventory, facts: Facts) -> dict[str, int]:
    """The quotas of transit gateways: of each the largest that any mesh has."""
    found: dict[str, int] = {}
    for mesh in inventory.meshes.values():
        if mesh.gateway is None:
            continue
        for id_ in GATEWAY_QUOTAS:
            allowed = int(effective(facts.quota(id_), mesh.region, mesh.gateway.quotas))
            found[id_] = max(found.get(id_, 0), allowed)
    return found


def _images(inventory: Inventory, facts: Facts) -> tuple[Image, ...]:
    regions: dict[tuple[str, str], set[str]] = {}
    for cell in inventory.cells:
        kind = inventory.type_of(cell)
        release = (kind.kubernetes_version, kind.node_image)
        regions.setdefault(release, set()).add(inventory.region_of(cell))
    return tuple(
        Image(
            name=image_name(version, build, release),
            architecture=build.architecture,
            regions=tuple(sorted(places)),
        )
        for (version, release), places in sorted(regions.items())
        for build in facts.image_builds  # AWS releases each image for all of them
    )


def _largest(inventory: Inventory, facts: Facts, quota_id: str) -> int:
    quota = facts.quota(quota_id)
    allowed = (
        effective(quota, inventory.region_of(cell), inventory.quotas_of(cell))
        for cell in inventory.cells
    )
    return int(max(allowed))
