"""Runs over the real provider and the emulated AWS that are killed at any time, and taken up again.

One small cell is applied and destroyed by turns, and each time something is killed: us, Terraform,
its provider, all of them, or the emulator. Nothing is lost and nothing is there twice, as the
accounts themselves say. What AWS has made and a killed Terraform has not written down is found by
`cellfactory orphans`; it is adopted or deleted as docs/recovery.md says, before the run goes on.

It takes minutes for each kill: `python3 dev.py kills 40` makes as many as it is told, and
`CELLFACTORY_KILLS_SEED` moves them. Without `CELLFACTORY_KILLS` it is left out.
"""

from __future__ import annotations

import json
import os
import random
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from cellfactory.documents import load_data, render_data
from tests.terraform.ladder import ROOT, Ladder

KILLS = int(os.environ.get("CELLFACTORY_KILLS", "5"))
SEED = os.environ.get("CELLFACTORY_KILLS_SEED", "1")
pytestmark = [
    pytest.mark.terraform,
    pytest.mark.sandbox,
    pytest.mark.timeout(600 + 900 * KILLS),
    pytest.mark.skipif(not Path("/proc").is_dir(), reason="processes are found in /proc"),
    pytest.mark.skipif("CELLFACTORY_KILLS" not in os.environ, reason="python3 dev.py kills"),
]
CELL, ACCOUNT, REGION = "moka-use1-a", "444444444444", "us-east-1"
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGKILL)
VICTIMS = ("us", "terraform", "provider", "all", "emulator")
QUIET_SECONDS = 240.0
FIRST_SECONDS = {"apply": 60.0, "destroy": 40.0}  # until one was seen to its end


def make(folder: Path, mirror: Path) -> Ladder:
    """One cell of the shipped inventory, without its hub."""
    data = load_data((ROOT / "cells.yaml").read_text("utf-8"))
    data["cells"] = {CELL: data["cells"][CELL]}
    mesh = data["cells"][CELL]["mesh"]
    data["meshes"] = {mesh: {k: v for k, v in data["meshes"][mesh].items() if k != "hubs"}}
    data.pop("hubs", None)
    (folder / "cells.yaml").write_text(render_data(data), "utf-8")
    ladder = Ladder(folder=folder, mirror=mirror)
    ladder.run("lock")
    ladder.run("synth", "--locked")
    ladder.start()
    return ladder


def processes(ladder: Ladder, name: str) -> list[int]:
    """The processes that work in a stack's folder, and whose program has a name."""
    found = []
    for place in Path("/proc").glob("[0-9]*"):
        try:
            inside = (
                (place / "cwd")
                .readlink()
                .is_relative_to(ladder.folder / ".cellfactory/sandbox/work")
            )
            program = (place / "cmdline").read_bytes().split(b"\0")[0].decode()
        except OSError:
            continue
        is_provider = "terraform-provider" in program
        if inside and (name == "all" or is_provider == (name == "provider")):
            found.append(int(place.name))
    return found


def wait_for_quiet(ladder: Ladder) -> None:
    late = time.monotonic() + QUIET_SECONDS
    while processes(ladder, "all") and time.monotonic() < late:
        time.sleep(0.2)
    assert not processes(ladder, "all")


def kill(ladder: Ladder, child: subprocess.Popen[bytes], victim: str, number: int) -> None:
    targets = {"us": [child.pid], "all": [*processes(ladder, "all"), child.pid]}
    if victim == "emulator":
        said = (ladder.folder / ".cellfactory/sandbox/server.json").read_text("utf-8")
        targets[victim] = [int(json.loads(said)["pid"])]
    for pid in targets.get(victim) or processes(ladder, victim):
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            continue


def start(ladder: Ladder, verb: str) -> subprocess.Popen[bytes]:
    words = [sys.executable, "-m", "cellfactory", verb, "--sandbox", "--parallel", "8"]
    return subprocess.Popen(
        words,
        cwd=ladder.folder,
        env=ladder._environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )


def orphans(ladder: Ladder) -> list[dict[str, Any]]:
    found = json.loads(ladder.run("orphans", "--sandbox", "--format", "json"))["orphans"]
    return [one for one in found if not _waits_for_its_day(ladder, one["arn"])]


def _waits_for_its_day(ladder: Ladder, arn: str) -> bool:
    """Whether it is a key that AWS deletes later, as each destroy leaves one."""
    if ":key/" not in arn:
        return False
    told = ladder.client("kms", ACCOUNT).describe_key(KeyId=arn)
    return bool(told["KeyMetadata"]["KeyState"] == "PendingDeletion")


def adopt(ladder: Ladder, counts: Counter[str]) -> None:
    """Import what a stack has one of; delete the rest, as its owner would by hand."""
    for orphan in orphans(ladder):
        kind, _, name = orphan["arn"].split(":", 5)[5].partition("/")
        counts[f"orphan {orphan['arn'].split(':')[2]} {kind}"] += 1
        if kind == "vpc" and not _has_vpc(ladder):
            address = _address(ladder, "aws_vpc")
            layer = orphan["stack"].removeprefix(f"{CELL}-")
            ladder.run(
                *("terraform", "--sandbox", "--cell", CELL, "--layer", layer),
                *("--", "import", address, name),
            )
            counts["adopted"] += 1
        else:
            _delete(ladder, kind, name, orphan["arn"])


def _has_vpc(ladder: Ladder) -> bool:
    state = ladder.folder / f".cellfactory/sandbox/state/cells/{CELL}/network.tfstate"
    return state.is_file() and '"aws_vpc"' in state.read_text("utf-8")


def _address(ladder: Ladder, kind: str) -> str:
    (name,) = ladder.documents()[f"{CELL}-network"]["resource"][kind]
    return f"{kind}.{name}"


def _delete(ladder: Ladder, kind: str, name: str, arn: str) -> None:
    ec2 = ladder.client("ec2", ACCOUNT)
    calls = {
        "vpc": lambda: ec2.delete_vpc(VpcId=name),
        "subnet": lambda: ec2.delete_subnet(SubnetId=name),
        "route-table": lambda: ec2.delete_route_table(RouteTableId=name),
        "internet-gateway": lambda: ec2.delete_internet_gateway(InternetGatewayId=name),
        "natgateway": lambda: ec2.delete_nat_gateway(NatGatewayId=name),
        "elastic-ip": lambda: ec2.release_address(AllocationId=name),
        "security-group": lambda: ec2.delete_security_group(GroupId=name),
        "vpc-endpoint": lambda: ec2.delete_vpc_endpoints(VpcEndpointIds=[name]),
        "vpc-flow-log": lambda: ec2.delete_flow_logs(FlowLogIds=[name]),
        "launch-template": lambda: ec2.delete_launch_template(LaunchTemplateId=name),
    }
    if arn.startswith("arn:aws:s3:::"):
        ladder.client("s3", ACCOUNT).delete_bucket(Bucket=kind)
    elif kind.startswith("log-group"):
        group = re.sub(r":\*$", "", arn.split("log-group:", 1)[1])
        ladder.client("logs", ACCOUNT).delete_log_group(logGroupName=group)
    elif kind in calls:
        calls[kind]()


def once(ladder: Ladder, verb: str, what: str, *words: str) -> float:
    """Run a command again after a kill, and once more where that fails; how long it took (s)."""
    for last in (False, True):
        began = time.monotonic()
        try:
            ladder.run(verb, "--sandbox", "--parallel", "8", *words)
        except AssertionError:
            if last:
                told = f"{what}: {ladder.stderr[-6000:]}"
                raise AssertionError(told) from None
            adopt(ladder, Counter())
        else:
            return time.monotonic() - began
    raise AssertionError(what)


def require_whole(ladder: Ladder, what: str) -> None:
    """Everything is there, once, and only what is in a state bears our tags."""
    ladder.run("plan", "--sandbox", "--parallel", "8", "--exit-code")
    assert orphans(ladder) == [], what
    ec2, eks = ladder.client("ec2", ACCOUNT), ladder.client("eks", ACCOUNT)
    ours = [v for v in ec2.describe_vpcs()["Vpcs"] if not v["IsDefault"]]
    assert len(ours) == 1, what
    (cluster,) = eks.list_clusters()["clusters"]
    groups = ladder.documents()[f"{CELL}-cluster"]["resource"]["aws_eks_node_group"]
    made = eks.list_nodegroups(clusterName=cluster)["nodegroups"]
    rows = sum(len(one.get("for_each", {})) or 1 for one in groups.values())
    assert len(made) == rows, what


def require_empty(ladder: Ladder, what: str) -> None:
    assert orphans(ladder) == [], what
    assert ladder.leftovers(ACCOUNT, REGION) == [], what


def require_no_locks(ladder: Ladder, what: str) -> None:
    told = json.loads(ladder.run("runs", "--sandbox", "--format", "json"))["runs"]
    assert [row for row in told if row["holds"]] == [], what
    assert not list((ladder.folder / ".cellfactory/sandbox").rglob("*.tfplan")), what


def test_after_any_kill_all_is_there_once(tmp_path: Path, terraform_mirror: Path) -> None:
    chance = random.Random(SEED)
    ladder = make(tmp_path, terraform_mirror)
    counts: Counter[str] = Counter()
    try:
        longest = dict(FIRST_SECONDS)
        for number in range(KILLS):
            verb = "apply" if number % 2 == 0 else "destroy"
            victim, sent = chance.choice(VICTIMS), chance.choice(SIGNALS)
            if verb == "destroy" and victim == "emulator":
                victim = "all"
            after = chance.uniform(0.08, 0.9) * longest[verb]
            what = f"kill {number} of {verb} after {after:.0f} s: {victim} by {sent.name}"
            print(what, flush=True)
            with start(ladder, verb) as child:
                time.sleep(after)
                kill(ladder, child, victim, sent)
                _, err = child.communicate(timeout=QUIET_SECONDS + 900)
            assert b"Traceback" not in err, f"{what}: {err.decode()}"
            wait_for_quiet(ladder)
            counts[f"{verb} {victim} {sent.name}"] += 1
            if victim == "emulator":
                ladder.stop()
                ladder.start()
                longest[verb] = once(ladder, "apply", what)
            elif verb == "apply":
                adopt(ladder, counts)
                once(ladder, "apply", what, "--resume", "last")
            else:
                adopt(ladder, counts)
                once(ladder, "destroy", what)
            adopt(ladder, counts)
            (require_whole if verb == "apply" else require_empty)(ladder, what)
            require_no_locks(ladder, what)
    finally:
        print(json.dumps(dict(sorted(counts.items())), indent=2), flush=True)
        ladder.stop()
