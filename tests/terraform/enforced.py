"""A ladder in an emulated AWS in which every role is narrow, as `bootstrap` and owners make them.

The provisioning role, the member role of each cell's account and that of the network account are
what `bootstrap` would make there, boundaries included. The role of a hub is made by its owner, with
the statements and the trust of `docs/prerequisites.md`.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from cellfactory.design import Declared
from cellfactory.inventory.schema import HubRole
from cellfactory.layers import list_bootstrap_stacks
from cellfactory.layers.access import hub_access
from cellfactory.layers.bootstrap import PIPELINE
from cellfactory.layers.hub_rights import hub_statements
from cellfactory.naming import reading_role_name
from cellfactory.runs.emulator import Emulator, prepare_world
from cellfactory.runs.reading import read_declared, read_design
from cellfactory.sandbox.world import RoleRights, parse_world, render_world
from cellfactory.specs.access import describe_member, describe_network_member, describe_organization
from cellfactory.terraform.emulated import Server
from tests.terraform.ladder import Ladder

VERSION = "2012-10-17"
DESCRIBE = {
    "bootstrap": describe_organization,
    "member": describe_member,
    "netmember": describe_network_member,
}


def bootstrapped(declared: Declared, lost: Collection[str] = ()) -> Iterator[RoleRights]:
    """Yield each role that `bootstrap` makes outside the pipeline's account.

    Args:
        declared: the inventory.
        lost: the statements that are taken away, by their Sids.
    """
    inventory, facts = declared.inventory, declared.facts
    parts: Any = SimpleNamespace(inventory=inventory, facts=facts)
    for stack in list_bootstrap_stacks(inventory, facts):
        if stack.id == PIPELINE:
            continue
        spec = DESCRIBE[stack.id.layer](parts, stack)
        for role in spec.roles.values():
            documents = (written(held, lost) for held in role.policies.values())
            yield RoleRights(
                role=role.name,
                account=stack.access.account,
                policies=tuple(text for text in documents if text),
                boundary=written(spec.boundary),
            )


def written(statements: Sequence[Mapping[str, Any]], lost: Collection[str] = ()) -> str:
    """Write a policy without what is taken away; nothing where nothing is left."""
    kept = [one for one in statements if one["Sid"] not in lost]
    return json.dumps({"Version": VERSION, "Statement": kept}) if kept else ""


@dataclass(slots=True)
class EnforcedLadder(Ladder):
    """It starts the emulator itself, with roles that may do what they were given and no more."""

    lost: frozenset[str] = frozenset()
    running: tuple[Emulator, Server] | None = field(default=None, init=False)

    @property
    def declared(self) -> Declared:
        """What `cells.yaml` says now."""
        return read_declared(self.folder / "cells.yaml")

    def start(self) -> None:
        """Write a world in which the roles are narrow, and serve it."""
        folder = prepare_world(read_design(self.folder / "cells.yaml"), self.folder)
        file: Path = folder / "world.json"
        told = parse_world(file.read_text("utf-8"))
        rights = tuple(bootstrapped(self.declared, self.lost))
        file.write_text(render_world(replace(told, enforce_iam=True, rights=rights)), "utf-8")
        emulator = Emulator(folder, 0)
        server = emulator.start()
        self.running, self.endpoint = (emulator, server), server.endpoint
        self.make_hub_roles()

    def stop(self) -> None:
        """End it."""
        if self.running is not None:
            emulator, server = self.running
            emulator.stop(server)

    def make_hub_roles(self) -> None:
        """Make the two roles of each hub, as its owner does who read the prerequisites."""
        inventory, facts = self.declared.inventory, self.declared.facts
        for name, hub in inventory.hubs.items():
            if not isinstance(hub.accept, HubRole):
                continue
            way, arn = hub_access(inventory, facts, name, hub.accept).roles
            for reads in (False, True):
                pair = (reading_role_name(one) if reads else one for one in (way, arn))
                trusted, role = pair
                self._make_role(hub.account, role.rpartition("/")[2], trusted)
                granted = [one.document() for one in hub_statements(hub, reads=reads)]
                self._give(hub.account, role.rpartition("/")[2], [written(granted, self.lost)])

    def give_back(self, sid: str) -> None:
        """Give the role that a statement was taken away from all that it is to have."""
        self.lost -= {sid}
        for one in bootstrapped(self.declared, self.lost):
            self._give(one.account, one.role, one.policies)
        inventory = self.declared.inventory
        for hub in inventory.hubs.values():
            if hub.role is not None:
                granted = [one.document() for one in hub_statements(hub)]
                role = hub.role.role.rpartition("/")[2]
                self._give(hub.account, role, [written(granted, self.lost)])

    def _make_role(self, account: str, role: str, trusted: str) -> None:
        statement = {
            "Sid": "ProvisioningRoleAlone",
            "Effect": "Allow",
            "Principal": {"AWS": trusted},
            "Action": "sts:AssumeRole",
        }
        trust = json.dumps({"Version": VERSION, "Statement": [statement]})
        iam = self.client("iam", account)
        iam.create_role(RoleName=role, AssumeRolePolicyDocument=trust)

    def _give(self, account: str, role: str, documents: Sequence[str]) -> None:
        """Put policies where the world has put those of the start."""
        iam = self.client("iam", account)
        if all(one["RoleName"] != role for one in iam.list_roles()["Roles"]):
            return  # nobody has taken it yet
        for number, text in enumerate(documents):
            iam.put_role_policy(RoleName=role, PolicyName=f"rights-{number}", PolicyDocument=text)
