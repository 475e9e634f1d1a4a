"""Every name that outlives a run, made in one place.

A name never comes from a position in a list: it is made of a cell's name, a layer, a zone id or
a peer's name, so that adding a cell renames nothing.
"""

from __future__ import annotations

from typing import Literal, get_args

Layer = Literal["account", "network", "peering", "accept", "options", "cluster", "platform"]
"""One Terraform state of a cell."""

LAYERS: tuple[Layer, ...] = get_args(Layer)

TAG_CELL = "cellfactory:cell"
TAG_LAYER = "cellfactory:layer"
TAG_STACK = "cellfactory:stack"


def stack_name(cell: str, layer: Layer) -> str:
    """Name the stack of a cell's layer; layers hold no hyphen, so it can be taken apart.

    >>> stack_name("moka-use1-a", "network")
    'moka-use1-a-network'
    """
    return f"{cell}-{layer}"


def state_key(cell: str, layer: Layer) -> str:
    """Name the S3 object that holds a layer's state.

    >>> state_key("moka-use1-a", "network")
    'cells/moka-use1-a/network.tfstate'
    """
    return f"cells/{cell}/{layer}.tfstate"


def stack_tags(cell: str, layer: Layer) -> dict[str, str]:
    """Tag every resource of a stack, so that an orphan can be traced to where it came from."""
    return {TAG_CELL: cell, TAG_LAYER: layer, TAG_STACK: stack_name(cell, layer)}


def edge_name(one: str, other: str) -> str:
    """Name the peering between two cells; both sides make the same name.

    >>> edge_name("moka-use1-b", "moka-use1-a")
    'moka-use1-a--moka-use1-b'
    """
    return "--".join(sorted((one, other)))


def block_slug(block: object) -> str:
    """Write a block so that it can stand in a construct id.

    >>> block_slug("100.64.0.0/16")
    '100-64-0-0-16'
    """
    return str(block).replace(".", "-").replace("/", "-")


def event_log_bucket(cell: str, account_id: str) -> str:
    """Name the bucket that a cell's jobs write their event logs to; at most 63 characters.

    >>> event_log_bucket("moka-use1-a", "444444444444")
    'moka-use1-a-spark-events-444444444444'
    """
    return f"{cell}-spark-events-{account_id}"
