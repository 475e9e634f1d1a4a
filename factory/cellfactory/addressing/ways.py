"""The ways out that findings about a cell's birth name."""

from __future__ import annotations

BESIDE = "add a second cell under another name, then remove this one"

MOVE = (
    "add a second cell under another name with a type that has it, set `routing: {drain: true}` on "
    "this one, and remove it once its jobs have ended"
)


def accept(cell: str) -> str:
    """Write the command by which people vouch for what they changed by hand."""
    return f"cellfactory lock --accept {cell}"


def renew(cell: str) -> str:
    """Say how a cell that nothing was built of is born anew."""
    return f"if it was never applied: cellfactory lock --renew {cell}"
