"""`check`: is there anything wrong with the inventory, its addresses or its sizes?"""

from __future__ import annotations

from cellfactory.cli.options import DEFAULT_INVENTORY, InventoryText, Locked
from cellfactory.cli.output import Form, show
from cellfactory.runs.places import lock_file_of
from cellfactory.runs.reading import read_design
from cellfactory.views.summary import summarize


def check(
    inventory_file: InventoryText = DEFAULT_INVENTORY,
    locked: Locked = False,
    form: Form = "text",
) -> None:
    """Check the inventory, its addresses and its sizes.

    Writes nothing, and needs no Node, Terraform or AWS.
    """
    design = read_design(inventory_file, locked=locked).require_fit()
    show({}, summarize(design, lock_file_of(inventory_file).name), design.problems, form)
