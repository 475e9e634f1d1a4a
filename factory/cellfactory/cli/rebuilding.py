"""`pipeline drill`: a cell is taken down and made again. Apart, so that others start faster."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from cellfactory.cli.screen import warn
from cellfactory.cli.terraform import apply, destroy
from cellfactory.cli.watching import Terminal, finish
from cellfactory.design import Design
from cellfactory.errors import UsageError
from cellfactory.layers.rows import REBUILT
from cellfactory.runs.rebuild import build_again, take_down
from cellfactory.runs.request import Request
from cellfactory.views.decommission import render_taking_down


def rebuild(design: Design, cell: str, request: Request, *, keeps: bool) -> float:
    """Rebuild a cell and its edges, and return when that began (s, of the monotonic clock)."""
    with Terminal(yes=True) as watcher:
        down = take_down(
            *(design, request, cell, watcher),
            lambda departure: warn(render_taking_down(departure)),
            buckets=keeps,
        )
        finish(down, "text")
    began = time.monotonic()
    with Terminal(yes=True) as watcher:
        finish(build_again(design, request, cell, watcher, buckets=keeps), "text")
    return began


def rebuild_layers(
    inventory_file: Path, cell: str, layer: Sequence[str], request: Request
) -> float:
    """Rebuild some layers of a cell that nobody else needs; as `rebuild`."""
    layers: list[str] = [each for each in REBUILT if each in layer]
    if not layers:
        msg = f"no layer that is rebuilt is among {', '.join(layer)}\n    known: "
        raise UsageError(msg + ", ".join(reversed(REBUILT)))
    where: dict[str, Any] = {
        "sandbox": request.mode == "sandbox",
        "parallel": request.parallel,
        "registry": request.registry,
        "cell": [cell],
        "yes": True,
    }
    destroy(inventory_file, layer=layers, sweep=True, **where)
    began = time.monotonic()
    apply(inventory_file, output=request.output, layer=[*layer], no_bake=True, **where)
    return began
