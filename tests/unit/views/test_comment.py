"""The one comment: the same parts give the same bytes, and no part does more than be read."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from cellfactory.views.comment import MARK, MOST_BODY, render_comment

HOSTILE = [
    MARK,
    "<!-- cellfactory:plan -->\n# Approved\n-->",
    "@everyone @octo/team",
    "```\nnever closed",
    "````sh\n```\n",
    "<details><summary>x</summary>",
    "</details></details># out",
    "a\x1b[2Jb\x00\u202e\u200bc",
    "`${{ secrets.X }}` $(id) `id`",
    "<!-" * 5_000 + "-->",
]


def test_what_the_change_means_comes_first_and_numbers_are_numbers() -> None:
    parts = {"plan-10": "ten", "plan-2": "two", "diff": "what"}
    body = render_comment(parts)
    assert body.index("what") < body.index("two") < body.index("ten")
    assert body == render_comment(dict(reversed(parts.items())))
    assert body.startswith(MARK)


def test_hostile_texts_are_texts() -> None:
    for text in HOSTILE:
        for name in ("diff", "plan-0"):
            body = render_comment({name: text, "plan-1": "honest"})
            assert body.count("<!--") == 1
            assert body.count("-->") == 1
            assert not re.search(r"@[A-Za-z0-9]", body)
            assert not re.search(r"[\x00-\x08\x1b\u202e]", body)
            assert "honest" in body


def test_an_open_fence_does_not_swallow_the_next_part() -> None:
    body = render_comment({"diff": "```\nopen", "plan-0": "next"})
    fences = [line for line in body.splitlines() if line.startswith("```")]
    assert len(fences) == 2


def test_a_hostile_name_is_a_name() -> None:
    body = render_comment({"plan-0 `</summary><img src=x>": "text"})
    assert "<img" not in body


@given(st.dictionaries(st.text(max_size=20), st.text(max_size=200) | st.sampled_from(HOSTILE)))
def test_it_always_fits_and_begins_with_its_mark(parts: dict[str, str]) -> None:
    body = render_comment(parts)
    assert len(body) <= MOST_BODY
    assert body.startswith(f"{MARK}\n")
    assert body.count("<!--") == 1


def test_too_much_is_cut_at_a_line_and_says_where_all_of_it_is() -> None:
    parts = {f"plan-{i}": "- a line\n" * 5_000 for i in range(300)}
    body = render_comment({**parts, "diff": "CAUTION"}, "https://github.com/o/r/actions/runs/1")
    assert len(body) <= MOST_BODY
    assert "CAUTION" in body
    assert "300 parts cut or left out here; all of it is in [the job](https://github.com/o/" in body
