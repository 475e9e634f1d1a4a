"""The derived roles, enforced: the ladder passes under them, and fails where a statement lacks.

What they must not do is in `tests/sandbox/test_rights.py`; that the shipped inventory passes under
them, in `test_ladder.py`. With CELLFACTORY_RIGHTS=all two cells that have all that is optional are
applied, read again, changed and destroyed, as the steps of one story (fifteen minutes more).
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cellfactory.documents import load_data, render_data
from tests.terraform.ladder import ROOT
from tests.terraform.rights import MEMBERS, PROVISIONING, RightsLadder
from tools.actions_run import TYPE, accept, change, world

pytestmark = [pytest.mark.terraform, pytest.mark.sandbox, pytest.mark.timeout(1_500)]

CELL, NEW = "moka-use1-b", "moka-use1-c"  # the second makes its account
ALL = os.environ.get("CELLFACTORY_RIGHTS") == "all"
longer = pytest.mark.skipif(not ALL, reason="CELLFACTORY_RIGHTS=all runs it, minutes more")


def small() -> dict[str, Any]:
    """Two cells that a real run makes soon: no NAT gateways, one node group in each zone."""
    made = world()
    kind = made["cell_types"][TYPE]
    if not ALL:
        kind["egress"] = "none"
    return made


def begin(folder: Path, mirror: Path, lost: str = "") -> RightsLadder:
    (folder / "cells.yaml").write_text(render_data(small()), "utf-8")
    shutil.copy(ROOT / "cells.lock.yaml", folder)
    ladder = RightsLadder(folder=folder, mirror=mirror, lost=lost)
    ladder.resolve_hub_names()
    ladder.run("lock")
    ladder.run("synth")
    ladder.start()
    return ladder


@pytest.fixture(scope="module")
def ladder(
    tmp_path_factory: pytest.TempPathFactory, terraform_mirror: Path
) -> Iterator[RightsLadder]:
    ladder = begin(tmp_path_factory.mktemp("rights"), terraform_mirror)
    yield ladder
    ladder.stop()


def statuses(rows: dict[str, dict[str, Any]]) -> set[str]:
    return {row["status"] for name, row in rows.items() if not name.endswith("-platform")}


@longer
def test_every_layer_is_applied_by_the_derived_roles(ladder: RightsLadder) -> None:
    rows = ladder.results("apply")
    assert statuses(rows) == {"applied"}
    assert {name.rpartition("-")[2] for name in rows} >= {
        *("account", "network", "peering", "accept", "routes", "cluster")
    }


@longer
def test_the_rest_of_the_ladder_passes(ladder: RightsLadder) -> None:
    accept(ladder)
    assert statuses(ladder.results("apply", "--layer", "routes")) == {"applied"}
    assert statuses(ladder.results("plan", "--exit-code")) == {"no-change"}
    file = ladder.folder / "cells.yaml"
    made = load_data(file.read_text("utf-8"))
    change(made)
    file.write_text(render_data(made), "utf-8")
    ladder.run("lock")
    ladder.run("synth")
    allowed = (word for layer in ("network", "cluster") for word in ("--allow-destroy", layer))
    assert statuses(ladder.results("apply", *allowed)) <= {"applied", "no-change"}
    rows = ladder.results("destroy", "--forget-accounts")
    assert statuses(rows) == {"destroyed", "forgotten"}


@pytest.mark.parametrize(
    ("lost", "cell", "layer", "call"),
    [
        ("AccountOrganizationsMake", NEW, "account", "CreateAccount"),
        pytest.param("NetworkS3Named", CELL, "network", "CreateBucket", marks=longer),
    ],
)
def test_without_a_statement_the_layer_that_it_is_for_fails(
    tmp_path: Path, terraform_mirror: Path, lost: str, cell: str, layer: str, call: str
) -> None:
    ladder = begin(tmp_path, terraform_mirror, lost)
    try:
        ladder.run("apply", "--sandbox", "--cell", cell, "--layer", layer, code=6)
        assert f"{cell}-{layer}" in ladder.stderr
        assert call in ladder.stderr
    finally:
        ladder.stop()


def test_the_roles_are_those_of_both_organizations() -> None:
    inventory = load_data((ROOT / "cells.yaml").read_text("utf-8"))
    organizations = inventory["organizations"].values()
    assert {one["member_role"] for one in organizations} == set(MEMBERS)
    assert {one["provisioning_role"] for one in organizations} == {PROVISIONING}
