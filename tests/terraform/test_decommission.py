"""A cell leaves a mesh, and what a lost state held comes back: real Terraform, real provider.

The tests of this file are the steps of one story, in the order in which they stand.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from cellfactory.documents import load_data, render_data
from tests.terraform.ladder import ROOT, Ladder

pytestmark = [
    pytest.mark.terraform,
    pytest.mark.sandbox,
    pytest.mark.timeout(1_500),
    pytest.mark.long,
]

ACCOUNTS = {"moka-use1-a": "444444444444", "moka-use1-b": "555555555555"}
LOW, MIDDLE, HIGH = "moka-use1-a", "moka-use1-b", "moka-use1-c"
LAYERS = ("account", "network", "peering", "accept", "routes")
CHOSEN = [word for layer in LAYERS for word in ("--layer", layer)]
STATES = ".cellfactory/sandbox/state/cells"
LOST = {"network": MIDDLE, "peering": LOW, "accept": HIGH, "routes": LOW}
QUARANTINE = "ou-ab12-quarantine"


@pytest.fixture(scope="module")
def ladder(tmp_path_factory: pytest.TempPathFactory, terraform_mirror: Path) -> Iterator[Ladder]:
    folder = tmp_path_factory.mktemp("leaving")
    inventory = load_data((ROOT / "cells.yaml").read_text("utf-8"))
    cells = {name: cell for name, cell in inventory["cells"].items() if name in (LOW, MIDDLE, HIGH)}
    for cell in cells.values():
        cell["type"] = "spark-small"
    organizations = {
        name: {**told, "quarantine_ou": QUARANTINE}
        for name, told in inventory["organizations"].items()
    }
    changed = {**inventory, "cells": cells, "organizations": organizations}
    (folder / "cells.yaml").write_text(render_data(changed), "utf-8")
    ladder = Ladder(folder=folder, mirror=terraform_mirror)
    ladder.run("lock")
    ladder.run("synth")
    ladder.start()
    ladder.results("apply", *CHOSEN)
    yield ladder
    ladder.stop()


def account_of(ladder: Ladder, cell: str) -> str:
    known: str = ACCOUNTS.get(cell) or ladder.outputs(cell, "account")["account_id"]
    return known


def everything(ladder: Ladder, accounts: dict[str, str]) -> dict[str, list[str]]:
    return {cell: ladder.leftovers(account, "us-east-1") for cell, account in accounts.items()}


class Holes:
    """Looks for routes that lead nowhere, again and again, in a thread of its own."""

    def __init__(self, ladder: Ladder, accounts: dict[str, str]) -> None:
        self._clients = [ladder.client("ec2", account) for account in accounts.values()]
        self._ends = threading.Event()
        self._thread = threading.Thread(target=self._look)
        self.found: set[tuple[str, str]] = set()
        self.looks = 0

    def __enter__(self) -> Holes:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ends.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._ends.wait(0.2):
            for client in self._clients:
                for table in client.describe_route_tables()["RouteTables"]:
                    self.found |= {
                        (table["RouteTableId"], route["DestinationCidrBlock"])
                        for route in table["Routes"]
                        if route["State"] == "blackhole" and not _is_of_hub(route)
                    }
            self.looks += 1


def _is_of_hub(route: dict[str, str]) -> bool:
    """A hub's owner has not accepted yet, so its routes are holes until then."""
    return route["DestinationCidrBlock"].startswith(("10.0.", "10.1."))


def test_what_lost_states_held_is_imported_and_nothing_is_made_twice(ladder: Ladder) -> None:
    accounts = {cell: account_of(ladder, cell) for cell in (LOW, MIDDLE, HIGH)}
    before = everything(ladder, accounts)
    for layer, cell in LOST.items():
        (ladder.folder / STATES / cell / f"{layer}.tfstate").unlink()
    ladder.run("orphans", "--import", "--apply", "--sandbox")
    rows = ladder.results("apply", *CHOSEN)
    added = {name: row["counts"]["add"] for name, row in rows.items() if row["counts"]["add"]}
    options = {f"{HIGH}-accept": 2, f"{LOW}-routes": 2}  # set again, as they were
    assert added == options
    # The cell that leaves next is looked at now, the others once it has left.
    rows = ladder.results("plan", "--exit-code", "--cell", MIDDLE, *CHOSEN)
    assert {row["status"] for row in rows.values()} == {"no-change"}
    assert everything(ladder, accounts) == before


def test_a_killed_decommission_goes_on_and_leaves_no_hole(ladder: Ladder) -> None:
    ladder.change_cells({MIDDLE: None})
    ladder.run("lock")
    ladder.run("synth")
    accounts = {cell: account_of(ladder, cell) for cell in (LOW, MIDDLE, HIGH)}
    with Holes(ladder, accounts) as holes:
        kill_when(ladder, f"{MIDDLE}-routes  destroyed", "decommission", MIDDLE, "--sandbox")
        told = ladder.run("decommission", MIDDLE, "--sandbox", "--account", "quarantine")
    assert holes.looks > 10
    assert holes.found == set()
    assert f"{LOW}-routes" not in told
    assert "moved from" in ladder.stderr
    assert [one for one in everything(ladder, accounts)[MIDDLE] if "bucket" not in one] == []
    rows = ladder.results("plan", "--exit-code", *CHOSEN)
    assert {row["status"] for row in rows.values()} == {"no-change"}
    ladder.run("lock", "--release", MIDDLE)


def test_blocks_are_kept_while_a_state_is_there(ladder: Ladder) -> None:
    ladder.change_cells({HIGH: None})
    ladder.run("lock")
    ladder.run("lock", "--release", HIGH, code=6)
    assert "F648" in ladder.stderr


def test_the_last_two_part_and_the_account_that_was_made_is_closed(ladder: Ladder) -> None:
    ladder.run("synth")
    account = account_of(ladder, HIGH)
    ladder.run("decommission", HIGH, "--sandbox", "--account", "close", "--buckets", "delete")
    organizations = ladder.client("organizations", "222222222222")
    assert organizations.describe_account(AccountId=account)["Account"]["Status"] != "ACTIVE"
    with pytest.raises(ClientError, match="OptInRequired"):  # it answers nobody any more
        ladder.leftovers(account, "us-east-1")
    rest = (word for layer in ("network", "peering", "routes") for word in ("--layer", layer))
    rows = ladder.results("plan", "--exit-code", *rest)  # one that is alone accepts nothing
    assert {row["status"] for row in rows.values()} == {"no-change"}
    folder = ladder.folder / ".cellfactory/sandbox/registry/cells"
    assert {path.name for path in folder.iterdir() if any(path.iterdir())} == {LOW}


def kill_when(ladder: Ladder, words: str, *command: str) -> None:
    """Run a command, and kill it the moment it says something."""
    with subprocess.Popen(
        [sys.executable, "-m", "cellfactory", *command],
        cwd=ladder.folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), "TF_PLUGIN_MIRROR": str(ladder.mirror)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    ) as child:
        assert child.stderr is not None
        for line in child.stderr:
            if words in line:
                child.send_signal(signal.SIGKILL)
                break
        child.wait(60)
    time.sleep(1)
    assert child.returncode == -signal.SIGKILL
    assert shutil.which("terraform") or "TERRAFORM" in os.environ
