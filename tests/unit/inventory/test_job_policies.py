"""The IAM policies that the jobs of a namespace have, and how many a role may have."""

from __future__ import annotations

import pytest

from cellfactory.facts.loader import load_facts
from cellfactory.inventory.access_rules import check_access
from tests.inventories import data, inventory

FACTS = load_facts()


@pytest.mark.parametrize(
    ("shared", "own", "severity"),
    [(10, 0, None), (4, 6, None), (10, 1, "warning"), (10, 10, "warning")],
)
def test_a_role_has_as_many_policies_as_iam_lets_it(
    shared: int, own: int, severity: str | None
) -> None:
    told = data()
    told["cell_types"]["plain"]["spark"] |= {
        "job_policies": [f"shared/{number}" for number in range(shared)],
        "namespace_policies": {"jobs": [f"own/{number}" for number in range(own)]},
    }
    found = [f for f in check_access(inventory(told), FACTS) if f.rule == "F158"]
    assert [finding.severity for finding in found] == ([severity] if severity else [])


def test_policies_of_all_come_with_those_of_one_namespace() -> None:
    told = data()
    told["cell_types"]["plain"]["spark"] |= {
        "namespaces": ["jobs", "etl"],
        "job_policies": ["all"],
        "namespace_policies": {"etl": ["one"]},
    }
    spark = inventory(told).cell_types["plain"].spark
    assert (spark.policies_of("jobs"), spark.policies_of("etl")) == (["all"], ["all", "one"])
