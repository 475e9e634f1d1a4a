"""How problems look to a person, to a machine and to a pull request.

Whatever the form: errors stand before warnings, what is said alike of many subjects is said once,
and where not all is shown the rest is counted, by severity.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from cellfactory.errors import MOST_PROBLEMS, Problem, Severity
from cellfactory.views.style import PLAIN, Style, Tone
from cellfactory.words import counted

ProblemForm = Literal["text", "json", "github"]
DiffForm = Literal["text", "json", "markdown", "github"]

FORMAT_VERSION = 1
"""Of every JSON document; it grows when a key goes away or changes its meaning."""

MOST_PLACES = 5  # named of those that are said alike


@dataclass(frozen=True, slots=True)
class Entry:
    """Problems that say the same, each of another subject; never empty, sorted."""

    problems: tuple[Problem, ...]

    @property
    def first(self) -> Problem:
        """The one that is shown for all."""
        return self.problems[0]

    @property
    def subjects(self) -> int:
        """How many cells, or other subjects of one kind, it is said of."""
        return len({p.finding.subject for p in self.problems})


@dataclass(frozen=True, slots=True)
class Report:
    """What is shown of some problems, and how many are not."""

    entries: tuple[Entry, ...]
    errors: int = 0  # not shown
    warnings: int = 0  # not shown
    complete: bool = True  # False where the search ended early: there may be more than counted

    @property
    def rest(self) -> str:
        """Say how many are not shown; empty when none."""
        count = self.errors + self.warnings
        if not count:
            return "" if self.complete else "stopped here: fix these and check again"
        least = "" if self.complete else "at least "
        kinds = ((self.errors, "error"), (self.warnings, "warning"))
        told = ", ".join(counted(number, noun) for number, noun in kinds if number)
        return f"and {least}{count:,} more, not shown: {told}"

    @property
    def rest_severity(self) -> Severity:
        """How bad what is not shown is."""
        return "error" if self.errors or not self.complete else "warning"


def fold(problems: Iterable[Problem]) -> tuple[Entry, ...]:
    """Put together what says the same of several subjects; errors first, then by place.

    Nothing is lost: each problem is in exactly one entry, twice where it was given twice.
    """
    alike: dict[tuple[object, ...], list[Problem]] = {}
    for problem in sorted(problems, key=lambda p: p.rank):
        alike.setdefault(problem.finding.sameness, []).append(problem)
    return tuple(Entry(tuple(found)) for found in alike.values())


def report(
    problems: Iterable[Problem], *, complete: bool = True, most: int = MOST_PROBLEMS
) -> Report:
    """Choose what is shown: `most` entries, the errors before any warning."""
    entries = fold(problems)
    rest = [p.finding.severity for entry in entries[most:] for p in entry.problems]
    errors = rest.count("error")
    return Report(entries[:most], errors, len(rest) - errors, complete)


def render_problems(
    problems: Iterable[Problem],
    form: ProblemForm = "text",
    *,
    complete: bool = True,
    style: Style = PLAIN,
) -> str:
    """Render problems; no newline at the end.

    Args:
        problems: all of them, in any order.
        form: `json` makes a whole document.
        complete: whether they are all, or the search for them ended early.
        style: of the screen that text is for.
    """
    if form == "json":
        return render_document({}, problems, complete=complete)
    told = report(problems, complete=complete)
    if form == "github":
        return "\n".join([*map(_annotation, told.entries), *_rest_annotation(told)])
    texts = [_text(entry, style) for entry in told.entries]
    return "\n".join([*texts, *([told.rest] if told.rest else ())])


def render_document(
    data: dict[str, Any], problems: Iterable[Problem], *, complete: bool = True
) -> str:
    """Render a JSON document: its version, what a command was asked for, and the problems."""
    told = report(problems, complete=complete)
    document = {
        "format_version": FORMAT_VERSION,
        **data,
        "problems": [_row(entry) for entry in told.entries],
        "omitted": {"errors": told.errors, "warnings": told.warnings, "complete": told.complete},
    }
    return json.dumps(document, indent=2)


# -- text ------------------------------------------------------------------------------------------


def render_counts(problems: Iterable[Problem], *, complete: bool = True) -> str:
    """Say how many errors and warnings there are.

    >>> from cellfactory.errors import Finding
    >>> render_counts([Problem(None, Finding(rule="F1", message="small"))])
    '1 error'
    """
    severities = [problem.finding.severity for problem in problems]
    kinds = [(severities.count(kind), kind) for kind in ("error", "warning")]
    told = ", ".join(counted(number, noun) for number, noun in kinds if number)
    return told if complete else f"at least {told}"


def _text(entry: Entry, style: Style) -> str:
    first = entry.first
    finding = str(first.finding).split("\n")
    place = f"{first.place}: " if first.place else ""
    head = style.wrap(f"{place}{finding[0]}{_counted(entry)}", "    ")
    head[0] = _painted(head[0], first, style)
    elsewhere = _elsewhere(entry)
    more = [*finding[1:], *([f"    {elsewhere}"] if elsewhere else ())]
    return "\n".join([*head, *(part for line in more for part in style.wrap(line))])


def _painted(line: str, problem: Problem, style: Style) -> str:
    """Colour the place and the rule of a problem's first line; the rule tells how bad it is."""
    place, finding = problem.place, problem.finding
    tone: Tone = "bad" if finding.severity == "error" else "warning"
    name = f"{finding.rule} warning:" if finding.severity == "warning" else finding.rule
    if place and line.startswith(place):
        return style.paint("strong", place) + _painted_rule(line[len(place) :], name, tone, style)
    return _painted_rule(line, name, tone, style)


def _painted_rule(line: str, name: str, tone: Tone, style: Style) -> str:
    before, found, after = line.partition(name) if name else (line, "", "")
    return f"{before}{style.paint(tone, found)}{after}"


def _counted(entry: Entry) -> str:
    """Say of how many it is said; nothing for one.

    >>> from cellfactory.errors import Finding
    >>> cells = [Finding(rule="F1", path=("cells", name), message="small") for name in "ab"]
    >>> _counted(Entry(tuple(Problem(None, cell) for cell in cells)))
    ' (in 2 cells, first a)'
    """
    if entry.subjects == 1:
        return ""
    kind, name = entry.first.finding.subject
    return f" (in {entry.subjects:,} {kind}, first {name})"


def _elsewhere(entry: Entry) -> str:
    """Name some of the other places where it is said; empty when there are none."""
    places = list(dict.fromkeys(p.place for p in entry.problems if p.span))[1:]
    more = len(places) - MOST_PLACES
    named = ", ".join(place.rpartition("\n")[2] for place in places[:MOST_PLACES])
    return f"also at {named}{f' and {more:,} more' if more > 0 else ''}" if places else ""


# -- JSON ------------------------------------------------------------------------------------------


def _row(entry: Entry) -> dict[str, object]:
    finding = entry.first.finding
    return {
        "rule": finding.rule or None,
        "severity": finding.severity,
        "message": finding.message,
        "hint": finding.hint,
        "count": len(entry.problems),
        "places": [_place(problem) for problem in entry.problems],
    }


def _place(problem: Problem) -> dict[str, object]:
    finding, span, place = problem.finding, problem.span, dict[str, object]()
    if finding.subject:
        place["kind"], place["name"] = finding.subject
    if finding.own:
        place["own"] = list(finding.own)
    if span:
        place |= {"file": span.file, "line": span.line, "column": span.column}
        place["path"] = list(finding.path)
    if finding.stack:
        place["stack"] = finding.stack
    if finding.address:
        place["address"] = finding.address
    return place


# -- annotations of GitHub Actions -----------------------------------------------------------------


def _annotation(entry: Entry) -> str:
    """Write a workflow command of GitHub Actions, which marks the line in a pull request."""
    finding, span = entry.first.finding, entry.first.span
    place = "" if span or not entry.first.place else f"{entry.first.place}: "
    parts = [f"{place}{finding.message}{_counted(entry)}", finding.hint, _elsewhere(entry)]
    where = f"file={_property(span.file)},line={span.line},col={span.column}," if span else ""
    title = _property(finding.rule or "cellfactory")
    text = "\n".join(part for part in parts if part)
    return f"::{finding.severity} {where}title={title}::{_escaped(text)}"


def _rest_annotation(told: Report) -> Sequence[str]:
    return [f"::{told.rest_severity} title=cellfactory::{_escaped(told.rest)}"] if told.rest else []


def _escaped(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _escaped(text).replace(":", "%3A").replace(",", "%2C")
