"""How it looks what became of each stack: a line as it happens, a table and JSON at the end."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Any

from factory.terraform.results import Result
from factory.words import counted


def render_line(result: Result) -> str:
    """Render a result as one line: stack, status, counts or reason, seconds."""
    counted = bool(result.counts) or result.status in ("planned", "applied", "destroyed")
    middle = result.reason or (str(result.counts) if counted else "")
    took = f"{result.seconds:.0f} s" if result.seconds else ""
    words = (str(result.stack), result.status.replace("-", " "), middle, took)
    return "  ".join(word for word in words if word)


def render_errors(result: Result) -> str:
    """Render what Terraform said against a stack, indented; empty when it said nothing."""
    told = dict.fromkeys(d for d in result.diagnostics if d.severity == "error")
    lines = [line for diagnostic in told for line in str(diagnostic).splitlines()]
    if result.log is not None:
        lines.append(f"log: {result.log}")
    return "\n".join(f"    {line}".rstrip() for line in lines)


def render_warnings(result: Result) -> str:
    """Render what we have to say about a stack that is done all the same; empty when nothing."""
    lines = [line for finding in result.warnings for line in str(finding).splitlines()]
    return "\n".join(f"    {line}" for line in lines)


def render_dangers(result: Result) -> str:
    """Render what a plan would destroy or replace, and was refused for; empty when nothing."""
    dangerous = [c for c in result.planned if c.action in ("delete", "replace")]
    shown = result.refused or (dangerous if result.status == "planned" else ())
    lines = [
        f"    {c.action} {c.address}" + (f" ({c.reason})" if c.reason else "")
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
            "changes": [
                {"address": c.address, "action": c.action, "reason": c.reason} for c in r.planned
            ],
            "seconds": round(r.seconds, 1),
            "log": str(r.log) if r.log else None,
        }
        for r in results
    ]


def render_table(results: Sequence[Result]) -> str:
    """Render all results as a table, one stack a line, with a line of sums below."""
    rows = [(str(r.stack), r.status.replace("-", " "), _detail(r)) for r in results]
    widths = [max((len(row[i]) for row in rows), default=0) for i in (0, 1)]
    lines = [f"{n:<{widths[0]}}  {s:<{widths[1]}}  {d}".rstrip() for n, s, d in rows]
    return "\n".join([*lines, render_sums(results)])


def render_sums(results: Iterable[Result]) -> str:
    """Render how many stacks ended in which way, in the order of first appearance.

    >>> from factory.layers import StackId
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
    return str(result.counts) if result.counts else ""
