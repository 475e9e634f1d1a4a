"""A ladder whose emulated AWS holds every call against the derived statements."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import boto3

from cellfactory.layers.permissions import (
    Statement,
    member_statements,
    policy,
    statements,
    way_in,
)
from cellfactory.naming import role_arn
from cellfactory.runs.emulator import Emulator, prepare_world
from cellfactory.runs.reading import read_design
from cellfactory.sandbox.client import session_for
from cellfactory.sandbox.world import RoleRights, World, parse_world, render_world
from cellfactory.terraform.emulated import Server
from tests.terraform.ladder import Ladder

PROVISIONING = "CellFactory"
MEMBERS = {  # the role of each organization's accounts, and the cell that it is for
    "OrganizationAccountAccessRole": "moka-use1-b",
    "CellFactoryMember": "moka-use1-c",
}
Others = Mapping[tuple[str, str], str]
"""Accounts and roles that are for other cells than the rest, and these cells."""

BOUNDARY = {
    "Version": "2012-10-17",
    "Statement": [
        {"Sid": "Most", "Effect": "Allow", "Action": "*", "Resource": "*"},
        {
            "Sid": "NobodyLeaves",
            "Effect": "Deny",
            "Action": ["iam:DeleteRolePermissionsBoundary", "iam:PutRolePermissionsBoundary"],
            "Resource": "*",
        },
    ],
}


def without(granted: Iterable[Statement], sid: str) -> list[Statement]:
    """Leave one statement out."""
    return [one for one in granted if one.sid != sid]


def rights(others: Others, lost: str = "") -> tuple[RoleRights, ...]:
    """What the roles of the world may do: what was derived, but for one statement."""
    cells = {("", role): cell for role, cell in MEMBERS.items()} | dict(others)
    found = {at: without(member_statements(cell), lost) for at, cell in cells.items()}
    found["", PROVISIONING] = without([*statements("account"), way_in(*MEMBERS)], lost)
    return tuple(
        RoleRights(
            role=role,
            account=account,
            policies=(json.dumps(policy(granted)),),
            boundary=json.dumps(BOUNDARY) if role != PROVISIONING else None,
        )
        for (account, role), granted in found.items()
    )


def with_rights(world: World, others: Others, lost: str = "") -> World:
    """The same world, with narrow roles."""
    return replace(world, enforce_iam=True, rights=rights(others, lost))


@dataclass(slots=True)
class RightsLadder(Ladder):
    """It starts the emulator itself, with the roles of `rights`."""

    lost: str = ""
    others: Others = field(default_factory=dict)
    running: tuple[Emulator, Server] | None = field(default=None, init=False)

    def start(self) -> None:
        """Write a world in which the roles are narrow, and serve it."""
        folder = prepare_world(read_design(self.folder / "cells.yaml"), self.folder)
        file: Path = folder / "world.json"
        told = parse_world(file.read_text("utf-8"))
        file.write_text(render_world(with_rights(told, self.others, self.lost)), "utf-8")
        emulator = Emulator(folder, 0)
        server = emulator.start()
        self.running, self.endpoint = (emulator, server), server.endpoint

    def stop(self) -> None:
        """End it."""
        if self.running is not None:
            emulator, server = self.running
            emulator.stop(server)

    def as_provisioning(self, management: str, region: str = "us-east-1") -> Any:
        """Open a session of the provisioning role, as a run does."""
        return session_for(self.endpoint, management, region, PROVISIONING)

    def as_member(self, management: str, account: str, role: str) -> Any:
        """Open a session of a member role, through the provisioning role."""
        sts = self.as_provisioning(management).client("sts", endpoint_url=self.endpoint)
        arn = role_arn(account, role)
        keys = sts.assume_role(RoleArn=arn, RoleSessionName="test")["Credentials"]
        return boto3.Session(
            aws_access_key_id=keys["AccessKeyId"],
            aws_secret_access_key=keys["SecretAccessKey"],
            aws_session_token=keys["SessionToken"],
            region_name="us-east-1",
        )
