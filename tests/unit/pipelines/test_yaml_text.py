"""What is written is what is read, whatever the text."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from cellfactory.documents import load_data
from cellfactory.pipelines.yaml_text import Lines, Noted, render_yaml

TEXT = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), max_size=30)
WORDS = st.sampled_from(["yes", "No", "on", "null", "~", "1", "1e3", "0x1", "- a", "a: b", "a #b"])
LEAF = st.one_of(TEXT, WORDS, st.booleans(), st.integers())
KEY = st.from_regex(r"[a-z][a-z-]{0,8}", fullmatch=True).filter(
    lambda k: k not in ("y", "n", "yes", "no", "on", "off", "true", "false", "null")
)
DATA = st.recursive(
    LEAF,
    lambda inner: st.one_of(
        st.lists(st.one_of(LEAF, st.dictionaries(KEY, inner, min_size=1, max_size=3)), max_size=3),
        st.dictionaries(KEY, inner, max_size=3),
    ),
    max_leaves=8,
)


@given(st.dictionaries(KEY, DATA, min_size=1, max_size=4))
def test_what_is_written_is_what_is_read(data: dict[str, object]) -> None:
    assert load_data(render_yaml(data)) == data  # type: ignore[arg-type]


def test_a_comment_stays_on_its_line_and_lines_stay_lines() -> None:
    text = render_yaml({"a": Noted("b", "why\nso: [x"), "run": Lines(('echo "x"', "echo y"))})
    assert load_data(text) == {"a": "b", "run": 'echo "x"\necho y\n'}
