"""One comment on a pull request and one issue for each cell, on a forge of our own on loopback."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cellfactory.cli import main
from cellfactory.views.forge_comment import MARKER, MOST_BODY, render_comment
from tests.pipelines.forge_server import Kept, serving


def run(*words: str) -> int:
    with pytest.raises(SystemExit) as stop:
        main(["pipeline", *words])
    return int(stop.value.code or 0)


@pytest.fixture
def forge(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Kept]:
    monkeypatch.chdir(tmp_path)
    with serving() as kept:
        for name, value in kept.environment().items():
            monkeypatch.setenv(name, value)
        yield kept


def part(name: str, text: str) -> None:
    path = Path("parts", name, "told.md")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")


def drifted(*cells: dict[str, Any]) -> None:
    Path("parts").mkdir(exist_ok=True)
    Path("parts/drift.json").write_text(json.dumps({"cells": cells}), "utf-8")


def cell(name: str, found: str | None, *, is_whole: bool = True) -> dict[str, Any]:
    key = f"cellfactory-drift:cell:{name}"
    body = f"<!-- {key} {found} -->\n\n{found}"
    return {
        "key": key,
        "fingerprint": found,
        "is_whole": is_whole,
        "issue": {"title": f"Drift in {name}", "body": body} if found else None,
    }


def test_a_comment_is_written_once_and_then_kept_up_to_date(
    forge: Kept, capsys: pytest.CaptureFixture[str]
) -> None:
    forge.comments += [{"id": 1, "user": {"type": "User"}, "body": f"{MARKER}\nmine"}]
    forge.comments += [{"id": n, "user": {"type": "User"}, "body": "hi"} for n in range(2, 150)]
    part("part-plan-0-1", "a plan")
    part("part-diff", "a diff")
    assert run("comment", "parts", "--on", "7") == 0
    assert forge.comments[-1]["body"] == f"{MARKER}\n\na diff\n\na plan\n"
    assert run("comment", "parts", "--on", "7") == 0
    part("part-diff", "another")
    assert run("comment", "parts", "--on", "7") == 0
    assert [c for c in forge.comments if "mine" in c["body"] or "diff" in c["body"]][1:] == []
    assert len(forge.comments) == 150
    assert "another" in forge.comments[-1]["body"]
    done = [line.rpartition(" ")[2] for line in capsys.readouterr().err.splitlines()]
    assert done == ["written", "unchanged", "updated"]


def test_a_comment_without_parts_says_so(forge: Kept) -> None:
    assert run("comment", "parts", "--on", "7") == 0
    assert "see the run" in forge.comments[0]["body"]


def test_a_comment_can_be_a_file_and_asks_nobody(forge: Kept) -> None:
    part("part-diff", f"{MARKER} a {MARKER}")
    assert run("comment", "parts", "--output", "body.md") == 0
    assert Path("body.md").read_text("utf-8") == f"{MARKER}\n\na\n"
    assert forge.asked == []


def test_a_long_comment_is_cut_between_parts_and_says_so() -> None:
    body = render_comment(["x" * 30_000] * 3)
    assert len(body) <= MOST_BODY
    assert body.endswith("_1 of 3 parts are left out here: the run shows them all._\n")


def test_a_link_among_the_parts_is_not_followed(forge: Kept, tmp_path: Path) -> None:
    (tmp_path / "secret.md").write_text("secret", "utf-8")
    (tmp_path / "parts").mkdir()
    (tmp_path / "parts/a.md").symlink_to(tmp_path / "secret.md")
    run("comment", "parts", "--on", "7")
    assert "secret" not in forge.comments[0]["body"]


def test_a_cell_has_one_issue_which_is_updated_in_place_and_closes_by_itself(
    forge: Kept, capsys: pytest.CaptureFixture[str]
) -> None:
    drifted(cell("a", "1"), cell("b", "2"), cell("c", None))
    for _ in range(2):
        assert run("issues", "parts") == 0
    assert [(i["title"], i["state"]) for i in forge.issues] == [
        ("Drift in a", "open"),
        ("Drift in b", "open"),
    ]
    drifted(cell("a", "3"), cell("b", None), cell("c", None))
    assert run("issues", "parts") == 0
    assert [i["state"] for i in forge.issues] == ["open", "closed"]
    assert forge.issues[0]["body"].endswith("3")
    drifted(cell("a", "3"), cell("b", "9"))
    assert run("issues", "parts") == 0
    assert [i["state"] for i in forge.issues] == ["open", "closed", "open"]
    assert capsys.readouterr().err.splitlines() == [
        "cellfactory-drift:cell:a: #1 opened",
        "cellfactory-drift:cell:b: #2 opened",
        "cellfactory-drift:cell:a: #1 updated",
        "cellfactory-drift:cell:b: #2 closed",
        "cellfactory-drift:cell:b: #3 opened",
    ]


def test_an_issue_is_not_closed_where_only_a_part_of_the_cell_was_looked_at(forge: Kept) -> None:
    drifted(cell("a", "1"))
    run("issues", "parts")
    drifted(cell("a", None, is_whole=False))
    run("issues", "parts")
    assert forge.issues[0]["state"] == "open"


def test_issues_can_be_files(forge: Kept) -> None:
    drifted(cell("a", "1"), cell("b", None))
    assert run("issues", "parts", "--output", "bodies") == 0
    assert [p.name for p in Path("bodies").iterdir()] == ["cellfactory-drift-cell-a.md"]
    assert forge.asked == []


@pytest.mark.parametrize("status", [403, 404, 422, 500])
def test_a_forge_that_refuses_is_told_in_a_sentence(
    status: int, forge: Kept, capsys: pytest.CaptureFixture[str]
) -> None:
    forge.fails = status
    assert run("comment", "parts", "--on", "7") == 8
    told = capsys.readouterr().err
    assert f"F739 {forge.url} refuses GET example-org/cells/issues/7/comments: {status} no" in told
    assert "a-token" not in told


def test_a_redirect_takes_no_token_along(forge: Kept) -> None:
    forge.fails = 302
    assert run("comment", "parts", "--on", "7") == 8
    assert [path for _, path in forge.asked] == ["/repos/example-org/cells/issues/7/comments"]


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("GITHUB_API_URL", "http://example.com", "sent by https alone"),
        ("GITHUB_API_URL", "ftp://example.com", "sent by https alone"),
        ("GITHUB_REPOSITORY", "../../user", "it is OWNER/NAME"),
        ("GITHUB_REPOSITORY", "a/b/../..", "it is OWNER/NAME"),
        ("GITHUB_REPOSITORY", "a/..", "it is OWNER/NAME"),
        ("GITHUB_TOKEN", "", "GITHUB_TOKEN is not set"),
        ("GITHUB_TOKEN", "a\nb", "GITHUB_TOKEN"),
    ],
)
def test_an_environment_that_leads_elsewhere_is_refused(
    name: str,
    value: str,
    told: str,
    forge: Kept,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv(name, value)
    assert run("comment", "parts", "--on", "7") == 2
    assert told in capsys.readouterr().err
    assert forge.asked == []


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"cells": [{}]}', '{"cells": 5}'])
def test_what_is_no_report_of_drift_is_refused(
    text: str, forge: Kept, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("parts").mkdir()
    Path("parts/drift.json").write_text(text, "utf-8")
    assert run("issues", "parts") == 2
    assert "is not what cellfactory drift --format json writes" in capsys.readouterr().err
    assert forge.asked == []
