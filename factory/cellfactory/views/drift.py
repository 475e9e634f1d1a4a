"""How it looks what in AWS is not what was applied: for people, for an issue, for a machine."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from cellfactory.diff.model import ABSENT, Path, Unknown, ValueChange
from cellfactory.runs.drift import WORDS, Aside, DriftReport, OwnerDrift
from cellfactory.terraform.drifted import CAUSES, Cause, Drifted
from cellfactory.terraform.repair import repair_line
from cellfactory.terraform.target import Mode
from cellfactory.views.style import PLAIN, Style, Tone
from cellfactory.words import counted

MOST_TEXT = 100  # characters of one value
MOST_RESOURCES = 100  # of one cause in an issue
MOST_VALUES = 20  # of one resource
MOST_BODY = 60_000  # characters of an issue; GitHub takes 65,536

_HEADINGS: Mapping[Cause, str] = {
    "unknown": "Somebody has to look: no apply changes this",
    "reverted": "The next apply puts this back",
    "aws": "AWS does this by itself",
}
_TONES: Mapping[Cause, Tone] = {"unknown": "bad", "reverted": "warning", "aws": "quiet"}
_THEN: Mapping[str, str] = {
    "replace": " (apply replaces it)",
    "delete": " (apply destroys it)",
}


def render_drift(report: DriftReport, style: Style = PLAIN) -> str:
    """Render every owner with what drifted, what was passed over, and a line of sums."""
    lines: list[str] = []
    for owner in report.owners:
        place = ", ".join(part for part in (f"account {owner.account}", owner.region) if part)
        lines.append(f"{style.paint('strong', owner.name)}  {place}")
        lines += style.wrap(f"{' ' * len(owner.name)}  {_counts(owner)}")
        for cause in CAUSES:
            if found := owner.of(cause):
                lines.append("  " + style.paint(_TONES[cause], _HEADINGS[cause]))
                lines += (f"    {line}" for line in _resources(found, style, 4))
        if line := repair_line(owner.drifted, report.mode):
            lines.append(f"  to put it back: {line}")
    lines += _asides(report.asides, style)
    return "\n".join([*lines, render_sums(report)])


def render_sums(report: DriftReport) -> str:
    """Say how many cells are what was applied.

    >>> render_sums(DriftReport(owners=(), asides=(), results=()))
    'nothing was applied'
    """
    if not report.owners and not report.results:
        return "nothing was applied"
    drifted = sum(bool(owner.pressing) for owner in report.owners)
    parts = [f"{drifted:,} drifted", f"{len(report.owners) - drifted:,} as applied"]
    if report.broken:
        parts.append(f"{counted(len(report.broken), 'stack')} not looked at")
    kinds = {owner.kind for owner in report.owners}
    noun = "cell" if kinds <= {"cell"} else "owner"
    return f"{counted(len(report.owners), noun)}: {', '.join(parts)}"


def render_issue(owner: OwnerDrift, mode: Mode, asides: Sequence[Aside] = ()) -> str:
    """Render what drifted of one owner as the body of an issue; same drift, same bytes."""
    lines = [
        f"<!-- {issue_key(owner)} {owner.fingerprint} -->",
        f"`{owner.name}` (account `{owner.account}`, `{owner.region}`) is not what was applied.",
        "",
    ]
    for cause in CAUSES:
        if found := owner.of(cause):
            shown = list(_resources(found[:MOST_RESOURCES], PLAIN, 0))
            more = len(found) - MOST_RESOURCES
            shown += [f"... and {counted(more, 'more resource')}"] if more > 0 else []
            lines += [f"### {_HEADINGS[cause]} ({len(found):,})", "", *_fenced(shown), ""]
    mine = [a for a in asides if (a.stack.kind, a.stack.owner) == (owner.kind, owner.name)]
    lines += [f"- `{aside.stack}`: {aside.why}" for aside in mine]
    lines += _what_to_do(owner, mode)
    body = "\n".join(lines).rstrip() + "\n"
    return body if len(body) <= MOST_BODY else _cut(body)


def render_markdown(report: DriftReport) -> str:
    """Render every owner that drifted, one after the other."""
    parts = [
        f"## {issue_title(owner)}\n\n{render_issue(owner, report.mode, report.asides)}"
        for owner in report.owners
        if owner.pressing
    ]
    return "\n".join([*parts, render_sums(report)])


def issue_key(owner: OwnerDrift) -> str:
    """Name the one issue of an owner: found by it, updated, and closed when nothing drifts."""
    return f"cellfactory-drift:{owner.kind}:{owner.name}"


def issue_title(owner: OwnerDrift) -> str:
    """Name what drifted in one line."""
    return f"Drift in {owner.name}: {_counts(owner)}"


def to_json(report: DriftReport) -> dict[str, Any]:
    """Turn a report into what a machine reads."""
    return {
        "cells": [_owner_json(owner, report) for owner in report.owners],
        "aside": [
            {"stack": a.stack.name, "why": a.why, "looked_at": a.looked_at} for a in report.asides
        ],
    }


def _owner_json(owner: OwnerDrift, report: DriftReport) -> dict[str, Any]:
    issue = {"title": issue_title(owner), "body": render_issue(owner, report.mode, report.asides)}
    return {
        "name": owner.name,
        "kind": owner.kind,
        "account": owner.account,
        "region": owner.region,
        "drifted": bool(owner.pressing),
        "key": issue_key(owner),
        "fingerprint": owner.fingerprint or None,
        "counts": {cause: len(owner.of(cause)) for cause in CAUSES},
        "looked_at": [stack.name for stack in owner.looked_at],
        "is_whole": owner.is_whole,
        "repair": repair_line(owner.drifted, report.mode) or None,
        "issue": issue if owner.pressing else None,
        "changes": [_drifted_json(one) for one in owner.drifted],
    }


def _drifted_json(one: Drifted) -> dict[str, Any]:
    return {
        "stack": one.stack.name,
        "address": one.address,
        "event": one.event,
        "cause": one.cause,
        "then": one.then,
        "because": one.because or None,
        "source": one.source or None,
        "values": [
            {
                "path": list(value.path),
                "applied": _plain(value.before),
                "found": _plain(value.after),
                "secret": value.is_secret,
            }
            for value in one.values
        ],
    }


def _counts(owner: OwnerDrift) -> str:
    told = [f"{len(owner.of(cause)):,} {WORDS[cause]}" for cause in CAUSES if owner.of(cause)]
    return ", ".join(told) or "as it was applied"


def _resources(found: Iterable[Drifted], style: Style, indent: int) -> Iterator[str]:
    for one in found:
        what = {"gone": "is gone", "added": "has more than was applied", "changed": ""}[one.event]
        then = _THEN.get(one.then or "", "")
        yield " ".join(p for p in (one.stack.name, clean(one.address), what) if p) + then
        for value in one.values[:MOST_VALUES]:
            yield from _wrapped(f"  {_value_line(value)}", style, indent)
        if (more := len(one.values) - MOST_VALUES) > 0:
            yield f"  ... and {counted(more, 'more value')}"
        if one.because:
            yield from _wrapped(f"  {one.because}: {one.source}", style, indent)


def _wrapped(line: str, style: Style, indent: int) -> Iterator[str]:
    width = None if style.width is None else style.width - indent
    yield from Style(width=width).wrap(line, "      ")


def _value_line(value: ValueChange) -> str:
    name = _path(value.path)
    if value.before is ABSENT:
        return f"+ {name}: {_text(value.after)}"
    if value.after is ABSENT:
        return f"- {name}: {_text(value.before)}"
    return f"~ {name}: {_text(value.before)} -> {_text(value.after)}"


def _path(path: Path) -> str:
    return clean(".".join(map(str, path)))


def _text(value: Any) -> str:
    if isinstance(value, Unknown):
        return "(not known)"
    text = clean(json.dumps(value, ensure_ascii=False, sort_keys=True))
    return text if len(text) <= MOST_TEXT else f"{text[: MOST_TEXT - 3]}..."


def clean(text: str) -> str:
    r"""Show what cannot be seen as what it is: an escape, a turn of direction, a line's end.

    >>> clean("a\x1b[31m\u202e")
    'a\\x1b[31m\\u202e'
    """
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def _plain(value: Any) -> Any:
    return None if value is ABSENT or isinstance(value, Unknown) else value


def _asides(asides: Iterable[Aside], style: Style) -> Iterator[str]:
    """Say what is to be said apart, once for all stacks of an owner that it is said of."""
    layers: dict[tuple[str, str], list[str]] = {}
    for aside in asides:
        layers.setdefault((aside.stack.owner, aside.why), []).append(aside.stack.layer)
    for (owner, why), named in layers.items():
        yield from style.wrap(f"note: {owner} ({', '.join(named)}): {why}", "      ")


def _fenced(lines: Sequence[str]) -> list[str]:
    """Put lines between fences that nothing in them ends."""
    fence = "```"
    while any(fence in line for line in lines):
        fence += "`"
    return [fence, *lines, fence]


def _what_to_do(owner: OwnerDrift, mode: Mode) -> Iterator[str]:
    yield ""
    if line := repair_line(owner.drifted, mode):
        yield from ("To put back what an apply can:", "", *_fenced([line]), "")
    if owner.of("unknown"):
        yield "What no apply changes is undone by hand, or written into the inventory."


def _cut(body: str) -> str:
    end = "\n```\n\nCut here: `cellfactory drift` shows all of it.\n"
    return body[: MOST_BODY - len(end)].rpartition("\n")[0] + end
