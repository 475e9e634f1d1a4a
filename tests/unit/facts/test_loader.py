"""Every row of the shipped facts says what it counts and where it comes from."""

from __future__ import annotations

from datetime import date

import pytest

from factory.facts.loader import load_facts
from factory.facts.schema import Provenance

FACTS = load_facts()
ROWS = [
    pytest.param(row, id=f"{table}-{row.id}")
    for table in ("quotas", "nau", "buckets", "calls", "parameters")
    for row in getattr(FACTS, table).values()
]


@pytest.mark.parametrize("row", ROWS)
def test_each_row_has_unit_source_and_date(row: Provenance) -> None:
    assert row.unit  # type: ignore[attr-defined]
    assert row.source.startswith("https://")
    assert type(row.checked) is date
    assert row.confirmed or row.note, "what is unconfirmed says why"
