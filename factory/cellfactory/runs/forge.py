"""The REST API of GitHub: comments on a pull request, and issues with a label.

What it is asked goes to one host and nowhere else: a redirect is refused, since it would take the
token along.

Source:
    https://docs.github.com/en/rest/issues/comments
    https://docs.github.com/en/rest/issues/issues
"""

from __future__ import annotations

import json
import re
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from cellfactory.errors import Finding, ForgeError, UsageError

API_VERSION = "2022-11-28"
PAGE = 100  # entries of one answer, the most that GitHub gives
MOST_PAGES = 100  # of one list; more of it is no list that we made
SECONDS = 30  # that an answer may take (s)
MOST_BYTES = 20_000_000  # of an answer (bytes)
_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
_REPOSITORY = re.compile(r"[A-Za-z0-9-]+/(?!\.{1,2}$)[A-Za-z0-9._-]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Forge:
    """A repository on GitHub, and the token of the job that talks to it."""

    api: str
    repository: str
    token: str = field(repr=False)

    def comments(self, number: int) -> Iterator[dict[str, Any]]:
        """Yield the comments on a pull request or an issue, the oldest first."""
        yield from self._all(f"issues/{number}/comments", {})

    def add_comment(self, number: int, body: str) -> None:
        """Write a comment."""
        self._ask("POST", f"issues/{number}/comments", {"body": body})

    def change_comment(self, comment: int, body: str) -> None:
        """Write a comment anew."""
        self._ask("PATCH", f"issues/comments/{comment}", {"body": body})

    def open_issues(self, label: str) -> Iterator[dict[str, Any]]:
        """Yield the open issues with a label; pull requests are none."""
        for one in self._all("issues", {"state": "open", "labels": label}):
            if "pull_request" not in one:
                yield one

    def add_issue(self, title: str, body: str, label: str) -> int:
        """Open an issue, and return its number."""
        made = self._ask("POST", "issues", {"title": title, "body": body, "labels": [label]})
        return int(made["number"])

    def change_issue(self, number: int, **values: str) -> None:
        """Change an issue: `title`, `body`, `state`, `state_reason`."""
        self._ask("PATCH", f"issues/{number}", values)

    def _all(self, path: str, query: Mapping[str, str]) -> Iterator[dict[str, Any]]:
        for page in range(1, MOST_PAGES + 1):
            asked = urllib.parse.urlencode({**query, "per_page": PAGE, "page": page})
            found = self._ask("GET", f"{path}?{asked}", None)
            yield from found
            if len(found) < PAGE:
                return

    def _ask(self, method: str, path: str, body: Mapping[str, Any] | None) -> Any:
        url = f"{self.api}/repos/{self.repository}/{path}"
        data = None if body is None else json.dumps(body).encode()
        headers = {
            "Accept": "application/vnd.github+json",
            "Authorization": f"Bearer {self.token}",
            "Content-Type": "application/json",
            "User-Agent": "cellfactory",
            "X-GitHub-Api-Version": API_VERSION,
        }
        request = urllib.request.Request(url, data=data, headers=headers, method=method)
        try:
            with _OPENER.open(request, timeout=SECONDS) as answer:
                return json.loads(answer.read(MOST_BYTES) or b"null")
        except urllib.error.HTTPError as error:
            raise _refused(method, path, self, error) from error
        except (OSError, ValueError) as error:
            message = f"cannot reach {self.api}: {getattr(error, 'reason', error)}"
            raise ForgeError(Finding(rule="F739", message=message)) from error


def forge_of(environ: Mapping[str, str]) -> Forge:
    """Find the forge that a job of CI runs for.

    Args:
        environ: with GITHUB_TOKEN, GITHUB_REPOSITORY and, unless it is github.com,
            GITHUB_API_URL.

    Raises:
        UsageError: when something is missing, or would send the token in the clear.
    """
    given = {n: environ.get(n) for n in ("GITHUB_TOKEN", "GITHUB_REPOSITORY")}
    missing = [name for name, value in given.items() if not value]
    if missing:
        msg = (
            f"{' and '.join(missing)} is not set\n    GitHub Actions sets it; or give --output DIR"
        )
        raise UsageError(msg)
    api = environ.get("GITHUB_API_URL") or "https://api.github.com"
    parts = urllib.parse.urlsplit(api)
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in _LOOPBACK):
        msg = f"GITHUB_API_URL is {api}: a token is sent by https alone"
        raise UsageError(msg)
    repository = environ["GITHUB_REPOSITORY"]
    if not _REPOSITORY.fullmatch(repository):
        msg = f"GITHUB_REPOSITORY is {repository!r}: it is OWNER/NAME"
        raise UsageError(msg)
    if not (environ["GITHUB_TOKEN"].isascii() and environ["GITHUB_TOKEN"].isprintable()):
        msg = "GITHUB_TOKEN holds a line break or another character that no token has"
        raise UsageError(msg)
    return Forge(api=api.rstrip("/"), repository=repository, token=environ["GITHUB_TOKEN"])


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        """Follow nobody: the token is for one host."""


_OPENER = urllib.request.build_opener(_NoRedirect)


def _refused(method: str, path: str, forge: Forge, error: urllib.error.HTTPError) -> ForgeError:
    try:
        told = str(json.loads(error.read(MOST_BYTES))["message"])
    except (OSError, ValueError, KeyError, TypeError):
        told = str(error.reason)
    where = f"{forge.repository}/{path.partition('?')[0]}"
    hint = ""
    if error.code in (HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND):
        hint = "the job needs pull-requests: write for comments, issues: write for issues"
    message = f"{forge.api} refuses {method} {where}: {error.code} {told}"
    return ForgeError(Finding(rule="F739", message=message, hint=hint))
