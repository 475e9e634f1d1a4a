"""What came of the same texts before is found again, and nothing else is."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import cellfactory
from cellfactory.errors import Finding, Problem, Span
from cellfactory.stacks import known as module
from cellfactory.stacks import program
from cellfactory.stacks.known import Known, digest_file, key_of, knows, recall, remember
from cellfactory.stacks.output import holds, write_output
from tests.unit.stacks.conftest import HARMS, harm

KEY = "5e" * 32
FINDING = Finding(
    rule="F331",
    message="cell a needs 2 of 1",
    path=("cells", "a", 0),
    hint="raise it\nor not",
    severity="warning",
    about=("cells", "a"),
    own=("10.0.0.0/16",),
)
KNOWN = Known(
    cells=2,
    stacks=("a-network", "b-network"),
    problems=(
        Problem(Span("cells.yaml", 3, 4), FINDING),
        Problem(None, Finding(rule="F1", message="no")),
    ),
    files={"stacks/a-network/cdk.tf.json": digest_file(b"{}")},
)


@pytest.fixture
def store(cache_folder: Path) -> Path:
    return cache_folder / "known"


def test_what_is_known_comes_back_whole(store: Path) -> None:
    assert recall(KEY) is None
    remember(KEY, KNOWN)
    assert recall(KEY) == KNOWN
    assert recall("1f" * 32) is None
    assert len(list(store.iterdir())) == 1


@pytest.mark.parametrize("how", HARMS)
def test_what_is_not_as_it_was_written_is_not_known(store: Path, how: str) -> None:
    remember(KEY, KNOWN)
    (file,) = store.iterdir()
    harm(file, how, b'{"cells": 1}')
    assert recall(KEY) is None


def test_a_place_that_cannot_be_written_is_no_error(store: Path) -> None:
    store.parent.mkdir(exist_ok=True)
    store.write_text("a file where a folder should be")
    remember(KEY, KNOWN)
    assert recall(KEY) is None


def test_the_store_is_bounded(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_MOST", 3)
    for number in range(6):
        remember(f"{number:064}", KNOWN)
    assert len(list(store.iterdir())) == 3
    assert recall(f"{5:064}") == KNOWN


TEXTS = st.tuples(*[st.sampled_from(["", "a", "b", "ab", "a\0b"])] * 4)


@given(TEXTS, TEXTS)
def test_other_texts_have_another_key(one: tuple[str, ...], two: tuple[str, ...]) -> None:
    same = key_of(*one) == key_of(*two)
    assert same == (one == two)


def test_bytes_and_text_are_one() -> None:
    assert key_of("f", "ä", "l", "x") == key_of("f", "ä".encode(), "l", b"x")


def test_another_program_has_another_key(monkeypatch: pytest.MonkeyPatch) -> None:
    before = key_of("f", "i", "l", "x")
    monkeypatch.setattr(program, "program_digest", lambda: "another")
    assert key_of("f", "i", "l", "x") != before


def test_the_program_is_its_code_and_its_data(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "cellfactory"
    (package / "facts").mkdir(parents=True)
    (package / "__init__.py").write_text("")
    facts = package / "facts" / "eks.yaml"
    facts.write_text("a: 1")
    monkeypatch.setattr(cellfactory, "__file__", str(package / "__init__.py"))
    before = program.program_digest.__wrapped__()
    (package / "__init__.pyc").write_text("what Python makes of it does not count")
    assert program.program_digest.__wrapped__() == before
    facts.write_text("a: 2")
    assert program.program_digest.__wrapped__() != before


@pytest.mark.parametrize("way", ["checked", "plain"])
def test_of_other_bindings_nothing_is_known(way: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CELLFACTORY_CDK", raising=False)
    assert knows()
    monkeypatch.setenv("CELLFACTORY_CDK", way)
    assert not knows()


FILES: dict[str, str | bytes] = {
    "manifest.json": '{"stacks": {}}',
    "stacks/a/cdk.tf.json": "{}",
    "stacks/a/charts/c-1.tgz": b"\x1f\x8b",
}
DIGESTS = {p: digest_file(f.encode() if isinstance(f, str) else f) for p, f in FILES.items()}


def test_an_output_as_it_was_written_is_held(tmp_path: Path) -> None:
    folder = tmp_path / "out"
    assert not holds(folder, DIGESTS)
    write_output(folder, FILES)
    assert holds(folder, DIGESTS)
    (folder / "stacks" / "a" / ".terraform").mkdir()
    assert holds(folder, DIGESTS)


@pytest.mark.parametrize("edit", ["changed", "gone", "folder", "another stack", "another chart"])
def test_an_output_that_was_touched_is_not(edit: str, tmp_path: Path) -> None:
    folder = tmp_path / "out"
    write_output(folder, FILES)
    file = folder / "stacks" / "a" / "cdk.tf.json"
    if edit == "changed":
        file.write_text("[]")
    elif edit in ("gone", "folder"):
        file.unlink()
    if edit == "folder":
        file.mkdir()
    elif edit == "another stack":
        (folder / "stacks" / "b").mkdir()
    elif edit == "another chart":
        (folder / "stacks" / "a" / "charts" / "c-2.tgz").write_text("")
    assert not holds(folder, DIGESTS)
