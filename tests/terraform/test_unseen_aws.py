"""`plan --read-only` and `apply --reviewed --unseen` together: real provider, real rights.

The roles are those that `bootstrap` makes, in an emulated AWS that enforces IAM. One cell is in an
account that was there, and is planned by the role that reads; the account of the other one is made
by the same run, has no such role, and is applied unseen.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from cellfactory.documents import load_data, render_data
from cellfactory.sandbox.world import Member, Organization, World
from tests.sandbox.emulators import UNIT, running
from tests.terraform.test_bootstrap_command import ACCOUNT, CELL, MANAGEMENT, ROOT, Place

pytestmark = [
    pytest.mark.terraform,
    pytest.mark.sandbox,
    pytest.mark.timeout(2_400),
    pytest.mark.long,
]

NEW = "moka-use1-c"
SEEN, ACCOUNT_STACK, UNSEEN = f"{CELL}-network", f"{NEW}-account", f"{NEW}-network"
CHOSEN = ("--layer", "account", "--layer", "network")
APPLY = ("--yes", "--first-apply", "--no-bake", "--format", "json")


@pytest.fixture(scope="module")
def place(terraform_mirror: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    folder = tmp_path_factory.mktemp("unseen")
    made = load_data((ROOT / "cells.yaml").read_text("utf-8"))
    made["cells"] = {name: {**made["cells"][name], "ring": "first"} for name in (CELL, NEW)}
    made["cells"][NEW]["organization"] = "next"
    made["rings"] = ["first"]
    made["organizations"] = {"next": made["organizations"]["next"]}
    made["state"].pop("kms_key", None)
    (folder / "cells.yaml").write_text(render_data(made), "utf-8")
    organization = Organization(
        management_account=MANAGEMENT,
        units=(UNIT,),
        members=(Member(account=ACCOUNT, role="OrganizationAccountAccessRole"),),
    )
    with running(folder, World(organizations=(organization,), enforce_iam=True)) as emulator:
        place = Place(folder, emulator, terraform_mirror)
        for words in (("lock-providers",), ("lock",), ("synth",)):
            place.run(*words)
        place.bootstrap()
        yield place


def test_what_the_reader_saw_is_held_and_what_it_could_not_see_is_done(place: Place) -> None:
    plans = place.token_keys("plan", "cellfactory-plan")
    words = ("plan", "--read-only", *CHOSEN, "--out", "reviewed.json", "--format", "json")
    told = json.loads(place.run(*words, keys=plans))
    status = {row["stack"]: row["status"] for row in told["stacks"]}
    assert status == {SEEN: "planned", ACCOUNT_STACK: "planned", UNSEEN: "left-out"}

    applies = place.token_keys("apply-first", "cellfactory-apply-first")
    reviewed = ("apply", *CHOSEN, "--reviewed", "reviewed.json", *APPLY)
    told = json.loads(place.run(*reviewed, code=6, keys=applies))
    status = {row["stack"]: row["status"] for row in told["stacks"]}
    assert (status[SEEN], status[ACCOUNT_STACK]) == ("applied", "applied")
    assert status[UNSEEN] not in ("applied", "no-change")
    assert "F658" in place.said
    assert f"cells/{NEW}/network.tfstate" not in place.objects()

    told = json.loads(place.run(*reviewed, "--unseen", keys=applies))
    status = {row["stack"]: row["status"] for row in told["stacks"]}
    assert status == {SEEN: "no-change", ACCOUNT_STACK: "no-change", UNSEEN: "applied"}
    kept = {f"cells/{CELL}/network", f"cells/{NEW}/account", f"cells/{NEW}/network"}
    assert {f"{one}.tfstate" for one in kept} <= place.objects()
    again = place.token_keys("plan", "cellfactory-plan")
    place.run("plan", "--read-only", *CHOSEN, "--exit-code", keys=again)
