"""What `bootstrap` makes before the first cell: its stacks, each in an account of its own.

They are no stacks of `list_stacks`. What the pipeline may do stands in them, so the pipeline must
not be able to change them: `bootstrap` alone applies them, by the keys of an administrator.
"""

from __future__ import annotations

from collections.abc import Iterator

from cellfactory.facts.schema import Facts
from cellfactory.inventory.schema import ExistingAccount, Inventory, Organization
from cellfactory.layers.stack import Access, Stack, StackId
from cellfactory.naming import FACTORY, cell_boundary_arn

AWS_MADE_ROLE = "OrganizationAccountAccessRole"
"""What CreateAccount names the role that it makes in a new account, where nobody says otherwise.

Source:
    https://docs.aws.amazon.com/organizations/latest/APIReference/API_CreateAccount.html
"""

KEY_OUTPUT = "key_arn"
"""The output that holds the ARN of the key of the states."""

PIPELINE = StackId(FACTORY, "pipeline")
"""The stack of the state bucket and of the pipeline's roles."""


def list_bootstrap_stacks(inventory: Inventory, facts: Facts) -> tuple[Stack, ...]:
    """List the stacks of `bootstrap`, in an order in which they can be applied.

    A role is trusted by its ARN, and AWS takes no ARN of a role that is not there: so the
    pipeline's roles come first, then those of organizations, then those of cells' accounts.

    Args:
        inventory: one in which nothing is wrong.
        facts: which Regions know the roles of every account.

    Returns:
        Nothing where the inventory names no pipeline.
    """
    return tuple(_stacks(inventory, facts)) if inventory.pipeline is not None else ()


def _stacks(inventory: Inventory, facts: Facts) -> Iterator[Stack]:
    assert inventory.pipeline is not None
    region, by_hand = inventory.state.region, inventory.pipeline.by_hand
    yield Stack(
        id=PIPELINE,
        access=_access(inventory.pipeline.account, region),
        outputs={} if "key" in by_hand else {KEY_OUTPUT: "string"},
    )
    for name in sorted(inventory.organizations):
        if "provisioning_roles" not in by_hand:
            access = _access(inventory.organizations[name].management_account, region)
            yield Stack(id=StackId(name, "bootstrap"), access=access, after=(PIPELINE,))
    if "member_roles" not in by_hand:
        yield from _member_stacks(inventory, facts)


def _member_stacks(inventory: Inventory, facts: Facts) -> Iterator[Stack]:
    """Yield those of accounts that are there: of cells, and of the gateways of meshes."""
    for cell, account in sorted(_members(inventory)):
        owner, region = inventory.cells[cell].organization, inventory.region_of(cell)
        yield _member_stack(inventory, facts, StackId(cell, "member"), account, owner, region)
    for mesh in network_accounts(inventory).values():
        gateway = inventory.meshes[mesh].gateway
        assert gateway is not None  # it has the account
        organization = inventory.organizations[gateway.organization]
        if has_own_role(organization) and gateway.account != organization.management_account:
            id_, owner = StackId(mesh, "netmember"), gateway.organization
            region = inventory.meshes[mesh].region
            yield _member_stack(inventory, facts, id_, gateway.account, owner, region)


def _member_stack(
    inventory: Inventory, facts: Facts, id_: StackId, account: str, owner: str, region: str
) -> Stack:
    """Make the stack of a member role, after that of the role that it trusts."""
    assert inventory.pipeline is not None
    by_hand = inventory.pipeline.by_hand
    return Stack(
        id=id_,
        access=_access(account, facts.role_region(region)),
        after=() if "provisioning_roles" in by_hand else (StackId(owner, "bootstrap"),),
    )


def network_accounts(inventory: Inventory) -> dict[str, str]:
    """The accounts of gateways, sorted, each with the first mesh whose gateway is in it.

    Several meshes may share one: its member role is made once, and is of the first of them.
    """
    found: dict[str, str] = {}
    for name, mesh in sorted(inventory.meshes.items()):
        if mesh.gateway is not None:
            found.setdefault(mesh.gateway.account, name)
    return dict(sorted(found.items()))


def _members(inventory: Inventory) -> Iterator[tuple[str, str]]:
    """Yield each cell in whose account the member role is made, and that account."""
    if inventory.pipeline is None or "member_roles" in inventory.pipeline.by_hand:
        return
    for name, cell in inventory.cells.items():
        account = cell.account
        is_ours = has_own_role(inventory.organization_of(name))
        if isinstance(account, ExistingAccount) and is_ours:
            yield name, account.id


def roles_boundary(inventory: Inventory, cell: str) -> str | None:
    """The ARN of the boundary of each role that a cell makes; None where `bootstrap` makes none."""
    account = dict(_members(inventory)).get(cell)
    return None if account is None else cell_boundary_arn(account)


def has_own_role(organization: Organization) -> bool:
    """Whether its member role is one of ours, and not the one that AWS makes as administrator."""
    return organization.member_role != AWS_MADE_ROLE


def _access(account: str, region: str) -> Access:
    """Work in an account by the keys of whoever runs this: no role is there yet."""
    return Access(account=account, roles=(), region=region, sts_region=region)
