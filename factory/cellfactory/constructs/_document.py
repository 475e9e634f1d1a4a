"""The text of a synthesized stack, the same on every machine."""

from __future__ import annotations

import json
from typing import Any

from cellfactory.errors import Finding, SynthError

_LEAKED_REFERENCE = '"$jsii.'
_COMMENT = "//"
_KEPT_METADATA = ("backend", "stackName")


def normalise(text: str) -> str:
    """Rewrite a synthesized document in its one lasting form.

    Keys are sorted, the indent is two spaces, a newline ends it. The bindings' `//` blocks
    (construct paths, versions of the bindings) go: Terraform ignores them, and they would change
    every file at each upgrade. Of a stack's own block its name and backend stay, because
    `cdktf synth` does not finish without it.

    Args:
        text: what the bindings wrote, a JSON object.

    Raises:
        SynthError: F401, when a handle of the bindings stands where a value should.

    >>> print(normalise('{"b": 1, "a": {"//": {"metadata": {}}, "c": []}}'), end="")
    {
      "a": {
        "c": []
      },
      "b": 1
    }
    """
    if _LEAKED_REFERENCE in text:
        around = text[text.index(_LEAKED_REFERENCE) :][:80].splitlines()[0]
        msg = f"the synthesized document holds a handle in place of a value: {around}"
        hint = (
            "Pass a string such as ${local.name}, or a struct of the bindings; with\n"
            "CELLFACTORY_CDK=checked the bindings say which argument it was."
        )
        raise SynthError(Finding(rule="F401", message=msg, hint=hint))
    document = json.loads(text)
    lasting = _bare(document)
    metadata = document.get(_COMMENT, {}).get("metadata", {})
    kept = {name: metadata[name] for name in _KEPT_METADATA if name in metadata}
    if kept:
        lasting[_COMMENT] = {"metadata": kept}
    return json.dumps(lasting, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def _bare(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _bare(inner) for key, inner in value.items() if key != _COMMENT}
    if isinstance(value, list):
        return [_bare(inner) for inner in value]
    return value
