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

    def answer_gitlab(self, method: str, path: str, query: dict[str, str], body: Any) -> Any:
        """Do what is asked of GitLab; comments of an issue are not kept."""
        parts = path.removeprefix("/projects/42/").split("/")
        author = {"author": {"id": 9}}
        match method, parts:
            case "GET", ["", "user"]:
                return {"id": 9}
            case "GET", ["merge_requests", _, "notes"]:
                return self._page(self.comments, query)
            case "POST", ["merge_requests", _, "notes"]:
                self.comments.append({"id": len(self.comments) + 1, **author, **body})
                return self.comments[-1]
            case "PUT", ["merge_requests", _, "notes", number]:
                self.comments[int(number) - 1].update(body)
                return self.comments[int(number) - 1]
            case "GET", ["issues"]:
                found = [one for one in self.issues if query["labels"] in one["labels"]]
                return self._page(found, query)
            case "POST", ["issues"]:
                made = {"iid": len(self.issues) + 1, "state": "opened", **author, **body}
                self.issues.append(made)
                return made
            case "POST", ["issues", _, "notes"]:
                return {"id": 1, **body}
            case "PUT", ["issues", number]:
                issue = self.issues[int(number) - 1]
                states = {"close": "closed", "reopen": "opened"}
                event = body.pop("state_event", None)
                issue |= {**body, "state": states.get(event, issue["state"])}
                return issue
        msg = f"{method} {path}"
        raise AssertionError(msg)

    def answer(self, method: str, path: str, query: dict[str, str], body: Any) -> Any:
        """Do what is asked."""
        if path.startswith("/api/v4/"):
            return self.answer_gitlab(method, path.removeprefix("/api/v4"), query, body)
        parts = path.removeprefix(f"/repos/{REPOSITORY}/").split("/")
        match method, parts:
            case "GET", ["issues", _, "comments"]:
                return self._page(self.comments, query)
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
                return self._page(found, query)
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

    @staticmethod
    def _page(found: list[Any], query: dict[str, str]) -> list[Any]:
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
                told = kept.answer(self.command, parts.path, query, body)
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
