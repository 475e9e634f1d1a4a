"""What is otherwise in AWS than it was applied: read out of a plan, and told why.

Such a plan is made with the very sources and inputs of the last apply: whatever it would do, or
says that others did, is drift.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

from cellfactory.diff.hidden import HIDDEN, is_secret, mask
from cellfactory.diff.model import (
    ABSENT,
    Action,
    Path,
    ResourceChange,
    Unknown,
    ValueChange,
)
from cellfactory.facts.published import AwsDefault
from cellfactory.layers import StackId
from cellfactory.terraform.explained import strange_items
from cellfactory.terraform.shown import changes_of
from cellfactory.terraform.shown_values import secrets_of, values_of

Cause = Literal["reverted", "aws", "unknown"]
"""`reverted`: the next apply puts it back. `aws`: AWS does that. `unknown`: somebody has to look.
"""

Event = Literal["changed", "gone", "added"]
"""What became of a resource since it was applied; `added` is a part that no stack of ours made."""

CAUSES: Final[tuple[Cause, ...]] = ("unknown", "reverted", "aws")
"""The most pressing first."""

_EVENTS: Mapping[Action, Event] = {"create": "gone"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Drifted:
    """A resource of one stack that is not what was applied, and why."""

    stack: StackId
    address: str
    event: Event
    cause: Cause
    values: tuple[ValueChange, ...] = ()  # before: as it was applied; after: as it is in AWS
    then: Action | None = None  # what the next apply does to it; None where it does nothing
    because: str = ""  # why AWS does that
    source: str = ""  # the page that says so

    @property
    def resource_type(self) -> str:
        """Such as `aws_vpc`."""
        return _type_of(self.address)


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """What one plan of a stack told."""

    stack: StackId
    drifted: tuple[Drifted, ...]
    parts: Mapping[str, Mapping[str, Any]]  # resources that show others, and those; by address


def look_at(stack: StackId, document: Mapping[str, Any], defaults: Iterable[AwsDefault]) -> Looked:
    """Tell what a plan of a stack says of drift, by address.

    Args:
        stack: whose plan it is.
        document: what `parse_shown` returns of it.
        defaults: what changes by itself.
    """
    known = tuple(defaults)
    planned = changes_of(document)
    found = (*_planned(stack, planned, known), *_drifted(stack, document, planned, known))
    kinds = {kind for row in known if row.made_by for kind in (row.type, *row.made_by)}
    parts = {a: values for a, values in _prior(document) if _type_of(a) in kinds}
    return Looked(stack=stack, drifted=in_order(map(_masked, found)), parts=parts)


def _masked(one: Drifted) -> Drifted:
    """Hide what is secret by its name or its form, beside what Terraform calls sensitive."""
    return replace(one, values=tuple(map(_masked_value, one.values)))


def _masked_value(value: ValueChange) -> ValueChange:
    is_hidden = value.is_secret or is_secret(value.path)
    before, after = (_hidden(v, is_hidden) for v in (value.before, value.after))
    return replace(value, before=before, after=after, is_secret=is_hidden)


def _hidden(value: Any, is_hidden: bool) -> Any:
    if is_hidden and value is not ABSENT and not isinstance(value, Unknown | bool):
        return HIDDEN
    return mask(value)


def in_order(drifted: Iterable[Drifted]) -> tuple[Drifted, ...]:
    """Sort by stack and address, for each the most pressing first."""
    return tuple(
        sorted(drifted, key=lambda d: (d.stack.name, d.address, CAUSES.index(d.cause), d.event))
    )


def added_parts(looked: Iterable[Looked], defaults: Iterable[AwsDefault]) -> Iterator[Drifted]:
    """Yield parts of resources, such as routes of a table, that no resource of the cell is.

    Args:
        looked: at every stack of one cell: what one of them shows, another one may have made.
        defaults: which attributes show other resources.
    """
    plans = tuple(looked)
    resources: dict[str, list[Mapping[str, Any]]] = {}
    for one in plans:
        for address, values in one.parts.items():
            resources.setdefault(_type_of(address), []).append(values)
    rows = [row for row in defaults if row.made_by]
    for one in plans:
        for address, values in one.parts.items():
            items = [
                ValueChange(path=(row.attribute,), before=ABSENT, after=item)
                for row in rows
                if row.type == _type_of(address)
                for item in strange_items(row.type, row.attribute, values, resources)
            ]
            if items:
                yield Drifted(
                    stack=one.stack,
                    address=address,
                    event="added",
                    cause="unknown",
                    values=tuple(items),
                )


def _planned(
    stack: StackId, planned: Iterable[ResourceChange], defaults: tuple[AwsDefault, ...]
) -> Iterator[Drifted]:
    """Yield what the next apply would do something about."""
    for change in planned:
        if change.action in ("move", "import", "forget"):
            continue
        gone = change.action == "create"
        values = () if gone else tuple(map(_turned, change.values))
        rows = [_default(defaults, change.resource_type, v.path, ("aws",)) for v in values]
        row = rows[0] if rows and all(rows) else None
        yield Drifted(
            stack=stack,
            address=change.address,
            event=_EVENTS.get(change.action, "changed"),
            cause="aws" if row else "reverted",
            values=values,
            then=change.action,
            because=row.because if row else "",
            source=row.source if row else "",
        )


def _drifted(
    stack: StackId,
    document: Mapping[str, Any],
    planned: Iterable[ResourceChange],
    defaults: tuple[AwsDefault, ...],
) -> Iterator[Drifted]:
    """Yield what others changed, and no apply would do anything about."""
    told = {change.address: change for change in planned}
    secrets = secrets_of(one["change"] for one in document["resource_changes"])
    for one in _drift(document):
        address, change = str(one["address"]), one["change"]
        handled = told.get(address)
        if change["actions"] == ["delete"]:
            if handled is None:
                yield Drifted(stack=stack, address=address, event="gone", cause="unknown")
            continue
        if handled is not None and handled.action in ("replace", "delete"):
            continue
        paths = {v.path[:1] for v in handled.values} if handled else set()
        values = [
            v
            for v in values_of(change, "update", None, secrets)
            if v.path[:1] not in paths and not _is_nothing(v)
        ]
        yield from _by_cause(stack, address, values, defaults)


def _by_cause(
    stack: StackId, address: str, values: Iterable[ValueChange], defaults: tuple[AwsDefault, ...]
) -> Iterator[Drifted]:
    unknown: list[ValueChange] = []
    by_row: dict[str, list[ValueChange]] = {}
    rows = {row.id: row for row in defaults}
    kind = _type_of(address)
    for value in values:
        row = _default(defaults, kind, value.path, ("aws", "cell"))
        if row is None:
            unknown.append(value)
        elif row.by == "aws":
            by_row.setdefault(row.id, []).append(value)
    plain = Drifted(stack=stack, address=address, event="changed", cause="unknown")
    if unknown:
        yield replace(plain, values=tuple(unknown))
    for id_, group in by_row.items():
        row = rows[id_]
        yield replace(
            plain, cause="aws", values=tuple(group), because=row.because, source=row.source
        )


def _prior(document: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield the resources as a plan found them, after it had looked at AWS."""
    module = document.get("prior_state", {}).get("values", {}).get("root_module", {})
    for one in module.get("resources", ()):
        if one.get("mode") == "managed":
            yield str(one["address"]), one.get("values") or {}


def _type_of(address: str) -> str:
    return address.partition(".")[0]


def _drift(document: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for one in document.get("resource_drift", ()):
        if one.get("mode", "managed") == "managed" and one["change"]["actions"] != ["no-op"]:
            yield one


def _is_nothing(value: ValueChange) -> bool:
    """Whether a value that was not known is now known to be none: a first look, and no change."""
    return value.before is ABSENT and value.after in (False, 0, "", [], {})


def _turned(value: ValueChange) -> ValueChange:
    """Turn what an apply would do into what somebody did."""
    return replace(value, before=value.after, after=value.before)


def _default(
    defaults: Iterable[AwsDefault], kind: str, path: Path, by: tuple[str, ...]
) -> AwsDefault | None:
    name = str(path[0]) if path else ""
    for row in defaults:
        if row.by in by and row.type == kind and row.attribute in ("*", name):
            return row
    return None
