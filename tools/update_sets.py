"""Write `facts/terraform_sets.yaml`: which lists of a resource are sets, as its provider says.

    terraform providers schema -json | python -m tools.update_sets

Only types that `facts/replacements.yaml` has are kept: those that stacks are made of.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from cellfactory.facts.replacements import load_replacements

TARGET = Path(__file__).parents[1] / "factory/cellfactory/facts/terraform_sets.yaml"
HEAD = """\
# Made by `python -m tools.update_sets` from `terraform providers schema -json`: lists whose order
# means nothing to Terraform, by resource type; dotted paths.
"""


def main() -> int:
    """Read a schema from standard input and write the table."""
    schemas = json.load(sys.stdin)["provider_schemas"]
    known = load_replacements()
    types = schemas[known.provider]["resource_schemas"]
    kinds = [kind for kind in sorted(known.types) if kind in types]
    found = {kind: sorted(_sets(types[kind]["block"])) for kind in kinds}
    lines = [HEAD.rstrip(), f"provider: {known.provider}", f'version: "{known.version}"']
    lines += [f"checked: {known.checked}", "types:"]
    for kind, paths in found.items():
        lines += [f"  {kind}:" if paths else f"  {kind}: []", *(f"    - {path}" for path in paths)]
    TARGET.write_text("\n".join(lines) + "\n", "utf-8")
    return 0


def _sets(block: Mapping[str, Any], above: str = "") -> Iterator[str]:
    for name, attribute in block.get("attributes", {}).items():
        kind = attribute.get("type")
        if isinstance(kind, list) and kind[0] == "set":
            yield above + name
    for name, inner in block.get("block_types", {}).items():
        if inner["nesting_mode"] == "set":
            yield above + name
        yield from _sets(inner["block"], f"{above}{name}.")


if __name__ == "__main__":
    sys.exit(main())
