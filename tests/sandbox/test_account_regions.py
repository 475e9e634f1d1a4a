"""The Regions of an account, as Account Management tells and changes them."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.sandbox.emulators import MANAGEMENT, Emulator
from tests.sandbox.test_accounts import create

pytestmark = pytest.mark.sandbox


def member_of(emulator: Emulator, management: str, name: str) -> str:
    organizations = emulator.client("organizations", management)
    return str(create(organizations, f"aws+{name}@example.com")["AccountId"])


def status(client: Any, region: str, **account: str) -> str:
    told = client.get_region_opt_status(RegionName=region, **account)
    assert told["RegionName"] == region
    return str(told["RegionOptStatus"])


def test_a_new_account_lacks_a_region_until_it_is_enabled(emulator: Emulator) -> None:
    manager = emulator.client("account", MANAGEMENT[0])
    member = {"AccountId": member_of(emulator, MANAGEMENT[0], "regions")}
    assert status(manager, "us-east-1", **member) == "ENABLED_BY_DEFAULT"
    assert status(manager, "eu-south-1", **member) == "DISABLED"
    manager.enable_region(RegionName="eu-south-1", **member)
    assert status(manager, "eu-south-1", **member) == "ENABLED"
    assert status(manager, "eu-south-2", **member) == "DISABLED"
    assert status(manager, "eu-south-1") == "DISABLED"  # its own is another account
    manager.disable_region(RegionName="eu-south-1", **member)
    assert status(manager, "eu-south-1", **member) == "DISABLED"


@pytest.mark.parametrize("region", ["us-east-1", "eu-nowhere-1"])
def test_a_region_that_cannot_be_enabled(emulator: Emulator, region: str) -> None:
    with pytest.raises(ClientError, match="ValidationException"):
        emulator.client("account", MANAGEMENT[0]).enable_region(RegionName=region)


def test_only_its_own_organization_may_name_an_account(emulator: Emulator) -> None:
    member = member_of(emulator, MANAGEMENT[0], "named")
    for caller, named in (
        (MANAGEMENT[1], member),  # another organization
        (member, MANAGEMENT[0]),  # not the management account
        (MANAGEMENT[0], MANAGEMENT[0]),  # which must not name itself
    ):
        with pytest.raises(ClientError, match="AccessDenied"):
            emulator.client("account", caller).enable_region(
                RegionName="eu-south-1", AccountId=named
            )
