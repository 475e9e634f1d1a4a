"""`size` and `what-if` as a person and a program see them."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cellfactory.cli import app
from cellfactory.errors import UsageError

ASK = ["what-if", "--nodes", "1300", "--instance", "r6gd.8xlarge"]
SMALL = ["what-if", "--nodes", "30", "--instance", "r6gd.8xlarge"]
Run = Callable[..., tuple[int, str]]


@pytest.fixture
def run() -> Run:
    """Run a command; give its exit code and output. A `UsageError` is raised, as `main` sees it."""

    def run(*words: str) -> tuple[int, str]:
        result = CliRunner().invoke(app, [*words])
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result.exit_code, result.stdout

    return run


# -- what it answers -------------------------------------------------------------------------------


def test_the_published_cell_fits_what_aws_may_give(run: Run) -> None:
    code, shown = run(*ASK, "--quotas", "maximum")
    assert code == 0
    assert "* nodes, policy                        1,300     1,300 nodes" in shown
    assert "assumed, since not set" in shown
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
    _, text = run("what-if", "--nodes", "1500", "--instance", "r6gd.8xlarge", "--solve")
    assert "what would make it fit" in text
    assert "L-1216C47A: 48960" in text
    _, long = run(*ASK, "--max-eni", "8", "--cells", "6", "--solve")
    assert long.count("raise L-1216C47A to 42,560, L-7A658B76 to 130, L-BB24F6E5 to") == 1
    assert max(map(len, (text + long).splitlines())) <= 80


def test_a_rebuild_in_both_readings(run: Run) -> None:
    _, shown = run(*ASK, "--quotas", "maximum", "--rebuild", "--format", "json")
    runs = {r["reading"]: r for r in json.loads(shown)["rebuild"]}
    assert runs.keys() == {"bucket per action", "one shared bucket"}
    paced = runs["bucket per action"]["paced"]
    assert paced["throttled_calls"] == 0
    assert paced["minutes_lead"] > 16
    assert paced["minutes_p50"] <= paced["minutes_last"] < 10
    _, text = run(*ASK, "--quotas", "maximum", "--rebuild")
    assert "assumed, not measured" in text
    late = [line[:20] for line in text.splitlines() if line.startswith("~ one shared")]
    assert late == ["~ one shared bucket,"], "paced, it keeps the half hour that the ledger means"
    assert "  bucket per action, all at once " in text
    assert "~ exceeds the policy of 30 minutes" in text
    assert "launch at the pace of nodes/s" in text
    _, small = run(*SMALL, "--rebuild")
    assert "longer than" not in small
    assert max(map(len, text.splitlines())) <= 80


def test_a_scenario_gates(run: Run) -> None:
    assert run(*ASK, "--quotas", "maximum", "--scenario", "pods-counted")[0] == 0
    code, shown = run(*ASK, "--quotas", "maximum", "--scenario", "custom-networking-off")
    assert code == 4
    assert "! NAU, custom networking off" in shown


def test_what_a_scenario_breaks_is_what_binds(run: Run, project_root: Path) -> None:
    file = str(project_root / "cells.yaml")
    code, shown = run("size", "--scenario", "custom-networking-off", "--inventory", file)
    assert code == 4
    assert shown.splitlines()[1].split()[:4] == ["!", "moka-use1-a", "node", "addresses,"]


def test_markdown_of_a_question(run: Run) -> None:
    code, shown = run(*ASK, "--quotas", "maximum", "--format", "markdown", "--solve")
    assert code == 0
    assert shown.startswith("### what-if\n")
    assert "```text\nwhat-if: at most 1,299 nodes" in shown
    asked = shown.split("**Assumed, since not set**\n\n")[1].strip().splitlines()
    assert "- cells of the mesh, all alike: 1 (--cells)" in asked
    assert all(line.startswith("- ") for line in asked)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["what-if", "--nodes", "1300", "--instance", "r6gd.8xlrge"], "did you mean r6gd.8xlarge"),
        ([*ASK, "--zones", "1"], "2 zones or more"),
        ([*ASK, "--zones", "6"], "EKS takes 5 of us-east-1: not 6"),
        ([*ASK, "--quota", "vcpu"], "write it as L-CD17FD4B=512000"),
        ([*ASK, "--quota", "L-00000000=5"], "no bound uses that quota"),
        ([*ASK, "--quota", "L-CD17FD4B=512001"], "AWS gives at most 512,000"),
        ([*ASK, "--plot", "picture.gif"], "a picture ends in .png or .svg"),
        (["size", "--inventory", "no-such.yaml"], "no-such.yaml"),
        (["size", *ASK[1:]], "cellfactory what-if --nodes 1300 --instance r6gd.8xlarge"),
        (["size", "a", "--nodes=7"], "cellfactory what-if a --nodes=7"),
    ],
)
def test_a_question_that_contradicts_itself(run: Run, words: list[str], message: str) -> None:
    with pytest.raises(UsageError) as stopped:
        run(*words)
    assert message in str(stopped.value)


@pytest.mark.parametrize("lacking", ["--nodes", "--instance"])
def test_a_question_names_its_nodes_and_their_type(run: Run, lacking: str) -> None:
    at = ASK.index(lacking)
    assert run(*ASK[:at], *ASK[at + 2 :])[0] == UsageError.exit_code


def test_quotas_may_have_thousands_apart(run: Run) -> None:
    _, shown = run(*ASK, "--quota", "L-1216C47A=50,000", "--format", "json")
    vcpus = next(u for u in json.loads(shown)["usages"] if u["bound"] == "vcpus")
    assert vcpus["limit"] == 50_000


# -- the shipped inventory -------------------------------------------------------------------------


def test_an_inventory_in_short_and_a_cell_in_full(run: Run, project_root: Path) -> None:
    file = str(project_root / "cells.yaml")
    _, short = run("size", "--inventory", file)
    assert "most nodes" not in short
    code, full = run("size", "moka-use1-a", "--solve", "--inventory", file)
    assert code == 0
    assert short.splitlines()[1] in full
    assert "moka-use1-a: at most 1,299 nodes, it has 1,299" in full


def test_a_cell_that_is_not_there(run: Run, project_root: Path) -> None:
    file = str(project_root / "cells.yaml")
    with pytest.raises(UsageError, match="did you mean 'moka-use1-a'"):
        run("size", "moka-use1-aa", "--inventory", file)
    with pytest.raises(UsageError, match="need one cell"):
        run("size", "--solve", "--inventory", file)
    with pytest.raises(UsageError, match="need one cell"):
        run("size", "shared-services", "--rebuild", "--inventory", file)


# -- pictures --------------------------------------------------------------------------------------


def test_a_picture_is_the_same_each_time(run: Run, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="the extra `plot` is not installed")
    files = [tmp_path / name for name in ("one.svg", "two.svg", "one.png")]
    for file in files:
        assert run(*SMALL, "--quotas", "maximum", "--plot", str(file))[0] == 0
    assert files[0].read_bytes() == files[1].read_bytes()
    drawn = files[0].read_text("utf-8")
    for words in ("nodes, policy", "A rebuild, simulated", "bucket per action", "what-if"):
        assert words in drawn, "text stays text, so that it can be searched"
    assert files[2].read_bytes().startswith(b"\x89PNG")


def test_a_picture_that_cannot_be_written(run: Run, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="the extra `plot` is not installed")
    (tmp_path / "file").touch()
    with pytest.raises(UsageError, match="cannot write"):
        run(*SMALL, "--plot", str(tmp_path / "file" / "a.svg"))
    with pytest.raises(UsageError, match=r"\.png or \.svg"):
        run(*SMALL, "--plot", str(tmp_path / "picture"))


def test_drawing_is_loaded_only_to_draw() -> None:
    probe = "import sys, cellfactory.cli; sys.exit('matplotlib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", probe], check=False).returncode == 0
