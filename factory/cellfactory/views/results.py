"""How it looks what became of each stack: a line as it happens, a table and JSON at the end."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from cellfactory.terraform.results import Result
from cellfactory.views.diff_data import resource_data
from cellfactory.views.style import PLAIN, Style, Tone
from cellfactory.words import counted

_TONES: Mapping[str, Tone] = {
    **dict.fromkeys(("valid", "no-change", "applied", "destroyed", "forgotten"), "good"),
    **dict.fromkeys(("planned", "drifted", "deferred", "left-out", "skipped"), "warning"),
    **dict.fromkeys(("refused", "failed", "interrupted"), "bad"),
    "done-before": "quiet",
}


def _status(result: Result, style: Style, width: int = 0) -> str:
    told = result.status.replace("-", " ")
    return style.paint(_TONES[result.status], told) + " " * (width - len(told))


def render_line(result: Result, style: Style = PLAIN) -> str:
    """Render a result as one line: stack, status, counts or reason, seconds."""
    is_counted = result.status in ("planned", "applied", "destroyed")
    middle = _detail(result) or (str(result.counts) if is_counted else "")
    took = f"{result.seconds:.0f} s" if result.seconds else ""
    words = (str(result.stack), _status(result, style), middle, took)
    return "  ".join(word for word in words if word)


def render_errors(result: Result, style: Style = PLAIN) -> str:
    """Render what Terraform said against a stack, indented; empty when it said nothing."""
    told = dict.fromkeys(d for d in result.diagnostics if d.severity == "error")
    lines = [line for diagnostic in told for line in str(diagnostic).splitlines()]
    told_lines = (part for line in lines for part in style.wrap(f"    {line}".rstrip()))
    return "\n".join(map(style.error_line, told_lines))


def render_warnings(result: Result, style: Style = PLAIN) -> str:
    """Render what we have to say about a stack that is done all the same; empty when nothing."""
    lines = [line for finding in result.warnings for line in str(finding).splitlines()]
    return "\n".join(part for line in lines for part in style.wrap(f"    {line}"))


def render_dangers(result: Result, style: Style = PLAIN) -> str:
    """Render what a plan would destroy or replace, and was refused for; empty when nothing."""
    dangerous = [c for c in result.planned if c.action in ("delete", "replace")]
    shown = result.refused or (dangerous if result.status == "planned" else ())
    lines = [
        f"    {style.paint('bad', c.action)} {c.address}" + (f" ({c.reason})" if c.reason else "")
        for c in sorted(shown, key=lambda c: c.address)
    ]
    return "\n".join(lines)


def to_json(results: Iterable[Result]) -> list[dict[str, Any]]:
    """Turn results into what a machine reads: one object for each stack."""
    return [
        {
            "stack": r.stack.name,
            "owner": {"kind": r.stack.kind, "name": r.stack.owner},
            "layer": r.stack.layer,
            "status": r.status,
            "counts": asdict(r.counts),
            "rule": r.finding.rule or None if r.finding else None,
            "reason": r.reason,
            "warnings": [
                {"rule": w.rule, "message": w.message, "hint": w.hint} for w in r.warnings
            ],
            "diagnostics": [asdict(d) for d in r.diagnostics],
            "changes": _changes(r),
            "foreseen": list(r.foreseen),
            "less": r.less,
            "seconds": round(r.seconds, 1),
            "log": str(r.log) if r.log else None,
        }
        for r in results
    ]


def _changes(result: Result) -> list[dict[str, Any]]:
    """Tell what is planned; with values where a plan was looked into."""
    if not result.changes:
        return [
            {"address": c.address, "action": c.action, "reason": c.reason} for c in result.planned
        ]
    return [{"reason": one.reason, **resource_data(one)} for one in result.changes]


def render_table(results: Sequence[Result], style: Style = PLAIN) -> str:
    """Render all results as a table, one stack a line, with a line of sums below."""
    stack = max((len(str(r.stack)) for r in results), default=0)
    status = max((len(r.status) for r in results), default=0)
    lines = []
    for r in results:
        before = " " * (stack + status + 4)
        first, *more = style.wrap(f"{before}{_detail(r)}", before)
        head = f"{r.stack!s:<{stack}}  {_status(r, style, status)}"
        lines += [f"{head}  {first.strip()}".rstrip(), *more]
    return "\n".join([*lines, render_sums(results)])


def render_sums(results: Iterable[Result]) -> str:
    """Render how many stacks ended in which way, in the order of first appearance.

    >>> from cellfactory.layers import StackId
    >>> one = Result(stack=StackId("a", "network"), status="applied")
    >>> render_sums([one, one])
    '2 stacks: 2 applied'
    """
    numbers: dict[str, int] = {}
    for result in results:
        numbers[result.status] = numbers.get(result.status, 0) + 1
    total = sum(numbers.values())
    told = ", ".join(f"{n:,} {s.replace('-', ' ')}" for s, n in numbers.items())
    return f"{counted(total, 'stack')}: {told}" if told else "0 stacks"


def _detail(result: Result) -> str:
    if result.reason:
        return result.reason
    less = f"{result.less:,} reviewed but done already" if result.less else ""
    counts = str(result.counts) if result.counts else ""
    return ", ".join(part for part in (counts, less) if part)
