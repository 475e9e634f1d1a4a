"""From a pull request to an issue, with act: `unshare -n python -m tests.pipelines.story FOLDER`.

Prints what came of each step as JSON; `test_story.py` reads it.
"""

from __future__ import annotations

import atexit
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import boto3

from cellfactory.documents import load_data, render_data
from tests.pipelines.rig import BIN, Api, act, serve_api, write_stubs
from tests.repositories import commit_all, git

ROOT = Path(__file__).resolve().parents[2]
CELLS = ("moka-use1-b", "moka-usw2-a")
HOSTILE = "x$(touch${IFS}pwned)`id`<!--cellfactory:plan-->@everyone"
REPOSITORY = "example-org/cells"
LOCKED = (
    'provider "registry.terraform.io/hashicorp/{}" {{\n  version = "6.0.0"\n'
    '  hashes = [\n    "h1:x=",\n  ]\n}}\n'
)
ADD = {"action": "create", "address": "aws_vpc.cell"}


MAPS = (
    *("zone_names", "node_subnet_ids", "pod_subnet_ids", "endpoint_subnet_ids"),
    *("control_plane_subnet_ids", "node_route_table_ids", "security_group_ids"),
)
OUTPUTS: dict[str, Any] = {"vpc_id": "vpc-1", **{name: {"use1-az1": "id-1"} for name in MAPS}}
STANDING = {
    f"{CELLS[0]}-network": {
        "plan": {"changes": [ADD]},
        "apply": {"outputs": OUTPUTS, "changes": [ADD]},
    }
}
FAILING = {f"{CELLS[0]}-network": {"plan": {"changes": [ADD]}, "apply": {"error": "no"}}}


def cellfactory(folder: Path, *words: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "cellfactory", *words],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def make_repository(folder: Path) -> None:
    """Write a repository of two cells, whose pipeline is rendered and installed."""
    inventory = load_data((ROOT / "cells.yaml").read_text("utf-8"))
    inventory["cells"] = {cell: inventory["cells"][cell] for cell in CELLS}
    inventory["rings"] = {"canary": {"bake": "1s"}, "first": {}}
    folder.mkdir(parents=True)
    (folder / "cells.yaml").write_text(render_data(inventory), "utf-8")
    (folder / ".gitignore").write_text("/cdktf.out\n/.cellfactory\n/in\n/out\n", "utf-8")
    (folder / "pipelines").mkdir()
    (folder / "pipelines" / "cellfactory.lock").write_text("cellfactory==0.1.0\n", "utf-8")
    git(folder, "init", "-q", "-b", "main")
    cellfactory(folder, "lock")
    cellfactory(folder, "pipeline", "render", "--install")
    (folder / "pipelines" / "cellfactory.lock").write_text("", "utf-8")  # nothing to download
    lock = "".join(LOCKED.format(provider) for provider in ("aws", "helm"))
    (folder / "cells.providers.lock.hcl").write_text(lock, "utf-8")
    commit_all(folder)
    git(folder, "remote", "add", "origin", f"https://github.com/{REPOSITORY}")


def propose(folder: Path) -> tuple[str, str]:
    """Commit a change of both cells on a branch; returns the base and the head."""
    base = git(folder, "rev-parse", "HEAD").strip()
    git(folder, "checkout", "-q", "-b", "change")
    inventory = load_data((folder / "cells.yaml").read_text("utf-8"))
    for kind in inventory["cell_types"].values():
        kind["session_manager"] = True
    (folder / "cells.yaml").write_text(render_data(inventory), "utf-8")
    commit_all(folder, "change")
    return base, git(folder, "rev-parse", "HEAD").strip()


def start_sandbox(folder: Path) -> tuple[subprocess.Popen[bytes], str]:
    """Start the emulated AWS; returns it and its address."""
    child = subprocess.Popen(
        [sys.executable, "-m", "cellfactory", "sandbox"], cwd=folder, stdout=sys.stderr
    )
    place = folder / ".cellfactory" / "sandbox" / "server.json"
    while not place.exists() and child.poll() is None:
        time.sleep(0.2)
    return child, json.loads(place.read_text("utf-8"))["endpoint"]


def pull_request(base: str, head: str, repository: str) -> dict[str, Any]:
    return {
        "repository": {"full_name": REPOSITORY, "default_branch": "main"},
        "pull_request": {
            "number": 7,
            "title": HOSTILE,
            "base": {"sha": base, "ref": "main"},
            "head": {"sha": head, "ref": HOSTILE, "repo": {"full_name": repository}},
        },
    }


def make_bucket(endpoint: str) -> None:
    """Make the bucket of the states, as `bootstrap` would."""
    keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
    s3 = boto3.client("s3", endpoint_url=endpoint, region_name="us-east-1", **keys)
    s3.create_bucket(Bucket="example-cells-tfstate")


def commands(work: Path) -> list[str]:
    """What Terraform was asked to do since the last look, as `stack command`."""
    log = work / "log"
    lines = log.read_text("utf-8").splitlines() if log.exists() else []
    log.unlink(missing_ok=True)
    told = [json.loads(line) for line in lines]
    return [f"{s} {c}" for event, s, c, _ in told if event == "begin" and c != "init"]


def main(work: Path) -> None:
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    told: dict[str, Any] = {}
    repository = work / "repository"
    make_repository(repository)
    api, store = serve_api(), work / "store"
    store.mkdir()
    stubs = write_stubs(work / "stubs")
    fake = work / "terraform"
    fake_code = ROOT / "tests" / "unit" / "terraform" / "fake_terraform.py"
    fake.write_text(f'#!/bin/sh\nexec {sys.executable} {fake_code} "$@"\n', "utf-8")
    fake.chmod(0o755)
    script = work / "script.json"
    script.write_text("{}", "utf-8")
    sandbox, endpoint = start_sandbox(repository)
    atexit.register(sandbox.kill)
    env = {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_REGION": "us-east-1",
        "ORIGIN": str(work / "origin.git"),
        "PATH": f"{BIN}:{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
        "STORE": str(store),
        "TERRAFORM": str(fake),
        "FAKE_LOG": str(work / "log"),
        "FAKE_SCRIPT": str(script),
        "GITHUB_API_URL": api,
        "CELLFACTORY_CACHE": str(work / "cache"),
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    }
    os.environ.update(env)
    options = [*stubs, "--no-cache-server", "--secret", "GITHUB_TOKEN=token"]
    for name, value in env.items():
        options += ["--env", f"{name}={value}"]
    base, head = propose(repository)
    git(repository, "clone", "-q", "--bare", ".", env["ORIGIN"])
    make_bucket(endpoint)
    stranger = pull_request(base, head, "stranger/cells")
    told["fork"] = act(repository, "pull_request", "plan", stranger, *options)
    told["fork_comments"] = list(Api.comments)
    told["kept_by_fork"] = sorted(p.name for p in store.iterdir())
    git(repository, "checkout", "-q", "change")
    own = pull_request(base, head, REPOSITORY)
    told["pull_request"] = act(repository, "pull_request", "plan", own, *options)
    told["comments"] = list(Api.comments)
    told["pwned"] = [str(p) for p in work.rglob("pwned")]
    git(repository, "checkout", "-q", "main")
    git(repository, "merge", "-q", "change")
    merged = {"repository": {"full_name": REPOSITORY}, "ref": "refs/heads/main"}
    script.write_text(json.dumps(STANDING), "utf-8")
    os.environ |= {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
    cellfactory(repository, "synth")
    first = ("--first-apply", "--cell", CELLS[0], "--layer", "network", "--yes", "--no-bake")
    cellfactory(repository, "apply", *first)  # by hand, as the page says
    commands(work)
    script.write_text(json.dumps(FAILING), "utf-8")
    told["failing"] = act(repository, "push", "apply", merged, *options)
    told["failing_log"] = commands(work)
    print(json.dumps(told))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
