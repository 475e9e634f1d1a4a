"""`bootstrap` with the real Terraform and the real AWS provider, against an AWS that enforces IAM.

It runs as against the real one: no file of the sandbox stands beside what was synthesized, the
states lie in the bucket of the emulated S3, and CI comes in by tokens.
"""

from __future__ import annotations

import base64
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from cellfactory.documents import load_data, render_data
from cellfactory.sandbox.client import session_for
from cellfactory.sandbox.world import Member, Organization, World
from tests.sandbox.emulators import Emulator, running

pytestmark = [pytest.mark.terraform, pytest.mark.sandbox]

ROOT = Path(__file__).resolve().parents[2]
PIPELINE, MANAGEMENT, ACCOUNT = "777777777777", "222222222222", "666666666666"
CELL, REGION, BUCKET = "moka-usw2-a", "us-east-1", "example-cells-tfstate"
ISSUER = "https://token.actions.githubusercontent.com"
VIA = ("--via", "SandboxVisitor")
OUTSIDE = {"AWS_ACCESS_KEY_ID": "sandbox", "AWS_SECRET_ACCESS_KEY": "sandbox"}
SECONDS = 600
LAYERS = ("factory-pipeline", "next-bootstrap", f"{CELL}-member")


@dataclass(slots=True)
class Place:
    """A folder with an inventory of one cell, and an emulated AWS taken for the real one."""

    folder: Path
    emulator: Emulator
    mirror: Path
    said: str = field(default="", init=False)

    def change(self, **changes: Any) -> None:
        file = self.folder / "cells.yaml"
        made = load_data(file.read_text("utf-8"))
        file.write_text(render_data({**made, **changes}), "utf-8")

    def start(self, *words: str, keys: Mapping[str, str] = OUTSIDE) -> subprocess.Popen[str]:
        environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("AWS_")},
            **{"AWS_CONFIG_FILE": os.devnull, "AWS_EC2_METADATA_DISABLED": "true"},
            **{"AWS_ENDPOINT_URL": self.emulator.endpoint, "AWS_REGION": REGION},
            **{"PYTHONPATH": str(ROOT), "TF_PLUGIN_MIRROR": str(self.mirror)},
            **keys,
        }
        return subprocess.Popen(
            [sys.executable, "-m", "cellfactory", *words],
            cwd=self.folder,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *words: str, code: int = 0, keys: Mapping[str, str] = OUTSIDE) -> str:
        child = self.start(*words, keys=keys)
        told, self.said = child.communicate(timeout=SECONDS)
        assert child.returncode == code, (
            words,
            child.returncode,
            told[-3_000:],
            self.said[-5_000:],
        )
        return told

    def bootstrap(self, *words: str) -> dict[str, str]:
        """Run it; what became of each stack."""
        told = json.loads(self.run("bootstrap", *VIA, "--yes", "--format", "json", *words))
        return {row["stack"]: row["status"] for row in told["stacks"]}

    def client(self, service: str, account: str = PIPELINE) -> Any:
        return self.emulator.client(service, account)

    def objects(self) -> set[str]:
        listed = self.client("s3").list_objects_v2(Bucket=BUCKET)
        return {one["Key"] for one in listed["Contents"]}

    def states_on_disk(self) -> list[Path]:
        return [p for p in (self.folder / ".cellfactory").rglob("*.tfstate*") if ours(p)]

    def token_keys(self, environment: str, role: str) -> dict[str, str]:
        """Come in as CI does."""
        subject = f"repo:example-org/cells:environment:{environment}"
        claims = {"iss": ISSUER, "aud": "sts.amazonaws.com", "sub": subject}
        body = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
        sts: Any = boto3.client(
            "sts",
            endpoint_url=self.emulator.endpoint,
            region_name=REGION,
            aws_access_key_id="none",
            aws_secret_access_key="none",
        )
        found = sts.assume_role_with_web_identity(
            RoleArn=f"arn:aws:iam::{PIPELINE}:role/{role}",
            RoleSessionName="ci",
            WebIdentityToken=f"e30.{body}.",
        )["Credentials"]
        return {
            "AWS_ACCESS_KEY_ID": found["AccessKeyId"],
            "AWS_SECRET_ACCESS_KEY": found["SecretAccessKey"],
            "AWS_SESSION_TOKEN": found["SessionToken"],
        }


def ours(path: Path) -> bool:
    """Whether a file is a state; what Terraform remembers of a backend is none."""
    return ".terraform" not in path.parts


@pytest.fixture(scope="module")
def place(terraform_mirror: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    folder = tmp_path_factory.mktemp("bootstrap")
    inventory = load_data((ROOT / "cells.yaml").read_text("utf-8"))
    inventory["cells"] = {CELL: inventory["cells"][CELL]}
    inventory["rings"] = ["first"]
    inventory["organizations"] = {"next": inventory["organizations"]["next"]}
    inventory["state"].pop("kms_key", None)
    (folder / "cells.yaml").write_text(render_data(inventory), "utf-8")
    organization = Organization(
        management_account=MANAGEMENT,
        members=(Member(account=ACCOUNT, role="OrganizationAccountAccessRole"),),
    )
    with running(folder, World(organizations=(organization,), enforce_iam=True)) as emulator:
        made = Place(folder, emulator, terraform_mirror)
        made.run("lock-providers")
        yield made


def test_killed_as_the_bucket_is_made_the_next_run_takes_it_up(place: Place) -> None:
    child = place.start("bootstrap", *VIA, "--yes")
    assert child.stderr is not None
    for line in child.stderr:
        if "factory-pipeline  applied" in line:
            child.send_signal(signal.SIGKILL)
            break
    child.communicate(timeout=SECONDS)
    assert place.client("s3").get_bucket_versioning(Bucket=BUCKET)["Status"] == "Enabled"

    became = place.bootstrap()
    assert tuple(became) == LAYERS
    assert became["factory-pipeline"] in ("no-change", "applied")
    assert became["next-bootstrap"] == became[f"{CELL}-member"] == "applied"
    assert place.states_on_disk() == []
    assert {
        "bootstrap/factories/factory/pipeline.tfstate",
        "bootstrap/organizations/next/bootstrap.tfstate",
        f"bootstrap/cells/{CELL}/member.tfstate",
    } <= place.objects()


def test_a_second_run_changes_nothing(place: Place) -> None:
    assert set(place.bootstrap().values()) == {"no-change"}
    assert place.states_on_disk() == []


def test_a_state_that_lies_here_and_not_there_is_moved(place: Place) -> None:
    """As it is when the program died after the apply and before the move."""
    s3, key = place.client("s3"), "bootstrap/factories/factory/pipeline.tfstate"
    held = s3.get_object(Bucket=BUCKET, Key=key)["Body"].read()
    s3.delete_object(Bucket=BUCKET, Key=key)
    file = place.folder / ".cellfactory/aws/state/bootstrap/factory-pipeline.tfstate"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(held)
    assert set(place.bootstrap().values()) == {"no-change"}
    assert place.states_on_disk() == []
    assert s3.get_object(Bucket=BUCKET, Key=key)["Body"].read() == held


def test_a_new_ring_is_all_that_a_new_ring_changes(place: Place) -> None:
    place.change(rings=["canary", "first"])
    told = json.loads(place.run("bootstrap", *VIA, "--plan-only", "--format", "json"))
    became = {row["stack"]: row["status"] for row in told["stacks"]}
    assert tuple(became.values()) == ("planned", "planned", "no-change")
    sums = {name: told["plan"][name] for name in ("add", "change", "destroy", "replace")}
    assert sums == {"add": 5, "change": 1, "destroy": 0, "replace": 0}  # the trust is the one
    assert place.bootstrap()["factory-pipeline"] == "applied"
    assert place.client("iam").get_role(RoleName="cellfactory-apply-canary")


def test_ci_comes_in_by_its_own_tokens_and_no_others(place: Place) -> None:
    place.token_keys("plan", "cellfactory-plan")
    for environment, role in (
        ("plan", "cellfactory-apply-first"),
        ("apply-canary", "cellfactory-apply-first"),
        ("apply-first*", "cellfactory-apply-first"),
        ("apply-first", "cellfactory-plan"),
        ("apply-first", "cellfactory-apply-nothing"),
    ):
        with pytest.raises(ClientError, match="AccessDenied"):
            place.token_keys(environment, role)


def test_the_role_that_plans_changes_nothing(place: Place) -> None:
    keys = place.token_keys("plan", "cellfactory-plan")
    session = boto3.Session(
        aws_access_key_id=keys["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=keys["AWS_SECRET_ACCESS_KEY"],
        aws_session_token=keys["AWS_SESSION_TOKEN"],
        region_name=REGION,
    )
    sts: Any = session.client("sts", endpoint_url=place.emulator.endpoint)
    for account, role in ((MANAGEMENT, "CellFactory"), (ACCOUNT, "CellFactoryMember")):
        with pytest.raises(ClientError, match="AccessDenied"):
            sts.assume_role(RoleArn=f"arn:aws:iam::{account}:role/{role}", RoleSessionName="ci")
    sts.assume_role(RoleArn=f"arn:aws:iam::{MANAGEMENT}:role/CellFactoryRead", RoleSessionName="ci")


def test_a_network_is_applied_by_the_roles_that_were_made(place: Place) -> None:
    place.run("lock")
    place.run("synth")
    keys = place.token_keys("apply-first", "cellfactory-apply-first")
    place.run("apply", "--layer", "network", "--yes", "--first-apply", "--no-bake", keys=keys)
    assert {
        f"cells/{CELL}/network.tfstate",
        f"registry/cells/{CELL}/network.json",
    } <= place.objects()
    reads = place.token_keys("plan", "cellfactory-plan")
    place.run("plan", "--layer", "network", "--read-only", "--exit-code", keys=reads)
    assert session_for(place.emulator.endpoint, ACCOUNT, "us-west-2")
