"""Where the way into an account leads through, told by the calls that are made."""

from __future__ import annotations

from typing import Any

import boto3
import pytest

from factory.runs.live_quotas import open_session

ROLES = ["arn:aws:iam::111111111111:role/first", "arn:aws:iam::444444444444:role/second"]


class Recorder:
    """Stands for `boto3.Session` and writes down which Region each call went to."""

    calls: list[tuple[str, str]]

    def __init__(self, region_name: str, **_: str) -> None:
        self.region = region_name

    def client(self, service: str, region_name: str | None = None) -> Any:
        assert service == "sts"
        self.at = region_name or self.region
        return self

    def assume_role(self, *, RoleArn: str, RoleSessionName: str) -> dict[str, Any]:
        assert RoleSessionName == "cellfactory"
        Recorder.calls.append((RoleArn.rpartition("/")[2], self.at))
        return {
            "Credentials": dict.fromkeys(("AccessKeyId", "SecretAccessKey", "SessionToken"), "")
        }

    def get_caller_identity(self) -> dict[str, str]:
        Recorder.calls.append(("who", self.at))
        return {"Account": "444444444444"}


@pytest.mark.parametrize(("sts_region", "at"), [(None, "eu-west-1"), ("us-east-1", "us-east-1")])
def test_roles_are_taken_in_their_region_and_quotas_read_in_the_cells(
    monkeypatch: pytest.MonkeyPatch, sts_region: str | None, at: str
) -> None:
    monkeypatch.setattr(boto3, "Session", Recorder)
    monkeypatch.setattr(Recorder, "calls", [], raising=False)
    session = open_session("eu-west-1", "444444444444", ROLES, sts_region=sts_region)
    assert Recorder.calls == [("first", at), ("second", at), ("who", at)]
    assert session.region == "eu-west-1"  # type: ignore[attr-defined]
