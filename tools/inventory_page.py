"""`docs/inventory.md`: every key of `cells.yaml`, from the schema that editors read."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from cellfactory.inventory.json_schema import render_schema
from cellfactory.inventory.patterns import NAME, WORDS
from cellfactory.inventory.schema import Inventory
from tools.markdown import table

Schema = Mapping[str, Any]

HEAD = """\
<!-- Made by `python3 dev.py docs` from the schema of the inventory; do not edit. -->

# cells.yaml, key by key

No key may be misspelt or stand twice, and text is never taken for a number: `"6"` is not 6. A key
without a default, and not marked *optional*, must be given. A *name* has lower-case letters, digits
and single hyphens, a letter first. Editors that know JSON Schema read
[cells.schema.json](../cells.schema.json), which the first line of `cells.yaml` names. What takes
two values to be wrong is in [rules.md](rules.md).
"""

BLOCK = "a block, such as 10.128.0.0/10"
# What a free key of a mapping is called in headings, by the mapping's own key.
KEYS = {
    "organizations": "<organization>",
    "hubs": "<hub>",
    "meshes": "<mesh>",
    "cell_types": "<cell type>",
    "rings": "<ring>",
    "cells": "<cell>",
    "node_groups": "<node group>",
    "addons": "<add-on>",
}


@dataclass(frozen=True, slots=True)
class Section:
    """A mapping with named keys, at its place in the inventory."""

    place: str  # such as cells.<cell>.account; empty for the whole file
    schema: Schema


def render_inventory() -> str:
    """Render a table for the whole file, and one for each mapping within it."""
    schema = json.loads(render_schema())
    lines = [HEAD]
    for section in _sections(Section("", schema), schema["$defs"]):
        lines += [f"## {_heading(section.place)}", "", section.schema["description"], ""]
        lines += table(("Key", "Value", "Default", "Meaning"), _rows(section, schema["$defs"]))
    return "\n".join(lines)


def _heading(place: str) -> str:
    return f"`{place}`" if place else "The file"


def _rows(section: Section, definitions: Schema) -> Iterator[tuple[str, ...]]:
    required = section.schema.get("required", [])
    for key, value in section.schema["properties"].items():
        default = _default(key, value, required)
        yield f"`{key}`", _value(value, definitions), default, _meaning(value, definitions)


def _meaning(value: Schema, definitions: Schema) -> str:
    """Take the key's description, or that of the mapping it holds where both are the same."""
    described = value if "description" in value else definitions[value["$ref"].rsplit("/", 1)[1]]
    return str(described["description"])


def _default(key: str, value: Schema, required: list[str]) -> str:
    if key in required:
        return "-"
    if value.get("default") is None:
        return "*optional*"
    default = json.dumps(value["default"], ensure_ascii=False)
    return f"`{default.strip(chr(34)) or default}`"


# -- sections --------------------------------------------------------------------------------------


def _sections(section: Section, definitions: Schema) -> Iterator[Section]:
    yield section
    for key, value in section.schema["properties"].items():
        place = f"{section.place}.{key}" if section.place else key
        for name, suffix in _named(value, key):
            yield from _sections(Section(place + suffix, definitions[name]), definitions)


def _named(value: Schema, key: str) -> Iterator[tuple[str, str]]:
    """Yield each definition that a value is made of, and how its place goes on."""
    if "$ref" in value:
        yield value["$ref"].rsplit("/", 1)[1], ""
    for option in (*value.get("anyOf", ()), *value.get("oneOf", ())):
        yield from _named(option, key)
    if "items" in value:
        yield from ((name, f"[]{rest}") for name, rest in _named(value["items"], key))
    inner = value.get("additionalProperties")
    if isinstance(inner, dict):
        free = KEYS.get(key, "<name>")
        yield from ((name, f".{free}{rest}") for name, rest in _named(inner, key))
    for inner in value.get("patternProperties", {}).values():
        free = KEYS.get(key, "<name>")
        yield from ((name, f".{free}{rest}") for name, rest in _named(inner, key))


# -- values ----------------------------------------------------------------------------------------


def _value(value: Schema, definitions: Schema) -> str:
    """Say in words what may stand at a place."""
    if "$ref" in value:
        return "a mapping, below"
    if options := [o for o in _options(value) if o.get("type") != "null"]:
        return " or ".join(dict.fromkeys(_value(option, definitions) for option in options))
    if "const" in value:
        return f"`{json.dumps(value['const']).strip(chr(34))}`"
    if "enum" in value:
        return _alternatives(value["enum"])
    return _typed(value, definitions)


def _typed(value: Schema, definitions: Schema) -> str:
    match value["type"]:
        case "array":
            return f"list{_size(value, 'Items')}: {_value(value['items'], definitions)}"
        case "object":
            return _mapping(value, definitions)
        case "boolean":
            return "`true` or `false`"
        case "integer":
            return f"whole number{_bounds(value.get('minimum'), value.get('maximum'))}"
        case _:
            return _text(value)


def _options(value: Schema) -> list[Schema]:
    return [*value.get("anyOf", ()), *value.get("oneOf", ())]


def _mapping(value: Schema, definitions: Schema) -> str:
    if not value.keys() & {"propertyNames", "patternProperties"}:
        return "a mapping of your own"
    if named := value.get("propertyNames", {}).get("enum"):
        inner = value["additionalProperties"]
        return f"mapping of {_alternatives(named, 'and')}: {_value(inner, definitions)}"
    if "patternProperties" not in value:
        return "a mapping of anything"
    (inner,) = value["patternProperties"].values()
    return f"mapping{_size(value, 'Properties')}: {_value(inner, definitions)}"


def _alternatives(words: list[str], joint: str = "or") -> str:
    *first, last = (f"`{word}`" for word in words)
    return f"{', '.join(first)} {joint} {last}" if first else last


def _text(value: Schema) -> str:
    length = _bounds(value.get("minLength"), value.get("maxLength"), " characters")
    if "patternErrorMessage" in value:
        words = str(value["patternErrorMessage"]).removeprefix("must be ")
        return ("a name" if words == WORDS[NAME] else words) + length
    if value.get("pattern") == _block_pattern():
        return BLOCK
    return f"text{length}"


def _block_pattern() -> str:
    """Take the form of a block from a key that is one."""
    pattern = Inventory.model_json_schema()["$defs"]["CellType"]["properties"]["service_block"]
    return str(pattern["pattern"])


def _size(value: Schema, of: str) -> str:
    noun = " entries"
    return _bounds(value.get(f"min{of}"), value.get(f"max{of}"), noun)


def _bounds(least: int | None, most: int | None, noun: str = "") -> str:
    if least is None and most is None:
        return ""
    if most is None:
        return f", {least:,} or more{noun}" if noun else f", {least:,} or more"
    if least is None:
        return f", at most {most:,}{noun}"
    return f", {least:,} to {most:,}{noun}"
