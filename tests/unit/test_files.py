"""Files are written whole or not at all, and what is no file is never replaced."""

from __future__ import annotations

import os
import stat
import threading
from pathlib import Path

import pytest

from cellfactory.errors import UsageError
from cellfactory.files import read_bytes, read_text, write_whole


def test_a_file_is_made_with_its_folders(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b.txt"
    assert write_whole(path, "é\n")
    assert path.read_bytes() == "é\n".encode()
    assert list(path.parent.iterdir()) == [path]


def test_the_same_text_touches_nothing(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    write_whole(path, "one")
    before = path.stat()
    assert not write_whole(path, "one")
    assert path.stat() == before


def test_another_text_takes_the_place_and_the_mode_stays(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("one")
    path.chmod(0o640)
    assert write_whole(path, "two")
    assert path.read_text("utf-8") == "two"
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


def test_a_link_stays_and_what_it_points_to_is_written(tmp_path: Path) -> None:
    target, link = tmp_path / "deep" / "a.txt", tmp_path / "link"
    target.parent.mkdir()
    target.write_text("one")
    link.symlink_to(target)
    assert write_whole(link, "two")
    assert link.is_symlink()
    assert target.read_text("utf-8") == "two"
    assert not write_whole(link, "two")


def test_a_pipe_is_written_to_and_stays_a_pipe(tmp_path: Path) -> None:
    pipe, read = tmp_path / "pipe", list[bytes]()
    os.mkfifo(pipe)
    reader = threading.Thread(target=lambda: read.append(pipe.read_bytes()))
    reader.start()
    assert write_whole(pipe, "text")
    reader.join(timeout=30)
    assert read == [b"text"]
    assert pipe.is_fifo()


def test_a_folder_is_no_place_for_a_text(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"cannot write .*: Is a directory"):
        write_whole(tmp_path, "text")
    assert list(tmp_path.iterdir()) == []


def test_a_place_below_a_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("one")
    with pytest.raises(UsageError, match=r"cannot write .*/a/b"):
        write_whole(tmp_path / "a" / "b", "text")
    with pytest.raises(UsageError, match=r"cannot read .*/a/b: Not a directory"):
        read_bytes(tmp_path / "a" / "b")


def test_where_writing_fails_nothing_is_left_and_the_old_text_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.txt"
    path.write_text("one")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(UsageError, match=r"cannot write .*: No space left on device"):
        write_whole(path, "two")
    assert path.read_text("utf-8") == "one"
    assert list(tmp_path.iterdir()) == [path]


def test_only_so_much_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(b"\xff" * 100)
    assert read_bytes(path, most_bytes=7) == b"\xff" * 7
    with pytest.raises(UsageError, match="byte 0 is not UTF-8"):
        read_text(path)
