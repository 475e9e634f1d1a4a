"""Terraform's own view of a document: `terraform show -json` of a plan, beside the tree's."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cellfactory.terraform.engine import find_engine
from cellfactory.tree.nodes import Every
from cellfactory.tree.parser import parse_template
from cellfactory.tree.references import Reference, references
from cellfactory.tree.rendering import scalar_text
from cellfactory.tree.resource import Resource
from cellfactory.tree.values import Expression, decode_json, is_known

SECONDS = 300


@dataclass(frozen=True, slots=True)
class Oracle:
    """What Terraform planned."""

    changes: Mapping[str, Any]  # `change` of each managed resource, by address
    configuration: Mapping[str, Any]  # what it read of each block, by address without key


def ask_terraform(
    folder: Path,
    document: Mapping[str, Any],
    variables: Mapping[str, Any] | None = None,
    mirror: Path | None = None,
) -> Oracle:
    """Plan a document in an empty folder and show the plan.

    Raises:
        AssertionError: when Terraform refuses, with what it said.
    """
    (folder / "cdk.tf.json").write_text(json.dumps(document), "utf-8")
    (folder / "terraform.tfvars.json").write_text(json.dumps(variables or {}), "utf-8")
    plugins = [] if mirror is None else [f"-plugin-dir={mirror}"]
    _run(folder, "init", "-input=false", *plugins)
    _run(folder, "plan", "-input=false", "-refresh=false", "-lock=false", "-out=plan")
    shown = json.loads(_run(folder, "show", "-json", "plan"))
    managed = [r for r in shown.get("resource_changes", ()) if r["mode"] == "managed"]
    return Oracle(
        changes={r["address"]: r["change"] for r in managed},
        configuration={
            r["address"]: r for r in shown["configuration"]["root_module"].get("resources", ())
        },
    )


def _run(folder: Path, *words: str) -> str:
    engine = find_engine(dict(os.environ), folder)
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "TF_"))}
    done = subprocess.run(
        [*engine.argv, *words, "-no-color"],
        cwd=folder,
        env={**environment, "AWS_EC2_METADATA_DISABLED": "true", "CHECKPOINT_DISABLE": "1"},
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


# -- values ----------------------------------------------------------------------------------------


def differences(resource: Resource, change: Mapping[str, Any]) -> Iterator[str]:
    """Tell where the tree says that it knows a value and Terraform has another, or none."""
    for name, value in resource.body.items():
        after = change["after"].get(name)
        unknown = change["after_unknown"].get(name, False)
        exact = resource.type == "terraform_data"  # it has no schema of its own
        for path, why in _differences(value, after, unknown, exact):
            yield f"{resource.address} {name}{path}: {why}"


def _differences(value: Any, after: Any, unknown: Any, exact: bool) -> Iterator[tuple[str, str]]:
    if isinstance(value, Expression):
        return
    if unknown is True:  # also a set, as soon as one of its elements is not known
        if is_known(value):
            yield "", f"the tree knows {value!r}, Terraform does not"
        return
    # One block is a list of one in a plan; its order is lost where the schema says set.
    if not exact and isinstance(value, dict) and isinstance(after, list) and len(after) == 1:
        value, unknown = [value], unknown or []
    if isinstance(value, dict) and isinstance(after, dict):
        yield from _differences_in_object(value, after, unknown, exact)
    elif isinstance(value, list) and isinstance(after, list) and len(value) == len(after):
        yield from _differences_in_list(value, after, unknown, exact)
    elif not _same(value, after, exact):
        yield "", f"the tree has {value!r}, Terraform {after!r}"


def _differences_in_object(
    value: dict[str, Any], after: dict[str, Any], unknown: Any, exact: bool
) -> Iterator[tuple[str, str]]:
    marks = unknown if isinstance(unknown, dict) else {}
    for key, inner in value.items():
        if inner is not None or key in after:
            for path, why in _differences(inner, after.get(key), marks.get(key, False), exact):
                yield f".{key}{path}", why


def _differences_in_list(
    value: list[Any], after: list[Any], unknown: Any, exact: bool
) -> Iterator[tuple[str, str]]:
    marks = (
        unknown if isinstance(unknown, list) and len(unknown) == len(after) else [{}] * len(after)
    )
    for number, inner in enumerate(value):
        found = [list(_differences(inner, a, m, exact)) for a, m in zip(after, marks, strict=True)]
        if found[number] if exact else [] not in found:
            yield f"[{number}]", f"none of Terraform's is like it: {found[number]}"


def _same(value: Any, after: Any, exact: bool) -> bool:
    """Whether two values are one; a provider's schema may have converted the type of a scalar."""
    if isinstance(value, dict | list) or isinstance(after, dict | list):
        return bool(value == after)
    if exact:
        return bool(value == after) and isinstance(value, bool) is isinstance(after, bool)
    if isinstance(value, str) and isinstance(after, str):  # policies are written anew
        return value == after or decode_json(value) == decode_json(after)
    return scalar_text(value) == scalar_text(after)


# -- references ------------------------------------------------------------------------------------


def named_by_terraform(configuration: Any) -> set[Reference]:
    """Collect what Terraform says that a block refers to."""
    texts: set[str] = set()
    waiting = [
        configuration.get(part)
        for part in ("expressions", "for_each_expression", "count_expression")
    ]
    while waiting:
        found = waiting.pop()
        if isinstance(found, list):
            waiting += found
        elif isinstance(found, dict):
            texts.update(found.get("references", ()))
            waiting += found.values()
    return {
        _ends_known(name) for text in texts for name in references(parse_template(f"${{{text}}}"))
    }


def named_by_the_tree(resource: Resource) -> set[Reference]:
    """Collect what the tree says, and each way to it, as Terraform lists them."""
    written = {
        **resource.raw,
        **{k: v for k, v in resource.meta.items() if k in ("for_each", "count")},
    }
    found: set[Reference] = set()
    for text in _strings(written):
        for name in references(parse_template(text)):
            known = _ends_known(name)
            found |= {known._replace(path=known.path[:n]) for n in range(len(known.path) + 1)}
            found.add(Reference(known.subject))
    return found


def _ends_known(name: Reference) -> Reference:
    """Cut a reference off where an index is not known, as Terraform does."""
    if isinstance(name.key, Every):
        return Reference(name.subject)
    unknown = [n for n, key in enumerate(name.path) if isinstance(key, Every)]
    return name._replace(path=name.path[: unknown[0]]) if unknown else name


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield key
            yield from _strings(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _strings(inner)
