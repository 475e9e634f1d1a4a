"""Every type that a layer writes is in the table that its statements are derived from."""

from __future__ import annotations

import copy
import json
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import pytest

from cellfactory.facts.iam import PHASES, Phase, load_iam
from cellfactory.layers.permissions import member_statements, policy, statements
from cellfactory.layers.scopes import MANAGED_POLICIES, TYPES
from cellfactory.sandbox.asking import Question
from cellfactory.sandbox.judging import allows
from tests.inventories import inventory
from tests.synth.test_far_places import far_inventory
from tests.synth.test_ipv6 import ipv6_inventory
from tests.synth.test_replacements import ASKED_FOR
from tests.synth.test_specs import EDITS, SHIPPED, made_of
from tools.gateway_run import gateway_world

pytestmark = pytest.mark.synth


VERSION = "v9.9.9-eksbuild.1"  # of add-ons with a role of their own


@pytest.fixture(scope="module")
def documents() -> list[tuple[str, Any]]:
    """The layer and the document of every stack, of inventories with all that they may have."""
    full = copy.deepcopy(SHIPPED)
    for name in ASKED_FOR:
        EDITS[name][0](full)
    for kind in full["cell_types"].values():
        kind["addons"] |= {
            "aws-ebs-csi-driver": VERSION,
            "amazon-cloudwatch-observability": VERSION,
        }
    far = (far_inventory(), gateway_world(), ipv6_inventory("nat_gateway"))
    inventories = (full, copy.deepcopy(SHIPPED), *far)
    return [
        (name.rpartition("-")[2], json.loads(text))
        for each in inventories
        for name, text in made_of(inventory(each))[1].items()
    ]


def kinds(documents: list[tuple[str, Any]]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = defaultdict(set)
    for layer, document in documents:
        found[layer] |= set(document.get("resource", {}))
        found[layer] |= {f"data.{kind}" for kind in document.get("data", {})}
    return found


def test_a_layer_writes_the_types_of_its_table_and_no_others(
    documents: list[tuple[str, Any]],
) -> None:
    found = kinds(documents)
    assert found.pop("platform") == {"helm_release"}  # of another provider, which asks no AWS
    tabled = {
        layer: {kind for kind in each if not kind.startswith("command.")}
        for layer, each in TYPES.items()
    }
    assert tabled.pop("platform") == set()
    assert found == tabled


@pytest.mark.parametrize("phase", PHASES)
def test_the_statements_of_a_layer_hold_the_actions_of_all_that_it_writes(
    documents: list[tuple[str, Any]], phase: Phase
) -> None:
    iam = load_iam()
    for layer, each in kinds(documents).items():
        if layer == "platform":
            continue
        granted = {action for one in statements(layer) for action in one.actions}  # type: ignore[arg-type]
        for kind in each:
            assert set(iam.of_type(kind, (phase,))) <= granted, (layer, kind)


def attached(documents: list[tuple[str, Any]]) -> Iterator[str]:
    for _, document in documents:
        for body in document.get("resource", {}).get("aws_iam_role_policy_attachment", {}).values():
            if "for_each" not in body:
                yield body["policy_arn"]


def test_the_roles_of_services_get_policies_that_may_be_attached(
    documents: list[tuple[str, Any]],
) -> None:
    assert set(attached(documents)) == set(MANAGED_POLICIES)


def test_every_role_has_a_name_that_may_be_made(documents: list[tuple[str, Any]]) -> None:
    granted = [policy(member_statements())]
    names = {
        body["name"]
        for _, document in documents
        for body in document.get("resource", {}).get("aws_iam_role", {}).values()
        if "for_each" not in body
    }
    assert len(names) > 5
    for name in names:
        asked = Question(action="iam:CreateRole", resource=f"arn:aws:iam::444444444444:role/{name}")
        assert allows(granted, asked), name
