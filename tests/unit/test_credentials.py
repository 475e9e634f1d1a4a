"""The one way to credentials: role by role, fetched anew, and what a cluster is shown."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from urllib.parse import parse_qs, urlsplit

import boto3
import pytest
from botocore.exceptions import ClientError, NoCredentialsError

from cellfactory.cli import main
from cellfactory.credentials import (
    TOKEN_PREFIX,
    cluster_token,
    open_session,
    require_account,
    token_expiry,
)
from cellfactory.errors import TerraformError

ROLES = ["arn:aws:iam::111111111111:role/first", "arn:aws:iam::444444444444:role/second"]


Calls = list[tuple[str, str, str, str]]
"""By whom, which role, session name and Region of every call."""


class Sts:
    """An STS that knows roles, and writes down by whom and where it was asked."""

    def __init__(self, calls: Calls, holder: str, region: str) -> None:
        self.calls, self.holder, self.region = calls, holder, region

    def assume_role(self, *, RoleArn: str, RoleSessionName: str) -> dict[str, Any]:
        name = RoleArn.rpartition("/")[2]
        self.calls.append((self.holder, name, RoleSessionName, self.region))
        if name == "closed":
            answer = {"Error": {"Code": "AccessDenied", "Message": "no"}}
            raise ClientError(answer, "AssumeRole")
        if name == "nobody":
            raise NoCredentialsError
        life = timedelta(seconds=1 if name == "short" else 3600)
        return {
            "Credentials": {
                "AccessKeyId": name,
                "SecretAccessKey": "s",
                "SessionToken": "t",
                "Expiration": datetime.now(UTC) + life,  # noqa: TID251 - as STS answers
            }
        }


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> Calls:
    made: Calls = []
    real = boto3.Session

    class Recording(real):  # type: ignore[valid-type, misc]
        def client(self, service: str, region_name: str | None = None, **more: Any) -> Any:
            keys = self.get_credentials()
            holder = keys.access_key if keys else "-"
            if service == "sts" and holder in ("base", "first", "short"):
                return Sts(made, holder, region_name or "")
            return super().client(service, region_name=region_name, **more)

    monkeypatch.setattr(boto3, "Session", Recording)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "base")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "s")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    return made


def opened(*roles: str, sts_region: str = "us-east-1") -> Any:
    return open_session(roles, name="a-network", region="eu-south-2", sts_region=sts_region)


def test_each_role_is_assumed_from_the_one_before_under_the_stacks_name(
    calls: Calls,
) -> None:
    session = opened(*ROLES)
    assert calls == [
        ("base", "first", "a-network", "us-east-1"),
        ("first", "second", "a-network", "us-east-1"),
    ]
    assert session.get_credentials().access_key == "second"
    assert session.region_name == "eu-south-2"


def test_credentials_that_run_out_are_fetched_anew(calls: Calls) -> None:
    session = opened("arn:aws:iam::111111111111:role/short")
    once = len(calls)
    session.get_credentials().get_frozen_credentials()
    assert len(calls) == once + 1


def test_without_roles_the_present_credentials_are_used(
    calls: Calls,
) -> None:
    assert opened().get_credentials().access_key == "base"
    assert calls == []


@pytest.mark.parametrize("role", ["closed", "nobody"])
@pytest.mark.usefixtures("calls")
def test_a_role_that_cannot_be_had_is_named(role: str) -> None:
    arn = f"arn:aws:iam::111111111111:role/{role}"
    with pytest.raises(TerraformError, match=f"cannot assume {arn}: "):
        opened(arn)


class Who:
    """A session whose STS knows one account, or does not answer."""

    def __init__(self, account: str | None) -> None:
        self.account = account

    def client(self, service: str, **_: Any) -> Any:
        assert service == "sts"
        return self

    def get_caller_identity(self) -> dict[str, str]:
        if self.account is None:
            raise NoCredentialsError
        return {"Account": self.account}


def test_the_account_is_made_sure_of() -> None:
    require_account(Who("4" * 12), "4" * 12, "us-east-1")
    with pytest.raises(TerraformError, match="belong to account 555555555555, not 444444444444"):
        require_account(Who("5" * 12), "4" * 12, "us-east-1")
    with pytest.raises(TerraformError, match="cannot identify the current credentials"):
        require_account(Who(None), "4" * 12, "us-east-1")


def read_token(token: str) -> tuple[str, dict[str, list[str]]]:
    assert token.startswith(TOKEN_PREFIX)
    text = token.removeprefix(TOKEN_PREFIX)
    url = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode()
    parts = urlsplit(url)
    return parts.hostname or "", parse_qs(parts.query)


def test_a_token_is_a_signed_call_that_names_its_cluster() -> None:
    session = boto3.Session(
        aws_access_key_id="AKIAEXAMPLE", aws_secret_access_key="s", region_name="eu-west-1"
    )
    host, query = read_token(cluster_token(session, "moka", "eu-west-1"))
    assert host == "sts.eu-west-1.amazonaws.com"
    assert query["Action"] == ["GetCallerIdentity"]
    assert query["X-Amz-SignedHeaders"] == ["host;x-k8s-aws-id"]
    assert query["X-Amz-Expires"] == ["60"]
    other = read_token(cluster_token(session, "other", "eu-west-1"))[1]
    assert other["X-Amz-Signature"] != query["X-Amz-Signature"]


def test_a_token_is_renewed_before_its_quarter_of_an_hour_is_over() -> None:
    noon = datetime(2026, 11, 28, 14, 0, tzinfo=timezone(timedelta(hours=2)))
    assert token_expiry(noon) == "2026-11-28T12:14:00Z"


def test_the_command_prints_what_helm_and_kubectl_read(
    calls: Calls, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["token", "--cluster", "moka", "--region", "eu-south-2", "--sts-region", "us-east-1"]
    words += [word for role in ROLES for word in ("--role", role)]
    with pytest.raises(SystemExit) as stop:
        main([*words, "--session-name", "moka-platform"])
    assert stop.value.code == 0
    told = json.loads(capsys.readouterr().out)
    assert told["apiVersion"] == "client.authentication.k8s.io/v1beta1"
    assert told["kind"] == "ExecCredential"
    host, query = read_token(told["status"]["token"])
    assert host == "sts.us-east-1.amazonaws.com"
    assert query["X-Amz-Credential"][0].startswith("second/")
    assert [name for _, name, _, _ in calls] == ["first", "second"]
    assert {session for _, _, session, _ in calls} == {"moka-platform"}


@pytest.mark.usefixtures("calls")
def test_the_command_says_which_role_it_could_not_have(capsys: pytest.CaptureFixture[str]) -> None:
    closed = "arn:aws:iam::111111111111:role/closed"
    with pytest.raises(SystemExit) as stop:
        main(["token", "--cluster", "moka", "--region", "eu-west-1", "--role", closed])
    assert stop.value.code == 6
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.startswith(f"F622 cannot assume {closed}: ")
