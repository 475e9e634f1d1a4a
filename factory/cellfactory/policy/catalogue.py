"""Every policy rule, by its id."""

from __future__ import annotations

from collections.abc import Mapping

from cellfactory.policy import (
    cluster_rules,
    data_rules,
    edge_rules,
    gateway_rules,
    guard_rules,
    identity_rules,
    network_rules,
    node_rules,
    state_rules,
    supply_rules,
)
from cellfactory.policy.model import Rule

AREAS: Mapping[str, str] = {
    "P1": "the network",
    "P2": "data at rest",
    "P3": "identities",
    "P4": "the cluster",
    "P5": "nodes",
    "P6": "state, providers, charts and images",
    "P7": "guards, tags and secrets",
    "P8": "the state bucket and the way in",
}
"""What the rules of a number are about."""

_ALL = (
    *network_rules.RULES,
    *edge_rules.RULES,
    *gateway_rules.RULES,
    *data_rules.RULES,
    *identity_rules.RULES,
    *cluster_rules.RULES,
    *node_rules.RULES,
    *supply_rules.RULES,
    *guard_rules.RULES,
    *state_rules.RULES,
)
RULES: Mapping[str, Rule] = {rule.id: rule for rule in sorted(_ALL, key=lambda rule: rule.id)}
"""Every rule; an id is never used again for something else."""
