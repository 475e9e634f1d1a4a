"""Starting an emulator for tests, and looking into it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import boto3

from cellfactory.sandbox.client import session_for
from cellfactory.sandbox.world import HubVpc, Image, Member, Organization, World, render_world

REGION = "us-east-1"
MANAGEMENT = ("111111111111", "222222222222")
HUB = HubVpc(
    account="333333333333",
    vpc_id="vpc-0f00ba12",
    region=REGION,
    blocks=("10.0.0.0/16", "10.1.0.0/16"),
)
IMAGE = Image(
    name="amazon-eks-node-al2023-arm64-standard-1.34-v20251103",
    architecture="arm64",
    regions=(REGION, "eu-west-1"),
)
WIDE_HUB = HubVpc(
    account="333333333333",
    vpc_id="vpc-0f00ba13",
    region="eu-west-1",
    blocks=("10.4.0.0/14", *(f"10.8.{number}.0/24" for number in range(8))),
)
UNIT = "ou-ab12-cdefgh34"
ADOPTED = "444444444444"
MEMBER_ROLE = "OrganizationAccountAccessRole"
ORGANIZATIONS = (
    Organization(
        management_account=MANAGEMENT[0],
        units=("r-ab12", UNIT),
        members=(Member(account=ADOPTED, role=MEMBER_ROLE),),
        most_accounts=200,
    ),
    Organization(management_account=MANAGEMENT[1], units=(UNIT,), most_accounts=200),
)
WORLD = World(organizations=ORGANIZATIONS, hubs=(HUB, WIDE_HUB), images=(IMAGE,), blocks_per_vpc=7)
START_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Emulator:
    """A running emulator and the way into its accounts."""

    endpoint: str
    pid: int

    def client(self, service: str, account: str, region: str = REGION) -> Any:
        return _client(self.endpoint, service, account, region)

    def outside(self, service: str) -> Any:
        """Make a client with the words that Terraform's backend uses, in no account of ours."""
        return boto3.client(
            service,
            endpoint_url=self.endpoint,
            region_name=REGION,
            aws_access_key_id="sandbox",
            aws_secret_access_key="sandbox",
        )


@cache
def _client(endpoint: str, service: str, account: str, region: str) -> Any:
    return session_for(endpoint, account, region).client(service, endpoint_url=endpoint)


def start(folder: Path, world: World) -> tuple[subprocess.Popen[bytes], Emulator]:
    """Start an emulator and wait until it answers."""
    (folder / "world.json").write_text(render_world(world), encoding="utf-8")
    ready = folder / "ready.json"
    places = ["--world", str(folder / "world.json"), "--ready", str(ready)]
    parent = ["--parent", str(os.getpid())]
    process = subprocess.Popen(
        [sys.executable, "-m", "cellfactory.sandbox.server", *places, *parent],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    late = time.monotonic() + START_SECONDS
    while not ready.exists():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < late, "the emulator did not start in time"
        time.sleep(0.02)
    told = json.loads(ready.read_text(encoding="utf-8"))
    return process, Emulator(told["endpoint"], told["pid"])


@contextmanager
def running(folder: Path, world: World) -> Iterator[Emulator]:
    """Have an emulator of one's own."""
    process, emulator = start(folder, world)
    try:
        yield emulator
    finally:
        stop(process)


def stop(process: subprocess.Popen[bytes]) -> tuple[bytes, bytes]:
    """End an emulator and return what it printed."""
    process.terminate()
    return process.communicate(timeout=30)
