"""Every name that outlives a run, made in one place.

A name never comes from a position in a list: it is made of a cell's name, a layer, a zone id or
a peer's name, so that adding a cell renames nothing.
"""

from __future__ import annotations

OWNER_FOLDERS = {"organization": "organizations", "mesh": "meshes", "cell": "cells"}
"""Where the states and records of an owner lie, by its kind."""

SUBMITTERS = "cellfactory:submitters"
VIEWERS = "cellfactory:viewers"
"""Kubernetes groups of those who hand in jobs and of those who look at them."""

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


def policy_arn(account: str, policy: str) -> str:
    """Write the ARN of an IAM policy of an account; the ARN of one that AWS manages stays.

    >>> policy_arn("444444444444", "data/read-events")
    'arn:aws:iam::444444444444:policy/data/read-events'
    >>> policy_arn("444444444444", "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess")
    'arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess'
    """
    return policy if policy.startswith("arn:") else f"arn:aws:iam::{account}:policy/{policy}"


def resource_group_arn(account: str, region: str, name: str) -> str:
    """Write the ARN of a resource group, such as one of capacity reservations.

    >>> resource_group_arn("444444444444", "us-east-1", "spark")
    'arn:aws:resource-groups:us-east-1:444444444444:group/spark'
    """
    return f"arn:aws:resource-groups:{region}:{account}:group/{name}"


def control_plane_log_group(cell: str) -> str:
    """Name the log group that EKS writes the logs of a cell's control plane to.

    Source: https://docs.aws.amazon.com/eks/latest/userguide/control-plane-logs.html

    >>> control_plane_log_group("moka-use1-a")
    '/aws/eks/moka-use1-a/cluster'
    """
    return f"/aws/eks/{cell}/cluster"


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
