"""Every name that outlives a run, made in one place.

A name never comes from a position in a list: it is made of a cell's name, a layer, a zone id or
a peer's name, so that adding a cell renames nothing. How long AWS lets each kind of name be is
among the facts; `tests/unit/test_naming.py` makes the longest of each and holds it against them.
"""

from __future__ import annotations

import hashlib

OWNER_FOLDERS = {
    "factory": "factories",
    "organization": "organizations",
    "mesh": "meshes",
    "hub": "hubs",
    "cell": "cells",
}
"""Where the states and records of an owner lie, by its kind."""

SUBMITTERS = "cellfactory:submitters"
VIEWERS = "cellfactory:viewers"
"""Kubernetes groups of those who hand in jobs and of those who look at them."""

FACTORY = "factory"
"""Who owns what there is once in an inventory: the pipeline and its state bucket."""

BOOTSTRAP_FOLDER = "bootstrap"
"""Where in the state bucket lies what `bootstrap` keeps."""

PLAN = "plan"
"""The environment of CI that only looks."""

TAG_CELL = "cellfactory:cell"  # as `owner_tag` has it
TAG_LAYER = "cellfactory:layer"
TAG_STACK = "cellfactory:stack"


def owner_tag(kind: str) -> str:
    """Name the tag that says whose something is, by the kind of its owner.

    >>> owner_tag("mesh")
    'cellfactory:mesh'
    """
    return f"cellfactory:{kind}"


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


def bootstrap_state_key(kind: str, owner: str, layer: str) -> str:
    """Name the S3 object of a state that says what the pipeline may do: it may not touch those.

    >>> bootstrap_state_key("organization", "next", "bootstrap")
    'bootstrap/organizations/next/bootstrap.tfstate'
    """
    return f"{BOOTSTRAP_FOLDER}/{state_key(kind, owner, layer)}"


def stack_tags(kind: str, owner: str, layer: str) -> dict[str, str]:
    """Tag every resource of a stack, so that an orphan can be traced to where it came from.

    >>> stack_tags("cell", "moka-use1-a", "network")["cellfactory:cell"]
    'moka-use1-a'
    """
    return {
        owner_tag(kind): owner,
        TAG_LAYER: layer,
        TAG_STACK: stack_name(owner, layer),
    }


def apply_environment(ring: str) -> str:
    """Name the environment of CI that applies a ring.

    >>> apply_environment("canary")
    'apply-canary'
    """
    return f"apply-{ring}"


def pipeline_role_name(environment: str) -> str:
    """Name the role that CI takes in an environment.

    >>> pipeline_role_name("apply-canary")
    'cellfactory-apply-canary'
    """
    return f"cellfactory-{environment}"


def reading_role_name(role: str) -> str:
    """Name the role beside another one that may look and change nothing.

    >>> reading_role_name("CellFactory")
    'CellFactoryRead'
    """
    return f"{role}Read"


def factory_policy_name(use: str, layer: str = "") -> str:
    """Name a managed policy of what `bootstrap` makes: of a role, or of a layer of one.

    >>> factory_policy_name("boundary"), factory_policy_name("member", "network")
    ('cellfactory-boundary', 'cellfactory-member-network')
    """
    return "-".join(("cellfactory", use, layer)).removesuffix("-")


def cell_boundary_arn(account: str) -> str:
    """Write the ARN of the policy that bounds the roles that a cell makes in its account.

    >>> cell_boundary_arn("555555555555")
    'arn:aws:iam::555555555555:policy/cellfactory-cell-boundary'
    """
    return f"arn:aws:iam::{account}:policy/{factory_policy_name('cell', 'boundary')}"


def state_key_alias(bucket: str) -> str:
    """Name the KMS alias of the key of a state bucket; an alias holds no dots.

    >>> state_key_alias("states.example.com")
    'alias/states-example-com'
    """
    return f"alias/{bucket.replace('.', '-')}"


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


def edge_name(one: str, other: str) -> str:
    """Name the peering between two cells; both sides make the same name.

    >>> edge_name("moka-use1-b", "moka-use1-a")
    'moka-use1-a--moka-use1-b'
    """
    return "--".join(sorted((one, other)))


OPERATOR_NAMESPACE = "spark-operator"
SYSTEM_NAMESPACE = "spark-system"
SCHEDULER_NAMESPACE = "yunikorn"
PLATFORM_NAMESPACES = (OPERATOR_NAMESPACE, SYSTEM_NAMESPACE, SCHEDULER_NAMESPACE)
"""The namespaces of the platform's releases; `spark-system` serves all jobs and belongs to none."""


def name_tag(cell: str, *parts: str) -> dict[str, str]:
    """Make the tag by which the AWS console names a part of a cell, or the cell's own.

    >>> name_tag("moka-use1-a", "node", "use1-az1")
    {'Name': 'moka-use1-a-node-use1-az1'}
    """
    return {"Name": "-".join((cell, *parts))}


def account_name(cell: str) -> str:
    """Name the account of a cell: as the cell."""
    return cell


def cluster_name(cell: str) -> str:
    """Name the EKS cluster of a cell: as the cell."""
    return cell


def balancer_name(cell: str) -> str:
    """Name the load balancer of a cell, and its target group: as the cell."""
    return cell


def target_group_name(cell: str, port: int, usual: int) -> str:
    """Name the target group of a cell: as the cell, or with its port where that is not usual.

    A target group of another port is another target group, which stands beside the old one until
    nothing leads there any more: so it needs a name of its own.

    Args:
        cell: its name, which is cut to make room for the port.
        port: that the nodes answer on.
        usual: the one that they answer on unless the inventory says otherwise.

    >>> target_group_name("moka-use1-a", 30080, 30080)
    'moka-use1-a'
    >>> target_group_name("moka-use1-a", 31080, 30080)
    'moka-use1-a-31080'
    """
    return cell if port == usual else f"{short_name(cell)}-{port}"


def short_name(cell: str) -> str:
    """Cut the name of a cell so that a hyphen and a port go behind it.

    >>> short_name("a-cell-whose-name-is-rather-long")
    'a-cell-whose-name-is-rathe'
    """
    return cell[:_BEFORE_A_PORT]


_BEFORE_A_PORT = 26  # characters


def role_name(cell: str, use: str) -> str:
    """Name an IAM role that an AWS service takes on for a cell.

    >>> role_name("moka-use1-a", "vpc-cni")
    'moka-use1-a-vpc-cni'
    """
    return f"{cell}-{use}"


def job_role_name(cell: str, namespace: str, most: int) -> str:
    """Name the role of the jobs of a namespace; a name that is too long ends in a digest of itself.

    No namespace holds an underscore, so that a cut name is no other one's whole name.

    Args:
        cell: the cell.
        namespace: where the jobs run.
        most: how long IAM lets it be (characters).

    >>> job_role_name("moka-use1-a", "jobs", 64)
    'moka-use1-a-spark-job-jobs'
    >>> job_role_name("moka-use1-a", "a-namespace-of-many-words", 40)
    'moka-use1-a-spark-job-a-namespa_e21d3c61'
    """
    name = role_name(cell, f"spark-job-{namespace}")
    if len(name) <= most:
        return name
    digest = hashlib.sha256(name.encode()).hexdigest()[:_DIGEST]
    return f"{name[: most - len(digest) - 1]}_{digest}"


_DIGEST = 8  # characters that tell cut names apart

JOB_ACCOUNT = "spark-operator-spark"
"""Service account of drivers, in each job namespace; the event logs' role is bound to it."""

EVENT_LOG_FOLDER = "spark-events"
"""The one folder of all logs: the History Server looks into no folders below it."""

EVENT_LOG_POLICY = "event-logs"
"""Name of the inline policy of each role that reads or writes event logs."""


def key_alias(cell: str) -> str:
    """Name the KMS key of a cell's Kubernetes secrets.

    >>> key_alias("moka-use1-a")
    'alias/moka-use1-a-secrets'
    """
    return f"alias/{cell}-secrets"


def control_plane_log_group(cell: str) -> str:
    """Name the log group that EKS writes a cluster's logs to; EKS knows no other name.

    Source: https://docs.aws.amazon.com/eks/latest/userguide/control-plane-logs.html

    >>> control_plane_log_group("moka-use1-a")
    '/aws/eks/moka-use1-a/cluster'
    """
    return f"/aws/eks/{cluster_name(cell)}/cluster"


def security_group_name(cell: str, use: str) -> str:
    """Name a security group of a cell.

    >>> security_group_name("moka-use1-a", "control-plane")
    'moka-use1-a-control-plane'
    """
    return f"{cell}-{use}"


def launch_template_name(cell: str, pool: str) -> str:
    """Name the launch template of a pool of nodes.

    >>> launch_template_name("moka-use1-a", "executor")
    'moka-use1-a-executor'
    """
    return f"{cell}-{pool}"


def node_group_name(pool: str, zone: str, index: int) -> str:
    """Name the EKS node group of a pool at a position in its zone; the first has no number.

    >>> node_group_name("executor", "use1-az1", 0)
    'executor-use1-az1'
    >>> node_group_name("executor", "use1-az1", 1)
    'executor-use1-az1-2'
    """
    return f"{pool}-{zone}" if index == 0 else f"{pool}-{zone}-{index + 1}"


def flow_log_bucket(cell: str, account_id: str) -> str:
    """Name the bucket that a cell's flow logs are written to.

    >>> flow_log_bucket("moka-use1-a", "444444444444")
    'moka-use1-a-flow-logs-444444444444'
    """
    return f"{cell}-flow-logs-{account_id}"


def event_log_bucket(cell: str, account_id: str) -> str:
    """Name the bucket that a cell's jobs write their event logs to.

    >>> event_log_bucket("moka-use1-a", "444444444444")
    'moka-use1-a-spark-events-444444444444'
    """
    return f"{cell}-spark-events-{account_id}"
