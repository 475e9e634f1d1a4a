"""Each hint that names an edit of `cells.yaml` is tried: after the edit, the finding is gone."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterable

import pytest

from cellfactory.addressing.lock_file import render_lock
from cellfactory.design import Texts, make_design
from cellfactory.documents import render_data
from cellfactory.errors import Finding, InventoryError
from cellfactory.facts.loader import load_facts
from cellfactory.facts.schema import Facts
from cellfactory.sizing.bounds import BOUNDS
from tests.unit.sizing.broken import BROKEN, NOT_REACHED, Data
from tests.unit.sizing.edits import EDITS, NO_EDIT, Edit

FACTS = load_facts()


def checked(made: Data, lock: str | None, facts: Facts = FACTS) -> tuple[list[Finding], str]:
    """Check an inventory as `check` does; give its findings and the lock that it makes."""
    texts = Texts(
        inventory=render_data(copy.deepcopy(made)), inventory_file="a", lock=lock, lock_file="b"
    )
    try:
        design = make_design(texts, facts)
    except InventoryError as error:
        return [problem.finding for problem in error.problems], ""
    return [problem.finding for problem in design.problems], render_lock(design.lock)


def ways(hint: str) -> Iterable[str]:
    """Take the first line of a hint apart; what it is about, or where it is from, is no way."""
    first, *_ = hint.splitlines() or [""]
    first = re.sub(r"^[^:]*(?:at most|never move|no cell may get it): ", "", first)
    yield from re.split(r", or (?:already )?", first.partition("; see")[0])


def edits_of(found: Finding) -> list[tuple[str, Edit, re.Match[str]]]:
    """Parse the edits that a hint names."""
    parsed = []
    for way in ways(found.hint):
        for pattern, edit in EDITS:
            match = re.fullmatch(pattern, way)
            if match:
                parsed.append((way, edit, match))
    return parsed


def same(one: Finding, other: Finding) -> bool:
    return (one.rule, one.about or one.path[:2]) == (other.rule, other.about or other.path[:2])


@pytest.mark.parametrize("name", BROKEN)
def test_what_a_hint_names_mends(name: str) -> None:
    rule = name.split()[0]
    made, before = copy.deepcopy(BROKEN[name]())
    lock = checked(before, None)[1] if before else None
    assert lock != "", "the inventory before must be sound"
    found = [f for f in checked(made, lock)[0] if f.rule == rule]
    assert found, [str(f) for f in checked(made, lock)[0]]
    for finding in found:
        edits = edits_of(finding)
        named = [way for way in ways(finding.hint) if not re.search(NO_EDIT, way)]
        assert len(edits) >= len(named), f"not all of it was parsed: {finding.hint}"
        for words, edit, match in edits:
            changed = copy.deepcopy(made)
            edit(changed, match, finding)
            left = [f for f in checked(changed, lock)[0] if same(f, finding)]
            # Removed nodes and quotas are told for one place; others are findings of their own.
            assert not left, f"{words!r} does not mend {finding.message!r}: {left[0].message}"


def test_each_bound_that_reports_is_tried_or_says_why_not() -> None:
    tried = {name.split()[0] for name in BROKEN}
    for bound in BOUNDS.values():
        if bound.gate != "note":
            assert (bound.rule in tried) != (bound.id in NOT_REACHED), bound.id
    assert NOT_REACHED.keys() <= BOUNDS.keys()
