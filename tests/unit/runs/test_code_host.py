"""Comments and issues: known by mark and author, updated in place, closed when clean."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from cellfactory.errors import UsageError
from cellfactory.runs.code_host import github_call, put_comment, put_issues

MARK = "<!-- cellfactory:plan -->"
BOT, PERSON = {"type": "Bot"}, {"type": "User"}


class Host:
    """What GitHub would keep."""

    def __init__(self) -> None:
        self.comments: list[dict[str, Any]] = []
        self.issues: list[dict[str, Any]] = []
        self.calls: list[tuple[str, str]] = []

    def __call__(self, method: str, path: str, body: Mapping[str, Any] | None) -> Any:
        self.calls.append((method, path.partition("?")[0]))
        things = self.comments if "comments" in path else self.issues
        if method == "GET":
            return things if "page=1" in path else []
        if method == "POST":
            things.append(
                {
                    "id": len(things),
                    "number": len(things),
                    "state": "open",
                    "user": BOT,
                    **(body or {}),
                }
            )
            return None
        number = int(path.rpartition("/")[2])
        things[number].update(body or {})
        return None


def cell(name: str, *, drifted: bool, is_whole: bool = True, body: str = "it") -> dict[str, Any]:
    key = f"cellfactory-drift:cell:{name}"
    issue = {"title": f"Drift in {name}", "body": f"<!-- {key} 1 -->\n{body}"} if drifted else None
    return {"name": name, "key": key, "drifted": drifted, "is_whole": is_whole, "issue": issue}


def test_there_is_one_comment_and_it_is_updated_in_place() -> None:
    host = Host()
    assert put_comment(host, 7, MARK, f"{MARK}\na").action == "created"
    assert put_comment(host, 7, MARK, f"{MARK}\na").action == "unchanged"
    assert put_comment(host, 7, MARK, f"{MARK}\nb").action == "updated"
    assert [one["body"] for one in host.comments] == [f"{MARK}\nb"]


def test_a_person_who_writes_the_mark_keeps_their_comment() -> None:
    host = Host()
    host.comments.append({"id": 0, "body": f"{MARK}\nmine", "user": PERSON})
    put_comment(host, 7, MARK, f"{MARK}\nours")
    assert [one["body"] for one in host.comments] == [f"{MARK}\nmine", f"{MARK}\nours"]


def test_an_issue_is_opened_updated_closed_and_opened_again() -> None:
    host = Host()
    for drifted, body, action in (
        (True, "a", "created"),
        (True, "a", "unchanged"),
        (True, "b", "updated"),
        (False, "", "closed"),
        (True, "c", "reopened"),
    ):
        told = list(put_issues(host, [cell("moka-use1-a", drifted=drifted, body=body)]))
        assert [one.action for one in told] == [action]
    assert len(host.issues) == 1
    assert host.issues[0]["state"] == "open"
    assert host.issues[0]["labels"] == ["cellfactory-drift"]


def test_what_was_not_looked_at_as_a_whole_closes_nothing() -> None:
    host = Host()
    list(put_issues(host, [cell("a", drifted=True)]))
    assert list(put_issues(host, [cell("a", drifted=False, is_whole=False)])) == []
    assert host.issues[0]["state"] == "open"


def test_a_cell_whose_name_begins_another_one_has_its_own_issue() -> None:
    host = Host()
    list(put_issues(host, [cell("a", drifted=True), cell("a-b", drifted=True)]))
    assert [i["title"] for i in host.issues] == ["Drift in a", "Drift in a-b"]


@pytest.mark.parametrize(
    "environ",
    [
        {},
        {"CI_TOKEN": "t", "GITHUB_API_URL": "http://evil.example", "GITHUB_REPOSITORY": "a/b"},
        {"CI_TOKEN": "t", "GITHUB_API_URL": "https://x.example", "GITHUB_REPOSITORY": "a/b/../c"},
    ],
)
def test_a_token_goes_nowhere_else(environ: dict[str, str]) -> None:
    with pytest.raises(UsageError):
        github_call(environ)
