"""Runs workflows with act, on this machine, within a network of its own: `unshare -n python -m …`.

What is real: the workflows, git, the commands, the emulated AWS with its S3, STS and EKS. What is a
stand-in: Terraform (`tests/unit/terraform/fake_terraform.py`), the five actions, the API of GitHub.
act enforces neither environments nor permissions nor concurrency.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

from cellfactory.pipelines.github import ACTIONS

BIN = Path(sys.executable).parent
STUBS: Mapping[str, str] = {
    "actions/checkout": (  # one without a `ref` is made by act itself
        'mkdir -p "${FROM:-.}" && cd "${FROM:-.}" && '
        'git init -q && git fetch -q "$ORIGIN" "+refs/heads/*:refs/remotes/origin/*" '
        '&& git checkout -q "$REF"'
    ),
    "actions/setup-python": "true",
    "actions/upload-artifact": 'mkdir -p "$STORE/$NAME" && cp -r "$FROM"/. "$STORE/$NAME"',
    "actions/download-artifact": (
        'rm -rf "$FROM" && mkdir -p "$FROM" && for d in "$STORE"/$PATTERN; do '
        'if [ "$MERGE" = true ]; then cp -r "$d"/. "$FROM"; else cp -r "$d" "$FROM"; fi; done'
    ),
    "aws-actions/configure-aws-credentials": (
        'echo "AWS_ACCESS_KEY_ID=test" >> "$GITHUB_ENV"; '
        'echo "AWS_SECRET_ACCESS_KEY=test" >> "$GITHUB_ENV"; echo "$ROLE" >> "$STORE/roles"'
    ),
}
INPUTS = {
    **{"REF": "ref", "NAME": "name", "FROM": "path", "PATTERN": "pattern"},
    **{"MERGE": "merge-multiple", "ROLE": "role-to-assume"},
}


class Api(BaseHTTPRequestHandler):
    """Comments and issues, as GitHub keeps them."""

    comments: ClassVar[list[dict[str, Any]]] = []
    issues: ClassVar[list[dict[str, Any]]] = []

    def log_message(self, *_args: Any) -> None:
        """Say nothing."""

    def _answer(self, value: Any) -> None:
        body = json.dumps(value).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _things(self) -> list[dict[str, Any]]:
        return self.comments if "/comments" in self.path else self.issues

    def _body(self) -> dict[str, Any]:
        read: dict[str, Any] = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        return read

    def do_GET(self) -> None:
        """List."""
        self._answer(self._things())

    def do_POST(self) -> None:
        """Make one."""
        things = self._things()
        made = {"id": len(things), "number": len(things), "state": "open", "user": {"type": "Bot"}}
        things.append({**made, **self._body()})
        self._answer(None)

    def do_PATCH(self) -> None:
        """Change one."""
        self._things()[int(self.path.rpartition("/")[2])].update(self._body())
        self._answer(None)


def serve_api() -> str:
    """Start the API; returns its address."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Api)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f"http://127.0.0.1:{server.server_port}"


def write_stubs(folder: Path) -> list[str]:
    """Write the stand-ins of the actions; returns the options that have act take them."""
    options = []
    for action, (commit, _) in ACTIONS.items():
        place = folder / action
        place.mkdir(parents=True)
        env = "".join(f"        {n}: ${{{{ inputs.{i} }}}}\n" for n, i in INPUTS.items())
        inputs = "".join(f"  {i}:\n    default: ''\n" for i in INPUTS.values())
        head = f"name: {action}\ndescription: a stand-in\ninputs:\n{inputs}"
        step = f"    - shell: bash\n      env:\n{env}      run: |\n        {STUBS[action]}\n"
        text = f"{head}runs:\n  using: composite\n  steps:\n{step}"
        (place / "action.yml").write_text(text, "utf-8")
        options += ["--local-repository", f"{action}@{commit}={place}"]
    return options


def act(folder: Path, event: str, workflow: str, payload: Any, *options: str) -> tuple[int, str]:
    """Run a workflow of a repository; returns its exit code and what it said."""
    file = folder.parent / "event.json"
    file.write_text(json.dumps(payload), "utf-8")
    made = folder.parent / "workflows"
    shutil.rmtree(made, ignore_errors=True)
    shutil.copytree(folder / ".github" / "workflows", made)
    for path in made.glob("*.yml"):  # act does not know `queue` yet
        path.write_text(path.read_text("utf-8").replace("  queue: max\n", ""), "utf-8")
    command = [
        *(str(BIN / "act"), event, "--workflows", str(made / f"{workflow}.yml")),
        *("--eventpath", str(file), "--platform", "ubuntu-24.04=-self-hosted"),
        *("--action-offline-mode", "--cache-server-addr", "127.0.0.1", *options),
    ]
    done = subprocess.run(
        command, cwd=folder, env=dict(os.environ), capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout + done.stderr
