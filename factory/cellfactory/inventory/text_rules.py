"""Texts that Terraform would take for more than text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from cellfactory.errors import Finding, KeyPath
from cellfactory.inventory.schema import Inventory
from cellfactory.inventory.values import Model

TEMPLATE_OPENERS = ("${", "%{")
"""What begins an expression in a Terraform string; JSON does not keep it from being evaluated.

Source: https://developer.hashicorp.com/terraform/language/expressions/strings
"""


def check_texts(inventory: Inventory) -> Iterator[Finding]:
    """Yield texts that Terraform would evaluate, wherever they stand.

    Rules:
        F126: a text holds the beginning of a Terraform expression.
    """
    for path, text in _texts(inventory, ()):
        opener = next((opener for opener in TEMPLATE_OPENERS if opener in text), None)
        if opener is not None:
            yield Finding(
                rule="F126",
                path=path,
                message=f"Terraform would evaluate what follows {opener} as an expression",
                hint="write the literal value: nothing in this file is evaluated",
            )


def _texts(value: Any, path: KeyPath) -> Iterator[tuple[KeyPath, str]]:
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, Model):
        yield from _texts(vars(value), path)
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _texts(key, (*path, key))
            yield from _texts(inner, (*path, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _texts(inner, (*path, index))
