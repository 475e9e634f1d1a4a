"""Helm releases of the platform layer: installed whole or not at all, a few revisions kept."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from cellfactory.constructs.cdk import ITerraformDependable, Release, TerraformStack
from cellfactory.inventory.values import HelmValues

_INSTALL_SECONDS = 900
_KEPT_REVISIONS = 5


def add_own_release(
    stack: TerraformStack,
    name: str,
    *,
    charts: Mapping[str, str],
    namespace: str,
    values: Mapping[str, Any],
    after: Sequence[ITerraformDependable] = (),
) -> Release:
    """Install one of our own charts, from its file beside the stack."""
    return add_release(
        stack,
        name,
        chart=f"${{path.module}}/charts/{charts[name]}",
        namespace=namespace,
        create_namespace=True,
        values=values,
        after=after,
    )


def add_release(
    stack: TerraformStack,
    name: str,
    *,
    namespace: str,
    values: Mapping[str, Any],
    chart: str | None = None,
    repository: str | None = None,
    version: str | None = None,
    create_namespace: bool | None = None,
    after: Sequence[ITerraformDependable] = (),
) -> Release:
    """Install a chart, of a repository or from a folder; a release without `chart` has its name."""
    return Release(
        stack,
        name,
        name=name,
        chart=chart or name,
        repository=repository,
        version=version,
        namespace=namespace,
        create_namespace=create_namespace,
        values=[json.dumps(values, sort_keys=True)],
        atomic=True,
        wait=True,
        timeout=_INSTALL_SECONDS,
        max_history=_KEPT_REVISIONS,
        depends_on=list(after) or None,
    )


def release_values(declared: HelmValues, ours: Mapping[str, Any]) -> dict[str, Any]:
    """Lay what a person declared over our values; rule F151 keeps it off those that are not free.

    >>> release_values({"a": {"b": 1}}, {"a": {"c": 2}, "d": 3})
    {'a': {'c': 2, 'b': 1}, 'd': 3}
    """
    made = dict(ours)
    for key, value in declared.items():
        below = made.get(key)
        if isinstance(value, dict) and isinstance(below, Mapping):
            made[key] = release_values(value, below)
        else:
            made[key] = value
    return made


def image_values(image: str) -> dict[str, str]:
    """Take an image apart as charts want it.

    >>> image_values("r.example.com:5000/mirror/nginx:1.30.4")
    {'repository': 'r.example.com:5000/mirror/nginx', 'tag': '1.30.4', 'digest': ''}
    >>> image_values("r.example.com/spark:4.0.1@sha256:0f0f")["digest"]
    'sha256:0f0f'
    """
    named, _, digest = image.partition("@")
    repository, _, tag = named.rpartition(":")
    return {"repository": repository, "tag": tag, "digest": digest}
