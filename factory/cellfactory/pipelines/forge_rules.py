"""What can be wrong between us and a forge; a number is never used again for something else."""

from __future__ import annotations

RULES = {"F739": "The forge cannot be reached, or refuses what it was asked."}
