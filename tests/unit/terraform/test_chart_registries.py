"""Logins to private chart registries, with ECR as moto has it."""

from __future__ import annotations

import base64
import json
import os
import stat
from pathlib import Path
from typing import Any

import pytest

from factory.errors import TerraformError
from factory.terraform.chart_registries import (
    CONFIG_VARIABLE,
    ecr_login,
    private_registries,
    registry_config,
)

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
    with moto.mock_aws():
        yield boto3.Session(region_name="us-west-2")


def test_each_registry_gets_the_token_of_its_region(session: Any) -> None:
    login = ecr_login(session, {HOST: "us-east-1", FAR: "eu-central-1"})
    assert list(login) == ["auths"]
    for host in (HOST, FAR):
        user, _, password = base64.b64decode(login["auths"][host]["auth"]).decode().partition(":")
        assert user == "AWS"
        assert password


def test_the_file_is_its_owners_alone_and_goes_with_the_run(session: Any) -> None:
    login = ecr_login(session, {HOST: "us-east-1"})
    with registry_config(login) as environment:
        path = Path(environment[CONFIG_VARIABLE])
        assert json.loads(path.read_text("utf-8")) == login
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert not path.parent.exists()


def test_no_login_leaves_the_environment_as_it_is() -> None:
    with registry_config({"auths": {}}) as environment:
        assert environment == {}


def test_what_aws_refuses_is_a_sentence() -> None:
    exceptions = pytest.importorskip("botocore.exceptions")

    class Refusing:
        def client(self, service: str, **options: Any) -> Any:
            error = {"Error": {"Code": "AccessDenied", "Message": f"no {service}"}}
            raise exceptions.ClientError(error, f"GetAuthorizationToken in {options}")

    with pytest.raises(TerraformError, match="cannot log in to the chart registry in us-east-1"):
        ecr_login(Refusing(), {HOST: "us-east-1"})
