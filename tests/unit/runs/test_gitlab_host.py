"""Comments and issues on GitLab: known by mark and author, updated in place, and never obeyed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from cellfactory.errors import UsageError
from cellfactory.runs.gitlab_host import gitlab_call, put_gitlab_issues, put_note, quiet
from tests.pipelines.forge_server import Kept, serving

MARK = "<!-- cellfactory:plan -->"
QUIET = "\u200b"


@pytest.fixture
def forge() -> Iterator[Kept]:
    with serving() as kept:
        yield kept


def cell(name: str, *, drifted: bool, is_whole: bool = True, body: str = "it") -> dict[str, Any]:
    key = f"cellfactory-drift:cell:{name}"
    issue = {"title": f"Drift in {name}", "body": f"<!-- {key} 1 -->\n{body}"} if drifted else None
    return {"name": name, "key": key, "drifted": drifted, "is_whole": is_whole, "issue": issue}


def test_there_is_one_comment_and_it_is_updated_in_place(forge: Kept) -> None:
    call = gitlab_call(forge.gitlab_environment())
    actions = [put_note(call, 7, MARK, f"{MARK}\n{text}\n").action for text in "aab"]
    assert actions == ["created", "unchanged", "updated"]
    assert [one["body"] for one in forge.comments] == [f"{MARK}\nb"]


def test_it_is_found_behind_a_hundred_others(forge: Kept) -> None:
    call = gitlab_call(forge.gitlab_environment())
    other = {"author": {"id": 3}, "body": "hello"}
    forge.comments += [{"id": place + 1, **other} for place in range(130)]
    assert put_note(call, 7, MARK, f"{MARK}\na").action == "created"
    assert put_note(call, 7, MARK, f"{MARK}\na").action == "unchanged"


def test_a_person_who_writes_the_mark_keeps_their_comment(forge: Kept) -> None:
    forge.comments.append({"id": 1, "author": {"id": 3}, "body": f"{MARK}\nmine"})
    put_note(gitlab_call(forge.gitlab_environment()), 7, MARK, f"{MARK}\nours")
    assert [one["body"] for one in forge.comments] == [f"{MARK}\nmine", f"{MARK}\nours"]


def test_a_cell_has_one_issue_that_is_opened_updated_closed_and_opened_again(forge: Kept) -> None:
    call = gitlab_call(forge.gitlab_environment())
    steps = [(True, "a"), (True, "a"), (True, "b"), (False, ""), (False, ""), (True, "b")]
    found = []
    for drifted, body in steps:
        told = put_gitlab_issues(call, [cell("moka-use1-a", drifted=drifted, body=body)])
        found.append([one.action for one in told])
    assert found == [["created"], ["unchanged"], ["updated"], ["closed"], [], ["reopened"]]
    assert len(forge.issues) == 1


def test_a_cell_that_was_not_looked_at_as_a_whole_keeps_its_issue(forge: Kept) -> None:
    call = gitlab_call(forge.gitlab_environment())
    list(put_gitlab_issues(call, [cell("a", drifted=True), cell("a-b", drifted=True)]))
    assert list(put_gitlab_issues(call, [cell("a", drifted=False, is_whole=False)])) == []
    list(put_gitlab_issues(call, [cell("a", drifted=False)]))
    assert [one["state"] for one in forge.issues] == ["closed", "opened"]


@pytest.mark.parametrize(
    "line",
    ["/close", "  /merge", "> /approve", "- /assign me", "\t/label ~x", "/close\r", "* > /unlock"],
)
def test_no_line_is_a_quick_action(forge: Kept, line: str) -> None:
    put_note(gitlab_call(forge.gitlab_environment()), 7, MARK, f"{MARK}\na\n{line}\nb")
    written = forge.comments[0]["body"].split("\n")[2]
    assert not written.strip(" \t>-*").startswith("/")
    assert QUIET in written


@pytest.mark.parametrize("name", ["@all", "@_x", "a@example", "@ä"])
def test_nobody_is_called(name: str) -> None:
    assert f"@{QUIET}" in quiet(name)


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("CI_TOKEN", "", "CI_TOKEN"),
        ("CI_API_V4_URL", "", "CI_API_V4_URL"),
        ("CI_PROJECT_ID", "", "CI_PROJECT_ID"),
        ("CI_PROJECT_ID", "1/../2", "no number"),
        ("CI_API_V4_URL", "http://example.com", "https://"),
    ],
)
def test_a_token_goes_nowhere_but_to_the_project(name: str, value: str, says: str) -> None:
    environ = {"CI_TOKEN": "t", "CI_API_V4_URL": "https://g/api/v4", "CI_PROJECT_ID": "1"}
    with pytest.raises(UsageError, match=says):
        gitlab_call(environ | {name: value})


@pytest.mark.parametrize("status", [302, 401, 403, 404, 500])
def test_a_refusal_is_told_without_the_token(forge: Kept, status: int) -> None:
    forge.fails = status
    with pytest.raises(UsageError, match=f"GitLab refused GET user: {status}") as told:
        put_note(gitlab_call(forge.gitlab_environment()), 7, MARK, MARK)
    assert "a-token" not in str(told.value)
    assert all("elsewhere" not in path for _, path in forge.asked)
