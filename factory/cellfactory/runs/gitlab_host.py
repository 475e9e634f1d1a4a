"""Door: comments and issues of the project, by the API of GitLab.

A comment or an issue of ours is known by a mark in its body and by who wrote it: the user whose
token the job has.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from typing import Any

from cellfactory.errors import UsageError
from cellfactory.runs.code_host import (
    LABEL,
    SETTLED,
    Call,
    Told,
    keep_issues,
    pages,
    require_tls,
    rest_call,
)

_ACTION = re.compile(r"(?m)^([ \t>*+-]*)/(?=\w)")
_MENTION = re.compile(r"@(?=\w)")
MOST_TITLE = 255  # characters of an issue's, the most that GitLab takes


def is_gitlab(environ: Mapping[str, str] = os.environ) -> bool:
    """Whether this is a job of GitLab."""
    return environ.get("GITLAB_CI") == "true"


def gitlab_call(environ: Mapping[str, str] = os.environ) -> Call:
    """Make the calls of a job in GitLab CI.

    Raises:
        UsageError: when this is no such job.
    """
    token, api = environ.get("CI_TOKEN", ""), environ.get("CI_API_V4_URL", "")
    project = environ.get("CI_PROJECT_ID", "")
    if not (token and api and project):
        msg = (
            "no way to GitLab: CI_TOKEN, CI_API_V4_URL or CI_PROJECT_ID is not set\n"
            "    to see what would be written: --dry-run"
        )
        raise UsageError(msg)
    if not re.fullmatch(r"[0-9]+", project):
        msg = f"CI_PROJECT_ID is no number of a project: {project!r}"
        raise UsageError(msg)
    require_tls("CI_API_V4_URL", api)
    call = rest_call("GitLab", api, {"Authorization": f"Bearer {token}"})

    def placed(method: str, path: str, body: Mapping[str, Any] | None) -> Any:
        return call(method, path if path == "user" else f"projects/{project}/{path}", body)

    return placed


def quiet(body: str) -> str:
    """Take from a text what GitLab would do: quick actions at the start of a line, and mentions.

    >>> print(quiet("/close").encode("ascii", "backslashreplace").decode())
    \\u200b/close
    """
    return _MENTION.sub("@\u200b", _ACTION.sub("\\1\u200b/", body)).strip()


def put_note(call: Call, change: int, mark: str, body: str) -> Told:
    """Write the one comment with a mark on a merge request, or update it where it is."""
    me, body = _me(call), quiet(body)
    place, what = f"merge_requests/{change}/notes", f"comment on merge request {change}"
    for note in pages(call, place):
        if _is_ours(note, me, mark, "body"):
            if note["body"].strip() == body:
                return Told(action="unchanged", what=what)
            call("PUT", f"{place}/{int(note['id'])}", {"body": body})
            return Told(action="updated", what=what)
    call("POST", place, {"body": body})
    return Told(action="created", what=what)


def put_gitlab_issues(call: Call, cells: list[Mapping[str, Any]]) -> Iterator[Told]:
    """Have one issue for each cell that drifted, and none open for one that does not.

    Args:
        call: of the project.
        cells: as `drift --format json` tells them. An issue stays as it is where not all of a cell
            was looked at and nothing was found in the rest.
    """
    me, known = _me(call), list(pages(call, f"issues?state=all&labels={LABEL}"))

    def find(mark: str) -> Mapping[str, Any] | None:
        return next((one for one in known if _is_ours(one, me, mark, "description")), None)

    def close(found: Mapping[str, Any]) -> None:
        place = f"issues/{int(found['iid'])}"
        call("POST", f"{place}/notes", {"body": SETTLED})
        call("PUT", place, {"state_event": "close"})

    yield from keep_issues(cells, find, lambda *one: _put_issue(call, *one), close)


def _put_issue(call: Call, found: Mapping[str, Any] | None, cell: Mapping[str, Any]) -> Told:
    title, text = cell["issue"]["title"][:MOST_TITLE].strip(), quiet(cell["issue"]["body"])
    wanted = {"title": title, "description": text}
    what = f"issue of {cell['name']}"
    if found is None:
        call("POST", "issues", {**wanted, "labels": LABEL})
        return Told(action="created", what=what)
    was_open = found["state"] == "opened"
    if was_open and (found["title"], found["description"].strip()) == (title, text):
        return Told(action="unchanged", what=what)
    event = {} if was_open else {"state_event": "reopen"}
    call("PUT", f"issues/{int(found['iid'])}", {**wanted, **event})
    return Told(action="updated" if was_open else "reopened", what=what)


def _me(call: Call) -> int:
    return int(call("GET", "user", None)["id"])


def _is_ours(thing: Mapping[str, Any], me: int, mark: str, text: str) -> bool:
    is_mine = (thing.get("author") or {}).get("id") == me
    return is_mine and str(thing.get(text) or "").startswith(mark)
