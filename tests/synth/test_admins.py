"""Who administers a cluster: each principal once, the deployer always."""

from __future__ import annotations

import json

import pytest

from cellfactory.addressing.lock import EMPTY_LOCK
from cellfactory.addressing.plan import plan_addresses
from cellfactory.facts.loader import load_facts
from cellfactory.layers import list_stacks
from tests.inventories import data, inventory

pytestmark = pytest.mark.synth

ROLE = "arn:aws:iam::444444444444:role/"
DEPLOYER = f"{ROLE}OrganizationAccountAccessRole"


def test_principals_of_one_last_name_are_told_apart_and_nobody_replaces_the_deployer() -> None:
    from cellfactory.stacks.synth import synth_stacks

    admins = [f"{ROLE}a/ops", f"{ROLE}b/ops", f"{ROLE}ops@x.y", f"{ROLE}deployer", DEPLOYER]
    cells, facts = inventory(data(admins=admins)), load_facts()
    plan, _ = plan_addresses(cells, EMPTY_LOCK, facts)
    stacks = [stack for stack in list_stacks(cells, facts) if stack.id.layer == "cluster"]
    made = json.loads(synth_stacks(cells, plan, facts, stacks).stacks["cell-000-cluster"])
    entries = made["resource"]["aws_eks_access_entry"]
    policies = made["resource"]["aws_eks_access_policy_association"]
    rows = made["locals"]["admins"]
    assert sorted(rows) == sorted(set(admins) - {DEPLOYER})
    assert all(row == {"principal": arn} for arn, row in rows.items())
    for resources, name in ((entries, "admin"), (policies, "admin-policy")):
        assert resources[f"{name}-deployer"]["principal_arn"] == DEPLOYER
        assert resources[name]["for_each"] == "${local.admins}"
        assert resources[name]["principal_arn"] == "${each.value.principal}"
