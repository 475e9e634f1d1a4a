"""Every name that outlives a run, made in one place.

A name never comes from a position in a list: it is made of a cell's name, a layer, a zone id or
a peer's name, so that adding a cell renames nothing.
"""

from __future__ import annotations

OWNER_FOLDERS = {"organization": "organizations", "mesh": "meshes", "cell": "cells"}
"""Where the states and records of an owner lie, by its kind."""

TAG_LAYER = "cellfactory:layer"
TAG_STACK = "cellfactory:stack"


def stack_name(owner: str, layer: str) -> str:
    """Name the stack of an owner's layer; layers hold no hyphen, so it can be taken apart.

    >>> stack_name("moka-use1-a", "network")
    'moka-use1-a-network'
    """
    return f"{owner}-{layer}"


def stack_path(kind: str, owner: str, layer: str) -> str:
    """Say where a stack has its place in a store of many: its kind of owner, owner and layer.

    >>> stack_path("cell", "moka-use1-a", "network")
    'cells/moka-use1-a/network'
    """
    return f"{OWNER_FOLDERS[kind]}/{owner}/{layer}"


def state_key(kind: str, owner: str, layer: str) -> str:
    """Name the S3 object that holds a layer's state.

    >>> state_key("mesh", "moka-use1", "gateway")
    'meshes/moka-use1/gateway.tfstate'
    """
    return f"{stack_path(kind, owner, layer)}.tfstate"


def stack_tags(kind: str, owner: str, layer: str) -> dict[str, str]:
    """Tag every resource of a stack, so that an orphan can be traced to where it came from.

    >>> stack_tags("cell", "moka-use1-a", "network")["cellfactory:cell"]
    'moka-use1-a'
    """
    return {
        f"cellfactory:{kind}": owner,
        TAG_LAYER: layer,
        TAG_STACK: stack_name(owner, layer),
    }


def role_arn(account: str, name: str) -> str:
    """Write the ARN of an IAM role.

    >>> role_arn("444444444444", "CellFactory")
    'arn:aws:iam::444444444444:role/CellFactory'
    """
    return f"arn:aws:iam::{account}:role/{name}"


def edge_name(one: str, other: str) -> str:
    """Name the peering between two cells; both sides make the same name.

    >>> edge_name("moka-use1-b", "moka-use1-a")
    'moka-use1-a--moka-use1-b'
    """
    return "--".join(sorted((one, other)))


def event_log_bucket(cell: str, account_id: str) -> str:
    """Name the bucket that a cell's jobs write their event logs to; at most 63 characters.

    >>> event_log_bucket("moka-use1-a", "444444444444")
    'moka-use1-a-spark-events-444444444444'
    """
    return f"{cell}-spark-events-{account_id}"
