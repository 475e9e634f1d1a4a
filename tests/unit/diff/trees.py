"""Small trees of stacks, as synthesis would write them."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import strategies as st

from cellfactory.layers import Layer, StackId

NAMES = st.sampled_from(["a", "b", "c", "a-b"])
LAYERS_USED: tuple[Layer, ...] = ("network", "peering", "routes", "cluster")


def routes(*peers: str, cell: str = "x", **attributes: Any) -> dict[str, Any]:
    """Write the document of a stack whose resources are rows."""
    rows = {f"az1 10.{number}.0.0/16": {"peer": peer} for number, peer in enumerate(sorted(peers))}
    body = {
        "for_each": "${local.routes}",
        "route_table_id": "${var.tables}",
        "vpc_peering_connection_id": "${var.connection_ids[each.value.peer]}",
        **attributes,
    }
    return {
        "locals": {"routes": rows},
        "output": {"of": {"value": cell}},
        "provider": {"aws": [{"default_tags": [{"tags": {"cell": cell}}]}]},
        "resource": {"aws_route": {"to-peer": body}},
        "variable": {"connection_ids": {"type": "map(string)"}, "tables": {"type": "string"}},
    }


def single(cell: str, **bodies: dict[str, Any]) -> dict[str, Any]:
    """Write the document of a stack by the bodies of its resources: `aws_vpc__cell={…}`."""
    resource: dict[str, Any] = {}
    for name, body in bodies.items():
        kind, _, own = name.partition("__")
        resource.setdefault(kind, {})[own] = body
    return {"output": {"of": {"value": cell}}, "resource": resource}


def tree(**documents: dict[str, Any]) -> dict[StackId, str]:
    """Make a tree by the names of its stacks: `a__network={…}`."""
    made = {}
    for name, document in documents.items():
        owner, _, layer = name.partition("__")
        stack = StackId(owner.replace("_", "-"), layer)  # type: ignore[arg-type]
        made[stack] = json.dumps(document, sort_keys=True)
    return made


ATTRIBUTES = st.dictionaries(
    st.sampled_from(["cidr_block", "tags", "policy", "name"]),
    st.sampled_from(["1", "2", "${var.x}", {"team": "a"}, {"team": "b"}, '{"a": 1}', ["p", "q"]]),
    max_size=3,
)
BLOCKS = st.dictionaries(
    st.sampled_from(["aws_vpc__cell", "aws_subnet__one", "aws_subnet__two", "aws_iam_role__r"]),
    ATTRIBUTES,
    max_size=3,
)
DOCUMENTS = st.one_of(
    st.builds(lambda peers: routes(*peers), st.sets(NAMES, max_size=4)),
    st.builds(lambda peers: routes(*peers, timeouts="x"), st.sets(NAMES, max_size=4)),
    st.builds(lambda blocks: single("x", **blocks), BLOCKS),
)
TREES = st.dictionaries(
    st.builds(StackId, NAMES, st.sampled_from(LAYERS_USED)),
    DOCUMENTS.map(lambda document: json.dumps(document, sort_keys=True)),
    max_size=5,
)
