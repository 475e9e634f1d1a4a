"""Every name that outlives a run keeps to what AWS takes, however long the names in it are."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Annotated, get_args, get_origin

import pytest
from pydantic.fields import FieldInfo

from cellfactory import naming
from cellfactory.facts.loader import load_facts
from cellfactory.inventory.groups import group_size, split_groups
from cellfactory.inventory.schema import NodeGroup
from cellfactory.inventory.values import CellName, GroupName, Name, ServiceName
from cellfactory.layers import LAYERS, ROWS

FACTS = load_facts()
ACCOUNT = "4" * 12
USES = ("cluster", "node", "vpc-cni", "spark-history")
PARTS = ("control-plane", "endpoint", "ingress", "node", "nat", "pod", "public")

NO_NAMES = {
    *("apply_environment", "reading_role_name"),
    *("cell_boundary_arn", "role_arn"),
    "policy_arn",
    "resource_group_arn",
    *("owner_tag", "short_name", "stack_path"),
}
"""What is made of names that are given, and is no name that AWS keeps itself."""


def longest(kind: object) -> str:
    """Make the longest text that the inventory takes for a kind of name."""
    assert get_origin(kind) is Annotated
    bounds = [m for i in get_args(kind)[1:] if isinstance(i, FieldInfo) for m in i.metadata]
    (most,) = [m.max_length for m in bounds if hasattr(m, "max_length")]
    return "m" * int(most)


CELL, OWNER, POOL = longest(CellName), longest(Name), longest(GroupName)
NAMESPACE = "n" * 63  # a label of DNS, as its pattern has it
SERVICE = longest(ServiceName)
ZONE = max((z for region in FACTS.regions.values() for z in region.zone_ids), key=len)
OWNERS = {
    **{"factory": naming.FACTORY, "cell": CELL, "hub": OWNER, "mesh": OWNER},
    "organization": OWNER,
}


def most_groups() -> int:
    """Groups of a zone with as many nodes as a pool may have there."""
    nodes = [m.le for m in NodeGroup.model_fields["nodes_per_zone"].metadata if hasattr(m, "le")]
    return len(split_groups(nodes[0], group_size(FACTS)))


def every_name() -> Iterator[tuple[str, str, str]]:
    """The function, the longest name that it makes, and what limits it."""
    yield "account_name", naming.account_name(CELL), "account-name-characters"
    yield "cluster_name", naming.cluster_name(CELL), "cluster-name-characters"
    yield "balancer_name", naming.balancer_name(CELL), "load-balancer-name-characters"
    yield "balancer_name", naming.balancer_name(CELL), "target-group-name-characters"
    for port in (30080, 32767):
        group = naming.target_group_name(CELL, port, 30080)
        yield "target_group_name", group, "target-group-name-characters"
    for use in USES:
        yield "role_name", naming.role_name(CELL, use), "role-name-characters"
    limit = "role-name-characters"
    job_role = naming.job_role_name(CELL, NAMESPACE, int(FACTS.parameter(limit)))
    yield "job_role_name", job_role, limit
    yield "EVENT_LOG_POLICY", naming.EVENT_LOG_POLICY, "role-policy-name-characters"
    yield "key_alias", naming.key_alias(CELL), "key-alias-name-characters"
    yield (
        "control_plane_log_group",
        naming.control_plane_log_group(CELL),
        "log-group-name-characters",
    )
    for part in PARTS:
        named = naming.security_group_name(CELL, part)
        yield "security_group_name", named, "security-group-name-characters"
        tag = naming.name_tag(CELL, part, ZONE)["Name"]
        yield "name_tag", tag, "tag-value-characters"
    yield "name_tag", naming.name_tag(CELL, SERVICE)["Name"], "tag-value-characters"
    template = naming.launch_template_name(CELL, POOL)
    yield "launch_template_name", template, "launch-template-name-characters"
    group = naming.node_group_name(POOL, ZONE, most_groups() - 1)
    yield "node_group_name", group, "node-group-name-characters"
    yield "flow_log_bucket", naming.flow_log_bucket(CELL, ACCOUNT), "bucket-name-characters"
    yield "event_log_bucket", naming.event_log_bucket(CELL, ACCOUNT), "bucket-name-characters"
    yield "edge_name", naming.edge_name(CELL, OWNER), "tag-value-characters"
    for environment in (naming.PLAN, naming.apply_environment(OWNER)):
        yield "pipeline_role_name", naming.pipeline_role_name(environment), "role-name-characters"
    yield "state_key_alias", naming.state_key_alias("b" * 63), "key-alias-name-characters"
    for layer in LAYERS:
        policy = naming.factory_policy_name("provisioning-read", layer)
        yield "factory_policy_name", policy, "role-policy-name-characters"
        kind = ROWS[layer].owner
        yield (
            "stack_name",
            naming.stack_name(OWNERS[kind], layer),
            "role-session-name-characters",
        )
        yield "state_key", naming.state_key(kind, OWNERS[kind], layer), "object-key-bytes"
        key = naming.bootstrap_state_key(kind, OWNERS[kind], layer)
        yield "bootstrap_state_key", key, "object-key-bytes"
        for tag in naming.stack_tags(kind, OWNERS[kind], layer).values():
            yield "stack_tags", tag, "tag-value-characters"


NAMES = tuple(every_name())


@pytest.mark.parametrize(("function", "name", "limit"), NAMES)
def test_the_longest_name_keeps_to_its_limit(function: str, name: str, limit: str) -> None:
    most = FACTS.parameter(limit)
    assert len(name) <= most, f"{function} makes {name!r}: {len(name)} of {most:g} characters"


def test_every_function_has_a_limit() -> None:
    made = {
        name
        for name, value in vars(naming).items()
        if inspect.isfunction(value) and value.__module__ == naming.__name__
    }
    assert made - NO_NAMES == {function for function, _, _ in NAMES} - {"EVENT_LOG_POLICY"}


def test_every_limit_of_a_name_is_held() -> None:
    limits = {id_ for id_ in FACTS.parameters if id_.endswith("-name-characters")}
    assert limits <= {limit for _, _, limit in NAMES}
