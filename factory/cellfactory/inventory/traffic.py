"""How much a cell sends and receives in a month, as far as somebody knows: costs depend on it."""

from __future__ import annotations

from pydantic import Field

from cellfactory.inventory.values import Model

MOST_GB = 10**12


class Traffic(Model):
    """Gigabytes of a month as AWS bills them; what is left out is shown as not priced."""

    to_cells_gb: int | None = Field(
        default=None,
        ge=0,
        le=MOST_GB,
        description="What a cell sends to the other cells of its mesh (GB per month).",
    )
    with_hubs_gb: int | None = Field(
        default=None,
        ge=0,
        le=MOST_GB,
        description="Between a cell and its hubs, both ways together (GB per month).",
    )
    to_internet_gb: int | None = Field(
        default=None,
        ge=0,
        le=MOST_GB,
        description="What a cell sends to the internet (GB per month).",
    )
    from_internet_gb: int | None = Field(
        default=None,
        ge=0,
        le=MOST_GB,
        description="What a cell gets from the internet (GB per month).",
    )
    endpoints_gb: int | None = Field(
        default=None,
        ge=0,
        le=MOST_GB,
        description="Through its interface endpoints, both ways together (GB per month).",
    )
    same_zone_percentage: int | None = Field(
        default=None,
        ge=0,
        le=100,
        description="Share of the traffic with cells and hubs that stays in a zone (percent); one "
        "in so many as the cell has zones when unset, as of clients that do not care.",
    )
