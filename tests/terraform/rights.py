"""A ladder whose emulated AWS holds every call against the derived statements."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from cellfactory.layers.permissions import (
    Statement,
    member_statements,
    policy,
    statements,
    way_in,
)
from cellfactory.runs.emulator import Emulator, prepare_world
from cellfactory.runs.reading import read_design
from cellfactory.sandbox.world import RoleRights, World, parse_world, render_world
from cellfactory.terraform.emulated import Server
from tests.terraform.ladder import Ladder

PROVISIONING = "CellFactory"
MEMBERS = {  # the role of each organization's accounts, and the cell that it is for
    "OrganizationAccountAccessRole": "moka-use1-b",
    "CellFactoryMember": "moka-use1-c",
}
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


def rights(lost: str = "") -> tuple[RoleRights, ...]:
    """What the roles of the world may do: what was derived, but for one statement."""
    found = {role: without(member_statements(cell), lost) for role, cell in MEMBERS.items()}
    found[PROVISIONING] = without([*statements("account"), way_in(*MEMBERS)], lost)
    return tuple(
        RoleRights(
            role=role,
            policies=(json.dumps(policy(granted)),),
            boundary=json.dumps(BOUNDARY) if role != PROVISIONING else None,
        )
        for role, granted in found.items()
    )


def with_rights(world: World, lost: str = "") -> World:
    """The same world, with narrow roles."""
    return replace(world, enforce_iam=True, rights=rights(lost))


@dataclass(slots=True)
class RightsLadder(Ladder):
    """It starts the emulator itself, with the roles of `rights`."""

    lost: str = ""
    running: tuple[Emulator, Server] | None = field(default=None, init=False)

    def start(self) -> None:
        """Write a world in which the roles are narrow, and serve it."""
        folder = prepare_world(read_design(self.folder / "cells.yaml"), self.folder)
        file: Path = folder / "world.json"
        told = parse_world(file.read_text("utf-8"))
        file.write_text(render_world(with_rights(told, self.lost)), "utf-8")
        emulator = Emulator(folder, 0)
        server = emulator.start()
        self.running, self.endpoint = (emulator, server), server.endpoint

    def stop(self) -> None:
        """End it."""
        if self.running is not None:
            emulator, server = self.running
            emulator.stop(server)

    def as_role(self, account: str, role: str, region: str = "us-east-1") -> Any:
        """Open a session by the way in that a run takes."""
        from cellfactory.sandbox.client import session_for

        return session_for(self.endpoint, account, region, role)
