"""Which states there are, whose they are, what each takes from others and what it hands on.

Whatever can be known beforehand (blocks, names, account ids that were given) is computed at
synth. Only ids that AWS makes up cross from one state to another, and this package says which:
as typed Terraform variables without defaults, each filled from another stack's outputs. The
order of work follows from them; nothing else orders the stacks.
"""

from cellfactory.layers.bootstrap import list_bootstrap_stacks
from cellfactory.layers.order import order_stacks
from cellfactory.layers.rows import LAYERS, ROWS, Layer, LayerRow, OwnerKind, Provider
from cellfactory.layers.stack import Access, Input, Source, Stack, StackId, VariableType
from cellfactory.layers.stacks import list_stacks
from cellfactory.layers.waves import Wave, list_waves, rings_of

__all__ = [
    "LAYERS",
    "ROWS",
    "Access",
    "Input",
    "Layer",
    "LayerRow",
    "OwnerKind",
    "Provider",
    "Source",
    "Stack",
    "StackId",
    "VariableType",
    "Wave",
    "list_bootstrap_stacks",
    "list_stacks",
    "list_waves",
    "order_stacks",
    "rings_of",
]
