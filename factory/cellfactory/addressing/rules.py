"""What can be wrong with the addresses of cells, or with the lock that remembers them."""

from __future__ import annotations

RULES = {
    "F200": "The lock is malformed: not YAML, or not of the expected form.",
    "F201": "Blocks in the lock contradict each other: it was edited by hand or merged "
    "incorrectly.",
    "F202": "A pool is exhausted.",
    "F203": "A zone has more nodes than the largest pod subnet, or the largest VPC, can hold.",
    "F204": "A cell has outgrown its blocks, and blocks never move.",
    "F206": "A cell needs more blocks than its VPC may have.",
    "F207": "`node_ceiling` is lower than the number of declared nodes.",
    "F208": "A cell's block is outside the pools, or inside a reserved block or a hub's.",
    "F209": "Cells reachable from one mesh or hub have the same pod addresses.",
    "F210": "A cell's pod addresses are also used in another mesh, because the pool has no "
    "others: the two meshes can never be peered (a warning).",
    "F211": "The lock does not match the inventory, or has an older format.",
    "F212": "An existing cell would move to another organization.",
    "F213": "An existing cell would move to another account.",
    "F214": "An existing cell would move to another Region.",
    "F215": "An existing cell joins another mesh: its peerings are re-created (a warning).",
    "F216": "The zones of an existing cell change, which EKS does not allow.",
    "F217": "The service block of an existing cluster changes.",
    "F218": "A cell uses the account of a cell that was removed but not released: a cell was "
    "renamed.",
    "F219": "The states of existing cells are in a bucket or Region other than the configured one.",
    "F220": "The role that an account was created with is renamed.",
    "F221": "A lock is required and does not exist; only `cellfactory lock` creates it.",
    "F222": "A cell was applied with other blocks, or in another account or Region, than planned:"
    " the lock or the outputs registry is the wrong one.",
    "F223": "The outputs registry has the account of a new cell under another name.",
    "F224": "The outputs registry has none of the cells in the lock.",
    "F225": "A cell is new and another one gone, alike in all but name and account: it looks like a"
    " rename (a warning).",
}
"""What each rule says; a number is never used again for something else. F205 was one."""
