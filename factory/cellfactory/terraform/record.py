"""What the registry keeps of a stack: its outputs, and what it was last applied with.

With the configuration and the inputs at hand, a stack can be destroyed after its cell has left
`cells.yaml`.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, cast

from cellfactory.errors import Finding, TerraformError
from cellfactory.layers import LAYERS, Input, Source, Stack, StackId, VariableType
from cellfactory.layers.stack import Lacking
from cellfactory.terraform.messages import Value
from cellfactory.terraform.workspace import Sources, digest_sources, is_inside

VERSION = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """A stack that was applied, or that an apply was started for."""

    stack: StackId
    account: str  # twelve digits
    region: str
    complete: bool  # False from the start of an apply until it succeeds
    digest: str  # of the sources
    sources: Sources  # the synthesized files, as they were
    inputs: Mapping[str, Value]  # by variable
    outputs: Mapping[str, Value]  # by output; those of the last apply that succeeded
    waits_for: tuple[StackId, ...] = ()  # whose outputs it takes
    after: tuple[StackId, ...] = ()  # what has to be there besides, and to go after it
    applied_at: str = ""  # the last time that an apply succeeded (UTC); empty where nobody noted it


@dataclass(frozen=True, slots=True)
class Deferred:
    """A stack whose inputs do not exist yet, and the stacks that would make them."""

    waits_for: tuple[StackId, ...]


def render_record(record: Record) -> str:
    """Write a record as JSON text; `parse_record` reads it back to an equal value."""
    document = {
        "version": VERSION,
        "owner": {"kind": record.stack.kind, "name": record.stack.owner},
        "layer": record.stack.layer,
        "account": record.account,
        "region": record.region,
        "complete": record.complete,
        "applied_at": record.applied_at,
        "digest": record.digest,
        "inputs": record.inputs,
        "outputs": record.outputs,
        "waits_for": [[s.owner, s.layer] for s in record.waits_for],
        "after": [[s.owner, s.layer] for s in record.after],
        "sources": record.sources,
    }
    return json.dumps(document, indent=2) + "\n"


def parse_record(text: str, place: str) -> Record:
    """Read a record.

    Args:
        text: what `render_record` wrote.
        place: where it lies, for the message.

    Raises:
        TerraformError: when it is not a record (F603).
    """
    try:
        told = json.loads(text)
        if told["version"] != VERSION:
            newer = isinstance(told["version"], int) and told["version"] > VERSION
            hint = "take the cellfactory that wrote it, or a newer one" if newer else ""
            raise _unreadable(place, f"its version is {told['version']!r}, not {VERSION}", hint)
        record = Record(
            stack=_owned(told["owner"], told["layer"]),
            account=_text(told["account"]),
            region=_text(told["region"]),
            complete=told["complete"] is True,
            digest=_text(told["digest"]),
            sources={_text(p): _text(t) for p, t in told["sources"].items()},
            inputs=_values(told["inputs"]),
            outputs=_values(told["outputs"]),
            waits_for=tuple(_stack_id(name, layer) for name, layer in told["waits_for"]),
            after=tuple(_stack_id(name, layer) for name, layer in told.get("after", ())),
            applied_at=_text(told.get("applied_at", "")),
        )
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise _unreadable(place, f"{type(error).__name__}: {error}") from error
    outside = [path for path in record.sources if not is_inside(path)]
    if outside:
        raise _unreadable(place, f"{outside[0]!r} is no path below a folder")
    if record.digest != digest_sources(record.sources):
        raise _unreadable(place, "its sources are not those that its digest was made of", _CHANGED)
    return record


_CHANGED = "somebody changed it: take an earlier version of it, or apply its stack again"


def require_own(record: Record, stack: StackId, place: str) -> Record:
    """Make sure that a record is that of the stack under whose name it lies.

    Raises:
        TerraformError: when it is of another one (F603).
    """
    if record.stack != stack:
        raise _unreadable(place, f"it is that of {record.stack}", _CHANGED)
    return record


def told_waits_for(text: str) -> tuple[StackId, ...] | None:
    """Read which stacks a record says that its own takes values from, whatever else it says.

    Returns:
        None when it does not tell.
    """
    try:
        return tuple(_stack_id(name, layer) for name, layer in json.loads(text)["waits_for"])
    except (ValueError, KeyError, TypeError, RecursionError):
        return None


def check_outputs(stack: Stack, told: Mapping[str, Any]) -> dict[str, Value]:
    """Keep the outputs that a stack is known for, and make sure of their types.

    Args:
        stack: which outputs it has, and of which type.
        told: values as Terraform told them, by name; others than the known ones are dropped.

    Raises:
        TerraformError: when one is missing or of another type (F604).
    """
    wrong = []
    for name, kind in stack.outputs.items():
        if name not in told:
            wrong.append(f"{name} is missing")
        elif not _is(told[name], kind):
            wrong.append(f"{name} is not {kind}: {_short(told[name])}")
    if wrong:
        msg = f"the outputs of {stack.id} are not what they should be"
        raise TerraformError(_mismatch(stack.id, msg, "\n".join(wrong)))
    return {name: told[name] for name in stack.outputs}


def resolve_inputs(
    stack: Stack, records: Mapping[StackId, Record], *, coming: Collection[StackId] = ()
) -> dict[str, Value] | Deferred:
    """Find the value of every variable of a stack.

    A producer whose last apply did not succeed counts as missing, and so does an entry that a
    map output does not have yet: nothing is made up.

    Args:
        stack: the stack and where its inputs come from.
        records: what is known of the stacks that it waits for.
        coming: stacks that are about to be applied, too: what one of them does not hand on yet is
            waited for, also where it could be left out.

    Returns:
        Values by variable, or the stacks that have to be applied first, sorted.

    Raises:
        TerraformError: when a value has another type than its variable (F604).
    """
    missing = {before for before in stack.after if not _is_complete(records.get(before))}
    values: dict[str, Value] = {}
    for name, given in stack.inputs.items():
        found = _resolve(given, records, missing, coming)
        if found is None:
            continue
        if not _is(found, given.type):
            msg = f"{stack.id} takes {name} as {given.type}, but it is {_short(found)}"
            raise TerraformError(_mismatch(stack.id, msg))
        values[name] = found
    return Deferred(tuple(sorted(missing))) if missing else values


def _resolve(
    given: Input,
    records: Mapping[StackId, Record],
    missing: set[StackId],
    coming: Collection[StackId],
) -> Value | None:
    if isinstance(given.sources, Source):
        value = _take(given.sources, records)
        if value is None:
            missing.add(given.sources.stack)
        return value
    entries: dict[str, str] = {}
    for key, source in sorted(given.sources.items()):
        value = _take(source, records, last=given.lacking == "leave-out")
        if _is_left_out(given.lacking, value) and source.stack not in coming:
            continue
        if value is None or value == "":
            missing.add(source.stack)
        elif not isinstance(value, str):
            msg = f"{source.stack} hands on {source.output}, which is not text: {_short(value)}"
            raise TerraformError(_mismatch(source.stack, msg))
        else:
            entries[key] = value
    return entries


def _is_left_out(lacking: Lacking, value: Value | None) -> bool:
    """Whether a map goes without an entry for now."""
    return lacking != "wait" and (value == "" or (value is None and lacking == "leave-out"))


def _is_complete(record: Record | None) -> bool:
    return record is not None and record.complete


def _take(source: Source, records: Mapping[StackId, Record], *, last: bool = False) -> Value | None:
    """Find a value; with `last` what the last apply that succeeded handed on is good enough."""
    record = records.get(source.stack)
    if record is None or not (record.complete or last):
        return None
    value = record.outputs.get(source.output)
    if source.key is None or value is None:
        return value
    if not isinstance(value, dict):
        msg = f"{source.stack} hands on {source.output}, which is not a map: {_short(value)}"
        raise TerraformError(_mismatch(source.stack, msg))
    return value.get(source.key)


def _is(value: object, kind: VariableType) -> bool:
    match kind:
        case "string":
            return isinstance(value, str)
        case "list(string)":
            return isinstance(value, list) and all(isinstance(v, str) for v in value)
        case "map(string)":
            return isinstance(value, dict) and all(isinstance(v, str) for v in value.values())


def _short(value: object) -> str:
    text = json.dumps(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _owned(owner: Mapping[str, Any], layer: object) -> StackId:
    stack = _stack_id(owner["name"], layer)
    if owner["kind"] != stack.kind:
        msg = f"layer {layer!r} is never of a {owner['kind']!r}"
        raise ValueError(msg)
    return stack


def _stack_id(owner: object, layer: object) -> StackId:
    if layer not in LAYERS:
        msg = f"no layer {layer!r}"
        raise ValueError(msg)
    return StackId(_text(owner), layer)


def _text(value: object) -> str:
    if not isinstance(value, str):
        msg = f"not text: {_short(value)}"
        raise TypeError(msg)
    return value


def _values(value: Any) -> dict[str, Value]:
    kinds: tuple[VariableType, ...] = ("string", "list(string)", "map(string)")
    for name, entry in value.items():
        if not any(_is(entry, kind) for kind in kinds):
            msg = f"{name} is {_short(entry)}"
            raise TypeError(msg)
    return cast(dict[str, Value], value)


def _unreadable(place: str, why: str, hint: str = "") -> TerraformError:
    message = f"{place} is not a record of the outputs registry: {why}"
    return TerraformError(Finding(rule="F603", message=message, hint=hint))


def _mismatch(stack: StackId, message: str, hint: str = "") -> Finding:
    return Finding(rule="F604", stack=stack.name, message=message, hint=hint)
