"""An account that the factory made is closed: its role is narrowed, in an AWS that enforces IAM.

The tests of this file are the steps of one story, in the order in which they stand: the account is
made, with an administrator's role; it is named by its id, and narrowed by `bootstrap --narrow`,
which nothing else can do; the cell goes on by the narrow role; and it is taken back.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from cellfactory.documents import load_data, render_data
from cellfactory.sandbox.world import Organization, World
from tests.sandbox.emulators import UNIT, running
from tests.terraform.test_bootstrap_command import MANAGEMENT, REGION, ROOT, Place

pytestmark = [
    pytest.mark.terraform,
    pytest.mark.sandbox,
    pytest.mark.timeout(2_400),
    pytest.mark.long,
]

CELL, MEMBER, KEEPER = "moka-use1-c", "CellFactoryMember", "OrganizationAccountAccessRole"
ADMINISTRATOR = "arn:aws:iam::aws:policy/AdministratorAccess"
APPLY = ("--yes", "--first-apply", "--no-bake", "--format", "json")


@pytest.fixture(scope="module")
def place(terraform_mirror: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    folder = tmp_path_factory.mktemp("narrowed")
    made = load_data((ROOT / "cells.yaml").read_text("utf-8"))
    made["cells"] = {CELL: {**made["cells"][CELL], "ring": "first"}}
    made["rings"] = ["first"]
    made["organizations"] = {"next": made["organizations"]["next"]}
    made["state"].pop("kms_key", None)
    (folder / "cells.yaml").write_text(render_data(made), "utf-8")
    organization = Organization(management_account=MANAGEMENT, units=(UNIT,))
    with running(folder, World(organizations=(organization,), enforce_iam=True)) as emulator:
        place = Place(folder, emulator, terraform_mirror)
        for words in (("lock-providers",), ("lock",), ("synth",)):
            place.run(*words)
        assert set(place.bootstrap()) == {"factory-pipeline", "next-bootstrap"}
        yield place


def account(place: Place) -> str:
    """The id of the account that was made."""
    rows = place.client("organizations", MANAGEMENT).list_accounts()["Accounts"]
    (found,) = [row["Id"] for row in rows if row["Id"] != MANAGEMENT]
    return str(found)


def apply(place: Place, *layers: str) -> dict[str, str]:
    keys = place.token_keys("apply-first", "cellfactory-apply-first")
    words = [word for layer in layers for word in ("--layer", layer)]
    told = json.loads(place.run("apply", *words, *APPLY, keys=keys))
    return {row["stack"]: row["status"] for row in told["stacks"]}


def is_wide(place: Place) -> bool:
    """Whether the member role is an administrator's, with no boundary."""
    iam = place.client("iam", account(place))
    attached = iam.list_attached_role_policies(RoleName=MEMBER)["AttachedPolicies"]
    inline = iam.list_role_policies(RoleName=MEMBER)["PolicyNames"]
    bounded = "PermissionsBoundary" in iam.get_role(RoleName=MEMBER)["Role"]
    wide = ADMINISTRATOR in {one["PolicyArn"] for one in attached} or bool(inline)
    assert wide != bounded
    return wide


def taken(place: Place, keys: Mapping[str, str], *roles: str) -> Any:
    """Go through roles, from keys of CI."""
    held = dict(keys)
    for role in roles:
        sts: Any = boto3.client(
            "sts",
            endpoint_url=place.emulator.endpoint,
            region_name=REGION,
            aws_access_key_id=held["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=held["AWS_SECRET_ACCESS_KEY"],
            aws_session_token=held["AWS_SESSION_TOKEN"],
        )
        told = sts.assume_role(RoleArn=role, RoleSessionName="ci")["Credentials"]
        held = {
            "AWS_ACCESS_KEY_ID": told["AccessKeyId"],
            "AWS_SECRET_ACCESS_KEY": told["SecretAccessKey"],
            "AWS_SESSION_TOKEN": told["SessionToken"],
        }
    return held


def test_the_account_is_made_with_a_role_that_may_do_anything(place: Place) -> None:
    assert set(apply(place, "account", "network").values()) == {"applied"}
    assert is_wide(place)
    cells = load_data((place.folder / "cells.yaml").read_text("utf-8"))["cells"]
    place.change(cells={CELL: {**cells[CELL], "account": {"id": account(place)}}})
    place.run("lock", "--accept", CELL)
    place.run("synth")


def test_it_is_not_narrowed_by_its_own_keys(place: Place) -> None:
    words = ("bootstrap", "--via", "SandboxVisitor", "--yes", "--adopt")
    place.run(*words, "--member-via", MEMBER, code=6)
    assert "F683" in place.said
    assert "--narrow" in place.said
    place.run(*words, code=6)  # by the role of AWS, which is not there
    assert "F622" in place.said
    assert is_wide(place)


def test_another_way_in_is_made_and_it_is_narrowed_by_that(place: Place) -> None:
    became = place.bootstrap("--adopt", "--narrow")
    assert became[f"{CELL}-member"] == "applied"
    assert KEEPER in place.said
    assert not is_wide(place)
    assert set(place.bootstrap("--narrow").values()) == {"no-change"}
    assert set(place.bootstrap().values()) == {"no-change"}


def test_the_pipeline_cannot_take_that_way(place: Place) -> None:
    keys = place.token_keys("apply-first", "cellfactory-apply-first")
    way = f"arn:aws:iam::{MANAGEMENT}:role/CellFactory"
    taken(place, keys, way, f"arn:aws:iam::{account(place)}:role/{MEMBER}")
    with pytest.raises(ClientError, match="AccessDenied"):
        taken(place, keys, way, f"arn:aws:iam::{account(place)}:role/{KEEPER}")


def test_the_cell_goes_on_by_the_narrow_role_and_lets_go_of_the_account(place: Place) -> None:
    assert apply(place, "network") == {f"{CELL}-network": "no-change"}
    keys = place.token_keys("apply-first", "cellfactory-apply-first")
    gone = ("destroy", "--cell", CELL, "--layer", "account", "--forget-accounts", "--yes")
    place.run(*gone, keys=keys)
    assert f"registry/cells/{CELL}/account.json" not in place.objects()
    assert account(place)
    place.run("plan", "--layer", "network", "--exit-code", keys=keys)


def test_it_is_taken_back_and_narrowed_again(place: Place) -> None:
    place.run("bootstrap", "--via", "SandboxVisitor", "--yes", "--widen", CELL)
    assert is_wide(place)
    assert "narrows it" in place.said
    assert place.bootstrap()[f"{CELL}-member"] == "applied"
    assert not is_wide(place)
