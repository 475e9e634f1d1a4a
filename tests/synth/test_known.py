"""Where nothing has changed, `synth` says the same again and works nothing out."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.programs

ROOT = Path(__file__).resolve().parents[2]
SEEN = """
import json, sys
from cellfactory.cli import main
try:
    main(["synth", *sys.argv[1:]])
except SystemExit as stopped:
    code = stopped.code
print(json.dumps({"worked": "cellfactory.design" in sys.modules, "code": code or 0}))
"""


def synth(folder: Path, *words: str, **environment: str) -> tuple[bool, str, str]:
    """Run `synth` in a process of its own: whether it worked anything out, and what it said."""
    cache = {"CELLFACTORY_CDK": "fast", "CELLFACTORY_CACHE": str(folder / "cache")}
    made = subprocess.run(
        [sys.executable, "-c", SEEN, *words],
        cwd=folder,
        env={**os.environ, **cache, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert made.returncode == 0, made.stderr
    *said, told = made.stdout.splitlines()
    seen: dict[str, Any] = json.loads(told)
    assert seen["code"] == 0, made.stderr
    return seen["worked"], "\n".join(said), made.stderr


def tree(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made")
    for name in ("cells.yaml", "cells.lock.yaml"):
        (folder / name).write_bytes((ROOT / name).read_bytes())
    assert synth(folder)[0]
    return folder


@pytest.mark.parametrize("words", [(), ("--format", "json"), ("--locked",), ("--format", "github")])
def test_the_same_is_said_again(made: Path, words: tuple[str, ...]) -> None:
    shutil.rmtree(made / "cache" / "known")
    slow = synth(made, *words)
    before = tree(made / "cdktf.out")
    quick = synth(made, *words)
    assert (slow[0], quick[0]) == (True, False)
    assert slow[1:] == quick[1:]
    assert tree(made / "cdktf.out") == before


def append(path: Path) -> None:
    path.write_bytes(path.read_bytes() + b"\n")


EDITS: dict[str, Callable[[Path], object]] = {
    "inventory": lambda folder: append(folder / "cells.yaml"),
    "lock": lambda folder: append(folder / "cells.lock.yaml"),
    "a stack": lambda folder: append(next(folder.glob("cdktf.out/stacks/*/cdk.tf.json"))),
    "a stack gone": lambda folder: next(folder.glob("cdktf.out/stacks/*/cdk.tf.json")).unlink(),
    "another stack": lambda folder: (folder / "cdktf.out/stacks/zzz").mkdir(),
    "manifest": lambda folder: (folder / "cdktf.out/manifest.json").write_text('{"stacks": {}}'),
}


@pytest.mark.parametrize("edit", EDITS)
def test_what_changed_is_worked_out(made: Path, edit: str) -> None:
    before = tree(made / "cdktf.out")
    assert not synth(made)[0]
    EDITS[edit](made)
    assert synth(made)[0]
    assert tree(made / "cdktf.out") == before
    assert not synth(made)[0]


@pytest.mark.parametrize("words", [("--no-cache",), ("--output", "elsewhere")])
def test_whoever_asks_for_the_whole_way_gets_it(made: Path, words: tuple[str, ...]) -> None:
    assert synth(made, *words)[0]
