"""`size` as a person and a program see it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from factory.cli.size import size
from factory.cli.size_plot import _curves, require_format
from factory.cli.size_text import bar, render_markdown, render_text, to_json, wrap
from factory.errors import UsageError
from factory.facts.loader import load_facts
from factory.sizing.bounds import BOUNDS
from factory.sizing.ledger import size_inventory
from factory.sizing.usage import Ledger
from factory.sizing.whatif import WhatIf, setting_of_what_if
from tests.unit.sizing.sample import RAISED, hub, inventory, plan, pool

FACTS = load_facts()
ASK = ["--nodes", "1300", "--instance", "r6gd.8xlarge"]
Run = Callable[..., tuple[int, str]]


@pytest.fixture
def run() -> Run:
    """Run `size`; give its exit code and output. A `UsageError` is raised, as `main` sees it."""
    app = typer.Typer()
    app.command()(size)

    def run(*words: str) -> tuple[int, str]:
        result = CliRunner().invoke(app, [*words])
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result.exit_code, result.stdout

    return run


def ledger() -> Ledger:
    declared = inventory({"cell-a": 400, "cell-b": 10}, quotas=RAISED, hubs={"hub": hub()})
    return size_inventory(declared, plan(declared), FACTS)


# -- how it looks ----------------------------------------------------------------------------------


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
        "factory/facts/ec2_api.yaml",
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


# -- what it answers -------------------------------------------------------------------------------


def test_the_published_cell_fits_what_aws_may_give(run: Run) -> None:
    code, shown = run(*ASK, "--quotas", "maximum")
    assert code == 0
    assert "* nodes, policy                        1,300     1,300 nodes" in shown
    assert "not asked for" in shown
    assert "(--prefixes)" in shown


def test_a_new_account_does_not_fit(run: Run) -> None:
    code, shown = run(*ASK)
    assert code == 4
    assert "! vCPUs" in shown


def test_solved_backwards(run: Run) -> None:
    code, shown = run(*ASK, "--quotas", "maximum", "--solve", "--format", "json")
    document = json.loads(shown)
    assert code == 0
    assert document["solved"]["most_nodes"] == 1299
    assert document["solved"]["most_nodes_by_bound"]["rebuild-per-action"] == 4599
    assert document["solved"]["most_cells"] == 21
    assert document["solved"]["changes"] == []
    assert document["assumed"]
    _, text = run("--nodes", "1500", "--instance", "r6gd.8xlarge", "--solve")
    assert "what would mend it" in text
    assert "L-1216C47A: 48384" in text
    _, long = run(*ASK, "--max-eni", "8", "--cells", "6", "--solve")
    assert long.count("raise L-1216C47A to 41,792, L-7A658B76 to 128, L-BB24F6E5 to") == 1
    assert max(map(len, (text + long).splitlines())) <= 80


def test_a_rebuild_in_both_readings(run: Run) -> None:
    _, shown = run(*ASK, "--quotas", "maximum", "--rebuild", "--format", "json")
    runs = {r["reading"]: r for r in json.loads(shown)["rebuild"]}
    assert runs.keys() == {"bucket per action", "one shared bucket"}
    paced = runs["bucket per action"]["paced"]
    assert paced["throttled_calls"] == 0
    assert 16 < paced["minutes_lead"] < paced["minutes_p50"] <= paced["minutes_last"] < 30
    _, text = run(*ASK, "--quotas", "maximum", "--rebuild")
    assert "assumed, not measured" in text
    late = [line[:20] for line in text.splitlines() if line.startswith("~ one shared")]
    assert late == ["~ one shared bucket,"] * 2, "with the control plane, beyond half an hour"
    assert "  bucket per action, all at once " in text
    assert "~ longer than the 30 minutes of our policy" in text
    assert "launch at the pace of nodes/s" in text
    _, small = run("--nodes", "30", "--instance", "r6gd.8xlarge", "--rebuild")
    assert "longer than" not in small
    assert max(map(len, text.splitlines())) <= 80


def test_a_scenario_gates(run: Run) -> None:
    assert run(*ASK, "--quotas", "maximum", "--scenario", "misconfigured")[0] == 0
    code, shown = run(*ASK, "--quotas", "maximum", "--scenario", "custom-networking-off")
    assert code == 4
    assert "! NAU, custom networking off" in shown


def test_what_a_scenario_breaks_is_what_binds(run: Run, project_root: Path) -> None:
    file = str(project_root / "cells.yaml")
    code, shown = run("--scenario", "custom-networking-off", "--inventory", file)
    assert code == 4
    assert shown.splitlines()[1].split()[:4] == ["!", "moka-use1-a", "NAU,", "custom"]


def test_markdown_of_a_question(run: Run) -> None:
    code, shown = run(*ASK, "--quotas", "maximum", "--format", "markdown", "--solve")
    assert code == 0
    assert shown.startswith("### what-if\n")
    assert "```text\nwhat-if: most nodes" in shown
    asked = shown.split("**Not asked for**\n\n")[1].strip().splitlines()
    assert "- cells of the mesh, all alike: 1 (--cells)" in asked
    assert all(line.startswith("- ") for line in asked)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--nodes", "1300"], "at least --nodes and --instance"),
        (["--prefixes", "6"], "at least --nodes and --instance"),
        (["cell-a", *ASK], "not both"),
        (["--nodes", "1300", "--instance", "r6gd.8xlrge"], "did you mean r6gd.8xlarge"),
        ([*ASK, "--zones", "1"], "2 zones or more"),
        ([*ASK, "--zones", "6"], "EKS takes 5 of us-east-1: not 6"),
        ([*ASK, "--quota", "vcpu"], "write it as L-CD17FD4B=512000"),
        ([*ASK, "--quota", "L-00000000=5"], "no bound uses that quota"),
        ([*ASK, "--quota", "L-CD17FD4B=512001"], "AWS gives at most 512,000"),
        ([*ASK, "--plot", "picture.gif"], "a picture ends in .png or .svg"),
        (["--inventory", "no-such.yaml"], "no-such.yaml"),
    ],
)
def test_a_question_that_contradicts_itself(run: Run, words: list[str], message: str) -> None:
    with pytest.raises(UsageError) as stopped:
        run(*words)
    assert message in str(stopped.value)


def test_quotas_may_have_thousands_apart(run: Run) -> None:
    _, shown = run(*ASK, "--quota", "L-1216C47A=50,000", "--format", "json")
    vcpus = next(u for u in json.loads(shown)["usages"] if u["bound"] == "vcpus")
    assert vcpus["limit"] == 50_000


# -- the shipped inventory -------------------------------------------------------------------------


def test_an_inventory_in_short_and_a_cell_in_full(run: Run, project_root: Path) -> None:
    file = str(project_root / "cells.yaml")
    _, short = run("--inventory", file)
    assert "most nodes" not in short
    code, full = run("moka-use1-a", "--solve", "--inventory", file)
    assert code == 0
    assert short.splitlines()[1] in full
    assert "moka-use1-a: most nodes, each bound alone; it has 1,299" in full


def test_a_cell_that_is_not_there(run: Run, project_root: Path) -> None:
    file = str(project_root / "cells.yaml")
    with pytest.raises(UsageError, match="did you mean 'moka-use1-a'"):
        run("moka-use1-aa", "--inventory", file)
    with pytest.raises(UsageError, match="are about one cell"):
        run("--solve", "--inventory", file)
    with pytest.raises(UsageError, match="are about one cell"):
        run("shared-services", "--rebuild", "--inventory", file)


# -- pictures --------------------------------------------------------------------------------------


def test_a_picture_is_the_same_each_time(run: Run, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="the extra `plot` is not installed")
    small = ["--nodes", "30", "--instance", "r6gd.8xlarge", "--quotas", "maximum"]
    files = [tmp_path / name for name in ("one.svg", "two.svg", "one.png")]
    for file in files:
        assert run(*small, "--plot", str(file))[0] == 0
    assert files[0].read_bytes() == files[1].read_bytes()
    drawn = files[0].read_text("utf-8")
    for words in ("nodes, policy", "A rebuild, simulated", "bucket per action", "what-if"):
        assert words in drawn, "text stays text, so that it can be searched"
    assert files[2].read_bytes().startswith(b"\x89PNG")


def test_curves_go_on_to_where_a_small_cell_is_full() -> None:
    pytest.importorskip("matplotlib", reason="the extra `plot` is not installed")
    from matplotlib.figure import Figure

    question = WhatIf(nodes=2, zones=2, instance="m5.large", level="maximum")
    axes = Figure().subplots()
    _curves(axes, setting_of_what_if(question, FACTS))
    assert axes.get_xlim()[1] >= 6, "pod prefixes are full at 6 nodes, thrice as many"
    labels = [line.get_label() for line in axes.get_lines()]
    assert "pod prefixes: 6 nodes" in labels


def test_a_picture_that_cannot_be_written(run: Run, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="the extra `plot` is not installed")
    with pytest.raises(UsageError, match="cannot write"):
        run("--nodes", "30", "--instance", "r6gd.8xlarge", "--plot", str(tmp_path / "no" / "a.svg"))
    with pytest.raises(UsageError, match=r"\.png or \.svg"):
        require_format(tmp_path / "picture")


def test_drawing_is_loaded_only_to_draw() -> None:
    probe = "import sys, factory.cli; sys.exit('matplotlib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", probe], check=False).returncode == 0
