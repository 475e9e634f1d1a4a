"""What can be wrong with the synthesis of Terraform."""

from __future__ import annotations

RULES = {
    "F401": "The synthesized document holds a handle of the bindings where a value should stand. "
    "Nothing is written.",
    "F402": "The bindings refuse the stacks.",
    "F403": "`CELLFACTORY_CDK` asks for a way into the bindings that there is not.",
    "F404": "The bindings cannot be started: Node, or a package, is not as it was installed.",
    "F405": "What was synthesized is not what the inventory makes now.",
    "F411": "A document is not the Terraform JSON of a stack.",
    "F407": "A stack that was filled in by its shape is not what a synthesis of it alone makes: a "
    "bug of ours.",
    "F406": "A chart of ours is not where it was installed.",
}
"""What each rule says; a number is never used again for something else."""
