"""What `policy` is asked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Literal

CheckovMode = Literal["off", "curated", "stock"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What is to be judged, and by whom."""

    inventory_file: Path | None  # None: no inventory says what is wanted
    output: Path | None  # a folder to look at, in place of what the inventory makes
    waiver_file: Path | None  # one that has to be there; else the one beside the inventory
    today: date
    checkov: CheckovMode = "off"
    cached: bool = True
