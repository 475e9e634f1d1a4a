"""Run the rendered file in `gitlab-ci-local`, alone on loopback: a merge request, and a merge.

Started by `test_gitlab_executed.py` in a network namespace of its own: nothing leaves the machine.

Real: the rendered file, bash, the scripts, `python3 -m venv`, artifacts, rules, the order of jobs,
git, the command line, synthesis, runs with journal and registry, and the REST calls. Stand-ins are
those of `act_run`. GitLab's queues, environments, tokens and protections are its own, and not
tried; the token of a job is a word.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cellfactory.documents import load_data
from tests.pipelines.act_run import ADD, CANARY, LATER, MAKES, World
from tests.pipelines.forge_server import TOKEN, serving

PROJECT = "example-group/cells"
HOSTILE = "last$(touch hit) `touch hit`; touch hit \"' --out-of-order"
WRAPPER = """\
#!/bin/bash
ln -sfn "$STUB_HOME/.cellfactory" .cellfactory
role=${AWS_ROLE_ARN##*/} token=$(cat "${AWS_WEB_IDENTITY_TOKEN_FILE:-/dev/null}")
echo "cellfactory $* role=$role token=$token resume=$CELLFACTORY_RESUME" >> "$STUB_LOG"
unset AWS_ROLE_ARN AWS_WEB_IDENTITY_TOKEN_FILE
words=() more=()
for word in "$@"; do [ "$word" = --read-only ] || words+=("$word"); done
case "$1" in
  plan) more=(--sandbox --layer network);;
  apply) more=(--sandbox --layer network --out-of-order);;
esac
exec "$STUB_PYTHON" -m cellfactory "${words[@]}" "${more[@]}"
"""


@dataclass
class GitLabWorld(World):
    """The same repository, on GitLab."""

    def write(self, inventory: Any) -> None:
        """Write the inventory, with its pipeline on GitLab."""
        pipeline = {name: v for name, v in inventory["pipeline"].items() if name != "github"}
        super().write({**inventory, "pipeline": {**pipeline, "gitlab": {"project": PROJECT}}})

    def prepare(self) -> None:
        """Make what GitLab and its runner have and the rest has not."""
        self.make()
        self._program("cellfactory", WRAPPER)
        (self.work / "pipelines/cellfactory.lock").write_text("", "utf-8")  # nothing to download
        ignored = [".cellfactory", "cdktf.out", ".base", ".programs", "kept", "in", "out"]
        ignored.append(".gitlab-ci-local")
        (self.work / ".gitignore").write_text("\n".join(ignored) + "\n", "utf-8")
        self.git("remote", "set-url", "origin", f"https://gitlab.com/{PROJECT}.git")
        self.commit("main")

    def run_jobs(self, source: str, **variables: str) -> dict[str, Any]:
        """Run the pipeline that an event starts, and say what was seen."""
        (self.top / "log").unlink(missing_ok=True)
        for name in ("kept", "in", "out"):
            shutil.rmtree(self.work / name, ignore_errors=True)
        given: dict[str, object] = {
            "GITLAB_CI": "true",
            "CI_PIPELINE_SOURCE": source,
            "CI_PROJECT_PATH": PROJECT,
            "CI_API_V4_URL": f"{self.forge.url}/api/v4",
            "CI_PROJECT_ID": "42",
            "CELLFACTORY_ID_TOKEN": "signed",
            "STUB_HOME": self.top / "home",
            "STUB_LOG": self.top / "log",
            "STUB_PYTHON": sys.executable,
            "PYTHONPATH": ROOT / "factory",
            "TERRAFORM": self.top / "bin/terraform",
            "FAKE_LOG": self.top / "terraform.log",
            "FAKE_SCRIPT": self.top / "script.json",
            "CELLFACTORY_REGISTRY": self.top / "home/registry",
            **variables,
        }
        command = [self.act, "--force-shell-executor", "--no-color"]
        for name, value in given.items():
            command += ["--variable", f"{name}={value}"]
        path = f"{self.top / 'bin'}:{os.environ['PATH']}"
        done = subprocess.run(
            command,
            cwd=self.work,
            env={**os.environ, "HOME": str(self.top / "home"), "PATH": path},
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        said = done.stdout + done.stderr
        return {
            "code": done.returncode,
            "said": said,
            "log": self.log(),
            "comments": [one["body"] for one in self.forge.comments],
            "hits": [str(path) for path in self.top.rglob("hit")],
        }


ROOT = Path(__file__).resolve().parents[2]


def main(top: Path, program: str) -> None:
    """Go from a merge request to what is applied, and print what was seen as JSON."""
    seen: dict[str, Any] = {}
    with serving() as forge, socket.create_server(("127.0.0.1", 0)) as aws:
        world = GitLabWorld(top=top, act=program, forge=forge)
        world.prepare()
        server = top / "home/.cellfactory/sandbox/server.json"
        endpoint = f"http://127.0.0.1:{aws.getsockname()[1]}"
        server.write_text(
            json.dumps({"id": "1", "pid": os.getpid(), "endpoint": endpoint}), "utf-8"
        )
        base = world.git("rev-parse", "HEAD")
        world.git("checkout", "-q", "-b", "change")
        made = load_data((world.work / "cells.yaml").read_text("utf-8"))
        made["cell_types"]["spark-small"]["flow_logs"] = {"retention_days": 40}
        World.write(world, made)
        world.commit("change")
        world.does({f"{cell}-network": MAKES for cell in (CANARY, LATER)})
        change = {
            "CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "main",
            "CI_MERGE_REQUEST_DIFF_BASE_SHA": base,
            "CI_MERGE_REQUEST_IID": "7",
            "CI_MERGE_REQUEST_TITLE": HOSTILE,
        }
        source = "CI_MERGE_REQUEST_SOURCE_PROJECT_PATH"
        token = {"CELLFACTORY_GITLAB_TOKEN": TOKEN}
        for name, owner in (("fork", "somebody/cells"), ("change", PROJECT), ("again", PROJECT)):
            world.git("checkout", "-q", "-f", "change")
            given = {**change, **token, source: owner}
            seen[name] = world.run_jobs("merge_request_event", **given)
        world.git("checkout", "-q", "-f", "main")
        world.git("merge", "-q", "--no-edit", "change")
        world.commit("main")
        broken = {"plan": {"changes": [ADD]}, "apply": {"error": "no room"}}
        world.does({f"{CANARY}-network": broken, f"{LATER}-network": MAKES})
        seen["broken"] = world.run_jobs("push")
        world.does({f"{cell}-network": MAKES for cell in (CANARY, LATER)})
        seen["apply"] = world.run_jobs("push")
        seen["asked"] = world.run_jobs("web", CELLFACTORY_RESUME=HOSTILE)
    print(json.dumps(seen))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
