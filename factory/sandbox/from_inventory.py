"""Which world an inventory needs around it before anything is applied."""

from __future__ import annotations

from factory.facts.published import image_name
from factory.facts.schema import Facts, effective
from factory.inventory.schema import Inventory
from factory.sandbox.world import HubVpc, Image, World


def plan_world(inventory: Inventory, facts: Facts) -> World:
    """Plan what exists before the first cell: organizations, hubs, machine images.

    The quota of blocks in a VPC is one number in the emulator: the largest that any account has.
    """
    return World(
        management_accounts=tuple(
            sorted({o.management_account for o in inventory.organizations.values()})
        ),
        hubs=tuple(
            HubVpc(
                account=hub.account,
                vpc_id=hub.vpc,
                region=hub.region,
                blocks=tuple(map(str, hub.blocks)),
            )
            for _, hub in sorted(inventory.hubs.items())
        ),
        images=_images(inventory, facts),
        blocks_per_vpc=_blocks_per_vpc(inventory, facts),
    )


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


def _blocks_per_vpc(inventory: Inventory, facts: Facts) -> int:
    quota = facts.quota("blocks-per-vpc")
    allowed = (
        effective(quota, inventory.region_of(cell), inventory.quotas_of(cell))
        for cell in inventory.cells
    )
    return int(max(allowed))
