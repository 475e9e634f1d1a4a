"""Tools that make one file: they write it, or only tell whether it is stale."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools import update_instances, update_offerings, update_zones
from tools.made_file import write_or_check


@pytest.fixture
def words(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Give the command line, to be added to."""
    argv = ["tool"]
    monkeypatch.setattr("sys.argv", argv)
    return argv


def test_a_file_is_written_whole(tmp_path: Path, words: list[str]) -> None:
    target = tmp_path / "made.txt"
    assert write_or_check(target, lambda: "new\n", "Make it.\n\nMore.") == 0
    assert target.read_text("utf-8") == "new\n"
    assert words == ["tool"]


@pytest.mark.parametrize(("there", "code"), [(None, 1), ("old\n", 1), ("new\n", 0)])
def test_a_check_tells_and_writes_nothing(
    tmp_path: Path, words: list[str], there: str | None, code: int
) -> None:
    target = tmp_path / "made.txt"
    if there is not None:
        target.write_text(there, "utf-8")
    words.append("--check")
    assert write_or_check(target, lambda: "new\n", "Make it.") == code
    assert (target.read_text("utf-8") if target.exists() else None) == there


def test_help_makes_nothing(
    tmp_path: Path, words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    words.append("--help")
    with pytest.raises(SystemExit) as stop:
        write_or_check(tmp_path / "made.txt", lambda: pytest.fail("made"), "Make it.\n\nMore.")
    assert stop.value.code == 0
    assert "Make it." in capsys.readouterr().out


@pytest.mark.parametrize("tool", [update_instances, update_offerings, update_zones])
def test_both_tools_do_so(
    tool: object, tmp_path: Path, words: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "facts"
    monkeypatch.setattr(tool, "TARGET", target)
    words.append("--check")
    assert tool.main() == 1  # type: ignore[attr-defined]
    words.remove("--check")
    assert tool.main() == 0  # type: ignore[attr-defined]
    words.append("--check")
    assert tool.main() == 0  # type: ignore[attr-defined]
