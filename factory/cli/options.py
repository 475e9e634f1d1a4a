"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

InventoryFile = Annotated[
    Path,
    typer.Option("--inventory", "-i", dir_okay=False, help="The cells to read.", show_default=True),
]
Locked = Annotated[
    bool,
    typer.Option("--locked", help="Refuse to go on when cells.lock.yaml is not up to date."),
]

DEFAULT_INVENTORY = Path("cells.yaml")
