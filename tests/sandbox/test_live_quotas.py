"""`quotas` against the emulated AWS: through both roles, into the right account."""

from __future__ import annotations

from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from cellfactory.cli.quotas import quotas
from cellfactory.credentials import open_session, require_account
from cellfactory.errors import TerraformError
from tests.sandbox.emulators import MANAGEMENT, REGION, Emulator

pytestmark = pytest.mark.sandbox


@pytest.fixture(autouse=True)
def _pointed_at_the_emulator(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", emulator.endpoint)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "sandbox")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "sandbox")


def test_the_lines_for_a_cell(project_root: Path) -> None:
    app = typer.Typer()
    app.command()(quotas)
    file = str(project_root / "cells.yaml")
    shown = CliRunner().invoke(app, ["--account", "moka-use1-a", "--inventory", file])
    assert shown.exit_code == 0, shown.output
    assert "# account 444444444444, us-east-1, from Service Quotas" in shown.stdout
    # the emulated account has the older default of routes, and nothing that cells.yaml says
    assert "L-93826ACB: 50  # static routes of a route table (routes)" in shown.stdout
    assert "L-CD17FD4B: 128000" in shown.stdout
    assert "cells.yaml has 512,000" in shown.stdout
    assert "L-1216C47A" in shown.stderr  # the emulator knows the quotas of VPC only


def test_credentials_of_another_account_are_refused(account: str) -> None:
    role = f"arn:aws:iam::{MANAGEMENT[0]}:role/CellFactory"
    session = open_session([role], name="tests", region=REGION, sts_region=REGION)
    with pytest.raises(TerraformError, match=f"belong to account {MANAGEMENT[0]}, not {account}"):
        require_account(session, account, REGION)
