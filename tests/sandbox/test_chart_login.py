"""The login to a private chart registry, by the chain of roles of a stack, on the emulated AWS."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest

from cellfactory.errors import TerraformError
from cellfactory.sandbox.world import Organization, World
from cellfactory.terraform.chart_registries import log_in_to
from cellfactory.terraform.target import Target
from tests.sandbox.emulators import MANAGEMENT, REGION, running
from tests.sandbox.test_accounts import create
from tests.sandbox.test_new_accounts import access

pytestmark = pytest.mark.sandbox

HOST = f"222222222222.dkr.ecr.{REGION}.amazonaws.com"


def test_the_roles_of_the_stack_lead_to_the_token_and_no_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = World(organizations=(Organization(management_account=MANAGEMENT[0]),))
    with running(tmp_path, world) as emulator:
        made = create(emulator.client("organizations", MANAGEMENT[0]), "aws+new@example.com")
        monkeypatch.setenv("AWS_PROFILE", "of-a-user-and-not-there")
        log_in = log_in_to(Target(mode="sandbox", folder=tmp_path, endpoint=emulator.endpoint))
        way = access(made["AccountId"])
        login = log_in(way, "moka-use1-a-platform", {HOST: REGION})
        user, _, password = base64.b64decode(login["auths"][HOST]["auth"]).decode().partition(":")
        assert (user, bool(password)) == ("AWS", True)
        with pytest.raises(TerraformError, match="F622"):
            log_in(access("7" * 12, first="8" * 12), "moka-use1-a-platform", {HOST: REGION})
