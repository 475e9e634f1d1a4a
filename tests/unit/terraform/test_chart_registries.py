"""Logins to private chart registries, with ECR as moto has it."""

from __future__ import annotations

import base64
import json
import os
import stat
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from cellfactory.errors import Finding, TerraformError
from cellfactory.layers import Access, Stack, StackId
from cellfactory.terraform.chart_registries import (
    CONFIG_VARIABLE,
    LOGIN,
    LogIn,
    charts_in_reach,
    ecr_login,
    private_registries,
    registry_config,
)
from cellfactory.terraform.guard import NOTHING
from cellfactory.terraform.journal import Journal
from cellfactory.terraform.results import Result
from cellfactory.terraform.runner import apply_stacks, plan_stacks_now
from tests.aws_models import models_read_once
from tests.unit.terraform.scene import ACCESS, Scene

HOST = "222222222222.dkr.ecr.us-east-1.amazonaws.com"
FAR = "222222222222.dkr.ecr.eu-central-1.amazonaws.com"


def document(*repositories: str | None) -> dict[str, Any]:
    releases = {
        f"release-{number}": {"name": "x", **({"repository": each} if each else {})}
        for number, each in enumerate(repositories)
    }
    return {"resource": {"helm_release": releases}}


@pytest.mark.parametrize(
    ("repository", "region"),
    [
        (f"oci://{HOST}/charts", "us-east-1"),
        (f"oci://{HOST}", "us-east-1"),
        ("oci://222222222222.dkr.ecr-fips.us-gov-west-1.amazonaws.com/a", "us-gov-west-1"),
        ("oci://222222222222.dkr.ecr.cn-north-1.amazonaws.com.cn/a", "cn-north-1"),
        ("https://kubeflow.github.io/spark-operator", None),
        ("oci://ghcr.io/kubeflow", None),
        ("oci://public.ecr.aws/x", None),
        (f"oci://{HOST}.evil.example/charts", None),
        (f"oci://evil.example/{HOST}", None),
        (f"https://{HOST}/charts", None),
        (None, None),
    ],
)
def test_only_private_ecr_needs_a_login(repository: str | None, region: str | None) -> None:
    found = private_registries(document(repository))
    assert list(found.values()) == ([region] if region else [])


def test_a_stack_without_releases_needs_none() -> None:
    assert private_registries({}) == {}
    assert private_registries({"resource": {"aws_vpc": {}}}) == {}


@pytest.fixture
def session(monkeypatch: pytest.MonkeyPatch) -> Any:
    moto, boto3 = pytest.importorskip("moto"), pytest.importorskip("boto3")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setitem(os.environ, name, "x")
    with moto.mock_aws(), models_read_once():
        yield boto3.Session(region_name="us-west-2")


def test_each_registry_gets_the_token_of_its_region(session: Any) -> None:
    login = ecr_login(session, {HOST: "us-east-1", FAR: "eu-central-1"})
    assert list(login) == ["auths"]
    for host in (HOST, FAR):
        user, _, password = base64.b64decode(login["auths"][host]["auth"]).decode().partition(":")
        assert user == "AWS"
        assert password


def test_the_file_is_its_owners_alone_and_goes_with_the_command(tmp_path: Path) -> None:
    login = {"auths": {HOST: {"auth": "x"}}}
    (tmp_path / LOGIN).write_text("of a command that was killed")
    with registry_config(tmp_path, login, {"A": "b"}) as environment:
        path = Path(environ_of(environment))
        assert path == tmp_path / LOGIN
        assert json.loads(path.read_text("utf-8")) == login
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert environment["A"] == "b"
    assert not path.exists()


@pytest.mark.parametrize(
    "told", [None, "", "[]", '{"auths": 5}', '{"auths": {"r": {"auth": "y"}}}']
)
def test_logins_of_the_user_stay_and_ours_is_beside_them(tmp_path: Path, told: str | None) -> None:
    own = tmp_path / "own.json"
    if told is not None:
        own.write_text(told, "utf-8")
    known = {"r": {"auth": "y"}} if told and '"r"' in told else {}
    login = {"auths": {HOST: {"auth": "x"}}}
    with registry_config(tmp_path, login, {CONFIG_VARIABLE: str(own)}) as environment:
        held = json.loads(Path(environ_of(environment)).read_text("utf-8"))
    assert held == {"auths": {**known, **login["auths"]}}
    assert own.exists() == (told is not None)


def environ_of(environment: Mapping[str, str]) -> str:
    return environment[CONFIG_VARIABLE]


PLATFORM = StackId("a", "platform")
RELEASES = document(f"oci://{HOST}/charts", "https://kubeflow.github.io/spark-operator")
SOURCES = {PLATFORM: {"cdk.tf.json": json.dumps(RELEASES)}}
CHANGE = {"action": "create", "address": "helm_release.operator"}


@pytest.mark.parametrize("command", ["plan", "apply"])
def test_helm_finds_the_login_while_it_runs_and_nobody_afterwards(
    scene: Scene, command: str
) -> None:
    asked: list[tuple[Access, str, Mapping[str, str]]] = []

    def log_in(access: Access, name: str, registries: Mapping[str, str]) -> dict[str, Any]:
        asked.append((access, name, registries))
        return {"auths": {HOST: {"auth": "secret"}}}

    scene.does(PLATFORM.name, "plan", changes=[CHANGE], remembers=CONFIG_VARIABLE)
    scene.does(PLATFORM.name, "apply", changes=[CHANGE], remembers=CONFIG_VARIABLE)
    result = run(scene, command, log_in)
    assert result.status == ("planned" if command == "plan" else "applied")
    assert asked == [(ACCESS, PLATFORM.name, {HOST: "us-east-1"})]
    held = json.loads((scene.root / "remembered").read_text("utf-8"))
    assert held == {"auths": {HOST: {"auth": "secret"}}}
    assert not list(scene.root.rglob(LOGIN))
    assert "secret" not in "".join(
        path.read_text("utf-8") for path in (scene.root / "sandbox").rglob("*") if path.is_file()
    )


def test_a_login_that_is_refused_stops_the_stack_and_helm_never_runs(scene: Scene) -> None:
    def log_in(*_: Any) -> dict[str, Any]:
        raise TerraformError(Finding(rule="F618", message="no"))

    for command in ("plan", "apply"):
        result = run(scene, command, log_in)
        assert (result.status, result.finding and result.finding.rule) == ("failed", "F618")
    assert scene.commands("plan", "apply") == []


def run(scene: Scene, command: str, log_in: LogIn) -> Result:
    context = replace(scene.context(), log_in=log_in)
    stack = Stack(id=PLATFORM, access=ACCESS)
    if command == "plan":
        (result,) = plan_stacks_now(context, [stack], SOURCES, scene.listener, parallel=1)
        return result
    (result,) = apply_stacks(
        context,
        [stack],
        SOURCES,
        scene.listener,
        parallel=1,
        journal=Journal(context.target.runs_folder / "run.jsonl", "apply"),
        finished={},
        allowed=NOTHING,
    )
    return result


def test_the_way_is_that_of_the_account_that_was_made(tmp_path: Path) -> None:
    made = Access(
        account="${var.account_id}",
        roles=("arn:aws:iam::${var.account_id}:role/B",),
        region="us-east-1",
        sts_region="us-east-1",
    )
    asked: list[Access] = []

    def log_in(access: Access, *_: Any) -> dict[str, Any]:
        asked.append(access)
        return {"auths": {}}

    stack, inputs = Stack(id=PLATFORM, access=made), {"account_id": "7" * 12}
    with charts_in_reach(log_in, stack, inputs, RELEASES, tmp_path, {}):
        pass
    (access,) = asked
    assert access.roles == (f"arn:aws:iam::{'7' * 12}:role/B",)


def test_public_charts_need_no_login(tmp_path: Path) -> None:
    def log_in(*_: Any) -> dict[str, Any]:
        raise AssertionError

    stack = Stack(id=PLATFORM, access=ACCESS)
    public = document("https://kubeflow.github.io/spark-operator", "oci://ghcr.io/x")
    with charts_in_reach(log_in, stack, {}, public, tmp_path, {"A": "b"}) as environment:
        assert environment == {"A": "b"}


def test_what_aws_refuses_is_a_sentence() -> None:
    exceptions = pytest.importorskip("botocore.exceptions")

    class Refusing:
        def client(self, service: str, **options: Any) -> Any:
            error = {"Error": {"Code": "AccessDenied", "Message": f"no {service}"}}
            raise exceptions.ClientError(error, f"GetAuthorizationToken in {options}")

    with pytest.raises(TerraformError, match="F618 cannot log in to the chart registry in us-east"):
        ecr_login(Refusing(), {HOST: "us-east-1"})
