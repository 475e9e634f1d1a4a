"""A document that was built with stand-ins gives any other one of its shape."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cellfactory.errors import SynthError
from cellfactory.stacks.stencil import Stencil, cut, render_rows, stand_ins
from cellfactory.stacks.stencil_store import read_stencil, write_stencil
from tests.unit.stacks.conftest import HARMS, harm

KEY = "0f" * 32
NAME, ROWS, PART = (stand for _, stand in zip(range(3), stand_ins(KEY), strict=False))


def text_of(value: object) -> str:
    return json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def document(name: str, rows: object, part: str) -> str:
    policy = json.dumps({"Resource": f"arn:{part}/*"})
    return text_of({"locals": {"rows": rows}, "a": [{"b": name}], "policy": policy})


STENCIL = cut(document(NAME, ROWS, PART), KEY, ["x", {}, "y"])
PLAIN = st.text("abcXYZ019-_./:${}()[] ")


@given(PLAIN, st.dictionaries(st.text(), st.dictionaries(st.text(), st.text())), PLAIN)
def test_filled_it_is_what_would_have_been_built(
    name: str, rows: dict[str, dict[str, str]], part: str
) -> None:
    assert STENCIL.fill([name, rows, part]) == document(name, rows, part)


@given(
    rows=st.dictionaries(st.text(), st.dictionaries(st.text(), st.text())),
    depth=st.integers(min_value=0, max_value=4),
)
def test_rows_are_written_as_the_document_would_have_them(
    rows: dict[str, dict[str, str]], depth: int
) -> None:
    nested: object = rows
    for _ in range(depth):
        nested = {"k": nested}
    start = "".join(f'{"{"}\n{"  " * (n + 1)}"k": ' for n in range(depth))
    end = "".join(f"\n{'  ' * n}}}" for n in reversed(range(depth)))
    assert f"{start}{render_rows(rows, depth)}{end}\n" == text_of(nested)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (text_of({NAME: 1}), "names something"),
        (text_of({"a": [{f"x-{NAME}": 1}]}), "names something"),
        (text_of({"a": NAME[:-3]}), "cut short"),
        (text_of({"a": NAME[:-1].upper() + NAME[: len(NAME) - 4]}), "cut short"),
    ],
)
def test_a_stand_in_where_none_may_stand_is_refused(text: str, said: str) -> None:
    with pytest.raises(SynthError, match="F407") as caught:
        cut(text, KEY, ["x"])
    assert said in str(caught.value)


@pytest.fixture
def store(cache_folder: Path) -> Path:
    return cache_folder / "stencils"


def test_what_is_kept_comes_back(store: Path) -> None:
    assert read_stencil(KEY) is None
    write_stencil(KEY, STENCIL)
    assert read_stencil(KEY) == STENCIL
    assert read_stencil("1f" * 32) is None
    assert len(list(store.iterdir())) == 1


@pytest.mark.parametrize("how", HARMS)
def test_what_is_not_as_it_was_written_is_made_anew(store: Path, how: str) -> None:
    write_stencil(KEY, STENCIL)
    (file,) = store.iterdir()
    harm(file, how, b'{"text": "x", "places": []}')
    assert read_stencil(KEY) is None
    write_stencil(KEY, STENCIL)
    assert read_stencil(KEY) == STENCIL


def test_the_store_is_bounded(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cellfactory.stacks.stencil_store._MOST", 3)
    for number in range(6):
        write_stencil(f"{number:064}", Stencil(text=str(number), places=()))
    assert len(list(store.iterdir())) == 3
    assert read_stencil(f"{5:064}") is not None
