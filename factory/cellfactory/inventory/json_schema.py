"""`cells.schema.json`: the schema of `cells.yaml` for editors, JSON Schema draft 2020-12.

It accepts whatever the reader accepts, and refuses what one value alone has wrong; rules that
take two values stay with the reader.
"""

from __future__ import annotations

import json
from typing import Any

from cellfactory.facts.loader import load_facts
from cellfactory.inventory.offered_values import example_of, offer_values
from cellfactory.inventory.patterns import WORDS
from cellfactory.inventory.schema import Inventory

ID = "urn:cellfactory:cells.schema.json"
"""Its name for other schemas; it stands for no place on the web."""
DIALECT = "https://json-schema.org/draft/2020-12/schema"


def render_schema() -> str:
    """Render the schema as JSON text, the same on every run."""
    made = _tidy(Inventory.model_json_schema())
    offer_values(made["$defs"], load_facts())
    for key, value in made["properties"].items():
        value.setdefault("description", Inventory.model_fields[key].description)
    schema = {
        "$schema": DIALECT,
        "$id": ID,
        "$comment": "Made by `cellfactory schema`; do not edit.",
        "title": "cells.yaml",
        **made,
    }
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def _tidy(node: Any) -> Any:
    """Close mappings with free keys, explain patterns, and drop titles that repeat the key."""
    if isinstance(node, list):
        return [_tidy(item) for item in node]
    if not isinstance(node, dict):
        return node
    tidy = {k: v if k == "default" else _tidy(v) for k, v in node.items() if not _is_noise(k, v)}
    if "patternProperties" in tidy:
        tidy["additionalProperties"] = False
    if isinstance(tidy.get("not"), dict):
        tidy["not"].pop("examples", None)  # of what to write in its place
    if isinstance(tidy.get("pattern"), str) and tidy["pattern"] in WORDS:
        tidy["patternErrorMessage"] = f"must be {WORDS[tidy['pattern']]}"
        if examples := example_of(tidy["pattern"]):
            tidy["examples"] = examples
    return tidy


def _is_noise(key: str, value: Any) -> bool:
    return (key == "title" and isinstance(value, str)) or (key == "default" and value is None)
