"""What the one door to YAML takes, refuses and remembers."""

from __future__ import annotations

import time
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cellfactory.documents import (
    MOST_BYTES,
    MOST_DEPTH,
    MOST_FAULTS,
    MOST_VALUES,
    Mark,
    load_data,
    parse_document,
    render_data,
)

BOMB = "a: &a [x, x]\n" + "".join(
    f"{name}: &{name} [*{before}, *{before}]\n"
    for before, name in zip("abcdefghijklmnopqrstuvwxy", "bcdefghijklmnopqrstuvwxyz", strict=True)
)


def test_values_and_their_places() -> None:
    document = parse_document("one:\n  two: [3, four]\n  five: null\n")
    assert document.value == {"one": {"two": [3, "four"], "five": None}}
    assert document.marks["one", "two"] == Mark(2, 8)
    assert document.marks["one", "two", 1] == Mark(2, 12)
    assert document.key_marks["one", "five"] == Mark(3, 3)
    assert document.containers == {(), ("one",), ("one", "two")}
    assert document.words["one", "two", 0] == "3"


@pytest.mark.parametrize(
    ("word", "value"),
    [
        ("6", 6),
        ("-6", -6),
        ("1.30", 1.3),
        ("1e3", "1e3"),
        ("true", True),
        ("False", False),
        ("null", None),
        ("~", None),
        ("", None),
        ("yes", "yes"),
        ("no", "no"),
        ("off", "off"),
        ("010", "010"),
        ("0x10", "0x10"),
        ("1_000", "1_000"),
        ("12:30", "12:30"),
        ("2025-11-22", "2025-11-22"),
        ("012345670123", "012345670123"),
        (".inf", ".inf"),
        ("=", "="),
        ("9" * 100, "9" * 100),
        ('"6"', "6"),
        ("'true'", "true"),
    ],
)
def test_a_plain_word_means_what_yaml_1_2_says(word: str, value: Any) -> None:
    document = parse_document(f"key: {word}\n")
    assert document.faults == []
    assert document.value == {"key": value}
    assert type(document.value["key"]) is type(value)


@pytest.mark.parametrize(
    ("text", "line", "column", "message"),
    [
        ("a: &x 1\n", 1, 4, "anchors"),
        ("a: 1\nb: *x\n", 2, 4, "anchors"),
        ("a: !!int 1\n", 1, 4, "tags"),
        ("a: !python/object:os.system x\n", 1, 4, "tags"),
        ("a: 1\n---\nb: 2\n", 2, 1, "more than one YAML document"),
        ("? [a, b]\n: 1\n", 1, 3, "plain word"),
        ("a: [1, 2\nb: 3\n", 2, 2, "not YAML"),
        ("a: 1\n b: 2\n", 2, 3, "not YAML"),
        ("a: \x01\n", 1, 4, "U+0001"),
        ("a: 1\nb: \ud800\n", 2, 4, "U+D800"),
        ("[" * 40, 1, MOST_DEPTH + 1, "nested deeper"),
        ("- " * 40, 1, 2 * MOST_DEPTH + 1, "nested deeper"),
    ],
)
def test_what_is_refused_has_a_place(text: str, line: int, column: int, message: str) -> None:
    document = parse_document(text)
    assert document.value is None
    assert message in document.faults[0].message
    assert document.faults[0].mark == Mark(line, column)


@pytest.mark.parametrize(
    ("text", "line", "column", "message", "hint"),
    [
        ("a:\n\tb: 1\n", 2, 1, "not YAML: a tab; indent with spaces", ""),
        ("a: @b\n", 1, 4, "not YAML: a value cannot begin with '@'", "put it in quotes"),
        ("a: `b`\n", 1, 4, "not YAML: a value cannot begin with '`'", "put it in quotes"),
        ("a: %b\n", 1, 4, "not YAML: a value cannot begin with '%'", "put it in quotes"),
        ("a: b: c\n", 1, 5, "mapping values", "if the value contains a colon"),
        ("a:\n  b: 1\n c: 2\n", 3, 2, "expected key", "check the indentation"),
        ("a: {b: c\nd: 1\n", 2, 2, "expected ',' or '}'", "check for an unclosed bracket"),
    ],
)
def test_what_the_parser_says_is_said_in_other_words(
    text: str, line: int, column: int, message: str, hint: str
) -> None:
    (fault,) = parse_document(text).faults
    assert message in fault.message
    assert hint in fault.hint
    assert bool(hint) == bool(fault.hint)
    assert fault.mark == Mark(line, column)


def test_bytes_that_are_not_utf_8_have_a_place() -> None:
    document = parse_document("name: é\nother: ".encode() + b"\xff\n")
    assert document.faults[0].mark == Mark(2, 8)
    assert document.faults[0].message == "not UTF-8: the byte 0xFF"


def test_a_key_that_stands_twice_is_told_and_the_first_is_kept() -> None:
    document = parse_document("a: 1\nb: 2\na: 3\n")
    assert document.value == {"a": 1, "b": 2}
    assert [fault.mark for fault in document.repeats] == [Mark(3, 1)]
    assert "first on line 1" in document.repeats[0].message


def test_nothing_is_a_document_without_a_value() -> None:
    for text in ("", "\n\n", "# only a comment\n", "---\n"):
        assert parse_document(text).value is None
        assert parse_document(text).faults == []


def test_what_is_too_large_is_refused_before_it_is_read() -> None:
    document = parse_document("#" * (MOST_BYTES + 1))
    assert "larger than 1,048,576 bytes" in document.faults[0].message


@pytest.mark.parametrize(
    "text",
    [
        BOMB,
        "a: " + "[" * (MOST_BYTES - 10),
        "{" * MOST_BYTES,
        "[" + "1," * (MOST_BYTES // 2 - 2) + "]",
        "- &a 1\n" * (MOST_BYTES // 8),
        "? " * (MOST_BYTES // 2),
        "a" * MOST_BYTES,
        "? a\n" * (MOST_BYTES // 5),
    ],
    ids=["bomb", "lists", "maps", "values", "anchors", "keys", "word", "repeats"],
)
def test_hostile_text_takes_bounded_time(text: str) -> None:
    start = time.process_time()
    document = parse_document(text)
    assert time.process_time() - start < 10
    assert len(document.faults) <= MOST_FAULTS + 1
    assert len(document.marks) <= MOST_VALUES


@given(st.one_of(st.text(), st.binary(), st.text("{}[]:,&*!|>-?#'\"% \n\tab01", max_size=60)))
@example("\ufeffa: 1")
@example("a: 1\r\nb: \x85c")
def test_no_text_is_a_crash_and_every_fault_lies_in_the_text(data: str | bytes) -> None:
    document = parse_document(data)
    text = data.decode("utf-8", "replace") if isinstance(data, bytes) else data
    lines = len(text.splitlines()) + 1
    for fault in (*document.faults, *document.repeats):
        assert 1 <= fault.mark.line <= lines
        assert fault.mark.column >= 1


PLAIN = st.one_of(st.none(), st.booleans(), st.integers(), st.text("abc -:#é", max_size=8))


@given(st.dictionaries(st.text("abcdef", min_size=1), st.one_of(PLAIN, st.lists(PLAIN))))
def test_what_is_rendered_reads_back(value: dict[str, Any]) -> None:
    text = render_data(value)
    assert load_data(text) == value
    if value:
        assert parse_document(text).value == value


def test_data_that_is_not_yaml_is_an_error_of_ours() -> None:
    with pytest.raises(ValueError, match="not YAML"):
        load_data("[")


# -- merge conflicts -------------------------------------------------------------------------------

SIDES = "<<<<<<< HEAD\nb: 2\n=======\nb: 3\n>>>>>>> two\n"


def test_every_conflict_that_git_left_is_named_with_its_lines() -> None:
    document = parse_document(f"a: 1\n{SIDES}c: 4\n{SIDES}")
    assert document.is_conflict
    assert document.value is None
    assert [(f.mark, f.message.partition(", ")[2]) for f in document.faults] == [
        (Mark(2), "lines 2 to 6"),
        (Mark(8), "lines 8 to 12"),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "a: 1\n  <<<<<<< HEAD\n  >>>>>>> two\n",  # not at the edge
        "<<<<<<<< HEAD\n>>>>>>>> two\n",  # eight
        "<<<<<<< HEAD\na: 1\n",  # never ends
        ">>>>>>> two\n<<<<<<< HEAD\n",
    ],
)
def test_what_only_looks_like_a_conflict_is_none(text: str) -> None:
    assert not parse_document(text).is_conflict


def test_many_conflicts_cost_no_more_than_their_lines() -> None:
    for text in ("<<<<<<< a\n" * 100_000, SIDES * 20_000):
        start = time.process_time()
        assert len(parse_document(text).faults) <= MOST_FAULTS
        assert time.process_time() - start < 2
