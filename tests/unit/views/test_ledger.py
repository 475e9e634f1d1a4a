"""How a ledger looks: in a terminal, as Markdown and as JSON."""

from __future__ import annotations

import json

from cellfactory.facts.loader import load_facts
from cellfactory.sizing.bounds import BOUNDS
from cellfactory.sizing.ledger import size_inventory
from cellfactory.sizing.usage import Ledger
from cellfactory.views.ledger import bar, render_markdown, render_text, to_json, wrap
from tests.unit.sizing.sample import RAISED, hub, inventory, plan, pool

FACTS = load_facts()


def ledger() -> Ledger:
    declared = inventory({"cell-a": 400, "cell-b": 10}, quotas=RAISED, hubs={"hub": hub()})
    return size_inventory(declared, plan(declared), FACTS)


def test_the_text_fits_eighty_columns_and_shows_every_bound() -> None:
    sized = ledger()
    text = render_text(sized, ["cell-a", "hub"], tight=0.8)
    assert max(map(len, text.splitlines())) <= 80
    shown = text.split("assumed")[0]
    for bound in {usage.bound for usage in sized.of("cell-a")}:
        assert BOUNDS[bound].title in shown
    assert text.count("\n*") == 2  # the legend, and the one bound that binds cell-a


def test_every_title_and_unit_leaves_room_for_the_numbers() -> None:
    for bound in BOUNDS.values():
        assert len(bound.title) <= 31, bound.id
        assert len(bound.unit) <= 11, bound.id


def test_a_long_name_does_not_break_the_table() -> None:
    name = "a-pool-with-a-name-xx"[:20]
    groups = {name: pool(10)}
    declared = inventory(groups=groups, ingress={"node_group": name})
    text = render_text(size_inventory(declared, plan(declared), FACTS), ["cell-a"], tight=0.8)
    assert max(map(len, text.splitlines())) <= 80


def test_the_summary_has_a_line_for_each_owner() -> None:
    lines = render_text(ledger(), [], tight=0.8).splitlines()
    assert [line.split()[0] for line in lines[1:5]] == ["cell-a", "cell-b", "~", "address"]
    assert len(lines) == 5


def test_without_block_characters_the_text_is_plain() -> None:
    assert render_text(ledger(), ["cell-a"], tight=0.8, ascii_only=True).isascii()
    assert bar(0.95, ascii_only=True) == "######"
    assert bar(0.01) == "▏" or bar(0.01) == ""


def test_the_summary_names_what_is_broken_though_no_node_fills_it() -> None:
    declared = inventory({"cell-a": 10}, quotas={**RAISED, "L-29B6F2EB": 1})
    lines = render_text(size_inventory(declared, plan(declared), FACTS), [], tight=0.8).splitlines()
    assert lines[1].split()[:4] == ["!", "cell-a", "interface", "endpoints"]


def test_what_is_nearly_used_up_is_marked() -> None:
    marked = [line for line in render_text(ledger(), ["cell-a"], tight=0.8).splitlines()
              if line.startswith("+ ")]  # fmt: skip
    assert any("pods of a node " in line for line in marked)
    assert "\n+ " not in render_text(ledger(), ["cell-a"], tight=1.01)


def test_each_assumption_is_said_once() -> None:
    said = render_text(ledger(), ["cell-a", "cell-b"], tight=0.8).split("\nassumed\n")[1]
    joined = " ".join(said.split())
    assert joined.count("nodes include those that an update adds") == 1
    assert joined.count("a pod on a delegated prefix counts 1 NAU") == 1


def test_what_no_page_settles_is_said_with_its_knob() -> None:
    sized = ledger()
    said = " ".join(render_text(sized, ["cell-a"], tight=0.8).split("\nassumed\n")[1].split())
    for knob in ("nau-per-pd-pod", "nau-per-control-plane-interface", "shared-mutating-50"):
        assert knob in said
    for knob in (
        "L-DF5E4CA3 under quotas",
        "L-93826ACB under quotas",
        "facts/ec2_api.yaml",
    ):
        assert knob in said
    listed = render_markdown(sized, ["cell-a"]).split("**Assumed**\n\n")[1].splitlines()
    assert all(line.startswith("- ") for line in listed)
    assert " ".join(line.removeprefix("- ") for line in listed) == said


def test_a_zone_is_named_whole_or_not_at_all() -> None:
    shown = render_text(ledger(), ["cell-a"], tight=0.8).split("\nassumed\n")[0]
    assert "pod prefixes use1-az1 " in shown
    assert "pod prefixes, unreserved  " in shown
    assert "use1-a~" not in shown


def test_wrapped_lines_keep_every_word() -> None:
    sentence = "one two three four five six seven eight nine ten " * 5
    lines = list(wrap(sentence, width=40))
    assert " ".join(lines).split() == sentence.split()
    assert max(map(len, lines)) <= 40
    assert lines[0].startswith("  one")
    assert all(line.startswith("    ") for line in lines[1:])


def test_markdown_is_a_table_for_each_owner() -> None:
    text = render_markdown(ledger(), ["cell-a", "cell-b"])
    assert text.count("### ") == 2
    rows = [line for line in text.splitlines() if line.startswith("|")]
    assert {row.count("|") for row in rows} == {11}
    assert text.count("**binds**") == 2


def test_json_holds_every_usage() -> None:
    sized = ledger()
    document = to_json(sized)
    assert json.loads(json.dumps(document, allow_nan=False)) == document
    assert len(document["usages"]) == len(sized.usages)
    vcpus = next(u for u in document["usages"] if u["bound"] == "vcpus")
    assert vcpus["quota_code"] == "L-1216C47A"
    assert (vcpus["quota_default"], vcpus["quota_raised"]) == (5, True)
    assert vcpus["headroom"] == vcpus["limit"] - vcpus["used"]
