"""All that we write is in the table of what cannot be changed in place, or says why it is not."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterable, Iterator
from typing import Any

import pytest

from cellfactory.diff.replacing import replaces
from cellfactory.facts.replacements import load_replacements
from tests.inventories import inventory
from tests.synth.test_far_places import far_inventory
from tests.synth.test_ipv6 import ipv6_inventory
from tests.synth.test_specs import EDITS, SHIPPED, made_of
from tools.gateway_run import gateway_world

pytestmark = pytest.mark.synth

ASKED_FOR = (
    *("tier", "protection", "zonal shift", "sessions", "submitters", "policies of a namespace"),
    *("reservations", "add-on", "add-on configured", "flow logs", "endpoint", "monitoring"),
    *("hub names", "shards"),
)
META = {"connection", "count", "depends_on", "for_each", "lifecycle", "provider", "timeouts"}


def leaves(value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Yield the path of every value, blocks opened and maps of anybody's keys not."""
    blocks = value if isinstance(value, list) else [value]
    if not path or (blocks and all(isinstance(one, dict) for one in blocks)):
        for block in blocks:
            for name, inner in block.items():
                is_map = name in ("tags", "labels")
                yield from [(*path, name)] if is_map else leaves(inner, (*path, name))
    else:
        yield path


def written(documents: Iterable[Any]) -> set[tuple[str, tuple[str, ...]]]:
    """List the type and the path of all that documents say of resources."""
    return {
        (kind, path)
        for document in documents
        for kind, named in document.get("resource", {}).items()
        for body in named.values()
        for path in leaves(body)
        if path[0] not in META
    }


def test_everything_that_can_be_written_is_in_the_table() -> None:
    full = copy.deepcopy(SHIPPED)
    for name in ASKED_FOR:
        EDITS[name][0](full)
    inventories = (full, far_inventory(), gateway_world(), ipv6_inventory("nat_gateway"))
    made = [text for each in inventories for text in made_of(inventory(each))[1].values()]
    found = written(map(json.loads, made))
    table = load_replacements()
    unknown = [
        f"{kind} {'.'.join(path)}"
        for kind, path in sorted(found)
        if not table.knows(kind, ".".join(path))
    ]
    assert unknown == [], "measure them: tools/replacements.yaml"
    undecided = {f"{k} {'.'.join(p)}" for k, p in found if replaces(k, p) is None}
    assert undecided == {
        "aws_eks_cluster control_plane_scaling_config.tier",
        "aws_eks_cluster deletion_protection",
        "aws_lb_listener default_action.type",
    }


def test_the_example_is_in_the_table_without_a_type_too_many() -> None:
    """A row of a type that nobody writes is a row that nobody measures again."""
    shipped, six = copy.deepcopy(SHIPPED), ipv6_inventory("nat_gateway")
    inventories = (shipped, far_inventory(), gateway_world(), six)
    made = [text for each in inventories for text in made_of(inventory(each))[1].values()]
    kinds = {kind for kind, _ in written(map(json.loads, made))}
    assert set(load_replacements().types) == kinds
