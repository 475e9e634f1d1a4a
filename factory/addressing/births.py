"""What a cell was born with: what AWS or Terraform cannot change once it stands.

It stands in the lock beside the cell's blocks. An edit of the inventory that contradicts it is
refused at its line, with the way that does exist; nothing is planned. Zones are not repeated here:
they are those of the cell's blocks.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from ipaddress import IPv4Network
from typing import Literal

from factory.addressing.blocks import CellAddresses
from factory.errors import Finding, KeyPath
from factory.inventory.schema import ExistingAccount, Inventory, NewAccount

IpFamily = Literal["ipv4"]
BESIDE = "build a cell beside it under another name, then remove this one"
EVERY_CELL = "all"


@dataclass(frozen=True, slots=True, kw_only=True)
class Birth:
    """What a cell was born with; the mesh is where it is now."""

    organization: str
    management_account: str  # twelve digits: what makes it that organization, whatever its name
    account: str | None  # twelve digits; None as long as the id of a made account is not known
    email: str | None  # of an account that was made; None where it was given
    member_role: str | None  # likewise: made with the account
    region: str
    mesh: str
    ip_family: IpFamily
    service_block: IPv4Network
    state_bucket: str
    state_region: str


Births = Mapping[str, Birth]
"""By cell name; a cell of an older lock has none until the lock is written anew."""


def birth_of(inventory: Inventory, cell: str) -> Birth:
    """Take from an inventory what a cell is being born with."""
    organization = inventory.organization_of(cell)
    account = inventory.cells[cell].account
    is_given = isinstance(account, ExistingAccount)
    return Birth(
        organization=inventory.cells[cell].organization,
        management_account=organization.management_account,
        account=account.id if isinstance(account, ExistingAccount) else None,
        email=account.email if isinstance(account, NewAccount) else None,
        member_role=None if is_given else organization.member_role,
        region=inventory.region_of(cell),
        mesh=inventory.cells[cell].mesh,
        ip_family="ipv4",
        service_block=inventory.type_of(cell).service_block,
        state_bucket=inventory.state.bucket,
        state_region=inventory.state.region,
    )


def keep_births(
    births: Births, inventory: Inventory, accepted: Collection[str]
) -> dict[str, Birth]:
    """Keep what is known, add what is new, and take what people vouch for.

    Args:
        births: what the lock says, also of cells that left.
        inventory: every cell there is.
        accepted: cells whose organization, account and place of state were changed by hand, and
            are as the inventory says now; `all` is every cell.
    """
    kept = dict(births)
    for cell in inventory.cells:
        now, born = birth_of(inventory, cell), births.get(cell)
        if born is None:
            kept[cell] = now
        elif cell in accepted or EVERY_CELL in accepted:
            known = now if now.account else replace(now, account=born.account)
            kept[cell] = replace(known, region=born.region, service_block=born.service_block)
        else:
            kept[cell] = replace(born, mesh=now.mesh, organization=now.organization)
    return dict(sorted(kept.items()))


def learn_accounts(births: Births, accounts: Mapping[str, str]) -> dict[str, Birth]:
    """Add the ids of accounts that were made, by cell; one that is known never changes."""
    return {
        cell: born
        if born.account or cell not in accounts
        else replace(born, account=accounts[cell])
        for cell, born in births.items()
    }


def check_births(
    inventory: Inventory,
    births: Births,
    cells: Mapping[str, CellAddresses],
    removed: Collection[str],
    accepted: Collection[str] = (),
) -> Iterator[Finding]:
    """Yield what an inventory would change that cannot change.

    Args:
        inventory: every cell there is.
        births: what cells were born with, by name.
        cells: blocks of the cells that are there, by name.
        removed: names of the cells that left and were not released.
        accepted: as `keep_births`.

    Rules:
        F212: another organization. F213: another account. F214: another Region. F215: another mesh
        (a warning). F216: other zones. F217: another service block. F218: another name.
        F219: another place of the states. F220: another member role.
    """
    for cell in inventory.cells:
        born = births.get(cell)
        if cell in cells and (born is None or born.region == inventory.region_of(cell)):
            yield from _check_zones(inventory, cell, cells[cell])
        if born is not None:
            vouched = cell in accepted or EVERY_CELL in accepted
            now = birth_of(inventory, cell)
            yield from _check_cluster(inventory, cell, born, now)
            yield from () if vouched else _check_account(cell, born, now)
        elif cell not in cells:
            yield from _check_name(inventory, cell, births, removed)
    if EVERY_CELL not in accepted:
        standing = [births[cell] for cell in inventory.cells if cell in births]
        yield from _check_state(inventory, standing)


def _accept(cell: str) -> str:
    return f"cellfactory lock --accept {cell}"


def _renew(cell: str) -> str:
    return f"never applied yet? cellfactory lock --renew {cell}"


def _check_account(cell: str, born: Birth, now: Birth) -> Iterator[Finding]:
    if now.management_account != born.management_account:
        yield Finding(
            rule="F212",
            path=("cells", cell, "organization"),
            message=f"cell {cell!r} was born in the organization of {born.management_account}, and "
            f"{now.organization!r} is that of {now.management_account}",
            hint="Terraform would lose the account, or look for its roles in vain; put it back, or "
            f"{BESIDE}\nan account that AWS has moved by invitation: {_accept(cell)}",
        )
    elif now.member_role and born.member_role and now.member_role != born.member_role:
        yield Finding(
            rule="F220",
            path=("organizations", now.organization, "member_role"),
            about=("cells", cell),
            message=f"the account of cell {cell!r} was made with the role {born.member_role}, not "
            f"{now.member_role}",
            hint="AWS makes that role with the account and never again: put it back\n"
            f"where you made the other role by hand in the account: {_accept(cell)}",
        )
    if now.account is not None and now.account != born.account:
        yield _other_account(cell, born, f"{now.account}")
    elif now.account is None and (born.email is None or now.email != born.email):
        yield _other_account(cell, born, f"a new one for {now.email}")


def _other_account(cell: str, born: Birth, now: str) -> Finding:
    stood = f"account {born.account}" if born.account else f"the account made for {born.email}"
    hint = f"all of it would be built anew in the other account: put it back, or {BESIDE}"
    hint += f"\n{_renew(cell)}"
    if born.account is None:
        hint = (
            f"if it is the id of that account: cellfactory lock --accept {cell}; else put it back"
        )
    elif born.email:
        hint = f"its account is {born.account}; {hint}"
    return Finding(
        rule="F213",
        path=("cells", cell, "account"),
        message=f"cell {cell!r} was born in {stood}, and cells.yaml names {now}",
        hint=hint,
    )


def _check_cluster(inventory: Inventory, cell: str, born: Birth, now: Birth) -> Iterator[Finding]:
    if now.region != born.region:
        moved = now.mesh != born.mesh
        path: KeyPath = ("cells", cell, "mesh") if moved else ("meshes", now.mesh, "region")
        yield Finding(
            rule="F214",
            path=path,
            about=("cells", cell),
            message=f"cell {cell!r} was born in {born.region} and cannot move to {now.region}",
            hint=f"nothing in AWS moves between Regions: put it back, or {BESIDE}\n{_renew(cell)}",
        )
    elif now.mesh != born.mesh:
        yield Finding(
            rule="F215",
            path=("cells", cell, "mesh"),
            message=f"cell {cell!r} leaves mesh {born.mesh!r} for {now.mesh!r}: its peerings are "
            "taken down, and others made",
            hint="apply the meshes that it leaves and joins together, and drain the cell before",
            severity="warning",
        )
    if now.service_block != born.service_block:
        yield Finding(
            rule="F217",
            path=("cell_types", inventory.cells[cell].type, "service_block"),
            about=("cells", cell),
            message=f"the cluster of cell {cell!r} was born with the service block "
            f"{born.service_block}, not {now.service_block}",
            hint="EKS would have to build the cluster anew: put it back, or "
            f"{BESIDE}\n{_renew(cell)}",
        )


def _check_zones(inventory: Inventory, cell: str, blocks: CellAddresses) -> Iterator[Finding]:
    """EKS takes no subnet in a zone that the cluster was not born with, and none away.

    Source: https://docs.aws.amazon.com/eks/latest/userguide/network-reqs.html
    """
    born, now = set(blocks.zones), set(inventory.type_of(cell).zones)
    changes = [
        f"{verb} {', '.join(sorted(zones))}"
        for verb, zones in (("adds", now - born), ("drops", born - now))
        if zones
    ]
    if changes:
        yield Finding(
            rule="F216",
            path=("cell_types", inventory.cells[cell].type, "zones"),
            about=("cells", cell),
            message=f"cell {cell!r} was born in {', '.join(sorted(born))}; its type "
            f"{' and '.join(changes)}",
            hint="EKS keeps the zones that a cluster was born with: give new cells a type of their "
            f"own, or build a cell with these zones beside it under another name\n{_renew(cell)}",
        )


def _check_name(
    inventory: Inventory, cell: str, births: Births, removed: Collection[str]
) -> Iterator[Finding]:
    account = inventory.cells[cell].account
    for name in sorted(set(removed) & set(births)):
        born = births[name]
        is_same = (
            account.id == born.account
            if isinstance(account, ExistingAccount)
            else account.email == born.email
        )
        if is_same:
            known = f", {born.account}" if born.account and born.email else ""
            yield Finding(
                rule="F218",
                path=("cells", cell, "account"),
                message=f"cell {cell!r} takes the account of {name!r}{known}, which left the "
                "inventory but was not released",
                hint=f"a cell cannot be renamed, for its name is in all that it is made of: put "
                f"{name!r} back\nto use the account again: cellfactory destroy --cell {name} "
                f"--forget-accounts, then cellfactory lock --release {name}, and name "
                "the account by its id",
            )


def _check_state(inventory: Inventory, standing: Collection[Birth]) -> Iterator[Finding]:
    places: dict[tuple[str, str], int] = {}
    for born in standing:
        place = born.state_bucket, born.state_region
        places[place] = places.get(place, 0) + 1
    places.pop((inventory.state.bucket, inventory.state.region), None)
    for (bucket, region), count in sorted(places.items()):
        key = "bucket" if bucket != inventory.state.bucket else "region"
        noun = "cell" if count == 1 else "cells"
        yield Finding(
            rule="F219",
            path=("state", key),
            message=f"the states of {count:,} {noun} lie in {bucket} ({region}), and cells.yaml "
            f"names {inventory.state.bucket} ({inventory.state.region})",
            hint="Terraform would find nothing there and build every cell a second time: put it "
            "back\nonce every object is copied over: cellfactory lock --accept all",
        )
