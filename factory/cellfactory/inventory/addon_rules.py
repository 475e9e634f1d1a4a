"""EKS add-ons against what the design needs of them, and what is known of their versions."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from cellfactory.errors import Finding, KeyPath
from cellfactory.facts.schema import Facts
from cellfactory.inventory.schema import Addon, AddonName, CellType, Inventory
from cellfactory.inventory.unreadable import as_far_as_readable

CNI_OURS = (
    *("AWS_VPC_K8S_CNI_CUSTOM_NETWORK_CFG", "AWS_VPC_K8S_CNI_EXTERNALSNAT"),
    *("ENABLE_IPv4", "ENABLE_IPv6", "ENABLE_PREFIX_DELEGATION", "ENABLE_V4_EGRESS"),
    *("ENI_CONFIG_LABEL_DEF", "MAX_ENI", "MINIMUM_IP_TARGET"),
    *("WARM_ENI_TARGET", "WARM_IP_TARGET", "WARM_PREFIX_TARGET"),
    "NETWORK_POLICY_ENFORCING_MODE",  # `strict` would cut off every pod that no policy chooses
)
"""Settings of the VPC CNI that hold each node at its prefixes, and policies to what they say.

A test holds them to what is set.
"""

OURS: Mapping[str, tuple[tuple[str, ...], ...]] = {
    "vpc-cni": (
        *(("eniConfig",), ("enableNetworkPolicy",), ("nodeAgent", "enabled")),
        *(("env", name) for name in CNI_OURS),
    ),
}
"""Keys of an add-on's configuration that follow from the cell, and that nobody else may set."""

_NUMBERS = re.compile(r"[0-9]+")


def check_addons(inventory: Inventory, facts: Facts) -> Iterator[Finding]:
    """Yield add-ons that cannot do what the design asks of them.

    Rules:
        F142: a version that is older than the design needs.
        F143: a version that is newer than the newest known (a warning).
        F145: configuration that the cell sets by itself, or that the add-on does not take.
    """
    yield from _check_cell_types(inventory, facts)


@as_far_as_readable
def _check_cell_types(inventory: Inventory, facts: Facts) -> Iterator[Finding]:
    for name, cell_type in inventory.cell_types.items():
        for addon, entry in cell_type.addons.items():
            path: KeyPath = ("cell_types", name, "addons", addon)
            place = (*path, "version") if isinstance(entry, Addon) else path
            yield from _check_oldest(cell_type, addon, facts, place)
            yield from _check_newest(cell_type, addon, facts, place)
            if isinstance(entry, Addon):
                where = (*path, "configuration")
                yield from _check_configuration(addon, entry.configuration, where)


@as_far_as_readable
def _check_oldest(
    cell_type: CellType, addon: AddonName, facts: Facts, path: KeyPath
) -> Iterator[Finding]:
    version, oldest = cell_type.addon_version(addon), facts.oldest_addons.get(addon)
    if version is None or oldest is None or numbers(version) >= numbers(oldest.version):
        return
    yield Finding(
        rule="F142",
        path=path,
        message=f"{addon} {version} is too old for a cell: {oldest.reason}, which is known of "
        f"{oldest.version} and later",
        hint=_known(cell_type, addon, facts) or f"see {oldest.source}",
    )


@as_far_as_readable
def _check_newest(
    cell_type: CellType, addon: AddonName, facts: Facts, path: KeyPath
) -> Iterator[Finding]:
    version = cell_type.addon_version(addon)
    newest = facts.addons.get(f"{addon}@{cell_type.kubernetes_version}")
    if version is None or newest is None or numbers(version) <= numbers(newest.version):
        return
    yield Finding(
        rule="F143",
        path=path,
        message=f"{addon} {version} is newer than any known version for Kubernetes "
        f"{cell_type.kubernetes_version}; EKS refuses a version that it does not have",
        hint=_known(cell_type, addon, facts),
        severity="warning",
    )


def _known(cell_type: CellType, addon: AddonName, facts: Facts) -> str:
    """Name the newest known version of an add-on; nothing where none is known."""
    newest = facts.addons.get(f"{addon}@{cell_type.kubernetes_version}")
    return f"the newest known here is {newest.version} (as of {newest.as_of})" if newest else ""


def _check_configuration(
    addon: str, configuration: Mapping[str, Any], path: KeyPath
) -> Iterator[Finding]:
    for keys in OURS.get(addon, ()):
        if _holds(configuration, keys):
            yield Finding(
                rule="F145",
                path=(*path, *keys),
                message=f"{'.'.join(keys)} of {addon} is set by the cell and cannot be overridden",
                hint="remove it; every other key of the add-on can be set",
            )
    if addon == "vpc-cni":
        yield from _check_environment(configuration.get("env", {}), (*path, "env"))


def _check_environment(environment: Any, path: KeyPath) -> Iterator[Finding]:
    """Yield values that are no texts: the add-on's own schema takes nothing else."""
    if not isinstance(environment, Mapping):
        yield Finding(rule="F145", path=path, message="env of vpc-cni must be a mapping")
        return
    for name, value in environment.items():
        if not isinstance(value, str):
            message = f"env.{name} of vpc-cni must be text"
            yield Finding(rule="F145", path=(*path, name), message=message, hint="put it in quotes")


def _holds(configuration: Any, keys: tuple[str, ...]) -> bool:
    for key in keys:
        if not isinstance(configuration, Mapping) or key not in configuration:
            return False
        configuration = configuration[key]
    return True


def numbers(version: str) -> tuple[int, ...]:
    """Read the numbers of an add-on's version, so that two of them can be compared.

    >>> numbers("v1.9.3-eksbuild.15") < numbers("v1.11.1-eksbuild.9")
    True
    """
    return tuple(int(number) for number in _NUMBERS.findall(version.replace("eksbuild", "")))
