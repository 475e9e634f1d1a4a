"""The schema for editors agrees with the reader, and is the one that is shipped."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from factory.documents import load_data
from factory.inventory.json_schema import render_schema
from factory.inventory.patterns import WORDS

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
