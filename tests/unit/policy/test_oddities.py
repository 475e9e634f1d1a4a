"""Whatever stands where a rule looks, it says something or nothing, and never fails."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from cellfactory.errors import SynthError
from cellfactory.policy.catalogue import RULES
from cellfactory.policy.engine import check_stack
from cellfactory.policy.expected import NOTHING_EXPECTED
from cellfactory.policy.guard_rules import (
    _KEY,
    _NAMED,
    _SECRETS,
    _may_hold_secrets,
    _secret_in,
)
from cellfactory.policy.lines import lines_of
from cellfactory.tree.document import read_document
from tests.inventories import paths

GOLDEN = Path(__file__).resolve().parents[2] / "synth" / "golden"
DOCUMENTS = [json.loads(path.read_text("utf-8")) for path in sorted(GOLDEN.glob("*.tf.json"))]
PLACES = [
    (number, path)
    for number, document in enumerate(DOCUMENTS)
    for path in paths(document)
    if path[0] in ("resource", "provider", "terraform", "data", "output", "variable")
]
ODD = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.text(max_size=8),
    st.sampled_from(
        [
            *([], {}, [[]], [{}], ["x", 7], {"a": "b"}, [{"a": [None]}]),
            *("${var.x}", "${each.value.y}", "${", "{}", "[]", '{"Statement": 7}', "0.0.0.0/0"),
            '{"Statement": [{"Effect": "Allow", "Action": {"a": 1}, "Condition": {"x": 7}}]}',
        ]
    ),
)


@given(places=st.lists(st.sampled_from(PLACES), min_size=1, max_size=4), odd=ODD)
@settings(max_examples=120)
def test_an_odd_value_anywhere_is_no_crash(places: list[tuple[int, Any]], odd: Any) -> None:
    number = places[0][0]
    made = copy.deepcopy(DOCUMENTS[number])
    for other, path in places:
        if other != number:
            continue
        container = made
        try:
            for key in path[:-1]:
                container = container[key]
            container[path[-1]] = odd
        except (KeyError, TypeError, IndexError):
            continue
    try:
        document = read_document(made, "a-stack")
    except SynthError:
        return
    report = check_stack(document, NOTHING_EXPECTED, RULES.values())
    assert all(violation.message for violation in report.violations)
    lines_of(json.dumps(made))


@given(st.one_of(*map(st.from_regex, (*_SECRETS.values(), _NAMED))), st.integers(0, 2))
def test_no_block_with_a_secret_in_a_text_is_passed_over(text: str, depth: int) -> None:
    held: Any = text
    for _ in range(depth):  # as charts have their values, JSON within JSON
        held = json.dumps({"note": held})
    if _secret_in(text, "note"):
        assert _may_hold_secrets({"values": [held]})


@given(st.from_regex(_KEY, fullmatch=True))
def test_no_block_with_a_secret_under_its_name_is_passed_over(key: str) -> None:
    assert _may_hold_secrets({"set": {key: "correct-horse"}})
