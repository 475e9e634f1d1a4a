"""Run the rendered workflows in `act`, alone on loopback, from a pull request to an issue.

Started by `test_executed.py` in a network namespace of its own: nothing leaves the machine.

Real: the rendered workflows (but `queue: max`, which act does not know), bash, the scripts, the
order of jobs, matrix and conditions, git with a bare repository, the command line, synthesis, runs
with their journal, registry and rings, and the REST calls.

Stand-ins: Terraform (`fake_terraform.py`), what listens where the emulated AWS would (so that only
networks are made, by `--layer network --out-of-order`: clusters would be asked how they do), the
actions (stubs below), `pip install`, and a forge on loopback. A wrapper adds `--sandbox` and
takes `--read-only` away, since the sandbox has one set of rights. Environments with reviewers,
queues and permissions are GitHub's own, and not tried.
"""

from __future__ import annotations

import copy
import json
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cellfactory.documents import load_data, render_data
from cellfactory.pipelines.github import ACTIONS
from tests.pipelines.forge_server import Kept, serving

ROOT = Path(__file__).resolve().parents[2]
FAKE = ROOT / "tests/unit/terraform/fake_terraform.py"
CANARY, LATER = "moka-use1-b", "moka-usw2-a"
ADD = {"action": "create", "address": "aws_vpc.cell"}
NONE: Mapping[str, Any] = {"plan": {"changes": []}, "apply": {"changes": []}}
MAPS = (
    *("zone_names", "node_subnet_ids", "pod_subnet_ids", "endpoint_subnet_ids"),
    *("control_plane_subnet_ids", "node_route_table_ids", "security_group_ids"),
)
OUTPUTS: dict[str, Any] = {"vpc_id": "vpc-1", **{name: {"usw2-az1": "id-1"} for name in MAPS}}
MAKES = {"plan": {"changes": [ADD]}, "apply": {"outputs": OUTPUTS, "changes": [ADD]}}
SECONDS = 300
STUBS = {
    "actions/checkout": """\
inputs: {ref: {default: ""}, path: {default: "."}, fetch-depth: {}, persist-credentials: {}}
runs:
  using: composite
  steps:
    - shell: bash
      env: {REF: "${{ inputs.ref }}", FOLDER: "${{ inputs.path }}"}
      run: |
        mkdir -p "$FOLDER" && cd "$FOLDER"
        [ "$FOLDER" = . ] && find . -mindepth 1 -maxdepth 1 ! -name .cellfactory -exec rm -rf {} +
        git init -q . && git fetch -q "$STUB_ORIGIN" '+refs/heads/*:refs/remotes/origin/*'
        git checkout -q -f --detach "${REF:-$STUB_SHA}"
""",
    "actions/cache/restore": """\
inputs: {path: {}, key: {}, restore-keys: {default: ""}}
runs:
  using: composite
  steps:
    - shell: bash
      env: {KEY: "${{ inputs.key }}", LIKE: "${{ inputs.restore-keys }}"}
      run: |
        echo "cache restore $KEY or $LIKE" >> "$STUB_LOG"
""",
    "actions/cache/save": """\
inputs: {path: {}, key: {}}
runs:
  using: composite
  steps:
    - shell: bash
      env: {KEY: "${{ inputs.key }}", FOLDER: "${{ inputs.path }}"}
      run: |
        [ -d "${FOLDER/#\\~/$HOME}" ]
        echo "cache save $KEY" >> "$STUB_LOG"
""",
    "actions/setup-python": """\
inputs: {python-version: {}}
runs: {using: composite, steps: [{shell: bash, run: "true"}]}
""",
    "actions/upload-artifact": """\
inputs: {name: {}, path: {}, if-no-files-found: {}, retention-days: {}}
runs:
  using: composite
  steps:
    - shell: bash
      env: {NAME: "${{ inputs.name }}", FILE: "${{ inputs.path }}"}
      run: |
        mkdir -p "$STUB_KEPT/$NAME" && cp "$FILE"/* "$STUB_KEPT/$NAME/"
""",
    "actions/download-artifact": """\
inputs: {pattern: {}, path: {}, merge-multiple: {}}
runs:
  using: composite
  steps:
    - shell: bash
      env:
        PATTERN: ${{ inputs.pattern }}
        FOLDER: ${{ inputs.path }}
        MERGE: ${{ inputs.merge-multiple }}
      run: |
        mkdir -p "$FOLDER"
        [ "$MERGE" = true ] && part=/. || part=
        cd "$STUB_KEPT"
        find . -mindepth 1 -maxdepth 1 -name "$PATTERN" \\
          -exec cp -r {}$part "$OLDPWD/$FOLDER/" ';'
""",
    "aws-actions/configure-aws-credentials": """\
inputs:
  role-to-assume: {}
  role-duration-seconds: {}
  role-session-name: {}
  aws-region: {}
  mask-aws-account-id: {}
runs:
  using: composite
  steps:
    - shell: bash
      env: {ROLE: "${{ inputs.role-to-assume }}"}
      run: |
        echo "role ${ROLE##*/}" >> "$STUB_LOG"
""",
}
WRAPPER = """\
#!/bin/bash
ln -sfn "$STUB_HOME/.cellfactory" .cellfactory
echo "cellfactory $* stacks=$CELLFACTORY_STACKS resume=$CELLFACTORY_RESUME" >> "$STUB_LOG"
words=() more=()
for word in "$@"; do [ "$word" = --read-only ] || words+=("$word"); done
case "$1" in
  plan) more=(--sandbox --layer network);;
  apply) more=(--sandbox --layer network --out-of-order);;
  drift) more=(--sandbox);;
esac
export GITHUB_API_URL="$STUB_FORGE" GITHUB_REPOSITORY=example-org/cells
exec "$STUB_PYTHON" -m cellfactory "${words[@]}" "${more[@]}"
"""
PYTHON = '#!/bin/bash\necho "python $*" >> "$STUB_LOG"\n'


@dataclass
class World:
    """A repository, a forge, and what a fake Terraform does."""

    top: Path
    act: str
    forge: Kept
    failed: list[str] = field(default_factory=list)

    @property
    def work(self) -> Path:
        """A clone that is worked in."""
        return self.top / "work"

    def make(self) -> None:
        """Make the repository with its first commit, and all stand-ins."""
        for name in ("bin", "kept", "home/.cellfactory/sandbox", "stubs"):
            (self.top / name).mkdir(parents=True)
        self._program("cellfactory", WRAPPER)
        self._program("python", PYTHON)
        self._program("terraform", f'#!/bin/sh\nexec {sys.executable} {FAKE} "$@"\n')
        for action, text in STUBS.items():
            owner, repository, *part = action.split("/")
            folder = Path(self.top, "stubs", f"{owner}+{repository}", *part)
            folder.mkdir(parents=True)
            (folder / "action.yml").write_text(f"name: stub\n{text}", "utf-8")
        self.git("init", "-q", "--bare", "-b", "main", str(self.top / "origin"), cwd=self.top)
        self.git("init", "-q", "-b", "main", str(self.work), cwd=self.top)
        self.git("remote", "add", "origin", "https://github.com/example-org/cells")
        waivers = load_data((ROOT / "cells.waivers.yaml").read_text("utf-8"))
        roles = next(one for one in waivers["waivers"] if one.get("stack") == "*-bootstrap")
        member = {"stack": "*-member", "address": "aws_iam_policy.*"}
        waivers["waivers"].append({**copy.deepcopy(roles), **member})  # roles are another test's
        (self.work / "cells.waivers.yaml").write_text(render_data(waivers), "utf-8")
        made = load_data((ROOT / "cells.yaml").read_text("utf-8"))
        made["cells"] = {name: made["cells"][name] for name in (CANARY, LATER)}
        made["rings"] = {"canary": {"bake": "1s"}, "first": {}}
        self.write(made)
        self.does({})
        for words in (["lock"], ["pipeline", "render", "--install"]):
            self._cellfactory(*words)
        for path in (self.work / ".github/workflows").glob("*.yml"):
            text = path.read_text("utf-8").replace("  queue: max\n", "")
            path.write_text(text, "utf-8")
        (self.work / ".gitignore").write_text(".cellfactory\ncdktf.out\n.base\n", "utf-8")
        self.commit("main")

    def _program(self, name: str, text: str) -> None:
        (self.top / "bin" / name).write_text(text, "utf-8")
        (self.top / "bin" / name).chmod(0o755)

    def _cellfactory(self, *words: str) -> None:
        env = {**os.environ, "PYTHONPATH": str(ROOT / "factory")}
        command = [sys.executable, "-m", "cellfactory", *words]
        subprocess.run(command, cwd=self.work, env=env, check=True, capture_output=True, timeout=99)

    def write(self, inventory: Mapping[str, Any]) -> None:
        """Write the inventory."""
        (self.work / "cells.yaml").write_text(render_data(inventory), "utf-8")

    def edit(self) -> None:
        """Change the inventory as a pull request does."""
        made = load_data((self.work / "cells.yaml").read_text("utf-8"))
        made["cell_types"]["spark-small"]["flow_logs"] = {"retention_days": 40}
        self.write(made)

    def does(self, script: Mapping[str, Any]) -> None:
        """Say what Terraform does from now on, by stack and command."""
        (self.top / "script.json").write_text(json.dumps(script), "utf-8")

    def git(self, *words: str, cwd: Path | None = None) -> str:
        """Run git, and return what it says."""
        who = ("-c", "user.name=a", "-c", "user.email=a@example.com")
        command = ["git", *who, *words]
        done = subprocess.run(
            command, cwd=cwd or self.work, check=True, capture_output=True, text=True, timeout=60
        )
        return done.stdout.strip()

    def commit(self, branch: str) -> str:
        """Commit everything to a branch of the bare repository."""
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", "a change")
        self.git("push", "-q", str(self.top / "origin"), f"HEAD:refs/heads/{branch}")
        return self.git("rev-parse", "HEAD")

    def run(self, workflow: str, event: str, payload: Mapping[str, Any]) -> tuple[int, str]:
        """Run a workflow as an event starts it."""
        for kept in (self.top / "kept").iterdir():
            shutil.rmtree(kept)
        (self.top / "log").unlink(missing_ok=True)
        (self.top / "event.json").write_text(json.dumps(payload), "utf-8")
        given: dict[str, object] = {
            "STUB_ORIGIN": self.top / "origin",
            "STUB_KEPT": self.top / "kept",
            "STUB_LOG": self.top / "log",
            "STUB_HOME": self.top / "home",
            "STUB_FORGE": self.forge.url,
            "STUB_PYTHON": sys.executable,
            "STUB_SHA": self.git("rev-parse", "HEAD"),
            "PYTHONPATH": ROOT / "factory",
            "TERRAFORM": self.top / "bin/terraform",
            "FAKE_LOG": self.top / "terraform.log",
            "FAKE_SCRIPT": self.top / "script.json",
            "CELLFACTORY_REGISTRY": self.top / "home/registry",
            "PATH": f"{self.top / 'bin'}:{os.environ['PATH']}",
        }
        command = [self.act, event, "-W", f".github/workflows/{workflow}.yml"]
        command += ["-e", str(self.top / "event.json"), "-s", "GITHUB_TOKEN=a-token"]
        command += ["-P", "ubuntu-24.04=-self-hosted", "-P", "self-hosted=-self-hosted"]
        command += ["--action-offline-mode", "--no-cache-server"]
        for action, (commit, _) in ACTIONS.items():
            stub = self.top / "stubs" / action.replace("/", "+")
            command += ["--local-repository", f"{action}@{commit}={stub}"]
        for name, value in given.items():
            command += ["--env", f"{name}={value}"]
        env = {**os.environ, "HOME": str(self.top / "home"), "PATH": given["PATH"]}
        done = subprocess.run(
            command,
            cwd=self.work,
            env={name: str(value) for name, value in env.items()},
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
        said = done.stdout + done.stderr
        (self.top / f"{workflow}.txt").write_text(said, "utf-8")
        return done.returncode, said

    def log(self) -> list[str]:
        """What was called since the last run began: commands, roles, pip."""
        path = self.top / "log"
        return path.read_text("utf-8").splitlines() if path.exists() else []

    def commands(self, word: str) -> list[str]:
        """Commands of ours since the last run began."""
        return [line for line in self.log() if line.startswith(f"cellfactory {word}")]

    def roles(self) -> list[str]:
        """Roles that were taken, in order."""
        return [line.removeprefix("role ") for line in self.log() if line.startswith("role ")]


def payload_of(world: World, base: str, fork: bool = False) -> dict[str, Any]:
    """Describe a pull request as GitHub does."""
    head = "somebody/cells" if fork else "example-org/cells"
    return {
        "number": 7,
        "pull_request": {
            "number": 7,
            "base": {"sha": base, "ref": "main"},
            "head": {"sha": world.git("rev-parse", "HEAD"), "repo": {"full_name": head}},
        },
        "repository": {"full_name": "example-org/cells", "default_branch": "main"},
    }


HOSTILE = "last$(touch hit) `touch hit`; touch hit \"' --out-of-order"
"""What somebody says who starts a run by hand: one word, whatever it holds."""

PUSH = {
    "ref": "refs/heads/main",
    "repository": {"full_name": "example-org/cells", "default_branch": "main"},
}
ASKED = {**PUSH, "inputs": {"resume": HOSTILE}}


def main(top: Path, act: str) -> None:
    """Go from a pull request to an issue, and print what was seen as JSON."""
    seen: dict[str, Any] = {}
    with serving() as forge, socket.create_server(("127.0.0.1", 0)) as aws:
        world = World(top=top, act=act, forge=forge)
        world.make()
        server = top / "home/.cellfactory/sandbox/server.json"
        endpoint = f"http://127.0.0.1:{aws.getsockname()[1]}"
        told = {"id": "1", "pid": os.getpid(), "endpoint": endpoint}
        server.write_text(json.dumps(told), "utf-8")
        base = world.git("rev-parse", "HEAD")
        world.git("checkout", "-q", "-b", "change")
        world.edit()
        world.commit("change")
        world.does({f"{cell}-network": MAKES for cell in (CANARY, LATER)})
        for name, fork in (("fork", True), ("pull", False), ("again", False)):
            code, _ = world.run("plan", "pull_request", payload_of(world, base, fork))
            seen[name] = {
                "code": code,
                "roles": world.roles(),
                "comments": [one["body"] for one in forge.comments],
                "log": world.log(),
            }
        world.git("checkout", "-q", "main")
        world.git("merge", "-q", "--no-edit", "change")
        world.commit("main")
        broken = {"plan": {"changes": [ADD]}, "apply": {"error": "no room"}}
        world.does({f"{CANARY}-network": broken, f"{LATER}-network": MAKES})
        code, _ = world.run("apply", "push", PUSH)
        seen["broken"] = {"code": code, "roles": world.roles(), "log": world.log()}
        world.does({f"{cell}-network": MAKES for cell in (CANARY, LATER)})
        code, _ = world.run("apply", "push", PUSH)
        seen["apply"] = {"code": code, "roles": world.roles(), "log": world.log()}
        world.does({})
        code, _ = world.run("apply", "workflow_dispatch", ASKED)
        hits = [str(path) for path in top.rglob("hit")]
        seen["asked"] = {"code": code, "roles": world.roles(), "log": world.log(), "hits": hits}
        for name, changes in (("drift", [CHANGED]), ("same", [CHANGED]), ("mended", [])):
            world.does(
                {f"{CANARY}-network": {"plan": {"changes": changes}, "show": drifted(changes)}}
            )
            code, _ = world.run("drift", "schedule", PUSH)
            issues = [(i["state"], i["title"], i["body"]) for i in forge.issues]
            seen[name] = {"code": code, "roles": world.roles(), "issues": issues}
        seen["requests"] = forge.asked
    print(json.dumps(seen))


CHANGED = {
    "action": "update",
    "address": "aws_vpc.cell",
    "before": {"tags": {"Name": "by hand"}},
    "after": {"tags": {"Name": "moka-use1-b"}},
}


def drifted(changes: list[dict[str, Any]]) -> dict[str, Any]:
    """What `show` says of a plan that puts back what somebody changed."""
    rows = [
        {
            "address": one["address"],
            "mode": "managed",
            "type": "aws_vpc",
            "name": "cell",
            "change": {"actions": ["update"], "before": one["before"], "after": one["after"]},
        }
        for one in changes
    ]
    return {"document": {"format_version": "1.2", "resource_changes": rows, "resource_drift": []}}


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
