"""What an editor offers while `cells.yaml` is written: values out of the facts, and examples.

They are JSON Schema's `examples`, which refuse nothing: AWS may have newer ones than the facts.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from cellfactory.facts.schema import Facts
from cellfactory.inventory.patterns import WORDS
from cellfactory.inventory.zone_rules import PARTITION

LEAST_VCPUS = 4  # of an instance type that is offered; smaller ones run no executor
_EXAMPLE = re.compile(r"such as (?P<value>\"[^\"]+\"|[^\s,()]+)")
Schema = dict[str, Any]


def offer_values(definitions: Mapping[str, Schema], facts: Facts) -> None:
    """Add examples to the definitions of a schema, in place."""
    offered = _offered(facts)
    for model, definition in definitions.items():
        for name, value in definition.get("properties", {}).items():
            examples = offered.get((model, name))
            if examples is not None:
                _target(value)["examples"] = examples
    _offer_addons(definitions["CellType"]["properties"]["addons"], facts)
    codes = {q.code: f"{q.title} ({q.unit})" for q in facts.quotas.values() if q.code}
    for definition in definitions.values():
        quotas = definition.get("properties", {}).get("quotas")
        if quotas is not None:
            _offer_quotas(quotas, codes)


def example_of(pattern: str) -> list[str]:
    """Take the example out of the words of a pattern; none where they have none.

    >>> from cellfactory.inventory.patterns import REGION
    >>> example_of(REGION), example_of("[0-9]")
    (['us-east-1'], [])
    """
    found = _EXAMPLE.search(WORDS.get(pattern, ""))
    return [found["value"].strip('"')] if found else []


def _offered(facts: Facts) -> dict[tuple[str, str], list[str]]:
    """List values by the model and the key that they are offered for."""
    ours = [r for r in facts.regions.values() if r.partition == PARTITION]
    regions = sorted(region.name for region in ours)
    zones = sorted({z for r in ours for z in r.zone_ids if z not in r.refused})
    instances = sorted(
        kind.name
        for kind in facts.instances.values()
        if kind.hypervisor == "nitro"
        and not kind.bare_metal
        and not kind.accelerators
        and kind.vcpu >= LEAST_VCPUS
        and kind.enis > 1
    )
    return {
        ("State", "region"): regions,
        ("Hub", "region"): regions,
        ("Mesh", "region"): regions,
        ("CellType", "kubernetes_version"): _newest_first(facts.kubernetes),
        ("CellType", "zones"): zones,
        ("CellType", "node_image"): _newest_first({i.release for i in facts.images.values()}),
        ("CellType", "endpoints"): sorted(facts.endpoint_services.kinds),
        ("NodeGroup", "instance_type"): instances,
        ("SparkOperator", "version"): [facts.charts["spark-operator"].version],
        ("SparkOperator", "repository"): [facts.charts["spark-operator"].repository],
    }


def _newest_first(versions: Iterable[str]) -> list[str]:
    return sorted(versions, reverse=True)


def _target(value: Schema) -> Schema:
    """Find where examples belong: in the items of a list, in the text of one that may be unset."""
    if "items" in value:
        return _target(value["items"])
    return next((v for v in value.get("anyOf", ()) if v.get("type") == "string"), value)


def _offer_addons(addons: Schema, facts: Facts) -> None:
    """Name each add-on, so that an editor offers it, with its known versions."""
    entry, known = addons["additionalProperties"], facts.addons.values()
    addons["properties"] = {
        name: {
            **entry,
            "description": f"Version of the EKS add-on {name}.",
            "examples": _newest_first({a.version for a in known if a.addon == name}),
        }
        for name in addons["propertyNames"]["enum"]
    }


def _offer_quotas(quotas: Schema, titles: Mapping[str, str]) -> None:
    """Name each quota that a bound uses by its code."""
    ((_, value),) = quotas["patternProperties"].items()
    quotas["properties"] = {
        code: {**value, "description": f"Applied value of {titles[code]}."}
        for code in sorted(titles)
    }
