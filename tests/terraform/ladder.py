"""A mesh on an emulated AWS, driven by the commands that a person would type."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from ipaddress import IPv4Network
from pathlib import Path
from typing import Any

from cellfactory.documents import load_data, render_data
from cellfactory.sandbox.client import leftovers, session_for

ROOT = Path(__file__).resolve().parents[2]
PARALLEL = ("--parallel", "8")  # stacks wait for the provider's fixed delays, not for the CPU
START_SECONDS = 120
COMMAND_SECONDS = 1_500


@dataclass(slots=True)
class Ladder:
    """A folder with an inventory, and an emulator that runs beside it."""

    folder: Path
    mirror: Path
    emulator: subprocess.Popen[str] | None = None
    endpoint: str = ""
    eks_seconds: float = 0  # that EKS takes for a cluster, a node group and an add-on
    stderr: str = field(default="", init=False)

    def start(self) -> None:
        """Start the emulator with `cellfactory sandbox`, and wait until it answers."""
        self.emulator = subprocess.Popen(
            self._sandbox(),
            cwd=self.folder,
            env=self._environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert self.emulator.stdout is not None
        late = time.monotonic() + START_SECONDS
        self.endpoint = self.emulator.stdout.readline().strip()
        assert self.endpoint.startswith("http://127.0.0.1:"), self.endpoint
        assert time.monotonic() < late

    def stop(self) -> None:
        """End the emulator."""
        if self.emulator is not None:
            self.emulator.terminate()
            self.emulator.communicate(timeout=60)

    def run(self, *words: str, code: int = 0) -> str:
        """Run `cellfactory`, demand an exit code, and return what it printed as data."""
        done = subprocess.run(
            [*_CELLFACTORY, *words],
            cwd=self.folder,
            env=self._environment(),
            capture_output=True,
            text=True,
            timeout=COMMAND_SECONDS,
            check=False,
        )
        self.stderr = done.stderr
        assert done.returncode == code, _what_went_wrong(done)
        return done.stdout

    def results(self, *words: str, code: int = 0) -> dict[str, dict[str, Any]]:
        """Run a command of Terraform's in the sandbox; what became of each stack, by its name."""
        told = json.loads(self.run(*words, "--sandbox", *PARALLEL, "--format", "json", code=code))
        return {row["stack"]: row for row in told["stacks"]}

    def validate(self, *words: str) -> dict[str, dict[str, Any]]:
        """Validate every stack, or the chosen ones; what became of each, by its name."""
        told = json.loads(self.run("validate", *words, *PARALLEL, "--format", "json"))
        return {row["stack"]: row for row in told["stacks"]}

    def change_cells(self, changes: Mapping[str, Any]) -> None:
        """Write cells into the inventory, or take those out whose value is None."""
        file = self.folder / "cells.yaml"
        data = load_data(file.read_text("utf-8"))
        cells = {**data["cells"], **changes}
        data["cells"] = {name: cell for name, cell in cells.items() if cell is not None}
        file.write_text(render_data(data), "utf-8")

    def resolve_hub_names(self) -> None:
        """Have every hub's private names resolved, whether its owner has accepted yet or not."""
        file = self.folder / "cells.yaml"
        data = load_data(file.read_text("utf-8"))
        hubs = {name: {**hub, "dns_resolution": True} for name, hub in data["hubs"].items()}
        file.write_text(render_data({**data, "hubs": hubs}), "utf-8")

    def attach_hub(self, hub: str, mesh: str) -> str:
        """Attach a hub to the gateway of a mesh as its owner does, and write that down.

        Returns:
            The attachment's id.
        """
        file = self.folder / "cells.yaml"
        data = load_data(file.read_text("utf-8"))
        told, region = data["hubs"][hub], data["meshes"][mesh]["region"]
        ram, ec2 = (self.client(name, told["account"], region) for name in ("ram", "ec2"))
        for one in ram.get_resource_share_invitations()["resourceShareInvitations"]:
            ram.accept_resource_share_invitation(
                resourceShareInvitationArn=one["resourceShareInvitationArn"]
            )
        (gateway,) = ec2.describe_transit_gateways()["TransitGateways"]
        block = [*IPv4Network(told["blocks"][0]).subnets(new_prefix=28)][-16]
        subnet = ec2.create_subnet(VpcId=told["vpc"], CidrBlock=str(block))["Subnet"]
        made: str = ec2.create_transit_gateway_vpc_attachment(
            TransitGatewayId=gateway["TransitGatewayId"],
            VpcId=told["vpc"],
            SubnetIds=[subnet["SubnetId"]],
        )["TransitGatewayVpcAttachment"]["TransitGatewayAttachmentId"]
        data["hubs"][hub]["attachments"] = {mesh: made}
        file.write_text(render_data(data), "utf-8")
        return made

    def detach_hub(self, hub: str, mesh: str) -> None:
        """Delete the attachment of a hub, as its owner does before the gateway goes."""
        data = load_data((self.folder / "cells.yaml").read_text("utf-8"))
        told, region = data["hubs"][hub], data["meshes"][mesh]["region"]
        self.client("ec2", told["account"], region).delete_transit_gateway_vpc_attachment(
            TransitGatewayAttachmentId=told["attachments"][mesh]
        )

    def client(self, service: str, account: str, region: str = "us-east-1") -> Any:
        """Look into an account of the emulated AWS."""
        session = session_for(self.endpoint, account, region)
        return session.client(service, endpoint_url=self.endpoint)

    def outputs(self, cell: str, layer: str) -> dict[str, Any]:
        """What a layer handed on."""
        record = self.folder / ".cellfactory/sandbox/registry/cells" / cell / f"{layer}.json"
        found: dict[str, Any] = json.loads(record.read_text("utf-8"))["outputs"]
        return found

    def leftovers(self, account: str, region: str) -> list[str]:
        """What still exists in an account."""
        return leftovers(self.endpoint, account, region)

    def documents(self) -> dict[str, Any]:
        """The synthesized Terraform, by stack."""
        return {
            path.parent.name: json.loads(path.read_text("utf-8"))
            for path in (self.folder / "cdktf.out/stacks").glob("*/cdk.tf.json")
        }

    def _sandbox(self) -> list[str]:
        if not self.eks_seconds:
            return [*_CELLFACTORY, "sandbox"]
        return [sys.executable, "-c", _SLOW_SANDBOX.format(self.eks_seconds)]

    def _environment(self) -> dict[str, str]:
        return {**os.environ, "PYTHONPATH": str(ROOT), "TF_PLUGIN_MIRROR": str(self.mirror)}


@contextmanager
def climbing(folder: Path, mirror: Path, inventory: Mapping[str, Any]) -> Iterator[Ladder]:
    """Write an inventory, lock and synthesize it, and have an emulator beside it meanwhile."""
    (folder / "cells.yaml").write_text(render_data(dict(inventory)), "utf-8")
    ladder = Ladder(folder=folder, mirror=mirror)
    try:
        ladder.run("lock")
        ladder.run("synth")
        ladder.start()
        yield ladder
    finally:
        ladder.stop()


def _what_went_wrong(done: subprocess.CompletedProcess[str]) -> str:
    """Name the stacks that failed and why first, since what prints this cuts its end off."""
    try:
        rows = json.loads(done.stdout)["stacks"]
    except (ValueError, KeyError):
        rows = []
    failed = [row for row in rows if row.get("status") in ("failed", "invalid")]
    told = [f"{row['stack']}: {row['reason']} {json.dumps(row['diagnostics'])}" for row in failed]
    return "\n".join([f"exit {done.returncode}", *told, done.stderr, done.stdout])


_SLOW_SANDBOX = """\
from dataclasses import replace
from cellfactory.cli import main
from cellfactory.sandbox import from_inventory as made
plan_world = made.plan_world
made.plan_world = lambda *known: replace(plan_world(*known), eks_seconds={})
main(["sandbox"])
"""
_CELLFACTORY = (sys.executable, "-m", "cellfactory")
