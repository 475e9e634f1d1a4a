"""Policy over what is really synthesized: nothing stands, and each rule notices what breaks it."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cellfactory.design import Design
from cellfactory.documents import render_data
from cellfactory.facts.loader import load_facts
from cellfactory.policy.catalogue import RULES
from cellfactory.policy.engine import check_stack, cover
from cellfactory.policy.found import StackReport, Violation
from cellfactory.policy.judgement import judge
from cellfactory.policy.waiver_file import parse_waivers
from cellfactory.runs.judging import expected_of
from cellfactory.tree.document import read_document
from tests import inventories
from tests.synth.conftest import Example, synthesize
from tests.synth.mutations import MUTATIONS, Edit
from tools.gateway_run import gateway_world

ROOT = Path(__file__).resolve().parents[2]
WAIVERS = parse_waivers((ROOT / "cells.waivers.yaml").read_bytes(), "cells.waivers.yaml")
TODAY = date(2026, 11, 28)
pytestmark = pytest.mark.synth

# Of types that no cell of it has: of gateways, and for whoever adds one.
NO_SUBJECT = {"P111", "P112", "P121", "P122", "P123", "P124", "P209", "P308"}


def checked(document: Mapping[str, Any] | str, stack: str, design: Design) -> StackReport:
    return check_stack(read_document(document, stack), expected_of(design, stack), RULES.values())


def standing(example: Example) -> Iterable[Violation]:
    """What nobody waives."""
    reports = [checked(text, name, example.design) for name, text in example.texts.items()]
    found = [violation for report in reports for violation in report.violations]
    results, problems = judge(found, WAIVERS, TODAY, 366, rules=RULES, has_foreign=False)
    assert not any(problem.finding.severity == "error" for problem in problems)
    assert cover(reports).checks > 100
    return [result.violation for result in results if result.is_open]


def test_the_shipped_inventory_breaks_nothing_that_is_not_waived(example: Example) -> None:
    assert standing(example) == []


# Stories whose inventories have what the shipped one lacks.
STORIES = (
    *("hub-whose-pod-addresses-are-reserved", "warnings", "meshes-that-share-pods"),
    *("mesh-without-a-hub", "what-jobs-ask-of-a-cell"),
)


@pytest.mark.parametrize("story", STORIES)
def test_inventories_of_stories_break_nothing(story: str) -> None:
    made = synthesize(ROOT / "tests" / "cases" / story / "cells.yaml")
    assert [v for v in standing(made) if v.severity == "error"] == []


def test_gateways_and_the_roles_that_make_them_break_nothing(tmp_path: Path) -> None:
    (tmp_path / "cells.yaml").write_text(render_data(gateway_world()), "utf-8")
    made = synthesize(tmp_path / "cells.yaml")
    expected = {"moka-use1-gateway", "moka-use1-segments", "moka-usw2-egress"}
    assert expected | {"moka-usw2-netmember"} <= set(made.texts)
    found = {(v.rule, v.stack, v.address) for v in standing(made) if v.severity == "error"}
    address = "aws_iam_policy.policy-cellfactory-member-egress"  # docs/egress.md has its waiver
    assert found == {("P302", "moka-usw2-netmember", address)}
    written = (ROOT / "docs" / "egress.md").read_text("utf-8")
    waiver = written.partition("```yaml\n  - rule: P302")[2].partition("```")[0]
    told = parse_waivers(f"version: 1\nwaivers:\n  - rule: P302{waiver}".encode(), "egress.md")
    (one,) = told.entries
    assert (one.stack, one.address) == ("*-netmember", address)


def test_every_rule_looks_at_something_of_the_shipped_inventory(example: Example) -> None:
    reports = [checked(text, name, example.design) for name, text in example.texts.items()]
    assert set(RULES) - set(cover(reports).by_rule) == NO_SUBJECT


def test_every_rule_has_a_mutation() -> None:
    assert set(MUTATIONS) == set(RULES)


def of_rule(rule: str, stack: str, edit: Edit | None, example: Example) -> set[tuple[str, str]]:
    """What a rule finds in a stack after an edit."""
    document = copy.deepcopy(example.documents[stack])
    if edit is not None:
        edit(document)
    report = checked(document, stack, example.design)
    return {(v.address, v.message) for v in report.violations if v.rule == rule}


@pytest.mark.parametrize("rule", MUTATIONS)
def test_a_rule_notices_what_breaks_it_and_lets_its_neighbour_pass(
    rule: str, example: Example
) -> None:
    mutation = MUTATIONS[rule]
    before = of_rule(rule, mutation.stack, None, example)
    broken = of_rule(rule, mutation.stack, mutation.broken, example)
    waived = {address for address, _ in before}
    if rule == "P205":  # waived for this bucket: the neighbour mends it
        assert broken == before
        assert of_rule(rule, mutation.stack, mutation.neighbour, example) == set()
        return
    assert before == set(), waived
    assert broken, "nobody noticed"
    assert of_rule(rule, mutation.stack, mutation.neighbour, example) == set()


def test_a_mutation_is_told_by_no_other_rule_than_it_must(example: Example) -> None:
    """A table for people: what else notices an edit; a rule that all edits break says nothing."""
    heard: dict[str, int] = {}
    for mutation in MUTATIONS.values():
        document = copy.deepcopy(example.documents[mutation.stack])
        mutation.broken(document)
        for found in {v.rule for v in checked(document, mutation.stack, example.design).violations}:
            heard[found] = heard.get(found, 0) + 1
    heard.pop("P205")
    assert max(heard.values()) <= 4, heard


# -- generated inventories -------------------------------------------------------------------------

EGRESS = st.sampled_from(["none", "nat_gateway"])
REGISTRY = "222222222222.dkr.ecr.us-east-1.amazonaws.com"


@st.composite
def changes(draw: st.DrawFn) -> dict[str, Any]:
    """Draw a cell type that `check` takes."""
    egress = draw(EGRESS)
    made: dict[str, Any] = {
        "egress": egress,
        "endpoint_access": draw(st.sampled_from(["organization", "any"])),
        "prefixes_per_node": draw(st.integers(min_value=2, max_value=6)),
        "spark": {"namespaces": ["jobs"], "operator": {"chart_version": "2.5.2"}},
    }
    if egress == "none":
        made["spark"]["operator"] |= {
            "chart_repository": f"oci://{REGISTRY}/charts",
            "image_registry": f"{REGISTRY}/mirror",
        }
    if draw(st.booleans()):
        made["ingress"] = {"node_group": "all"}
    if draw(st.booleans()):
        made["endpoints"] = draw(
            st.lists(st.sampled_from(["dynamodb", "kms", "sqs"]), unique=True, max_size=2)
        )
    return made


@given(
    cells=st.integers(min_value=1, max_value=3),
    nodes=st.integers(min_value=1, max_value=12),
    changed=changes(),
    kms=st.booleans(),
)
@settings(max_examples=8, deadline=None)
def test_no_generated_inventory_breaks_a_rule(
    cells: int,
    nodes: int,
    changed: dict[str, Any],
    kms: bool,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    made = inventories.data(cells=cells, nodes=nodes, **changed)
    if kms:
        made["state"]["kms_key"] = "alias/cells-tfstate"
    file = tmp_path_factory.mktemp("policy") / "cells.yaml"
    file.write_text(inventories.render(made), "utf-8")
    found = [v for v in standing(synthesize(file)) if v.severity == "error"]
    assert found == [], json.dumps(made)


def test_the_longest_waiver_is_a_decision() -> None:
    assert load_facts().policy_value("waiver-days") == 366
