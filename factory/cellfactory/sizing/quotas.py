"""What an account may use: the default, what AWS has raised it to, or our own policy."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from cellfactory.errors import Finding, KeyPath
from cellfactory.facts.schema import Facts, Quota, UnknownFact, effective
from cellfactory.inventory.nearest import nearest
from cellfactory.inventory.schema import Inventory
from cellfactory.sizing.usage import Limit


def quota_limit(facts: Facts, id_: str, region: str, quotas: Mapping[str, float]) -> Limit:
    """Say what holds of a quota for an account in a Region: its raise or the Region's default.

    Args:
        facts: AWS facts.
        id_: Id of the quota.
        region: Region of the account's cell, or of the hub.
        quotas: What AWS has raised, by quota code.
    """
    quota = facts.quota(id_).in_region(region)
    most = facts.most(quota, region, quotas)
    value = effective(quota, region, quotas)
    return Limit(
        value=value if most is None else min(value, most),
        code=quota.code,
        maximum=most,
        adjustable=quota.kind == "quota",
        default=quota.default,
        raised=quota.is_raisable and quota.code in quotas,
        source=quota.source,
    )


def policy_limit(facts: Facts, id_: str) -> Limit:
    """Say what our own policy allows."""
    return Limit(value=facts.policy_value(id_), source=facts.policy[id_].decision)


def check_quotas(inventory: Inventory, facts: Facts) -> Iterator[Finding]:
    """Yield a finding for each recorded quota that cannot be true or is of no use.

    Rules:
        F391: a quota is recorded above the most that AWS gives.
        F392: a quota code that no bound knows (warning).
        F393: processors that no known quota counts (warning).
    """
    by_code = {quota.code: quota for quota in facts.quotas.values() if quota.code}
    for path, quotas, beside in _recorded(inventory):
        for code, value in quotas.items():
            quota = by_code.get(code)
            most = facts.most(quota, "", {**beside, **quotas}) if quota else None
            yield from _check_quota((*path, code), value, quota, most, by_code)
    for name, cell_type in inventory.cell_types.items():
        for pool, group in cell_type.node_groups.items():
            spot = group.capacity == "spot"
            if vcpu_quota(facts, group.instance_type, spot=spot) is None:
                yield Finding(
                    rule="F393",
                    path=("cell_types", name, "node_groups", pool, "instance_type"),
                    message=f"no quota is known that counts the vCPUs of {group.instance_type}"
                    f"{' Spot' if spot else ''} instances: they are not checked",
                    hint="check the account's quota in Service Quotas",
                    severity="warning",
                )


def vcpu_quota(facts: Facts, instance_type: str, *, spot: bool) -> Quota | None:
    """Find the quota that counts the processors of a type; None where the facts know none.

    Of Spot, the facts know the quota of the standard families only.
    """
    try:
        quota = facts.vcpu_quota(instance_type)
    except UnknownFact:
        return None
    if not spot:
        return quota
    return facts.quota("spot-vcpus") if quota.id == "on-demand-vcpus" else None


def _recorded(
    inventory: Inventory,
) -> Iterator[tuple[KeyPath, Mapping[str, int], Mapping[str, int]]]:
    """Yield the quotas of each place, and those that hold beside them."""
    for name, organization in inventory.organizations.items():
        yield ("organizations", name, "quotas"), organization.quotas, {}
    for name, hub in inventory.hubs.items():
        yield ("hubs", name, "quotas"), hub.quotas, {}
    for name, mesh in inventory.meshes.items():
        if mesh.gateway is not None:
            yield ("meshes", name, "gateway", "quotas"), mesh.gateway.quotas, {}
    for name, cell_type in inventory.cell_types.items():
        yield ("cell_types", name, "quotas"), cell_type.quotas, {}
    for name, cell in inventory.cells.items():
        yield ("cells", name, "quotas"), cell.quotas, inventory.quotas_of(name)


def _check_quota(
    path: KeyPath, value: int, quota: Quota | None, most: int | None, by_code: Mapping[str, Quota]
) -> Iterator[Finding]:
    code = str(path[-1])
    if quota is None:
        near = nearest(code, by_code)
        meant = f"did you mean {near} ({by_code[near].title})?" if near else ""
        yield Finding(
            rule="F392",
            path=path,
            message=f"no bound uses the quota {code}",
            hint=meant or "remove it, or look up the code in Service Quotas",
            severity="warning",
        )
    elif most is not None and value > most:
        yield Finding(
            rule="F391",
            path=path,
            message=f"{code} ({quota.title}) is recorded as {value:,} {quota.unit}; "
            f"AWS gives at most {most:,}",
            hint=f"write the value that Service Quotas shows for the account; see {quota.source}",
        )
