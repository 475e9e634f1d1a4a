"""What a stack is beside its resources: backend, providers, variables, outputs and what it reads."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cellfactory.diff.hidden import hide
from cellfactory.diff.opened import open_body, open_value
from cellfactory.tree.tree import Tree


def settings_of(tree: Tree, stack: str) -> dict[str, Any]:
    """Open what a stack is beside its resources.

    Returns:
        Values below `terraform`, `backend`, `provider`, `variable`, `output` and `data`.
    """
    document = tree.document(stack)
    backend = document.backend
    return {
        "terraform": open_body(document.terraform),
        "backend": {backend.type: open_body(backend.settings)} if backend else {},
        "provider": {
            f"{one.name}.{one.alias}" if one.alias else one.name: open_body(one.settings)
            for one in document.providers
        },
        "variable": {name: _named(name, body) for name, body in document.variables.items()},
        "output": {
            name: {**_named(name, body), "value": _output(tree, stack, name, body)}
            for name, body in document.outputs.items()
        },
        "data": {
            address.removeprefix("data."): open_body(one.body)
            for address, one in tree.resources(stack).items()
            if one.mode == "data"
        },
    }


def _named(name: str, body: Mapping[str, Any]) -> dict[str, Any]:
    """Open what is written of a variable; its default is as secret as it is."""
    opened = open_body(body)
    if "default" in body:
        opened["default"] = _value(name, body, body["default"])
    return opened


def _output(tree: Tree, stack: str, name: str, body: Mapping[str, Any]) -> Any:
    return _value(name, body, tree.output(stack, name))


def _value(name: str, body: Mapping[str, Any], value: Any) -> Any:
    opened = open_value(value, (name,))
    return hide(str(value)) if body.get("sensitive") is True else opened
