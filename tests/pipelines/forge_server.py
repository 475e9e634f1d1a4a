"""A forge on loopback: comments and issues as GitHub or GitLab keeps them, and who asked."""

from __future__ import annotations

import json
import threading
import urllib.parse
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

REPOSITORY = "example-org/cells"
TOKEN = "a-token"
STATES = {"close": "closed", "reopen": "opened"}


@dataclass
class Kept:
    """What the forge holds."""

    comments: list[dict[str, Any]] = field(default_factory=list)
    issues: list[dict[str, Any]] = field(default_factory=list)
    asked: list[tuple[str, str]] = field(default_factory=list)
    fails: int = 0  # status of each answer, where it is not 0
    url: str = ""

    def environment(self) -> dict[str, str]:
        """What a job is given."""
        return {
            "GITHUB_API_URL": self.url,
            "GITHUB_REPOSITORY": REPOSITORY,
            "GITHUB_TOKEN": TOKEN,
        }

    def gitlab_environment(self) -> dict[str, str]:
        """What a job of GitLab is given."""
        return {
            "GITLAB_CI": "true",
            "CI_API_V4_URL": f"{self.url}/api/v4",
            "CI_PROJECT_ID": "42",
            "CI_TOKEN": TOKEN,
        }

    def answer(self, method: str, path: str, query: dict[str, str], body: Any) -> Any:
        """Do what is asked."""
        parts = path.removeprefix(f"/repos/{REPOSITORY}/").split("/")
        match method, parts:
            case "GET", ["issues", _, "comments"]:
                return page_of(self.comments, query)
            case "POST", ["issues", _, "comments"]:
                made = {"id": len(self.comments) + 1, "user": {"type": "Bot"}, **body}
                self.comments.append(made)
                return made
            case "PATCH", ["issues", "comments", number]:
                self.comments[int(number) - 1].update(body)
                return self.comments[int(number) - 1]
            case "GET", ["issues"]:
                label = query["labels"]
                found = [
                    one
                    for one in self.issues
                    if query["state"] in ("all", one["state"]) and label in one["labels"]
                ]
                return page_of(found, query)
            case "POST", ["issues"]:
                made = {
                    "number": len(self.issues) + 1,
                    "state": "open",
                    "user": {"type": "Bot"},
                    **body,
                }
                self.issues.append(made)
                return made
            case "PATCH", ["issues", number]:
                self.issues[int(number) - 1].update(body)
                return self.issues[int(number) - 1]
        msg = f"{method} {path}"
        raise AssertionError(msg)


@dataclass
class GitLab:
    """The same, as GitLab keeps it; comments of an issue are not kept."""

    kept: Kept

    def answer(self, method: str, path: str, query: dict[str, str], body: Any) -> Any:
        """Do what is asked."""
        if path == "/api/v4/user":
            return {"id": 9}
        parts = path.removeprefix("/api/v4/projects/42/").split("/")
        answer = self._notes if "notes" in parts else self._issues
        return answer(method, parts, query, body)

    def _notes(self, method: str, parts: list[str], query: dict[str, str], body: Any) -> Any:
        notes = self.kept.comments
        match method, parts:
            case "GET", ["merge_requests", _, "notes"]:
                return page_of(notes, query)
            case "POST", ["merge_requests", _, "notes"]:
                notes.append({"id": len(notes) + 1, "author": {"id": 9}, **body})
            case "PUT", ["merge_requests", _, "notes", number]:
                notes[int(number) - 1].update(body)
            case _:
                assert (method, parts[0]) == ("POST", "issues")
        return None

    def _issues(self, method: str, parts: list[str], query: dict[str, str], body: Any) -> Any:
        issues = self.kept.issues
        match method, parts:
            case "GET", ["issues"]:
                return page_of([one for one in issues if query["labels"] in one["labels"]], query)
            case "POST", ["issues"]:
                made = {"iid": len(issues) + 1, "state": "opened", "author": {"id": 9}}
                issues.append({**made, **body})
            case "PUT", ["issues", number]:
                issue = issues[int(number) - 1]
                event = body.pop("state_event", None)
                issue |= {**body, "state": STATES.get(event, issue["state"])}
            case _:
                msg = f"{method} {parts}"
                raise AssertionError(msg)
        return None


def page_of(found: list[Any], query: dict[str, str]) -> list[Any]:
    """Cut the page from a list that is asked for."""
    size, page = int(query["per_page"]), int(query["page"])
    return found[size * (page - 1) : size * page]


@contextmanager
def serving() -> Iterator[Kept]:
    """Serve a forge for as long as it is needed."""
    kept = Kept()

    class Handler(BaseHTTPRequestHandler):
        def _do(self) -> None:
            parts = urllib.parse.urlsplit(self.path)
            kept.asked.append((self.command, parts.path))
            length = int(self.headers.get("Content-Length") or 0)
            body = json.loads(self.rfile.read(length) or b"null")
            status, told = kept.fails or 200, {"message": "no"}
            if self.headers["Authorization"] != f"Bearer {TOKEN}":
                status = 401
            elif not kept.fails:
                query = dict(urllib.parse.parse_qsl(parts.query))
                is_gitlab = parts.path.startswith("/api/v4/")
                answer = GitLab(kept).answer if is_gitlab else kept.answer
                told = answer(self.command, parts.path, query, body)
            data = json.dumps(told).encode()
            self.send_response(status)
            if status == 302:
                self.send_header("Location", f"{kept.url}/elsewhere")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST = do_PATCH = do_PUT = _do

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    kept.url = f"http://127.0.0.1:{server.server_address[1]}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield kept
    finally:
        server.shutdown()
        server.server_close()
