"""The output folder: replaced whole or not at all, and never somebody else's."""

from __future__ import annotations

from pathlib import Path

import pytest

from cellfactory.errors import UsageError
from cellfactory.stacks.output import write_output

OLD = {"manifest.json": '{"stacks": {}, "version": "1"}', "stacks/a-network/cdk.tf.json": "{}"}
NEW = {**OLD, "stacks/a-network/cdk.tf.json": '{"new": 1}'}


def texts(folder: Path) -> dict[str, str]:
    """Read every file below a folder."""
    found = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_text("utf-8") for path in found}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An output folder with an old stack in it."""
    made = tmp_path / "cdktf.out"
    write_output(made, OLD)
    return made


def test_what_terraform_left_stays_without_being_copied(folder: Path) -> None:
    provider = folder / "stacks/a-network/.terraform/provider"
    provider.parent.mkdir()
    provider.write_text("large")
    (folder / "notes.txt").write_text("mine")
    before = provider.stat().st_ino
    write_output(folder, NEW)
    kept = {"stacks/a-network/.terraform/provider": "large", "notes.txt": "mine"}
    assert texts(folder) == {**NEW, **kept}
    assert provider.stat().st_ino == before
    assert [path.name for path in folder.parent.iterdir()] == ["cdktf.out"]


@pytest.mark.parametrize("failure", [KeyboardInterrupt, OSError(28, "No space left on device")])
def test_the_old_folder_comes_back(
    folder: Path, failure: BaseException, monkeypatch: pytest.MonkeyPatch
) -> None:
    rename = Path.rename

    def break_off(path: Path, target: Path) -> Path:
        if path.name == "new":
            raise failure
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", break_off)
    with pytest.raises((KeyboardInterrupt, UsageError)):
        write_output(folder, NEW)
    assert texts(folder) == OLD
    assert [path.name for path in folder.parent.iterdir()] == ["cdktf.out"]


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "cdktf.out").symlink_to("elsewhere")
    write_output(tmp_path / "cdktf.out", NEW)
    assert (tmp_path / "cdktf.out").is_symlink()
    assert texts(tmp_path / "elsewhere") == NEW


def test_a_link_to_nothing_gets_what_it_points_to(tmp_path: Path) -> None:
    (tmp_path / "cdktf.out").symlink_to("later")
    write_output(tmp_path / "cdktf.out", NEW)
    assert texts(tmp_path / "later") == NEW


@pytest.mark.parametrize(
    "strange",
    [
        {"app.js": "", "manifest.json": '{"name": "a web page"}'},
        {"manifest.json": "{"},
        {"cells.yaml": "version: 1"},
    ],
)
def test_a_strangers_folder_is_left_alone(tmp_path: Path, strange: dict[str, str]) -> None:
    for name, text in strange.items():
        (tmp_path / name).write_text(text)
    with pytest.raises(UsageError, match="was not created by"):
        write_output(tmp_path, NEW)
    assert texts(tmp_path) == strange


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(UsageError, match="was not created by"):
        write_output(tmp_path / "file", NEW)
    with pytest.raises(UsageError, match="cannot write"):
        write_output(tmp_path / "file" / "inside", NEW)
    assert texts(tmp_path) == {"file": "x"}


def test_links_that_go_in_a_circle(tmp_path: Path) -> None:
    (tmp_path / "one").symlink_to("two")
    (tmp_path / "two").symlink_to("one")
    with pytest.raises(UsageError, match="cannot write"):
        write_output(tmp_path / "one", NEW)


def test_nobody_loses_the_folder_they_stand_in(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder / "stacks")
    with pytest.raises(UsageError, match="from inside it"):
        write_output(Path(".."), NEW)
    assert Path.cwd().samefile(folder / "stacks")
    assert [path.name for path in Path().iterdir()] == ["a-network"]
