"""What was reviewed, as a file: addresses, actions and digests; never a value, never a plan."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, get_args

from cellfactory.diff.model import Action
from cellfactory.errors import Finding, TerraformError
from cellfactory.layers import LAYERS, StackId
from cellfactory.terraform.reviewed import ReviewedResource, ReviewedStack, Standing
from cellfactory.terraform.selection import Selection
from cellfactory.terraform.workspace import digest

FORMAT_VERSION = 1
KIND = "cellfactory-reviewed-plan"

AGAIN = "plan again with `cellfactory plan --out`, and review that"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewedPlan:
    """A plan of many stacks that somebody has looked at."""

    inventory: str  # digest of what the inventory and its lock mean
    commit: str  # of git; empty where there is none
    mode: str
    place: str  # of the outputs registry, with the bucket of the states
    selection: Selection
    stacks: tuple[ReviewedStack, ...]
    unplanned: tuple[StackId, ...] = ()  # whose plan failed or was refused


def render_reviewed(plan: ReviewedPlan) -> str:
    """Write a reviewed plan as JSON text; the same plan is the same text, byte for byte."""
    document = {
        "kind": KIND,
        "format_version": FORMAT_VERSION,
        "inventory": plan.inventory,
        "commit": plan.commit,
        "mode": plan.mode,
        "place": plan.place,
        "selection": {
            "cells": sorted(plan.selection.cells),
            "meshes": sorted(plan.selection.meshes),
            "organizations": sorted(plan.selection.organizations),
            "hubs": sorted(plan.selection.hubs),
            "layers": sorted(plan.selection.layers),
            "stacks": sorted(plan.selection.stacks),
        },
        "stacks": [_stack(one) for one in sorted(plan.stacks, key=lambda one: one.stack.name)],
        "unplanned": [_owned(stack) for stack in sorted(plan.unplanned)],
    }
    return json.dumps({**document, "digest": _digest(document)}, indent=1, sort_keys=True) + "\n"


def parse_reviewed(text: str, file: str) -> ReviewedPlan:
    """Read a reviewed plan.

    Args:
        text: what `render_reviewed` wrote.
        file: what messages call it.

    Raises:
        TerraformError: when it is none (F654), or of another format (F655).
    """
    document = _document(text, file)
    version = document.get("format_version")
    if version != FORMAT_VERSION:
        is_newer = isinstance(version, int) and version > FORMAT_VERSION
        way = "take the release that wrote it, or a newer one; or " if is_newer else ""
        message = f"{file} has format {version!r}; this release reads {FORMAT_VERSION}"
        raise TerraformError(Finding(rule="F655", message=message, hint=f"{way}{AGAIN}"))
    told = document.pop("digest", None)
    if told != _digest(document):
        raise _malformed(file, "it was edited after `plan --out` wrote it")
    try:
        return _plan(document)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise _malformed(file, f"{type(error).__name__}: {error}") from error


def _document(text: str, file: str) -> dict[str, Any]:
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise _malformed(file, "it is not JSON, or was cut off") from error
    if not isinstance(document, dict) or document.get("kind") != KIND:
        raise _malformed(file, "it was not written by `cellfactory plan --out`")
    return document


def _plan(document: Mapping[str, Any]) -> ReviewedPlan:
    chosen = document["selection"]
    return ReviewedPlan(
        inventory=_text(document["inventory"]),
        commit=_text(document["commit"]),
        mode=_text(document["mode"]),
        place=_text(document["place"]),
        selection=Selection(
            cells=_texts(chosen["cells"]),
            meshes=_texts(chosen["meshes"]),
            organizations=_texts(chosen["organizations"]),
            hubs=_texts(chosen.get("hubs", [])),
            layers=_texts(chosen["layers"]),
            stacks=_texts(chosen["stacks"]),
        ),
        stacks=tuple(map(_read_stack, document["stacks"])),
        unplanned=tuple(map(_read_owned, document["unplanned"])),
    )


def _stack(stack: ReviewedStack) -> dict[str, Any]:
    return {
        **_owned(stack.stack),
        "status": stack.standing,
        "sources": stack.sources,
        "resources": [
            _resource(one)
            for one in sorted(stack.resources, key=lambda one: (one.address, one.action))
        ],
    }


def _resource(one: ReviewedResource) -> dict[str, Any]:
    told: dict[str, Any] = {"address": one.address, "action": one.action}
    if one.moved_from:
        told["moved_from"] = one.moved_from
    if one.values:
        told["values"] = dict(one.values)
    if one.unknown:
        told["unknown"] = sorted(one.unknown)
    return told


def _read_stack(told: Mapping[str, Any]) -> ReviewedStack:
    return ReviewedStack(
        stack=_read_owned(told),
        standing=_one_of(get_args(Standing), told["status"]),
        sources=_text(told["sources"]),
        resources=tuple(map(_read_resource, told["resources"])),
    )


def _read_resource(told: Mapping[str, Any]) -> ReviewedResource:
    return ReviewedResource(
        address=_text(told["address"]),
        action=_one_of(get_args(Action), told["action"]),
        moved_from=_text(told.get("moved_from", "")),
        values={_text(k): _text(v) for k, v in told.get("values", {}).items()},
        unknown=frozenset(_texts(told.get("unknown", []))),
    )


def _owned(stack: StackId) -> dict[str, Any]:
    return {"owner": stack.owner, "layer": stack.layer}


def _read_owned(told: Mapping[str, Any]) -> StackId:
    return StackId(_text(told["owner"]), _one_of(LAYERS, told["layer"]))


def _one_of(known: Iterable[Any], value: Any) -> Any:
    if value not in known:
        msg = f"{value!r} is none of {', '.join(known)}"
        raise ValueError(msg)
    return value


def _text(value: Any) -> str:
    if not isinstance(value, str):
        msg = f"{value!r} is no text"
        raise TypeError(msg)
    return value


def _texts(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list):
        msg = f"{value!r} is no list"
        raise TypeError(msg)
    return tuple(map(_text, value))


def _digest(document: Mapping[str, Any]) -> str:
    return digest(json.dumps(document, sort_keys=True))


def _malformed(file: str, why: str) -> TerraformError:
    message = f"{file} is not a reviewed plan: {why}"
    return TerraformError(Finding(rule="F654", message=message, hint=AGAIN))
