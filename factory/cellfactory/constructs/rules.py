"""What can be wrong with the synthesis of Terraform."""

from __future__ import annotations

RULES = {
    "F401": "The synthesized document contains an unresolved reference of the bindings. Nothing "
    "is written.",
    "F402": "The bindings reject the stacks.",
    "F403": "`CELLFACTORY_CDK` has an unknown value.",
    "F404": "The bindings cannot start: Node or a package is not as installed.",
    "F405": "The synthesized Terraform is out of date.",
    "F411": "A document is not the Terraform JSON of a stack.",
    "F406": "One of our charts is missing from the installation.",
    "F407": "A stack filled in from its shape differs from a synthesis of it alone: a bug of ours.",
}
"""What each rule says; a number is never used again for something else."""
