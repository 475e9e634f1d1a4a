"""What can be wrong with the addresses of cells, or with the lock that remembers them."""

from __future__ import annotations

RULES = {
    "F200": "The lock is not one: not YAML, or not of its shape.",
    "F201": "Blocks of the lock contradict each other: it was edited by hand, or merged badly.",
    "F202": "A pool has no room left.",
    "F203": "One zone has more nodes than the largest pod subnet, or the largest VPC, holds.",
    "F204": "A cell has outgrown the blocks that it holds; blocks never move.",
    "F206": "A cell needs more blocks than its VPC may have.",
    "F207": "A node ceiling lies below the nodes that are declared.",
    "F208": "A block that a cell holds lies outside the pools, or in a hub's or a reserved block.",
    "F209": "Cells that reach each other, or one hub, hold the same pod addresses.",
    "F210": "A cell got pod addresses that another mesh uses, too, because the pool has no others: "
    "the two meshes can never be peered (a warning).",
    "F211": "The lock does not say what the inventory asks for, or not in today's form.",
    "F212": "A cell that stands is to belong to another organization.",
    "F213": "A cell that stands is to lie in another account.",
    "F214": "A cell that stands is to lie in another Region.",
    "F215": "A cell that stands joins another mesh: its edges are made anew (a warning).",
    "F216": "The zones of a cell that stands change; EKS keeps those that a cluster was born with.",
    "F217": "The service block of a cluster that stands changes.",
    "F218": "A cell takes the account of one that left and was not released: a cell was renamed.",
    "F219": "The states of cells that stand lie in another bucket or Region than is named.",
    "F220": "The role that an account was made with gets another name.",
    "F221": "There is no lock, and one is needed: only `cellfactory lock` begins it.",
    "F222": "A cell was applied with other blocks, or in another account or Region, than are "
    "planned: the lock, or the outputs registry, is not the right one.",
    "F223": "The outputs registry knows the account of a new cell under another name.",
    "F224": "The outputs registry knows none of the cells that the lock holds.",
}
"""What each rule says; a number is never used again for something else. F205 was one."""
