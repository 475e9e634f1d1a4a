"""Who administers a cluster: each principal once, the deployer always."""

from __future__ import annotations

import json

import pytest

from factory.addressing.lock import EMPTY_LOCK
from factory.addressing.plan import plan_addresses
from factory.facts.loader import load_facts
from factory.layers import plan_stacks
from tests.inventories import data, inventory

pytestmark = pytest.mark.synth

ROLE = "arn:aws:iam::444444444444:role/"
DEPLOYER = f"{ROLE}OrganizationAccountAccessRole"


def test_principals_of_one_last_name_are_told_apart_and_nobody_replaces_the_deployer() -> None:
    from factory.stacks.synth import synth_stacks

    admins = [f"{ROLE}a/ops", f"{ROLE}b/ops", f"{ROLE}ops@x.y", f"{ROLE}deployer", DEPLOYER]
    cells, facts = inventory(data(admins=admins)), load_facts()
    plan, _ = plan_addresses(cells, EMPTY_LOCK, facts)
    stacks = [stack for stack in plan_stacks(cells) if stack.id.layer == "cluster"]
    made = json.loads(synth_stacks(cells, plan, facts, stacks).stacks["cell-000-cluster"])
    entries = made["resource"]["aws_eks_access_entry"]
    policies = made["resource"]["aws_eks_access_policy_association"]
    assert sorted(e["principal_arn"] for e in entries.values()) == sorted({*admins, DEPLOYER})
    assert entries["admin-deployer"]["principal_arn"] == DEPLOYER
    assert len(policies) == len(entries) == 5
