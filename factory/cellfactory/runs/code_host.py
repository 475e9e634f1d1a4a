"""Door: comments and issues of the repository, by the API of GitHub.

A comment or an issue of ours is known by a mark in its body and by who wrote it: somebody else who
writes the mark does not have theirs taken for ours.
"""

from __future__ import annotations

import json
import os
import re
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from cellfactory.errors import UsageError

MOST_PAGES = 100
PAGE = 100  # things of a page, the most that GitHub or GitLab gives
SECONDS = 30
LABEL = "cellfactory-drift"
BOT = "Bot"
SETTLED = "Nothing of it differs from what was applied any more."
OPEN = ("open", "opened")  # as GitHub and GitLab say it
Action = Literal["created", "updated", "unchanged", "closed", "reopened"]
Call = Callable[[str, str, Mapping[str, Any] | None], Any]
"""Takes a method, a path below the repository and a body; returns what came back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What became of a comment or an issue."""

    action: Action
    what: str


def github_call(environ: Mapping[str, str] = os.environ) -> Call:
    """Make the calls of a job in GitHub Actions.

    Raises:
        UsageError: when this is no such job.
    """
    token, api = environ.get("CI_TOKEN", ""), environ.get("GITHUB_API_URL", "")
    repository = environ.get("GITHUB_REPOSITORY", "")
    if not (token and api and repository):
        msg = (
            "not in a job of GitHub Actions: CI_TOKEN, GITHUB_API_URL or GITHUB_REPOSITORY is not "
            "set\n    to see what would be written: --dry-run"
        )
        raise UsageError(msg)
    if not re.fullmatch(r"[A-Za-z0-9._-]+/[A-Za-z0-9._-]+", repository):
        msg = f"GITHUB_REPOSITORY is no repository: {repository!r}"
        raise UsageError(msg)
    require_tls("GITHUB_API_URL", api)
    headers = {
        "Authorization": f"Bearer {token}",
        "Accept": "application/vnd.github+json",
        "X-GitHub-Api-Version": "2022-11-28",
    }
    call = rest_call("GitHub", api, headers)
    return lambda method, path, body: call(method, f"repos/{repository}/{path}", body)


def require_tls(name: str, api: str) -> None:
    """Refuse to hand a token to an address that is not reached by TLS, or on this machine.

    Raises:
        UsageError: when it is none.
    """
    if not re.match(r"https://|http://127\.0\.0\.1[:/]", api):
        msg = f"{name} must begin with https://, not {api!r}"
        raise UsageError(msg)


def rest_call(host: str, api: str, headers: Mapping[str, str]) -> Call:
    """Make the calls of an API that speaks JSON.

    Args:
        host: what people call it.
        api: its address.
        headers: of each request, such as who asks.
    """

    def call(method: str, path: str, body: Mapping[str, Any] | None) -> Any:
        request = urllib.request.Request(
            f"{api}/{path}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={
                **headers,
                "Content-Type": "application/json",
                "User-Agent": "cellfactory",
            },
        )
        try:
            with _OPENER.open(request, timeout=SECONDS) as answer:
                return json.loads(answer.read() or b"null")
        except urllib.error.HTTPError as error:
            error.close()
            msg = f"{host} refused {method} {path.partition('?')[0]}: {error.code} {error.reason}"
            raise UsageError(msg) from error
        except (OSError, ValueError) as error:
            msg = f"{host} cannot be reached at {api}: {getattr(error, 'reason', error)}"
            raise UsageError(msg) from error

    return call


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        """Follow nobody: the token is for one host, and urllib would take it along."""


_OPENER = urllib.request.build_opener(_NoRedirect)


def pages(call: Call, path: str) -> Iterator[Any]:
    """Yield what all pages of a list hold."""
    joint = "&" if "?" in path else "?"
    for page in range(1, MOST_PAGES + 1):
        found = call("GET", f"{path}{joint}per_page={PAGE}&page={page}", None)
        yield from found
        if len(found) < PAGE:
            return


def _is_ours(thing: Mapping[str, Any], mark: str) -> bool:
    is_bot = (thing.get("user") or {}).get("type") == BOT
    return is_bot and str(thing.get("body") or "").startswith(mark)


def put_comment(call: Call, change: int, mark: str, body: str) -> Told:
    """Write the one comment with a mark on a change, or update it where it is."""
    for comment in pages(call, f"issues/{change}/comments"):
        if _is_ours(comment, mark):
            if comment["body"] == body:
                return Told(action="unchanged", what=f"comment on change {change}")
            call("PATCH", f"issues/comments/{int(comment['id'])}", {"body": body})
            return Told(action="updated", what=f"comment on change {change}")
    call("POST", f"issues/{change}/comments", {"body": body})
    return Told(action="created", what=f"comment on change {change}")


def put_issues(call: Call, cells: list[Mapping[str, Any]]) -> Iterator[Told]:
    """Have one issue for each cell that drifted, and none open for one that does not.

    Args:
        call: of the repository.
        cells: as `drift --format json` tells them. An issue stays as it is where not all of a cell
            was looked at and nothing was found in the rest.
    """
    known = list(pages(call, f"issues?state=all&labels={LABEL}"))

    def find(mark: str) -> Mapping[str, Any] | None:
        return next((one for one in known if _is_ours(one, mark)), None)

    def close(found: Mapping[str, Any]) -> None:
        place = f"issues/{int(found['number'])}"
        call("POST", f"{place}/comments", {"body": SETTLED})
        call("PATCH", place, {"state": "closed"})

    yield from keep_issues(cells, find, lambda *one: _put_issue(call, *one), close)


def keep_issues(
    cells: list[Mapping[str, Any]],
    find: Callable[[str], Mapping[str, Any] | None],
    put: Callable[[Mapping[str, Any] | None, Mapping[str, Any]], Told],
    close: Callable[[Mapping[str, Any]], None],
) -> Iterator[Told]:
    """Decide for each cell what becomes of its issue, whoever keeps issues.

    Args:
        cells: as `drift --format json` tells them.
        find: the issue that begins with a mark.
        put: writes that of a cell which drifted.
        close: ends one.
    """
    for cell in cells:
        found = find(f"<!-- {cell['key']} ")
        if cell["drifted"]:
            yield put(found, cell)
        elif found and found["state"] in OPEN and cell["is_whole"]:
            close(found)
            yield Told(action="closed", what=f"issue of {cell['name']}")


def _put_issue(call: Call, found: Mapping[str, Any] | None, cell: Mapping[str, Any]) -> Told:
    wanted = {"title": cell["issue"]["title"], "body": cell["issue"]["body"]}
    what = f"issue of {cell['name']}"
    if found is None:
        call("POST", "issues", {**wanted, "labels": [LABEL]})
        return Told(action="created", what=what)
    was_open = found["state"] == "open"
    if was_open and (found["title"], found["body"]) == (wanted["title"], wanted["body"]):
        return Told(action="unchanged", what=what)
    call("PATCH", f"issues/{int(found['number'])}", {**wanted, "state": "open"})
    return Told(action="updated" if was_open else "reopened", what=what)
