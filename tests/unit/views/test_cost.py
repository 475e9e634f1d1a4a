"""Costs and options on a screen of 80 columns, as Markdown and as JSON: the same numbers."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from cellfactory.facts.loader import load_facts
from cellfactory.options.answer import Options, judge_options
from cellfactory.pricing.costs import MeshCosts, price_inventory
from cellfactory.views.cost import (
    EVERYTHING,
    What,
    costs_json,
    render_costs,
    render_costs_markdown,
    rows_of,
)
from cellfactory.views.options import options_json, render_options, render_options_markdown
from cellfactory.views.style import Style
from tests import inventories
from tests.unit.options.test_published import published
from tests.unit.pricing import sample

FACTS = load_facts()
SCREEN = Style(colour=True, width=80)
COLOUR = re.compile(r"\x1b\[[0-9;]*m")
URL = re.compile(r"https://\S+")


def costs(cells: int = 3, **traffic: Any) -> tuple[MeshCosts, ...]:
    known = {"with_hubs_gb": sample.PUBLISHED_GB, **traffic}
    return price_inventory(sample.inventory(cells, **known), FACTS)


def options() -> Options:
    return judge_options(inventories.inventory(published(30)), FACTS)


def too_long(text: str) -> list[str]:
    lines = COLOUR.sub("", text).splitlines()
    return [line for line in lines if len(line) > 80 and not URL.search(line)]


@pytest.mark.parametrize("gigabytes", [None, 0, 1, sample.PUBLISHED_GB])
def test_costs_fit_a_screen(gigabytes: int | None) -> None:
    assert too_long(render_costs(costs(with_hubs_gb=gigabytes), EVERYTHING, SCREEN)) == []


@pytest.mark.parametrize("why", [True, False])
def test_options_fit_a_screen(why: bool) -> None:
    assert too_long(render_options(options(), why=why, style=SCREEN)) == []


@pytest.mark.parametrize("what", EVERYTHING)
def test_only_the_part_that_is_asked_for(what: What) -> None:
    text = render_costs(costs(), (what,))
    heads = {"bill": "as declared", "interconnect": "joining the VPCs", "egress": "the way out"}
    heads["pods"] = "pods' traffic"
    assert [key for key, head in heads.items() if f"\n  {head}" in text] == [what]
    (mesh,) = costs_json(costs(), (what,))["meshes"]
    assert [key for key in heads if key in mesh] == [what]


def test_the_sum_says_what_it_lacks() -> None:
    text = render_costs(costs(with_hubs_gb=None))
    assert "together, at least" in text
    assert re.search(r"cost: at least .* lines not priced", text)
    assert "  not declared: with_hubs_gb" in text


def lines_of(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for mesh in document["meshes"]:
        yield from mesh["bill"]["lines"]


def test_json_adds_up_and_names_every_source() -> None:
    document = json.loads(json.dumps(costs_json(costs())))
    found = list(lines_of(document))
    priced = (Decimal(line["dollars"]) for line in found if line["dollars"] is not None)
    total = sum(priced, Decimal(0))
    assert abs(total - Decimal(document["total"]["dollars"])) < Decimal("0.001")
    assert all((line["dollars"] is None) == bool(line["not_priced"]) for line in found)
    assert all(line["price"]["source"] for line in found if line["price"])
    by_cell = document["meshes"][0]["bill"]["by_cell"].values()
    paid = sum((Decimal(one["dollars"]) for one in by_cell), Decimal(0))
    assert abs(paid - total) < Decimal("0.001")


def test_lines_of_a_kind_are_shown_once_and_lose_nothing() -> None:
    (mesh,) = costs()
    rows = rows_of(mesh.bill)
    assert sum(len(row.lines) for row in rows) == len(mesh.bill)
    assert len({row.cells for row in rows}) == len(rows)


@pytest.mark.parametrize(
    "text", [render_costs_markdown(costs()), render_options_markdown(options())]
)
def test_a_table_of_markdown_is_as_wide_as_its_head(text: str) -> None:
    tables = re.findall(r"(?:^\|.*\n)+", text, re.MULTILINE)
    assert tables
    for table in tables:
        assert len({line.count("|") for line in table.splitlines()}) == 1


def test_json_of_options_has_every_reason_and_its_source() -> None:
    document = json.loads(json.dumps(options_json(options())))
    found = [*document["meshes"][0]["options"], *document["cell_types"][0]["options"]]
    assert all(reason["source"] for option in found for reason in option["reasons"])
    assert {option["verdict"] for option in found} == {"fits at a price", "refused"}
    assert all((option["rank"] is None) == (option["verdict"] == "refused") for option in found)


def test_why_shows_what_speaks_for_an_option() -> None:
    assert "for it: " not in render_options(options())
    assert "for it: " in render_options(options(), why=True)
