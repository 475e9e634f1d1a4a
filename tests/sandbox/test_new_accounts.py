"""What the runner asks of a new account, on the emulated AWS."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from cellfactory.errors import TerraformError
from cellfactory.layers import Access
from cellfactory.sandbox.world import Organization, World
from cellfactory.terraform.new_accounts import NewAccounts, ask_aws
from cellfactory.terraform.target import Target
from tests.sandbox.emulators import MANAGEMENT, REGION, running
from tests.sandbox.test_accounts import create

pytestmark = pytest.mark.sandbox


def access(account: str, *, first: str = MANAGEMENT[0]) -> Access:
    return Access(
        account=account,
        roles=(
            f"arn:aws:iam::{first}:role/CellFactory",
            f"arn:aws:iam::{account}:role/Member",
        ),
        region=REGION,
        sts_region=REGION,
    )


def test_a_new_account_is_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    organization = Organization(management_account=MANAGEMENT[0])
    world = World(organizations=(organization,), account_ready_seconds=5)
    with running(tmp_path, world) as emulator:
        made = create(emulator.client("organizations", MANAGEMENT[0]), "aws+new@example.com")
        monkeypatch.setenv("AWS_PROFILE", "of-a-user-and-not-there")
        target = Target(mode="sandbox", folder=tmp_path, endpoint=emulator.endpoint)
        accounts = NewAccounts(
            ask=ask_aws(target), seconds=60, at_a_time=5, pause=lambda *_: time.sleep(0.2)
        )
        told: list[str] = []
        accounts.wait(access(made["AccountId"]), told.append, lambda: False)
        assert ["AccessDenied" in told[0], "OptInRequired" in told[1], len(told)] == [True, True, 2]
        monkeypatch.delenv("AWS_PROFILE")
        ec2 = emulator.client("ec2", made["AccountId"])
        assert ec2.describe_vpcs()["Vpcs"] == []


def test_a_way_that_is_closed_from_the_start_is_not_waited_for(tmp_path: Path) -> None:
    world = World(organizations=(Organization(management_account=MANAGEMENT[0]),))
    with running(tmp_path, world) as emulator:
        target = Target(mode="sandbox", folder=tmp_path, endpoint=emulator.endpoint)
        with pytest.raises(TerraformError, match="cannot assume"):
            ask_aws(target)(access("7" * 12, first="8" * 12))
