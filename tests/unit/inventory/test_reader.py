"""What a person reads when something in `cells.yaml` is wrong, and where it points."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from cellfactory.documents import load_data, render_data
from cellfactory.errors import MOST_PROBLEMS, Finding, InventoryError
from cellfactory.facts.loader import load_facts
from cellfactory.inventory.interconnect_rules import RULES as INTERCONNECT_RULES
from cellfactory.inventory.owner_rules import RULES as OWNER_RULES
from cellfactory.inventory.pipeline_rules import RULES as PIPELINE_RULES
from cellfactory.inventory.reader import parse_inventory
from cellfactory.inventory.rules import RULES, check_inventory
from cellfactory.inventory.schema import ExistingAccount, NewAccount
from cellfactory.naming import event_log_bucket
from tests import inventories


def problems(text: str | bytes) -> list[str]:
    """Read a text and give every problem as it would be shown, hints left out."""
    try:
        parse_inventory(text, "cells.yaml", load_facts())
    except InventoryError as error:
        return [str(problem).splitlines()[0] for problem in error.problems]
    return []


@pytest.fixture(scope="session")
def example(project_root: Path) -> str:
    return (project_root / "cells.yaml").read_text("utf-8")


def place(text: str, word: str) -> str:
    """Say where the first line with a word has that word, as line:column."""
    for number, line in enumerate(text.splitlines(), start=1):
        if word in line:
            return f"{number}:{line.index(word) + 1}"
    raise AssertionError(word)


def test_the_example_reads(example: str) -> None:
    inventory, source, _ = parse_inventory(example, "cells.yaml", load_facts())
    assert isinstance(inventory.cells["moka-use1-a"].account, ExistingAccount)
    assert isinstance(inventory.cells["moka-use1-c"].account, NewAccount)
    assert inventory.peers_of("moka-use1-b") == ("moka-use1-a", "moka-use1-c")
    finding = Finding(rule="F000", path=("cells", "moka-use1-b", "type"), message="")
    line = source.locate(finding).place.split(":")[1]
    assert place(example, "moka-use1-b:").split(":")[0] == str(int(line) - 1)


MISTAKES: list[dict[str, str]] = load_data(
    (Path(__file__).parent / "mistakes.yaml").read_text("utf-8")
)


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: str(mistake["by"])[:40].strip())
def test_a_mistake_is_told_at_its_place(example: str, mistake: dict[str, str]) -> None:
    old, at = mistake["replace"], mistake["at"]
    assert old in example
    text = example.replace(old, mistake["by"], 1)
    offset = text.index(at.replace("^", ""), max(0, example.index(old) - 200))
    before = text[: offset + max(0, at.find("^"))]
    line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
    assert f"cells.yaml:{line}:{column}: {mistake['says']}" in problems(text)


def test_each_rule_of_errors_has_a_mistake_that_breaks_it() -> None:
    seen = {mistake["says"].split()[0] for mistake in MISTAKES}
    warnings = {"F122", "F131", "F134", "F141", "F143", "F153", "F154", "F155", "F156"}
    warnings |= {"F157", "F159", "F161", "F162", "F163", "F164", "F165"}
    warnings |= {"F766"}
    beside = {"F764", "F765"}  # what takes the lock to be wrong
    files = {"F732", "F733", "F734", "F735", "F737"}  # what `pipeline render` finds
    assert seen | {"F100", *warnings, *files, *beside} == {
        *RULES,
        *PIPELINE_RULES,
        *INTERCONNECT_RULES,
        *OWNER_RULES,
    }


def test_all_problems_are_told_at_once_in_the_order_of_the_file(example: str) -> None:
    text = example.replace("ring: canary", "ring: canari").replace("version: 1", "verion: 1", 1)
    text = text.replace("interconnect: peering", "interconnct: peering")
    text = text.replace('account: {id: "666666666666"}', "account: 7")
    shown = problems(text)
    assert [line.split(" ")[1] for line in shown] == ["F102", "F102", "F110", "F104"]
    text = text.replace("verion", "version")
    shown = problems(text)
    assert [line.split(" ")[1] for line in shown] == ["F102", "F110", "F104"]
    assert [int(line.split(":")[1]) for line in shown] == sorted(
        int(line.split(":")[1]) for line in shown
    )


def test_the_hint_says_how_to_quote_a_number(example: str) -> None:
    text = example.replace('kubernetes_version: "1.34"', "kubernetes_version: 1.30", 1)
    with pytest.raises(InventoryError) as error:
        parse_inventory(text, "cells.yaml", load_facts())
    assert error.value.problems[0].finding.hint == 'put it in quotes: "1.30"'


@pytest.mark.parametrize("text", ["", "\n", "# nothing\n", "---\n"])
def test_an_empty_file_says_what_it_needs(text: str) -> None:
    with pytest.raises(InventoryError) as error:
        parse_inventory(text, "cells.yaml", load_facts())
    (problem,) = error.value.problems
    assert str(problem).startswith("cells.yaml:1:1: F103 the file is empty")
    assert "organizations, state, address_pools, meshes, cell_types, cells" in problem.finding.hint


@pytest.mark.parametrize("text", ["7", "word", "[1, 2]", "- cells"])
def test_a_file_that_is_no_mapping_is_told_so(text: str) -> None:
    (shown,) = problems(text)
    assert shown.startswith(
        "cells.yaml:1:1: F104 the inventory must be a mapping of keys to values"
    )


def test_bytes_are_read_as_utf_8(example: str) -> None:
    assert problems(example.encode()) == []
    (shown,) = problems(example.encode().replace(b"spark:", b"sp\xe4rk:", 1))
    assert (
        shown
        == f"cells.yaml:{place(example, 'spark:').split(':')[0]}:5: F100 not UTF-8: the byte 0xE4"
    )


def test_every_refusal_is_kept() -> None:
    made = inventories.data(cells=300)
    for number, cell in enumerate(made["cells"].values()):
        cell["rin"] = number
    assert len(problems(render_data(made))) == 300


def test_no_number_of_warnings_hides_an_error() -> None:
    made = inventories.data(cells=1)
    ((name, kind),) = made["cell_types"].items()
    public = {"chart_version": "2.5.2", "chart_repository": "oci://ghcr.io/kubeflow/charts"}
    sealed = {**kind, "egress": "none", "spark": {**kind["spark"], "operator": public}}
    made["cell_types"] |= {f"{name}-{n}": sealed for n in range(MOST_PROBLEMS)}
    made["cell_types"]["last"] = {**kind, "zones": [*kind["zones"][:-1], "use1-az9"]}
    shown = problems(json.dumps(made))  # without anchors
    assert len([line for line in shown if " F122 warning: " in line]) > MOST_PROBLEMS
    assert [line for line in shown if " warning: " not in line] == [shown[0]]
    assert "use1-az9" in shown[0]


def test_a_search_that_ended_early_says_so() -> None:
    made = inventories.data(cells=MOST_PROBLEMS + 50)
    for cell in made["cells"].values():
        cell["mesh"] = "nowhere"
    with pytest.raises(InventoryError) as error:
        parse_inventory(render_data(made), "cells.yaml", load_facts())
    assert not error.value.complete
    assert len(error.value.problems) == MOST_PROBLEMS + 1


def test_warnings_do_not_stop_a_cell(example: str) -> None:
    text = example.replace(
        "chart_repository: oci://222222222222.dkr.ecr.us-east-1.amazonaws.com/charts",
        "chart_repository: oci://ghcr.io/kubeflow/charts",
        1,
    )
    inventory, source, _ = parse_inventory(text, "cells.yaml", load_facts())
    shown = [str(source.locate(f)) for f in check_inventory(inventory, load_facts())]
    assert len(shown) == 1
    assert f"{place(text, 'oci://ghcr.io')}: F122 warning: a cell without egress" in "\n".join(
        shown
    )


def test_rule_ids_are_of_the_inventory_and_say_something() -> None:
    assert all(re.fullmatch(r"F1\d\d", rule) for rule in RULES)
    assert all(sentence.endswith((".", ").")) for sentence in RULES.values())


@pytest.mark.parametrize(("prefixes", "rules"), [(9, []), (10, ["F114"])])
def test_an_interface_may_be_full_of_prefixes(prefixes: int, rules: list[str]) -> None:
    made = inventories.data(prefixes_per_node=prefixes)
    made["cell_types"]["plain"]["node_groups"]["all"]["instance_type"] = "m5.large"  # 3 x 10
    assert [line.split(" ")[1] for line in problems(inventories.render(made))] == rules


@pytest.mark.parametrize(
    ("node", "pod", "rules"),
    [
        ("172.24.0.0/16", "172.31.0.0/16", ["F119"]),
        ("172.24.0.0/16", "172.30.0.0/16", []),
        ("172.24.0.0/16", "100.64.0.0/16", []),
        ("192.168.0.0/17", "192.168.128.0/17", []),
        ("192.168.0.0/17", "10.0.0.0/16", ["F119"]),
        ("100.64.0.0/16", "100.65.0.0/16", []),
        ("100.64.0.0/16", "10.0.0.0/16", ["F119"]),
        ("10.0.0.0/16", "198.19.0.0/16", ["F119"]),
        ("100.64.0.0/16", "198.19.0.0/16", []),
    ],
)
def test_which_pools_a_vpc_takes_together(node: str, pod: str, rules: list[str]) -> None:
    made = inventories.data()
    made["address_pools"] = {"node": [node], "pod": [pod]}
    assert [line.split(" ")[1] for line in problems(inventories.render(made))] == rules


@pytest.mark.parametrize(
    ("old", "new", "hint"),
    [
        ("    mesh: moka-usw2", "    m\u0435sh: moka-usw2", "CYRILLIC SMALL LETTER IE"),
        ("  moka-usw2-a:", "  mok\u0430-usw2-a:", "CYRILLIC SMALL LETTER A"),
        ("nodes_per_zone: 420", "nodes_per_zone: \uff12", "FULLWIDTH DIGIT TWO"),
        ("    mesh: moka-usw2", "    mesh:\u00a0moka-usw2", "a key needs a colon and a space"),
        ("    mesh: moka-usw2", '    mesh: "moka-usw2\u200b"', "ZERO WIDTH SPACE"),
        ("    mesh: moka-usw2", "    mesh: |\n      moka-usw2", "not to be seen: U+000A"),
        ("nodes_per_zone: 420", "nodes_per_zone: 1_000", "use digits only, such as 20"),
        ("nodes_per_zone: 420", 'nodes_per_zone: "420"', "remove the quotes: 420"),
        ("nodes_per_zone: 420", "nodes_per_zone: 420.0", "write it as 420"),
        ("version: 1", "version: true", "write a number, such as 1"),
        (
            "    ring: canary\n",
            "    ring: canary\n    routing: {drain: off}\n",
            "write it as false",
        ),
    ],
)
def test_the_hint_says_what_the_eye_does_not_see(
    example: str, old: str, new: str, hint: str
) -> None:
    assert old in example
    with pytest.raises(InventoryError) as error:
        parse_inventory(example.replace(old, new, 1), "cells.yaml", load_facts())
    assert any(hint in problem.finding.hint for problem in error.value.problems)


def test_the_longest_name_of_a_cell_leaves_room_for_its_buckets() -> None:
    made = inventories.data()
    longest = "m" * 32
    made["cells"] = {longest: inventories.cell(0)}
    assert problems(inventories.render(made)) == []
    assert len(event_log_bucket(longest, "4" * 12)) <= 63  # the longest of the names of buckets
    made["cells"] = {longest + "m": inventories.cell(0)}
    (shown,) = problems(inventories.render(made))
    assert shown.endswith("has 33 characters; the limit is 32")


def test_a_zone_of_a_region_that_is_only_known_by_pattern_passes() -> None:
    facts = load_facts()
    region = next(r for r in facts.regions.values() if not r.confirmed)
    stem = region.zone_ids[0].rsplit("-", 1)[0]
    made = inventories.data(zones=[f"{stem}-az1", f"{stem}-az6"])
    made["meshes"]["east"]["region"] = region.name
    assert problems(inventories.render(made)) == []
