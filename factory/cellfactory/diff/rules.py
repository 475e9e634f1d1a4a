"""What can be wrong with what an edit is held against."""

from __future__ import annotations

RULES = {
    "F700": "The inventory that `diff` compares with is not one that this version reads.",
}
"""What each rule says; a number is never used again for something else."""
