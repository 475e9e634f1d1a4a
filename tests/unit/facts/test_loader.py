"""Every row of the shipped facts says what it counts and where it comes from."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from cellfactory import facts as package
from cellfactory.documents import parse_document
from cellfactory.facts.loader import load_facts
from cellfactory.facts.schema import Provenance, Quota

FACTS = load_facts()
FOLDER = Path(package.__file__).parent
TABLES = (
    "quotas",
    "nau",
    "buckets",
    "calls",
    "retries",
    "parameters",
    "addons",
    "oldest_addons",
    "images",
    "charts",
    "kubernetes",
    "endpoints",
    "aws_defaults",
)


def every_row() -> Iterator[tuple[str, Provenance]]:
    for table in TABLES:
        for id_, row in getattr(FACTS, table).items():
            yield f"{table}/{id_}", row
    for id_, price in FACTS.prices.rows.items():
        yield f"prices/{id_}", price


ROWS = [pytest.param(row, id=id_) for id_, row in every_row()]
QUOTAS = [pytest.param(quota, id=quota.id) for quota in FACTS.quotas.values()]


@pytest.mark.parametrize("row", ROWS)
def test_each_row_has_a_unit_a_source_and_a_date(row: Provenance) -> None:
    assert getattr(row, "unit", "")
    assert row.source.startswith("https://")
    assert type(row.checked) is date


@pytest.mark.parametrize("row", [row for _, row in every_row() if not row.confirmed])
def test_what_is_unconfirmed_says_why(row: Provenance) -> None:
    assert row.note


@pytest.mark.parametrize("table", TABLES)
def test_a_row_knows_its_id(table: str) -> None:
    rows = getattr(FACTS, table)
    assert rows
    assert all(row.id == id_ for id_, row in rows.items())


@pytest.mark.parametrize("file", sorted(FOLDER.glob("*.yaml")), ids=lambda file: file.name)
def test_no_key_stands_twice(file: Path) -> None:
    assert parse_document(file.read_text("utf-8")).faults == []


def test_each_source_is_used() -> None:
    declared = {row["url"] for row in _sources().values()}
    of_rows = {row.source for _, row in every_row()}
    assert declared == of_rows | {ZONES_REFUSED_AT, REGIONS_ENABLED_AT, STS_AT}


ZONES_REFUSED_AT = "https://docs.aws.amazon.com/eks/latest/userguide/network-reqs.html"
REGIONS_ENABLED_AT = (
    "https://docs.aws.amazon.com/accounts/latest/reference/manage-acct-regions.html"
)
STS_AT = (
    "https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_temp_region-endpoints.html"
)


def _sources() -> dict[str, dict[str, str]]:
    value = parse_document((FOLDER / "sources.yaml").read_text("utf-8")).value
    assert isinstance(value, dict)
    return value


@pytest.mark.parametrize("quota", QUOTAS)
def test_a_maximum_is_never_below_the_default(quota: Quota) -> None:
    assert quota.default >= 0
    if quota.kind == "fixed":
        assert quota.maximum == quota.default
    elif quota.kind == "guidance":
        assert quota.maximum is None
    elif quota.maximum is not None:
        assert quota.maximum > quota.default


@pytest.mark.parametrize("quota", QUOTAS)
def test_a_quota_names_its_scope_and_service(quota: Quota) -> None:
    assert quota.scope
    assert quota.service
    assert quota.kind in {"fixed", "quota", "guidance"}
    assert quota.default not in quota.disputed


def test_a_quota_code_belongs_to_one_quota() -> None:
    codes = [quota.code for quota in FACTS.quotas.values() if quota.code]
    assert len(codes) == len(set(codes))
    assert all(code.startswith("L-") and len(code) == 10 for code in codes)


@pytest.mark.parametrize("bucket", FACTS.buckets.values(), ids=lambda bucket: bucket.id)
def test_a_bucket_holds_and_refills(bucket: object) -> None:
    assert getattr(bucket, "capacity", 0) > 0
    assert getattr(bucket, "refill", 0) > 0


def test_a_bucket_stands_for_one_action_and_what_it_counts() -> None:
    keys = [(b.action, b.counts) for b in FACTS.buckets.values() if b.action != "*"]
    assert len(keys) == len(set(keys))


@pytest.mark.parametrize("policy", FACTS.policy.values(), ids=lambda policy: policy.id)
def test_each_policy_links_to_its_decision(policy: object) -> None:
    decision = getattr(policy, "decision", "")
    assert decision.startswith("docs/decisions/0")
    assert decision.endswith(".md")


def test_reading_the_facts_loads_no_heavy_library() -> None:
    probe = """
import sys
from cellfactory.facts.loader import load_facts
load_facts().instance("r6gd.8xlarge")
print(sorted({"moto", "boto3", "pydantic", "typer", "cdktf", "jsii"} & set(sys.modules)))
"""
    done = subprocess.run(
        [sys.executable, "-c", probe],
        cwd=FOLDER.parent.parent,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert done.stdout.strip() == "[]"


def test_the_facts_are_read_once() -> None:
    assert load_facts() is FACTS


@pytest.mark.parametrize(
    ("id_", "default", "maximum", "code"),
    [  # the page of each, read by hand
        ("vpc-nau", 64_000, 256_000, "L-BB24F6E5"),
        ("peered-nau", 128_000, 512_000, "L-CD17FD4B"),
        ("peerings-per-vpc", 50, 125, "L-7E9ECCDB"),
        ("blocks-per-vpc", 5, 50, "L-83CA0A9D"),
        ("nodes-per-node-group", 450, None, "L-BD136A63"),
        ("security-groups-per-interface", 5, 16, "L-2AFB9258"),
        ("routes-per-route-table", 500, 1_000, "L-93826ACB"),
        ("rules-per-network-acl", 20, 40, "L-2AEEBF1A"),
        ("on-demand-vcpus", 5, None, "L-1216C47A"),
        ("gp3-storage", 50, None, "L-7A658B76"),
        ("targets-per-target-group", 1_000, None, "L-A0D0B863"),
    ],
)
def test_known_quotas(id_: str, default: int, maximum: int | None, code: str) -> None:
    quota = FACTS.quota(id_)
    assert (quota.default, quota.maximum, quota.code) == (default, maximum, code)


LOOKUPS = {
    "quota": FACTS.quotas,
    "parameter": FACTS.parameters,
    "policy_value": FACTS.policy,
    "weight": FACTS.nau,
}


def test_each_id_that_the_code_asks_for_exists() -> None:
    asked = [
        (found["lookup"], found["id"], file.name)
        for file in FOLDER.parent.rglob("*.py")
        for found in re.finditer(
            r"\.(?P<lookup>quota|parameter|policy_value|weight)\(\s*\"(?P<id>[a-z0-9-]+)\"",
            file.read_text("utf-8"),
        )
    ]
    assert asked
    assert [ask for ask in asked if ask[1] not in LOOKUPS[ask[0]]] == []


def test_where_sources_disagree_both_values_are_kept() -> None:
    assert FACTS.quota("routes-per-route-table").disputed == (50,)
    assert FACTS.quota("rules-per-security-group").disputed == (50,)
