"""`docs/rules.md`: every rule, what it says and, for a bound, what it rests on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from cellfactory.sizing.bounds import BOUNDS, Bound
from cellfactory.views.rules import AREAS, Area
from tools.markdown import table

HEAD = """\
<!-- Made by `python3 dev.py docs` from the rules' own tables; do not edit. -->

# Rules

A rule keeps its number and its meaning for ever, so a number can be searched for and quoted;
`cellfactory explain F302` tells what one says. What belongs to a place in `cells.yaml` is shown as
`file:line:column: RULE sentence`, all at once, errors first and then sorted by place; the lines
below it say what to do. What is the same in many cells is said once, with their number. The numbers
behind the rules are in [limits.md](limits.md), the forms for machines in [json.md](json.md).
"""

SIZING = """\
Each bound is used / limit / headroom in one ledger. *error* stops `check` with exit code 4,
*warning* is shown and stops nothing, *note* stands in the ledger only. Fewer nodes or a raised
quota mend most of them; the last column says what else does.
"""

COLUMNS = ("Rule", "Bound", "Unit", "When it is passed", "What it rests on", "What else mends it")


def render_rules() -> str:
    """Render a table for each area; the rules of each in the order of their numbers."""
    return "\n".join(_lines())


def _lines() -> Iterator[str]:
    yield HEAD
    for area in AREAS:
        heading = f"## F{area.digit}: {area.title} (exit code {area.error.exit_code})"
        yield from (heading, "", *_rows(area))


def _rows(area: Area) -> Iterator[str]:
    bounds = {bound.rule: bound for bound in BOUNDS.values() if bound.rule in area.rules}
    if bounds:
        yield SIZING
        yield from table(COLUMNS, (_bound(bounds[rule]) for rule in sorted(bounds)))
    others = {rule: sentence for rule, sentence in area.rules.items() if rule not in bounds}
    yield from _sentences(others)


def _sentences(rules: Mapping[str, str]) -> Iterator[str]:
    yield from table(("Rule", "What it says"), sorted(rules.items()))


def _bound(bound: Bound) -> tuple[str, ...]:
    title = f"{bound.title} (`{bound.id}`)"
    rests_on, mends = bound.assumption or "-", bound.remedy or "-"
    return bound.rule, title, bound.unit, bound.gate, rests_on, mends
