"""EKS add-ons and the control plane of a cell type, as `cells.yaml` says them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, JsonValue, Tag, WithJsonSchema

from cellfactory.inventory import patterns
from cellfactory.inventory.values import Model

AddonVersion = Annotated[str, Field(pattern=patterns.ADDON_VERSION, max_length=40)]
ControlPlaneLog = Literal["api", "audit", "authenticator", "controllerManager", "scheduler"]
ControlPlaneTier = Literal["standard", "xl", "2xl", "4xl", "8xl"]


class Addon(Model):
    """An add-on with configuration of your own."""

    version: AddonVersion = Field(description="Version, such as v1.20.4-eksbuild.1.")
    configuration: Annotated[dict[str, JsonValue], WithJsonSchema({"type": "object"})] = Field(
        default={},
        description="What the add-on's own schema takes (`aws eks describe-addon-configuration`), "
        "beside what the cell sets by itself.",
    )


def _kind_of_addon(value: Any) -> str:
    return ADDON_ENTRY if isinstance(value, Addon | dict) else ADDON_VERSION


ADDON_ENTRY, ADDON_VERSION = "addon-entry", "addon-version"
AddonEntry = Annotated[
    Annotated[AddonVersion, Tag(ADDON_VERSION)] | Annotated[Addon, Tag(ADDON_ENTRY)],
    Discriminator(_kind_of_addon),
]


def merged(under: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """Lay one configuration over another, key by key; the second has the last word.

    >>> merged({"env": {"A": "1"}, "b": 2}, {"env": {"C": "3"}})
    {'env': {'A': '1', 'C': '3'}, 'b': 2}
    """
    both = dict(under)
    for key, value in over.items():
        known = both.get(key)
        if isinstance(known, Mapping) and isinstance(value, Mapping):
            both[key] = merged(known, value)
        else:
            both[key] = value
    return both
