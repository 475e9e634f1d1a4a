"""How answers of `doctor` look: 80 columns, and commands that a shell takes."""

from __future__ import annotations

import shlex

from cellfactory.runs.questions import Answer, Subject
from cellfactory.views.doctor import WIDTH, render_answers, to_json

LONG = "aws s3api put-bucket-versioning --bucket a-bucket-with-quite-a-long-name-indeed "
LONG += "--versioning-configuration Status=Enabled"
ANSWERS = [
    Answer(subject=Subject("state"), claim="it is there", status="ok"),
    Answer(
        subject=Subject("state"),
        claim="it keeps versions",
        status="failed",
        seen="it keeps no versions: " + "and more words " * 9,
        fix=LONG,
    ),
    Answer(subject=Subject("cell", "a"), claim="one", status="skipped", seen="not asked"),
    Answer(subject=Subject("cell", "a"), claim="two", status="skipped", seen="not asked"),
    Answer(subject=Subject("cell", "a"), claim="three", status="warning", seen="no", fix="do"),
]


def test_it_fits_and_says_whom_it_is_about_once() -> None:
    shown = render_answers(ANSWERS)
    assert max(map(len, shown.splitlines())) <= WIDTH
    assert [line for line in shown.splitlines() if not line.startswith(" ")] == [
        "state",
        "cell a",
        "5 claims: 1 ok, 1 warning, 1 failed, 2 skipped",
    ]
    assert shown.count("not asked") == 1, "the same reason is given once"
    assert "             -> do" in shown


def test_a_command_can_be_copied_although_it_is_broken() -> None:
    shown = render_answers(ANSWERS)
    command = shown.split("$ ")[1].split("\ncell")[0]
    assert shlex.split(command.replace("\\\n", " ")) == shlex.split(LONG)


def test_json_holds_everything() -> None:
    made = to_json(ANSWERS)
    assert made["sums"] == {"ok": 1, "warning": 1, "failed": 1, "skipped": 2}
    assert made["answers"][1] == {
        "subject": {"kind": "state", "name": None},
        "claim": "it keeps versions",
        "status": "failed",
        "rule": "F630",
        "seen": ANSWERS[1].seen,
        "fix": LONG,
    }
    assert [row["rule"] for row in made["answers"]] == [None, "F630", None, None, "F631"]
