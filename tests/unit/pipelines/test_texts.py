"""Texts from outside: in YAML, in a shell, in an expression of GitHub's."""

from __future__ import annotations

import re
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cellfactory.documents import load_data
from cellfactory.pipelines.github_steps import step_lines
from cellfactory.pipelines.model import IfSaid, IfTrue, Run, Variable, Words
from cellfactory.pipelines.script import script_lines
from cellfactory.pipelines.yaml_text import comment, scalar, sequence

HOSTILE = [
    "a'b",
    'a"b',
    "$(id)",
    "`id`",
    "a; id",
    "a && id",
    "-rf",
    "--yes",
    "a\nb",
    "*",
    "~",
    "#x",
    "a # b",
    "a: b",
    "- a",
    "{a: b}",
    "[a]",
    "!!python/object:os.system",
    "&a",
    "*a",
    "null",
    "Yes",
    "0x10",
    "1e3",
    "1_000",
    "12:30:45",
    "2026-11-28",
    ".inf",
    "=",
    "<<",
    "",
    " ",
    "a ",
    "\u202e",
    "é",
    "a\u2028b",
]
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)


@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_text_is_read_back_as_it_was(text: str) -> None:
    assert load_data(f"key: {scalar(text)}\n") == {"key": text}
    assert load_data(f"key: {sequence([text, 'x'])}\n") == {"key": [text, "x"]}


@given(TEXT)
def test_any_text_is_read_back_as_it_was(text: str) -> None:
    assert load_data(f"key: {scalar(text)}\n") == {"key": text}


@given(TEXT)
def test_a_comment_stays_one(text: str) -> None:
    assert all(re.match(r"  #( |$)", line) for line in comment(text, 2))
    assert not any(set(line) & set("\n\r\x85\u2028\u2029") for line in comment(text, 2))


@pytest.mark.parametrize("text", [t for t in HOSTILE if "\n" not in t])
def test_a_shell_hands_on_what_a_variable_holds_and_runs_none_of_it(text: str) -> None:
    run = Run(
        name="x",
        argv=("printf", "%s\\n", Variable("A"), IfSaid("--b", "B"), IfTrue("--c", "C"), text),
    )
    done = subprocess.run(
        ["bash", "--noprofile", "--norc", "-euo", "pipefail", "-c", "\n".join(script_lines(run))],
        env={"PATH": "/usr/bin:/bin", "A": text, "B": text, "C": "true", "LC_ALL": "C.UTF-8"},
        capture_output=True,
        timeout=30,
        check=True,
    )
    said = ["--b", text] if text else []
    assert done.stdout.decode().split("\n")[:-1] == [text, *said, "--c", text]


def test_words_are_parted_at_spaces_and_nothing_in_them_is_a_pattern() -> None:
    run = Run(name="x", argv=("printf", "%s\\n", Words("A")))
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", "\n".join(script_lines(run))],
        env={"PATH": "/usr/bin:/bin", "A": "--ring a * $(id) ~ 'b c'"},
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    )
    assert done.stdout.splitlines() == ["--ring", "a", "*", "$(id)", "~", "'b", "c'"]


@pytest.mark.parametrize("text", ["${{ github.token }}", "a${{", "x ${{secrets.A}}"])
def test_an_expression_in_a_command_is_never_rendered(text: str) -> None:
    with pytest.raises(AssertionError, match="evaluate"):
        list(step_lines(Run(name="x", argv=("cellfactory", text)), set()))
