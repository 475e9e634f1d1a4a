"""Runs in Checkov's own Python and imports nothing of ours: its checks over documents, no graph.

Checkov reads Terraform JSON by a YAML loader and builds a graph, which takes minutes where the
files have megabytes. Its Python checks need neither. A file, named on the command line, holds
documents by name and the ids of the checks; what is found goes to standard output.
"""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

_LINES = {"__startline__": 1, "__endline__": 1}


def main() -> None:
    """Read, check, write."""
    logging.disable(logging.CRITICAL)
    asked = json.loads(Path(sys.argv[1]).read_text("utf-8"))
    if asked["checks"] is None:
        json.dump({"version": version("checkov")}, sys.stdout)
        return
    json.dump(check(asked["documents"], asked["checks"]), sys.stdout)


def check(documents: dict[str, str], checks: list[str]) -> dict[str, Any]:
    """Hold every resource against the checks; the name and type of each are known here."""
    from checkov.terraform.checks.data.registry import data_registry
    from checkov.terraform.checks.resource.registry import resource_registry

    registries = {"resource": resource_registry, "data": data_registry}
    told: dict[str, Any] = {"version": version("checkov"), "checks": 0, "failed": [], "errors": []}
    for name, text in documents.items():
        try:
            for block, address, entity in _entities(text):
                _scan(registries[block], (name, address), entity, checks, told)
        except Exception as error:  # whatever it is, this document was not checked
            told["errors"].append([name, f"{type(error).__name__}: {error}"])
    return told


def _entities(text: str) -> Iterator[tuple[str, str, Any]]:
    """Yield each resource and data source as Checkov's own loader would."""
    from checkov.terraform_json.parser import prepare_definition

    definition = prepare_definition(json.loads(text))
    for block, prefix in (("resource", ""), ("data", "data.")):
        for entity in definition.get(block, ()):
            ((kind, named),) = entity.items()
            ((resource, body),) = named.items()
            body.update(_LINES)
            yield block, f"{prefix}{kind}.{resource}", entity


def _scan(
    registry: Any, place: tuple[str, str], entity: Any, checks: list[str], told: dict[str, Any]
) -> None:
    from checkov.common.models.enums import CheckResult
    from checkov.runner_filter import RunnerFilter

    results = registry.scan(place[0], entity, [], RunnerFilter(checks=checks))
    for one, result in results.items():
        told["checks"] += result["result"] in (CheckResult.PASSED, CheckResult.FAILED)
        if result["result"] == CheckResult.FAILED:
            told["failed"].append([*place, one.id, one.name])


if __name__ == "__main__":
    main()
