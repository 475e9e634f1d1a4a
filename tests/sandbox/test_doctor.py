"""`doctor` as a whole against the emulated AWS: all that is needed is there, or one is not."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cellfactory.cli import main
from cellfactory.documents import load_data, render_data
from cellfactory.facts.loader import load_facts
from cellfactory.inventory.schema import Inventory
from cellfactory.naming import role_arn
from cellfactory.runs.reading import read_declared
from cellfactory.sandbox.from_inventory import plan_world
from tests.sandbox.emulators import REGION, Emulator, start, stop

pytestmark = pytest.mark.sandbox

BUCKET = "example-cells-tfstate"
MANAGEMENT, MEMBER = "222222222222", "666666666666"


@pytest.fixture(scope="module")
def declared(project_root: Path) -> Inventory:
    return read_declared(project_root / "cells.yaml").inventory


@pytest.fixture(scope="module")
def world(declared: Inventory, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    """An AWS of its own, in which all that the shipped inventory needs is there."""
    folder = tmp_path_factory.mktemp("doctor")
    process, running = start(folder, plan_world(declared, load_facts()))
    yield running
    stop(process)


@pytest.fixture
def folder(
    world: Emulator, project_root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """The shipped inventory with a unit that is there and a key by its ARN, and the way to AWS."""
    made = load_data((project_root / "cells.yaml").read_text("utf-8"))
    made["state"]["kms_key"] = _key(world)
    made["cells"]["moka-use1-c"]["account"]["ou"] = _unit(world)
    (tmp_path / "cells.yaml").write_text(render_data(made), "utf-8")
    _bucket(world)
    monkeypatch.setenv("AWS_ENDPOINT_URL", world.endpoint)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "sandbox")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "sandbox")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def _key(world: Emulator) -> str:
    found = world.outside("kms").create_key()["KeyMetadata"]["Arn"]
    return str(found)


def _unit(world: Emulator) -> str:
    client = world.client("organizations", MANAGEMENT)
    root = client.list_roots()["Roots"][0]["Id"]
    units = client.list_organizational_units_for_parent(ParentId=root)["OrganizationalUnits"]
    if not units:
        made = client.create_organizational_unit(ParentId=root, Name="cells")
        units = [made["OrganizationalUnit"]]
    return str(units[0]["Id"])


def _bucket(world: Emulator) -> None:
    s3 = world.outside("s3")
    s3.create_bucket(Bucket=BUCKET)
    s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    names = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
    s3.put_public_access_block(
        Bucket=BUCKET, PublicAccessBlockConfiguration=dict.fromkeys(names, True)
    )
    rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms"}}
    s3.put_bucket_encryption(Bucket=BUCKET, ServerSideEncryptionConfiguration={"Rules": [rule]})


def run(line: str, capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    capsys.readouterr()
    with pytest.raises(SystemExit) as stopped:
        main(["doctor", *line.split()])
    return int(stopped.value.code or 0), capsys.readouterr().out


def rows(text: str, status: str) -> list[tuple[str, str]]:
    """Read a document: of whom, and what is claimed, of all that have a status."""
    told: list[dict[str, Any]] = json.loads(text)["answers"]
    return [
        (" ".join(filter(None, row["subject"].values())), row["claim"])
        for row in told
        if row["status"] == status
    ]


@pytest.mark.usefixtures("folder")
def test_what_is_there_is_well(capsys: pytest.CaptureFixture[str]) -> None:
    code, told = run("--format json", capsys)
    assert rows(told, "failed") == []
    assert code == 0
    assert rows(told, "warning") == [
        ("cell moka-use1-c", "the role that works in its account is no administrator"),
        ("cell moka-usw2-a", "a hub reaches its private Kubernetes API"),
    ]
    assert {claim for _, claim in rows(told, "skipped")} == {
        "its account can be worked in",
        "its quotas are those of cells.yaml",
        "the member role may do what each layer needs",
        "the provisioning role may make accounts",
    }
    well = rows(told, "ok")
    assert ("state", f"bucket {BUCKET} is there, in {REGION}") in well
    assert ("organization legacy", "111111111111 is the management account") in well
    assert ("cell moka-use1-a", "r6gd.8xlarge is offered in each of them") in well
    assert ("cell moka-use1-a", "EKS offers coredns v1.13.2-eksbuild.24 for it") in well
    document = json.loads(told)
    assert document["format_version"] == 1
    assert [row["rule"] for row in document["problems"]] == ["F631", "F631"]
    assert document["problems"][0]["places"][0]["file"] == "cells.yaml"


@pytest.mark.usefixtures("folder")
def test_a_bucket_that_is_missing_is_named(
    world: Emulator, capsys: pytest.CaptureFixture[str]
) -> None:
    world.outside("s3").delete_bucket(Bucket=BUCKET)
    code, told = run("--organization legacy", capsys)
    assert code == 6
    assert f"there is no bucket {BUCKET}" in told
    assert f"aws s3api create-bucket --bucket {BUCKET}" in told
    assert "skipped  it keeps versions" in told
    assert "r6gd.8xlarge is offered" in told, "the others are asked all the same"
    assert max(map(len, told.splitlines())) <= 80


@pytest.mark.usefixtures("folder")
def test_a_role_that_does_not_trust_is_named(
    world: Emulator, capsys: pytest.CaptureFixture[str]
) -> None:
    iam = world.client("iam", MEMBER)
    trust = {"Effect": "Allow", "Principal": {"AWS": "999999999999"}, "Action": "sts:AssumeRole"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    role = iam.get_role(RoleName="CellFactoryMember")["Role"]
    before = json.dumps(role["AssumeRolePolicyDocument"])
    iam.update_assume_role_policy(RoleName="CellFactoryMember", PolicyDocument=policy)
    try:
        code, told = run("--cell moka-usw2-a --format github", capsys)
    finally:
        iam.update_assume_role_policy(RoleName="CellFactoryMember", PolicyDocument=before)
    assert code == 6
    arn = role_arn(MEMBER, "CellFactoryMember")
    assert "::error file=cells.yaml,line=" in told
    assert f"title=F630::cell moka-usw2-a: cannot assume {arn}" in told
    assert "docs/prerequisites.md" in told


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("AWS_PROFILE", "nobody", "The config profile (nobody) could not be found"),
        ("AWS_ENDPOINT_URL", "localhost:4566", "Invalid endpoint: localhost:4566"),
        ("AWS_CONFIG_FILE", "broken", "Unable to parse config file"),
        ("AWS_ACCESS_KEY_ID", "", "nable to locate credentials"),
    ],
)
def test_settings_that_are_wrong_are_a_sentence(
    name: str,
    value: str,
    said: str,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (folder / "broken").write_text("no configuration at all", "utf-8")
    if not value:
        monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
        monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
        monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "none")
        monkeypatch.delenv(name)
    else:
        monkeypatch.setenv(name, value)
    code, told = run("--cell moka-usw2-a --format json", capsys)
    assert code == 6
    seen = [row["seen"] for row in json.loads(told)["answers"] if row["status"] == "failed"]
    assert any(said in each for each in seen), seen
    assert not any("\n" in each for each in seen)


@pytest.mark.usefixtures("folder")
def test_a_cell_that_is_not_declared_is_a_mistake_of_usage(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run("--cell moka-usw2-b", capsys)[0] == 2
