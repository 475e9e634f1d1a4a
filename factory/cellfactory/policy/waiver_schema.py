"""`cells.waivers.schema.json`: the schema of `cells.waivers.yaml` for editors."""

from __future__ import annotations

import json

from cellfactory.inventory.json_schema import DIALECT
from cellfactory.policy.waiver_file import WaiverFile

ID = "urn:cellfactory:cells.waivers.schema.json"
"""Its name for other schemas; it stands for no place on the web."""


def render_waiver_schema() -> str:
    """Render the schema as JSON text, the same on every run."""
    made = WaiverFile.model_json_schema()
    entry = made["$defs"]["WaiverEntry"]
    for value in (entry, *made["properties"].values(), *entry["properties"].values()):
        value.pop("title", None)
    schema = {
        "$schema": DIALECT,
        "$id": ID,
        "$comment": "Made by `cellfactory schema --waivers`; do not edit.",
        **made,
        "title": "cells.waivers.yaml",
    }
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"
