"""The real Checkov over what is really synthesized: every finding passed, mended or waived."""

from __future__ import annotations

import json
import os
import subprocess
from datetime import date
from pathlib import Path

import pytest

from cellfactory.documents import render_data
from cellfactory.policy.catalogue import RULES
from cellfactory.policy.checkov_checks import CURATED
from cellfactory.policy.engine import check_stack
from cellfactory.policy.expected import NOTHING_EXPECTED
from cellfactory.policy.judgement import judge
from cellfactory.policy.waiver_file import parse_waivers
from cellfactory.runs.checkov import run_checkov
from cellfactory.runs.documents import Source
from cellfactory.runs.export import export_checks
from cellfactory.runs.policy_request import CheckovMode
from cellfactory.tree.document import read_document
from tests.synth.conftest import Example, synthesize
from tools.gateway_run import gateway_world

ROOT = Path(__file__).resolve().parents[2]
TODAY = date(2026, 11, 28)
pytestmark = [
    pytest.mark.checkov,
    pytest.mark.skipif(
        "CELLFACTORY_CHECKOV" not in os.environ, reason="CELLFACTORY_CHECKOV names no Checkov"
    ),
]


def sources(example: Example) -> list[Source]:
    return [Source(name, {f"{name}/cdk.tf.json": text}) for name, text in example.texts.items()]


@pytest.mark.parametrize(("mode", "least"), [("curated", 600), ("stock", 1_000)])
def test_everything_that_checkov_finds_is_waived_with_a_reason(
    mode: CheckovMode, least: int, example: Example
) -> None:
    told = run_checkov(sources(example), mode)
    assert told.checks >= least
    waivers = parse_waivers((ROOT / "cells.waivers.yaml").read_bytes(), "cells.waivers.yaml")
    results, _ = judge(
        told.violations, waivers, TODAY, 366, rules=RULES, has_foreign=mode == "stock"
    )
    assert [result.violation for result in results if result.is_open] == []
    if mode == "stock":
        used = {result.waiver.rule for result in results if result.waiver}
        kept = {waiver.rule for waiver in waivers.entries if waiver.rule.startswith("CKV")}
        assert used == kept, "each waiver is needed"


def test_what_gateways_fail_of_the_stock_checks_is_waived_with_a_reason(tmp_path: Path) -> None:
    (tmp_path / "cells.yaml").write_text(render_data(gateway_world()), "utf-8")
    layers = {"gateway", "egress", "transit", "link", "linked", "segments", "netmember"}
    made = synthesize(tmp_path / "cells.yaml").texts
    chosen = {name: text for name, text in made.items() if name.rpartition("-")[2] in layers}
    assert {name.rpartition("-")[2] for name in chosen} == layers
    told = run_checkov([Source(n, {f"{n}/cdk.tf.json": t}) for n, t in chosen.items()], "stock")
    waivers = parse_waivers((ROOT / "cells.waivers.yaml").read_bytes(), "cells.waivers.yaml")
    results, _ = judge(told.violations, waivers, TODAY, 366, rules=RULES, has_foreign=True)
    found = {(result.violation.stack, result.violation.rule) for result in results}
    assert ("moka-usw2-netmember", "CKV_AWS_62") in found
    assert [result.violation for result in results if result.is_open] == []


def test_addresses_of_checkov_are_those_of_terraform(example: Example) -> None:
    told = run_checkov(sources(example), "stock")
    for violation in told.violations:
        kind, name = violation.address.split(".")
        assert name in example.documents[violation.stack]["resource"][kind]


def test_curated_checks_are_known_to_checkov_and_notice(example: Example) -> None:
    document = json.loads(example.texts["moka-use1-b-cluster"])
    document["resource"]["aws_eks_cluster"]["cell"]["vpc_config"]["endpoint_public_access"] = True
    told = run_checkov([Source("x", {"x": json.dumps(document)})], "curated")
    assert {v.rule for v in told.violations} == {"CKV_AWS_38", "CKV_AWS_39"}
    assert {CURATED[v.rule] for v in told.violations} == {"P401"}


def test_our_rules_say_the_same_as_checks_of_checkov(example: Example, tmp_path: Path) -> None:
    export_checks(tmp_path / "checks")
    wanted = set()
    for name, text in example.texts.items():
        place = tmp_path / "out" / name
        place.mkdir(parents=True)
        (place / "cdk.tf.json").write_text(text, "utf-8")
        report = check_stack(read_document(text, name), NOTHING_EXPECTED, RULES.values())
        wanted |= {(v.rule, name) for v in report.violations if v.address.startswith("aws_")}
    done = subprocess.run(
        [
            *(os.environ["CELLFACTORY_CHECKOV"], "--directory", str(tmp_path / "out")),
            *("--framework", "terraform_json", "--external-checks-dir", str(tmp_path / "checks")),
            *("--check", "P*", "--output", "json", "--skip-download", "--soft-fail"),
        ],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "BC_SKIP_MAPPING": "TRUE"},
    )
    told = json.loads(done.stdout)
    failed = told["results"]["failed_checks"]
    assert {(row["check_id"], row["file_path"].split("/")[1]) for row in failed} == wanted
    assert told["summary"]["passed"] > 1_000
