"""The schema for editors agrees with the reader, and is the one that is shipped."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from cellfactory.documents import load_data
from cellfactory.inventory.json_schema import render_schema
from cellfactory.inventory.patterns import WORDS

MISTAKES: list[dict[str, str]] = load_data(
    (Path(__file__).parent / "mistakes.yaml").read_text("utf-8")
)
FRACTIONS = tuple(m["says"] for m in MISTAKES if re.search(r"whole number, not \d+\.0$", m["says"]))
# What the form of one value does not tell: repeated keys are gone once YAML is read, and a block's
# host bits and bounds are arithmetic; to JSON Schema, 1.0 is a whole number.
UNSEEN = (
    *FRACTIONS,
    "F101",
    "F105 node[0]: 10.130",
    "F105 node[0]: '10.328",
    "F105 node[0]: '10.128.0.0/33",
)


@pytest.fixture(scope="module")
def schema() -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(render_schema())
    return loaded


def test_the_shipped_schema_is_fresh(project_root: Path) -> None:
    shipped = (project_root / "cells.schema.json").read_text("utf-8")
    assert shipped == render_schema(), "run `cellfactory schema > cells.schema.json`"


def test_it_is_a_schema_and_accepts_the_example(project_root: Path, schema: dict[str, Any]) -> None:
    Draft202012Validator.check_schema(schema)
    example = load_data((project_root / "cells.yaml").read_text("utf-8"))
    assert [e.message for e in Draft202012Validator(schema).iter_errors(example)] == []


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: str(mistake["by"])[:40].strip())
def test_it_refuses_what_one_value_has_wrong(
    project_root: Path, schema: dict[str, Any], mistake: dict[str, str]
) -> None:
    text = (project_root / "cells.yaml").read_text("utf-8")
    example = load_data(text.replace(mistake["replace"], mistake["by"], 1))
    says = mistake["says"]
    refused = says.startswith(("F102", "F103", "F104", "F105", "F106"))
    accepted = Draft202012Validator(schema).is_valid(example)
    assert accepted != (refused and not says.startswith(UNSEEN))


def test_every_key_is_described_and_every_mapping_is_closed(schema: dict[str, Any]) -> None:
    for name, model in {"root": schema, **schema["$defs"]}.items():
        assert model["additionalProperties"] is False, name
        for key, value in model["properties"].items():
            inner = schema["$defs"][value["$ref"].rpartition("/")[2]] if "$ref" in value else {}
            assert value.get("description") or inner["description"], f"{name}.{key}"
            if "patternProperties" in value:
                assert value["additionalProperties"] is False, f"{name}.{key}"


def test_every_pattern_is_explained() -> None:
    def patterns(node: Any) -> set[str]:
        if isinstance(node, list):
            return {p for item in node for p in patterns(item)}
        if not isinstance(node, dict):
            return set()
        own = {node["pattern"]} if isinstance(node.get("pattern"), str) else set()
        own |= set(node.get("patternProperties", ()))
        return own | {p for item in node.values() for p in patterns(item)}

    block = r"^[0-9]+(\.[0-9]+){3}/[0-9]+$"  # the reader explains it by itself
    assert patterns(json.loads(render_schema())) - {block} == set(WORDS)


def described(node: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Yield each property of a schema, however deep."""
    if isinstance(node, dict):
        for key, value in node.items():
            if key == "properties":
                yield from (((*path, name), value[name]) for name in value)
            yield from described(value, (*path, key))
    elif isinstance(node, list):
        for value in node:
            yield from described(value, path)


def test_it_has_a_name_and_says_what_every_key_is(schema: dict[str, Any]) -> None:
    assert schema["$id"].startswith("urn:")
    assert [path for path, value in described(schema) if not value.get("description")] == []


def test_every_example_is_one_that_the_schema_takes(schema: dict[str, Any]) -> None:
    """An editor that offers a value and then underlines it would be of no use."""
    refused = []
    seen = 0

    def look(node: Any) -> None:
        nonlocal seen
        if isinstance(node, list):
            for item in node:
                look(item)
        elif isinstance(node, dict):
            for example in (
                node.get("examples", ()) if isinstance(node.get("examples"), list) else ()
            ):
                seen += 1
                local = {**node, "$defs": schema["$defs"]}
                if not Draft202012Validator(local).is_valid(example):
                    refused.append((example, node.get("pattern")))
            for value in node.values():
                look(value)

    look(schema)
    assert refused == []
    assert seen > 500


@pytest.mark.parametrize(
    ("model", "key", "value"),
    [
        ("Mesh", "region", "us-east-1"),
        ("CellType", "kubernetes_version", "1.34"),
        ("CellType", "zones", "use1-az1"),
        ("CellType", "endpoints", "ecr.api"),
        ("CellType", "node_image", "v20260714"),
        ("NodeGroup", "instance_type", "r6gd.8xlarge"),
    ],
)
def test_an_editor_is_offered_what_the_facts_know(
    schema: dict[str, Any], model: str, key: str, value: str
) -> None:
    found = schema["$defs"][model]["properties"][key]
    assert value in found.get("items", found)["examples"]


def test_an_editor_is_offered_every_add_on_and_quota_by_name(schema: dict[str, Any]) -> None:
    cell_type = schema["$defs"]["CellType"]["properties"]
    addons = cell_type["addons"]
    assert list(addons["properties"]) == addons["propertyNames"]["enum"]
    assert all(addons["properties"][name]["examples"] for name in addons["required"])
    assert "vCPUs" in cell_type["quotas"]["properties"]["L-1216C47A"]["description"]
