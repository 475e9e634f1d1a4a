"""Adding, removing and reordering cells: what moves, and that nothing else does."""

from __future__ import annotations

import copy
import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from cellfactory.cli import main
from cellfactory.documents import load_data, render_data
from tests.synth.conftest import ROOT, Example, synthesize

pytestmark = pytest.mark.synth

NEW = {
    "type": "spark-small",
    "mesh": "moka-use1",
    "organization": "next",
    "ring": "rest",
    "account": {"id": "888888888888"},
    "quotas": {"L-CD17FD4B": 512000, "L-1216C47A": 2000},
}


def inventory_with(folder: Path, cells: dict[str, Any]) -> Path:
    """Write the shipped inventory with other cells, beside the shipped lock."""
    data = load_data((ROOT / "cells.yaml").read_text("utf-8"))
    data["cells"] = cells
    file = folder / "cells.yaml"
    file.write_text(render_data(data), "utf-8")
    shutil.copy(ROOT / "cells.lock.yaml", folder)
    return file


def shipped_cells() -> dict[str, Any]:
    cells: dict[str, Any] = load_data((ROOT / "cells.yaml").read_text("utf-8"))["cells"]
    return cells


def only_added(before: Any, after: Any, path: str = "") -> list[str]:
    """List what was changed or taken away; keys that came along are no change."""
    if isinstance(before, dict) and isinstance(after, dict):
        return [
            line
            for key, value in before.items()
            for line in (
                only_added(value, after[key], f"{path}.{key}")
                if key in after
                else [f"-{path}.{key}"]
            )
        ]
    return [] if before == after else [f"~{path}"]


@pytest.mark.parametrize("name", ["moka-use1-0", "moka-use1-bb", "moka-use1-d", "zebra"])
def test_a_new_cell_adds_keys_to_its_peers_and_edits_nothing(
    example: Example, tmp_path: Path, name: str
) -> None:
    grown = synthesize(inventory_with(tmp_path, {**shipped_cells(), name: NEW}))
    for stack, document in example.documents.items():
        assert only_added(document, grown.documents[stack]) == [], stack
        if not stack.endswith(("-peering", "-accept", "-routes")):
            assert document == grown.documents[stack], stack
    touched = {s for s in example.texts if example.texts[s] != grown.texts[s]}
    assert touched  # its peers did learn of it
    assert all(stack.startswith("moka-use1-") for stack in touched)


def test_the_order_of_cells_in_the_file_is_nothing(example: Example, tmp_path: Path) -> None:
    cells = shipped_cells()
    turned = {name: cells[name] for name in reversed(cells)}
    assert synthesize(inventory_with(tmp_path, turned)).texts == example.texts


def test_a_cell_that_leaves_takes_only_its_own_rows_along(example: Example, tmp_path: Path) -> None:
    cells = shipped_cells()
    del cells["moka-use1-b"]
    shrunk = synthesize(inventory_with(tmp_path, cells))
    for stack, document in shrunk.documents.items():
        assert only_added(document, example.documents[stack]) == [], stack
    assert example.design.plan.cells["moka-use1-c"] == shrunk.design.plan.cells["moka-use1-c"]


def run_synth(folder: Path) -> int | str | None:
    with pytest.raises(SystemExit) as stop:
        main(["synth", "--inventory", "cells.yaml", "--output", str(folder)])
    return stop.value.code


def tree(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_synth_writes_all_of_it_twice_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(inventory_with(tmp_path, shipped_cells()).parent)
    assert run_synth(Path("out")) == 0
    first = tree(Path("out"))
    left = Path("out/stacks/moka-use1-a-network/.terraform.lock.hcl")
    left.write_text("# Terraform's own\n", "utf-8")
    assert run_synth(Path("out")) == 0
    assert left.read_text("utf-8") == "# Terraform's own\n"
    left.unlink()
    assert tree(Path("out")) == first
    assert "manifest.json" in first
    charts = [path for path in first if path.startswith("stacks/moka-use1-a-platform/charts/")]
    assert [path.rpartition("/")[2].rpartition("-")[0] for path in sorted(charts)] == [
        *("spark-history-server-0.1.0", "spark-namespaces-0.1.0", "spark-ui-gateway-0.1.0")
    ]
    assert not [p for p in tmp_path.iterdir() if p.name.startswith(".out")]


def test_synth_leaves_a_strangers_folder_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(inventory_with(tmp_path, shipped_cells()).parent)
    Path("mine").mkdir()
    Path("mine/thesis.txt").write_text("all of it", "utf-8")
    assert run_synth(Path("mine")) == 2
    assert "was not created by cellfactory" in capsys.readouterr().err
    assert tree(Path("mine")) == {"thesis.txt": b"all of it"}


def test_nothing_is_written_when_a_cell_does_not_fit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cells = shipped_cells()
    cells["moka-use1-a"]["quotas"] = {}
    monkeypatch.chdir(inventory_with(tmp_path, cells).parent)
    before = tree(tmp_path)
    assert run_synth(Path("out")) == 4
    assert tree(tmp_path) == before


def test_the_lock_follows_the_inventory(example: Example, tmp_path: Path) -> None:
    """A cell that leaves is kept under `removed`, and gets its old blocks when it comes back."""
    cells = shipped_cells()
    gone = cells.pop("moka-use1-b")
    file = inventory_with(tmp_path, cells)
    with pytest.raises(SystemExit) as stop:
        main(["lock", "--inventory", str(file)])
    assert stop.value.code == 0
    lock = load_data((tmp_path / "cells.lock.yaml").read_text("utf-8"))
    assert list(lock["removed"]) == ["moka-use1-b"]
    data = load_data(file.read_text("utf-8"))
    data["cells"]["moka-use1-b"] = gone
    file.write_text(render_data(data), "utf-8")
    assert synthesize(file).texts == example.texts


def test_golden_lock_is_fresh() -> None:
    with pytest.raises(SystemExit) as stop:
        main(["check", "--locked", "--inventory", str(ROOT / "cells.yaml")])
    assert stop.value.code == 0


def test_json_is_plain(example: Example) -> None:
    for text in example.texts.values():
        assert (
            json.dumps(json.loads(text), indent=2, sort_keys=True, ensure_ascii=False) + "\n"
            == text
        )


def test_synth_adds_a_new_cell_to_the_lock_and_changes_nothing_else_in_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    cells = shipped_cells()
    new = {**copy.deepcopy(cells["moka-usw2-a"]), "account": {"id": "888888888888"}}
    del cells["moka-use1-b"]
    folder = inventory_with(tmp_path, {**cells, "moka-usw2-b": new}).parent
    before = (folder / "cells.lock.yaml").read_text("utf-8")
    monkeypatch.chdir(folder)
    assert run_synth(Path("out")) == 0
    said = capsys.readouterr().err
    assert "new    moka-usw2-b  " in said
    assert "cells.lock.yaml: written; commit it" in said
    assert "cells.lock.yaml: out of date; run cellfactory lock" in said, "one left"
    assert "left" not in said
    after = (folder / "cells.lock.yaml").read_text("utf-8")
    assert after.startswith(before.removesuffix("removed: {}\n"))
    assert list(load_data(after)["cells"]) == [*load_data(before)["cells"], "moka-usw2-b"]


def test_synth_begins_no_lock(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = inventory_with(tmp_path, shipped_cells()).parent
    (folder / "cells.lock.yaml").unlink()
    monkeypatch.chdir(folder)
    assert run_synth(Path("out")) == 3
    assert "F221 there is no cells.lock.yaml" in capsys.readouterr().err
    assert set(tree(folder)) == {"cells.yaml"}
