"""What can be wrong with the addresses of cells, or with the lock that remembers them."""

from __future__ import annotations

RULES = {
    "F200": "The lock is not one: not YAML, or not of its shape.",
    "F201": "Blocks of the lock contradict each other: it was edited by hand, or merged badly.",
    "F202": "A pool has no room left.",
    "F203": "One zone has more nodes than the largest pod subnet, or the largest VPC, holds.",
    "F204": "A cell has outgrown the blocks that it holds; blocks never move.",
    "F205": "A cell has no room for the subnets of one more zone; blocks never move.",
    "F206": "A cell needs more blocks than its VPC may have.",
    "F207": "A node ceiling lies below the nodes that are declared.",
    "F208": "A block that a cell holds lies outside the pools, or in a hub's or a reserved block.",
    "F209": "Cells that reach each other, or one hub, hold the same pod addresses.",
    "F210": "A cell got pod addresses that another mesh uses, too, because the pool has no others: "
    "the two meshes can never be peered (a warning).",
    "F211": "The lock does not say what the inventory asks for.",
}
"""What each rule says; a number is never used again for something else."""
