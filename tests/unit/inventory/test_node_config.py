"""What a node is told when it starts, held against what nodeadm reads.

nodeadm decodes leniently: a key that it does not know does nothing and says nothing. So the form
is closed here. It has what nodeadm's own definition of a NodeConfig has at 81fec2e8.

Source:
    https://github.com/awslabs/amazon-eks-ami/blob/81fec2e8/nodeadm/crds/node.eks.aws_nodeconfigs.yaml
"""

from __future__ import annotations

import base64
import email
import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from cellfactory.facts.loader import load_facts
from cellfactory.inventory.node_config import render_node_config
from cellfactory.runs.reading import read_design
from tests import inventories

FACTS = load_facts()
TEXT: dict[str, Any] = {"type": "string"}
TEXTS: dict[str, Any] = {"type": "array", "items": TEXT}


def closed(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "additionalProperties": False}


STORAGE = closed(
    strategy={"enum": ["RAID0", "RAID10", "Mount"]},
    mountPath=TEXT,
    disabledMounts={"type": "array", "items": {"enum": ["Containerd", "PodLogs", "SOCI"]}},
)
NODE_CONFIG = closed(
    apiVersion={"const": "node.eks.aws/v1alpha1"},
    kind={"const": "NodeConfig"},
    metadata={"type": "object"},
    spec=closed(
        cluster=closed(
            name=TEXT,
            apiServerEndpoint=TEXT,
            certificateAuthority=TEXT,
            cidr=TEXT,
            enableOutpost={"type": "boolean"},
            id=TEXT,
        ),
        containerd=closed(config=TEXT, baseRuntimeSpec={"type": "object"}),
        featureGates={"type": "object", "additionalProperties": {"type": "boolean"}},
        instance=closed(
            environment={"type": "object"},
            localStorage=STORAGE,
            network=closed(domains=TEXTS, nameservers=TEXTS),
        ),
        kubelet=closed(
            # of a KubeletConfiguration, what is set here
            config=closed(maxPods={"type": "integer", "minimum": 1}),
            flags=TEXTS,
            maxPodsExpression=TEXT,
        ),
    ),
)
REQUIRED = ("name", "apiServerEndpoint", "certificateAuthority", "cidr")
"""Of `cluster`: without any of them nodeadm refuses to go on."""


def read(text: str) -> dict[str, Any]:
    """Read user data as nodeadm does: the part of its own type in a MIME document."""
    message = email.message_from_string(text)
    assert message.get_content_type() == "multipart/mixed"
    (part,) = (part for part in message.walk() if not part.is_multipart())
    assert part.get_content_type() == "application/node.eks.aws"
    told: dict[str, Any] = json.loads(str(part.get_payload()))
    return told


def told(cell: str, cell_type: Any, group: str) -> dict[str, Any]:
    return read(
        render_node_config(
            cell,
            cell_type,
            cell_type.node_groups[group],
            FACTS,
            endpoint="https://EXAMPLE.gr7.us-east-1.eks.amazonaws.com",
            certificate=base64.b64encode(b"-----BEGIN CERTIFICATE-----").decode(),
        )
    )


def check(config: dict[str, Any]) -> None:
    jsonschema.validate(config, NODE_CONFIG)
    cluster = config["spec"]["cluster"]
    assert all(cluster[key] for key in REQUIRED)
    base64.b64decode(cluster["certificateAuthority"], validate=True)
    kubelet = config["spec"]["kubelet"]
    assert kubelet["maxPodsExpression"] == str(kubelet["config"]["maxPods"])
    assert all(flag.startswith("--") and "=" in flag for flag in kubelet.get("flags", ()))


def test_every_group_of_the_shipped_inventory(project_root: Path) -> None:
    cells = read_design(project_root / "cells.yaml").inventory
    for name in cells.cells:
        cell_type = cells.type_of(name)
        for group in cell_type.node_groups:
            check(told(name, cell_type, group))


def test_a_group_with_everything_that_a_group_may_have() -> None:
    made = inventories.data(max_pods=90, session_manager=True)
    groups = made["cell_types"]["plain"]["node_groups"]
    groups["tainted"] = {
        **groups["all"],
        "labels": {"cellfactory/pool": "tainted", "a": "b"},
        "taints": [
            {"key": "a", "effect": "NoSchedule"},
            {"key": "b", "value": "c", "effect": "PreferNoSchedule"},
        ],
        "capacity": "spot",
    }
    cells = inventories.inventory(made)
    config = told("cell-000", cells.cell_types["plain"], "tainted")
    check(config)
    assert len(config["spec"]["kubelet"]["flags"]) == 2


@pytest.mark.parametrize(
    "place", [(), ("spec",), ("spec", "cluster"), ("spec", "kubelet"), ("spec", "instance")]
)
def test_the_check_can_fail(place: tuple[str, ...]) -> None:
    config = told("cell-000", inventories.inventory(inventories.data()).cell_types["plain"], "all")
    holder = config
    for key in place:
        holder = holder[key]
    holder["misspelt"] = "x"
    with pytest.raises(jsonschema.ValidationError, match="misspelt"):
        check(config)
