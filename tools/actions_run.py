"""The ladder whose calls `measure_actions` reads: two cells are made, read, changed and destroyed.

It drives the commands that a person would type, with the real provider and an emulated AWS, and
leaves the provider's log of each phase and every call that the emulator was asked.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from cellfactory.documents import load_data, render_data
from cellfactory.facts.iam import Phase
from tests.terraform.ladder import ROOT, Ladder

LOGS = "{phase}.log"
CALLS = "calls.jsonl"
HUB_ACCOUNT = "333333333333"
CELLS = ("moka-use1-b", "moka-use1-c")  # one of each organization; the second makes its account
TYPE = "spark-small"
TO_JSON = ("--sandbox", "--parallel", "4", "--format", "json")
"""What makes a command of the ladder write data."""


def world() -> dict[str, Any]:
    """An inventory with two cells and everything in them that is optional."""
    made = dict(load_data((ROOT / "cells.yaml").read_text("utf-8")))
    kind = made["cell_types"][TYPE]
    kind |= {
        "egress": "nat_gateway",
        "session_manager": True,
        "admins": ["arn:aws:iam::777777777777:role/Admins"],
        "submitters": ["arn:aws:iam::777777777777:role/Submitters"],
        "viewers": ["arn:aws:iam::777777777777:role/Viewers"],
    }
    kind["spark"]["job_policies"] = ["arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"]
    made["cells"] = {name: made["cells"][name] for name in CELLS}
    made["meshes"] = {"moka-use1": made["meshes"]["moka-use1"]}
    made["cell_types"] = {TYPE: kind}
    return made


def change(made: Mapping[str, Any]) -> None:
    """Change all that is changed in place."""
    kind = made["cell_types"][TYPE]
    kind |= {
        "admins": [],
        "control_plane_logs": ["api"],
        "endpoint_access": "any",
        "flow_logs": {"retention_days": 40},
        "ingress": {"node_group": "driver", "listener_port": 81},
        "submitters": ["arn:aws:iam::777777777777:role/Others"],
        "support": "standard",
        "zonal_shift": True,
    }
    kind["addons"]["coredns"] = {
        "version": kind["addons"]["coredns"],
        "configuration": {"replicaCount": 3},
    }
    pools = kind["node_groups"]
    pools["driver"] |= {"labels": {"cellfactory/pool": "driver", "more": "x"}}
    pools["driver"] |= {"root_volume_gib": 120}
    pools["executor"] |= {"nodes_per_zone": 21, "taints": []}
    kind["spark"]["job_policies"] = ["arn:aws:iam::aws:policy/AmazonSQSReadOnlyAccess"]
    kind["spark"]["history"]["retention_days"] = 40


def run_phases(folder: Path, mirror: Path, make: type[Ladder] = Ladder) -> None:
    """Run the ladder; its logs lie in the folder afterwards."""
    shutil.copy(ROOT / "cells.lock.yaml", folder)
    run_ladder(folder, mirror, world(), _climb, make)


def run_ladder(
    folder: Path,
    mirror: Path,
    inventory: Mapping[str, Any],
    climb: Callable[[Ladder, Path], None],
    make: type[Ladder] = Ladder,
) -> None:
    """Run the ladder of an inventory, with the provider's log and every call on record."""
    (folder / "cells.yaml").write_text(render_data(inventory), "utf-8")
    os.environ["CELLFACTORY_SANDBOX_CALLS"] = str(folder / CALLS)
    ladder = make(folder=folder, mirror=mirror)
    ladder.resolve_hub_names()
    for word in ("lock", "synth"):
        ladder.run(word)
    ladder.start()
    os.environ["TF_LOG_PROVIDER"] = "DEBUG"
    try:
        climb(ladder, folder)
    finally:
        ladder.stop()


def _climb(ladder: Ladder, folder: Path) -> None:
    begin_phase(folder, "create")
    ladder.run("apply", *TO_JSON)
    accept(ladder)
    ladder.run("apply", "--layer", "routes", *TO_JSON)
    begin_phase(folder, "read")
    ladder.run("plan", *TO_JSON)
    begin_phase(folder, "update")
    file = folder / "cells.yaml"
    made = load_data(file.read_text("utf-8"))
    change(made)
    file.write_text(render_data(made), "utf-8")
    for word in ("lock", "synth"):
        ladder.run(word)
    allowed = (word for layer in ("network", "cluster") for word in ("--allow-destroy", layer))
    ladder.run("apply", *allowed, *TO_JSON)
    begin_phase(folder, "delete")
    ladder.run("destroy", "--forget-accounts", *TO_JSON)


def accept(ladder: Ladder) -> None:
    """Accept what waits, as the owner of the hub does."""
    ec2 = ladder.client("ec2", HUB_ACCOUNT)
    pending = [{"Name": "status-code", "Values": ["pending-acceptance"]}]
    found = ec2.describe_vpc_peering_connections(Filters=pending)["VpcPeeringConnections"]
    for connection in found:
        ec2.accept_vpc_peering_connection(
            VpcPeeringConnectionId=connection["VpcPeeringConnectionId"]
        )


def begin_phase(folder: Path, phase: Phase) -> None:
    """Have the provider log to the file of a phase from now on."""
    os.environ["TF_LOG_PATH"] = str(folder / LOGS.format(phase=phase))
