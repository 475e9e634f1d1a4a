"""How a judgement on policy looks to a person, to a program and to a pull request."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import groupby
from typing import Any, Literal

from cellfactory.errors import Problem, Span
from cellfactory.policy.judgement import Judgement, Result
from cellfactory.views.problems import fold, render_document, render_problems
from cellfactory.views.style import PLAIN, Style
from cellfactory.words import counted

PolicyForm = Literal["text", "json", "sarif", "junit", "markdown", "github"]

MOST_ROWS = 100  # of a table in a pull request, whose comments have an end
_SIGNS = re.compile(r"([\\`*_{}\[\]()#+!|~-])")


def problems_of(judgement: Judgement) -> list[Problem]:
    """Everything that is to be told as a problem: what stands, and what is wrong besides.

    A violation is placed at what a person edits: the inventory, or the document where none decides.
    """
    return [*judgement.problems, *map(_problem, judgement.open)]


def _problem(result: Result) -> Problem:
    finding = result.violation.finding
    place = result.span or (Span(result.file, result.line, 1) if result.line else None)
    if place is None:
        return Problem(None, finding)
    where = ": ".join(part for part in (finding.stack, finding.address) if part)
    return Problem(place, replace(finding, message=f"{where}: {finding.message}"))


def render_policy(
    judgement: Judgement,
    form: PolicyForm,
    style: Style = PLAIN,
    from_the_top: Callable[[Problem], Problem] = lambda problem: problem,
) -> str:
    """Render what goes to standard output; problems are text of their own in `text`.

    Args:
        judgement: all of a run.
        form: for people, for programs or for a pull request.
        style: of the screen that text is for.
        from_the_top: names a place from the top of the repository, as annotations are looked up.
    """
    if form == "sarif":  # it brings every rule, and so does the next one
        from cellfactory.views.sarif import render_sarif

        return render_sarif(judgement)
    if form == "junit":
        from cellfactory.views.junit import render_junit

        return render_junit(judgement)
    if form == "markdown":
        return render_markdown(judgement)
    if form == "json":
        return render_document({"policy": policy_data(judgement)}, problems_of(judgement))
    summary = render_summary(judgement)
    if form == "github":
        annotations = render_problems(map(from_the_top, problems_of(judgement)), "github")
        return "\n".join(part for part in (annotations, summary) if part)
    waived = _waived_lines(judgement)
    return "\n".join([style.paint("strong", summary), *waived])


def render_summary(judgement: Judgement) -> str:
    """Say in one line how much was looked at and what came of it."""
    coverage = judgement.coverage
    warnings = sum(not result.fails for result in judgement.open)
    parts = [
        counted(len(judgement.open) - warnings, "violation"),
        *([counted(warnings, "warning")] if warnings else ()),
        f"{len(judgement.waived):,} waived",
    ]
    looked = f"{counted(coverage.stacks, 'stack')}, {counted(coverage.checks, 'check')}"
    return f"{looked} by {' and '.join(judgement.engines)}: {', '.join(parts)}"


def _waived_lines(judgement: Judgement) -> list[str]:
    return [
        f"  waived {rule}: {len(found):,} until {waiver.expires} by {waiver.owner}"
        for (rule, _), found in _waived(judgement)
        for waiver in [found[0].waiver]
        if waiver
    ]


def _waived(judgement: Judgement) -> Iterator[tuple[tuple[str, int], Sequence[Result]]]:
    def key(result: Result) -> tuple[str, int]:
        return result.violation.rule, result.waiver.number if result.waiver else 0

    for name, found in groupby(sorted(judgement.waived, key=key), key=key):
        yield name, list(found)


# -- data ------------------------------------------------------------------------------------------


def policy_data(judgement: Judgement) -> dict[str, Any]:
    """Turn a judgement into what a program reads."""
    return {
        "passes": judgement.passes,
        "engines": list(judgement.engines),
        "stacks": judgement.coverage.stacks,
        "checks": judgement.coverage.checks,
        "checks_by_rule": dict(judgement.coverage.by_rule),
        "violations": [_row(result) for result in judgement.results],
    }


def _row(result: Result) -> dict[str, Any]:
    violation, span, waiver = result.violation, result.span, result.waiver
    row: dict[str, Any] = {
        "rule": violation.rule,
        "severity": violation.severity,
        "stack": violation.stack,
        "address": violation.address,
        "message": violation.message,
        "file": result.file,
        "line": result.line or None,
        "inventory": None,
        "waiver": None,
    }
    if span:
        row["inventory"] = {"file": span.file, "line": span.line, "column": span.column}
    if waiver:
        row["waiver"] = {
            "reason": waiver.reason,
            "owner": waiver.owner,
            "expires": waiver.expires.isoformat(),
        }
    return row


# -- pull requests ---------------------------------------------------------------------------------


def render_markdown(judgement: Judgement) -> str:
    """Write a report for a pull request; nothing in it is read as Markdown but what we write."""
    verdict = "passes" if judgement.passes else "fails"
    lines = [f"### Policy {verdict}", "", _text(render_summary(judgement)), ""]
    entries = fold(problems_of(judgement))
    if entries:
        lines += ["| | rule | where | what | to do |", "|---|---|---|---|---|"]
        for entry in entries[:MOST_ROWS]:
            finding, places = entry.first.finding, len(entry.problems)
            more = f" and {places - 1:,} more" if places > 1 else ""
            sign = "error" if finding.severity == "error" else "warning"
            cells = (sign, finding.rule, entry.first.place + more, finding.message, finding.hint)
            lines.append(f"| {' | '.join(map(_text, cells))} |")
        if len(entries) > MOST_ROWS:
            lines.append(f"\n{len(entries) - MOST_ROWS:,} more rows are not shown.")
        lines.append("")
    return "\n".join([*lines, *_waived_markdown(judgement)]).rstrip("\n")


def _waived_markdown(judgement: Judgement) -> list[str]:
    rows = [
        (rule, f"{len(found):,}", waiver.reason, waiver.owner, waiver.expires.isoformat())
        for (rule, _), found in _waived(judgement)
        for waiver in [found[0].waiver]
        if waiver
    ]
    if not rows:
        return []
    head = ["| rule | resources | reason | owner | until |", "|---|--:|---|---|---|"]
    table = [f"| {' | '.join(map(_text, row))} |" for row in rows]
    title = f"<details><summary>{len(judgement.waived):,} waived</summary>"
    return [title, "", *head, *table, "", "</details>"]


def _text(value: str) -> str:
    """Write a text so that no sign in it means something to Markdown or HTML.

    >>> _text("a|b <i>[x](y)")
    'a\\\\|b &lt;i&gt;\\\\[x\\\\]\\\\(y\\\\)'
    """
    flat = " ".join(value.split())
    return _SIGNS.sub(r"\\\1", html.escape(flat, quote=False)).replace("@", "@\u200b")
