"""Runs over the real provider and the emulated AWS that are killed at any time, and taken up again.

One small cell is applied and destroyed by turns, and each time something is killed: us, Terraform,
its provider, all of them, or the emulator. Nothing is lost and nothing is there twice, as the
accounts themselves say. What AWS has made and a killed Terraform has not written down is taken up
by `cellfactory orphans --import --apply`, before the run goes on; nothing is deleted by hand.

A kill takes a minute, so by default there are two of them: Terraform as it applies, whose resources
are taken up again, and us as we destroy, while Terraform goes on. `python3 dev.py long` has one of
each kind, `python3 dev.py kills 40` as many as it is told, `CELLFACTORY_KILLS_SEED` moves them, and
`CELLFACTORY_KILLS_LAYERS=network,cluster` has the cluster in it: EKS takes a while for things then,
and it is the cluster's stack that is struck, while it is being applied or destroyed.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from itertools import chain, islice
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from cellfactory.documents import load_data, render_data
from tests.terraform.ladder import PARALLEL, ROOT, Ladder

KILLS = int(os.environ.get("CELLFACTORY_KILLS", "2"))
SEED = os.environ.get("CELLFACTORY_KILLS_SEED", "1")
LAYERS = os.environ.get("CELLFACTORY_KILLS_LAYERS", "network").split(",")
WORDS = ("--sandbox", *PARALLEL, *(word for layer in LAYERS for word in ("--layer", layer)))
pytestmark = [
    pytest.mark.terraform,
    pytest.mark.sandbox,
    pytest.mark.timeout(3_600 + 600 * KILLS),
    pytest.mark.skipif(not Path("/proc").is_dir(), reason="processes are found in /proc"),
]
CELL, ACCOUNT, REGION = "moka-usw2-a", "666666666666", "us-west-2"  # of a mesh without a hub
KEPT = ("aws_vpc", "aws_eks_cluster", "aws_kms_key", "aws_s3_bucket")
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGKILL)
VICTIMS = ("us", "terraform", "provider", "all", "emulator")
QUIET_SECONDS = 240.0
PATIENCE_SECONDS = 90.0  # then a person presses Ctrl-C
AFTER_SECONDS = {"apply": (6.0, 36.0), "destroy": (4.0, 16.0)}  # in which most is made, or goes
OF_CLUSTER_SECONDS = {"apply": (3.0, 30.0), "destroy": (1.0, 5.0)}  # likewise, once it is begun
EKS_SECONDS = 3.0  # that a cluster, a node group and an add-on are CREATING
TARGET_SECONDS = 20.0  # until a Terraform is there to be killed


class Kill(NamedTuple):
    """Who is killed, and how; what it does then goes by turns."""

    victim: str
    sent: signal.Signals


FIRST = (
    Kill("terraform", signal.SIGKILL),
    Kill("us", signal.SIGKILL),
    Kill("emulator", signal.SIGKILL),
    Kill("provider", signal.SIGKILL),
    Kill("all", signal.SIGKILL),
)
"""What the first seed begins with, so that few kills are of each kind."""


def kills(chance: random.Random, count: int) -> Iterator[Kill]:
    def any_kill() -> Kill:
        return Kill(chance.choice(VICTIMS), chance.choice(SIGNALS))

    return islice(chain(FIRST if SEED == "1" else (), iter(any_kill, None)), count)


def make(folder: Path, mirror: Path) -> Ladder:
    """One cell of the shipped inventory, alone in its mesh, in two zones and without a gateway."""
    data = load_data((ROOT / "cells.yaml").read_text("utf-8"))
    cell = data["cells"][CELL]
    kind = data["cell_types"][cell["type"]]
    small = {**kind, "zones": kind["zones"][:2], "egress": "none"}
    mesh = cell["mesh"]
    data |= {
        "cells": {CELL: cell},
        "meshes": {mesh: data["meshes"][mesh]},
        "cell_types": {cell["type"]: small},
    }
    data.pop("hubs", None)
    (folder / "cells.yaml").write_text(render_data(data), "utf-8")
    slow = EKS_SECONDS if "cluster" in LAYERS else 0
    ladder = Ladder(folder=folder, mirror=mirror, eks_seconds=slow)
    ladder.run("lock")
    ladder.run("synth", "--locked")
    ladder.start()
    return ladder


def processes(ladder: Ladder, name: str, work: Path | None = None) -> list[int]:
    """The processes that work in a stack's folder, and whose program has a name."""
    found = []
    work = work or ladder.folder / ".cellfactory/sandbox/work"
    for place in Path("/proc").glob("[0-9]*"):
        try:
            inside = (place / "cwd").readlink().is_relative_to(work)
            program = (place / "cmdline").read_bytes().split(b"\0")[0].decode()
        except OSError:
            continue
        is_provider = "terraform-provider" in program
        if inside and (name == "all" or is_provider == (name == "provider")):
            found.append(int(place.name))
    return found


def wait_for_cluster(ladder: Ladder, child: subprocess.Popen[bytes]) -> None:
    """Wait until Terraform is at work on the cluster's stack."""
    work = ladder.folder / f".cellfactory/sandbox/work/{CELL}-cluster"
    late = time.monotonic() + QUIET_SECONDS
    while child.poll() is None and time.monotonic() < late:
        if processes(ladder, "terraform", work):
            return
        time.sleep(0.05)


def wait_for_quiet(ladder: Ladder) -> None:
    late = time.monotonic() + QUIET_SECONDS
    while processes(ladder, "all") and time.monotonic() < late:
        time.sleep(0.2)
    assert not processes(ladder, "all")


def targets(ladder: Ladder, child: subprocess.Popen[bytes], victim: str) -> list[int]:
    if victim == "emulator":
        said = (ladder.folder / ".cellfactory/sandbox/server.json").read_text("utf-8")
        return [int(json.loads(said)["pid"])]
    found = [] if victim == "us" else processes(ladder, victim)
    return [*found, child.pid] if victim in ("us", "all") else found


def kill(ladder: Ladder, child: subprocess.Popen[bytes], one: Kill) -> int:
    """Kill what is there, or what comes in a while; how many processes got the signal."""
    late = time.monotonic() + TARGET_SECONDS
    while not (found := targets(ladder, child, one.victim)):
        if child.poll() is not None or time.monotonic() > late:
            break
        time.sleep(0.02)
    hit = 0
    for pid in found:
        try:
            os.kill(pid, one.sent)
            hit += 1
        except ProcessLookupError:
            continue
    return hit


def start(ladder: Ladder, verb: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "cellfactory", verb, *WORDS],
        cwd=ladder.folder,
        env=ladder._environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )


def orphans(ladder: Ladder) -> list[dict[str, Any]]:
    """What bears our tags and is in no state; not a key that AWS deletes on its day."""
    told = json.loads(ladder.run("orphans", "--sandbox", "--format", "json"))
    return list(told["orphans"])


def adopt(ladder: Ladder, counts: Counter[str]) -> None:
    """Take up again what a killed Terraform has left, as docs/recovery.md says."""
    for orphan in orphans(ladder):
        service, name = orphan["arn"].split(":")[2], orphan["arn"].split(":", 5)[5]
        counts[f"orphan: {service} {name.partition('/')[0] if '/' in name else ''}".strip()] += 1
    words = ("orphans", "--import", "--apply", "--sandbox", "--format", "json")
    told = json.loads(ladder.run(*words))
    while any("has not made it yet" in one["why"] for one in told["untold"]):
        counts["imported"] += len(told["imports"])
        counts["waited for AWS"] += 1
        time.sleep(EKS_SECONDS)
        told = json.loads(ladder.run(*words))
    counts["imported"] += len(told["imports"])
    assert told["unplaced"] == [], told


def untaint(ladder: Ladder, counts: Counter[str]) -> None:
    """Take up what was being made, and may not be replaced, as the message of a plan says."""
    for layer in LAYERS:
        state = ladder.folder / f".cellfactory/sandbox/state/cells/{CELL}/{layer}.tfstate"
        text = state.read_text("utf-8") if state.is_file() else ""  # it is empty at first
        for one in json.loads(text or "{}").get("resources", []):
            address = f"{one['type']}.{one['name']}"
            tainted = any(row.get("status") == "tainted" for row in one["instances"])
            if tainted and one["type"] in KEPT:
                place = ("--sandbox", "--cell", CELL, "--layer", layer)
                ladder.run("plan", *WORDS, code=6)
                assert f"-- untaint {address}" in ladder.stderr, ladder.stderr
                ladder.run("terraform", *place, "--", "untaint", address)
                counts[f"untainted {address}"] += 1


def require_whole(ladder: Ladder, what: str) -> None:
    """Everything is there, once, and only what is in a state bears our tags."""
    ladder.run("plan", "--exit-code", *WORDS)
    assert orphans(ladder) == [], what
    there = Counter(line.split()[0] for line in ladder.leftovers(ACCOUNT, REGION))
    made = ladder.documents()[f"{CELL}-network"]["resource"]
    assert there["vpc"] == 1, f"{what}: {there}"
    kinds = {"bucket": "aws_s3_bucket", "subnet": "aws_subnet", "endpoint": "aws_vpc_endpoint"}
    for kind, name in kinds.items():
        assert there[kind] == len(made[name]), f"{what}: {kind} of {there}"
    if "cluster" in LAYERS:
        groups = ladder.documents()[f"{CELL}-cluster"]["resource"]["aws_eks_node_group"]
        assert (there["cluster"], there["node-group"]) == (1, len(groups)), f"{what}: {there}"


def require_empty(ladder: Ladder, what: str) -> None:
    assert orphans(ladder) == [], what
    assert ladder.leftovers(ACCOUNT, REGION) == [], what


def require_no_locks(ladder: Ladder, what: str) -> None:
    told = json.loads(ladder.run("runs", "--sandbox", "--format", "json"))["runs"]
    assert [row for row in told if row["holds"]] == [], what
    assert not list((ladder.folder / ".cellfactory/sandbox").rglob("*.tfplan")), what


def strike(ladder: Ladder, verb: str, one: Kill, after: float, what: str) -> int:
    """Begin a run and kill it; how many processes got the signal."""
    with start(ladder, verb) as child:
        if "cluster" in LAYERS:
            wait_for_cluster(ladder, child)
        time.sleep(after)
        hit = kill(ladder, child, one)
        try:
            _, err = child.communicate(timeout=PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            child.send_signal(signal.SIGINT)  # the provider asks an AWS that is gone 25 times
            _, err = child.communicate(timeout=QUIET_SECONDS + 900)
    assert b"Traceback" not in err, f"{what}: {err.decode()}"
    wait_for_quiet(ladder)
    return hit


def take_up(ladder: Ladder, verb: str, one: Kill, counts: Counter[str], what: str) -> None:
    """Do what a person does then, and nothing else."""
    if one.victim == "emulator":
        ladder.stop()
        ladder.start()  # an AWS in which nothing is any more
    elif one.victim == "us":
        untaint(ladder, counts)
        assert orphans(ladder) == [], what  # Terraform has written down all that bears a tag
    else:
        untaint(ladder, counts)
        adopt(ladder, counts)
    resume = ("--resume", "last") if verb == "apply" and one.victim != "emulator" else ()
    try:
        ladder.run(verb, *WORDS, *resume)
    except AssertionError as error:
        told = f"{what}: {error}"
        if one.victim != "us" or "orphans --sandbox --import" not in ladder.stderr:
            raise AssertionError(told) from None
        counts["told to import"] += 1  # a call was under way, of what bears no tag
        adopt(ladder, counts)
        ladder.run(verb, *WORDS, *resume)


def test_after_any_kill_all_is_there_once(tmp_path: Path, terraform_mirror: Path) -> None:
    kill_again_and_again(make(tmp_path, terraform_mirror), KILLS)


@pytest.mark.long
def test_after_a_kill_of_each_kind_too(tmp_path: Path, terraform_mirror: Path) -> None:
    kill_again_and_again(make(tmp_path, terraform_mirror), len(FIRST))


def kill_again_and_again(ladder: Ladder, count: int) -> None:
    chance = random.Random(SEED)
    counts: Counter[str] = Counter()
    try:
        for number, one in enumerate(kills(chance, count)):
            began = time.monotonic()
            verb = "apply" if number % 2 == 0 else "destroy"
            if verb == "destroy" and one.victim == "emulator":
                one = Kill("all", one.sent)  # an emptied AWS has nothing to destroy
            spans = OF_CLUSTER_SECONDS if "cluster" in LAYERS else AFTER_SECONDS
            after = chance.uniform(*spans[verb])
            what = f"kill {number} of {verb} after {after:.0f} s: {one.victim} by {one.sent.name}"
            print(what, end=" ", flush=True)
            hit = strike(ladder, verb, one, after, what)
            take_up(ladder, verb, one, counts, what)
            (require_whole if verb == "apply" else require_empty)(ladder, what)
            require_no_locks(ladder, what)
            counts[f"{verb} {one.victim} {one.sent.name}" if hit else "too late"] += 1
            print(f"({hit} hit): whole again in {time.monotonic() - began:.0f} s", flush=True)
    finally:
        print(json.dumps(dict(sorted(counts.items())), indent=2), flush=True)
        ladder.stop()
