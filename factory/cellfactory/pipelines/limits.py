"""How much a CI system takes."""

from __future__ import annotations

MOST_ROWS = 256
"""Jobs of one matrix on GitHub Actions.

Source:
    https://docs.github.com/en/actions/reference/limits
"""


WAVES_OF_RING = 2
"""Waves of a ring at most: what its cells need no other cell for, and the rest."""

CELLS_OF_ROW = 16
"""Cells that one job of a matrix plans, as long as there are rows enough."""
