"""What a cell leaves behind can be taken up again by the next cell of its name.

An import takes along what the resource depends on. So what is kept, and is imported, depends on
nothing that goes with the cell; all else is put again.
"""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from cellfactory.facts.importing import load_import_forms
from cellfactory.layers.rows import REBUILT
from cellfactory.terraform.kept_parts import KeptParts
from tests.synth.conftest import Example

NAME = re.compile(r"(?<![\w.-])(aws_\w+\.[A-Za-z_][\w-]*)")
pytestmark = pytest.mark.synth
KEPT = KeptParts(buckets=True, keys=False)


def resources_of(document: dict[str, Any]) -> dict[str, Any]:
    return {
        f"{kind}.{name}": body
        for kind, named in document.get("resource", {}).items()
        for name, body in named.items()
    }


def test_what_is_kept_hangs_on_nothing_that_goes(example: Example) -> None:
    forms, seen = load_import_forms(), 0
    rebuilt = [stack.id.name for stack in example.stacks if stack.id.layer in REBUILT]
    for document in map(example.documents.__getitem__, rebuilt):
        resources = resources_of(document)
        for address, body in resources.items():
            form = forms.get(address.partition(".")[0])
            if not KEPT.keeps(address) or form is None or form.again:
                continue
            named = {name for name in NAME.findall(json.dumps(body)) if name in resources}
            assert all(KEPT.keeps(name) for name in named), (address, named)
            seen += 1
    assert seen
