"""Accounts that are given up: moved or closed as Organizations does, and refused as it refuses."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from cellfactory.errors import TerraformError
from cellfactory.sandbox.client import session_for
from cellfactory.sandbox.world import Organization, World
from cellfactory.terraform.left_accounts import Closing, close, quarantine
from tests.sandbox.emulators import MANAGEMENT, REGION, UNIT, Emulator, running

pytestmark = pytest.mark.sandbox

QUARANTINE = "ou-ab12-quarantine"
PAYER = MANAGEMENT[0]
CLOSING = Closing(fewest=10, most=1000, share=0.1, window_days=30, back_days=90)
WORLD = World(
    organizations=(
        Organization(
            management_account=PAYER, units=("r-ab12", UNIT, QUARANTINE), most_accounts=40
        ),
    )
)


class Session:
    """A session of the account that pays."""

    def __init__(self, emulator: Emulator) -> None:
        self._endpoint = emulator.endpoint
        self._session = session_for(emulator.endpoint, PAYER, REGION)

    def client(self, service: str, **options: Any) -> Any:
        return self._session.client(service, endpoint_url=self._endpoint, **options)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder: Path = tmp_path_factory.mktemp("left-accounts")
    with running(folder, WORLD) as emulator:
        yield emulator


def make(emulator: Emulator, number: int) -> str:
    organizations = emulator.client("organizations", PAYER)
    made = organizations.create_account(
        AccountName=f"cell-{number}", Email=f"left+{number}@example.com"
    )
    return str(made["CreateAccountStatus"]["AccountId"])


def test_an_account_moves_into_quarantine_once(world: Emulator) -> None:
    account, session = make(world, 1), Session(world)
    assert quarantine(session, REGION, account, QUARANTINE).startswith("moved from r-ab12 to ou-")
    assert quarantine(session, REGION, account, QUARANTINE) == f"is in {QUARANTINE} already"
    (parent,) = session.client("organizations").list_parents(ChildId=account)["Parents"]
    assert parent["Id"] == QUARANTINE


@pytest.mark.parametrize(
    ("source", "target", "code"),
    [
        ("r-ab12", "r-ab12", "DuplicateAccountException"),
        (UNIT, QUARANTINE, "SourceParentNotFoundException"),
        ("r-ab12", "ou-ab12-nowhere00", "DestinationParentNotFoundException"),
    ],
)
def test_an_account_moves_from_where_it_is_alone(
    world: Emulator, source: str, target: str, code: str
) -> None:
    account = make(world, 100 + len(code))
    with pytest.raises(ClientError, match=code):
        Session(world).client("organizations").move_account(
            AccountId=account, SourceParentId=source, DestinationParentId=target
        )


def test_a_unit_that_is_not_there_is_a_sentence(world: Emulator) -> None:
    account = make(world, 2)
    with pytest.raises(TerraformError, match=f"F646 account {account} cannot be moved into ou-"):
        quarantine(Session(world), REGION, account, "ou-ab12-nowhere00")


def test_accounts_are_closed_up_to_the_quota(world: Emulator) -> None:
    accounts, session = [make(world, 10 + n) for n in range(11)], Session(world)
    for account in accounts[:10]:
        assert close(session, REGION, account, CLOSING).startswith("is being closed")
    assert close(session, REGION, accounts[0], CLOSING).startswith("is closed already")
    with pytest.raises(TerraformError, match="F646") as told:
        close(session, REGION, accounts[10], CLOSING)
    assert "AWS closes 10% of the members, 10 to 1,000, in any 30 days" in str(told.value)
    with pytest.raises(ClientError, match="AccountAlreadyClosed"):
        session.client("organizations").close_account(AccountId=accounts[0])
