"""Transit gateways with the real Terraform and the real AWS provider."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cellfactory.sandbox.client import leftovers
from cellfactory.sandbox.world import Member, Organization, World
from tests.sandbox.emulators import MEMBER_ROLE, running
from tests.sandbox.gateway_part import (
    AWAY,
    FAR,
    HOME,
    INSIDE,
    NETWORK,
    OUTSIDE,
    configuration,
)
from tests.sandbox.test_terraform import TERRAFORM, terraform

pytestmark = [pytest.mark.sandbox, pytest.mark.terraform, pytest.mark.timeout(2400)]

CHANGED = "-var=changed=true"


def world() -> World:
    ours = tuple(Member(account=one, role=MEMBER_ROLE) for one in (NETWORK, INSIDE))
    theirs = tuple(Member(account=one, role=MEMBER_ROLE) for one in (OUTSIDE, FAR))
    return World(
        organizations=(
            Organization(management_account="800000000000", members=ours, resource_sharing=True),
            Organization(management_account="900000000000", members=theirs),
        ),
        transit_seconds=0.5,
    )


@pytest.mark.long
@pytest.mark.skipif(TERRAFORM is None, reason="there is no terraform on PATH or in $TERRAFORM")
def test_a_shared_gateway_is_half_made_made_changed_in_place_and_destroyed(
    tmp_path: Path, terraform_mirror: Path
) -> None:
    folder = tmp_path / "configuration"
    folder.mkdir()
    mirror = json.dumps(str(terraform_mirror.resolve()))
    (folder / "terraform.rc").write_text(
        f"provider_installation {{\n  filesystem_mirror {{\n    path = {mirror}\n  }}\n}}\n"
    )
    with running(tmp_path, world()) as emulator:
        (folder / "main.tf.json").write_text(configuration(emulator.endpoint))
        terraform(folder, "init", "-input=false")
        approve = ("-auto-approve", "-input=false")
        half = "-target=aws_ec2_transit_gateway_vpc_attachment.outside"
        terraform(folder, "apply", *approve, half)
        terraform(folder, "apply", *approve)
        assert terraform(folder, "plan", "-detailed-exitcode", "-input=false")
        told = terraform(folder, "apply", *approve, CHANGED)
        assert "0 added, 7 changed, 0 destroyed" in told, told[-2000:]
        assert terraform(folder, "plan", "-detailed-exitcode", "-input=false", CHANGED)
        terraform(folder, "destroy", *approve, CHANGED)
        for account in (NETWORK, INSIDE, OUTSIDE):
            assert leftovers(emulator.endpoint, account, HOME) == []
        assert leftovers(emulator.endpoint, FAR, AWAY) == []
