"""cdktn, which goes on where the archived cdktf ended, writes the same Terraform.

The real one is brought by `python3 dev.py cdktn`.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from tools.cdktn import RENAMED, move

CDKTN = os.environ.get("CELLFACTORY_CDKTN", "")
ROOT = Path(__file__).resolve().parents[2]
needs_cdktn = [
    pytest.mark.cdktn,
    pytest.mark.timeout(900),
    pytest.mark.skipif(not CDKTN, reason="no cdktn: run python3 dev.py cdktn"),
]

PROGRAM = """
import sys
from cellfactory.__main__ import main
sys.argv = ["cellfactory", "synth"]
try:
    main()
except SystemExit as stop:
    roots = {name.partition(".")[0] for name in sys.modules}
    print(stop.code, *sorted(roots & {"cdktf", "cdktn"}))
"""


@dataclass(frozen=True, slots=True)
class Made:
    """A tree of Terraform, by file, and what was imported to make it."""

    files: dict[str, bytes]
    last: str


def synthesize(folder: Path, mode: str, *path: Path | str) -> Made:
    folder.mkdir()
    for name in ("cells.yaml", "cells.lock.yaml"):
        (folder / name).write_bytes((ROOT / name).read_bytes())
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        cwd=folder,
        env={
            **os.environ,
            "PYTHONPATH": os.pathsep.join(map(str, path)),
            "CELLFACTORY_CDK": mode,
            "CELLFACTORY_CACHE": str(folder / "cache"),  # no stencil of another run
        },
        capture_output=True,
        text=True,
        check=True,
    )
    out = folder / "cdktf.out"
    files = {
        path.relative_to(out).as_posix(): path.read_bytes()
        for path in sorted(out.rglob("*"))
        if path.is_file()
    }
    return Made(files, done.stdout.splitlines()[-1])


@pytest.mark.parametrize(
    "mode", [pytest.param(mode, marks=needs_cdktn) for mode in ("fast", "checked", "plain")]
)
def test_every_way_in_writes_the_same_terraform(mode: str, tmp_path: Path) -> None:
    ours = synthesize(tmp_path / "cdktf", "fast", ROOT / "factory")
    theirs = synthesize(tmp_path / "cdktn", mode, move(tmp_path / "code"), CDKTN)
    assert (ours.last, theirs.last) == ("0 cdktf", "0 cdktn")
    assert ours.files.keys() == theirs.files.keys()
    assert sum(name.endswith("cdk.tf.json") for name in ours.files) > 20
    changed = {name for name, text in ours.files.items() if theirs.files[name] != text}
    assert changed == {"manifest.json"}
    one, other = (json.loads(made.files["manifest.json"]) for made in (ours, theirs))
    assert one.pop("version") == "0.21.0"
    assert other.pop("version") != "0.21.0"
    assert one == other, "it says which library wrote it, and nothing else changes"


GUARD = """
import sys
def pytest_sessionfinish():
    import cellfactory
    roots = {name.partition(".")[0] for name in sys.modules}
    print("over", cellfactory.__file__, *sorted(roots & {"cdktf", "cdktn"}))
"""
# Every feature of a cell type, cells in far Regions, what is closed, and the golden files.
SUITE = ("stacks", "cluster", "platform", "far_places", "closed")


@pytest.mark.parametrize("name", [pytest.param(name, marks=needs_cdktn) for name in SUITE])
def test_the_tests_of_synthesis_pass_over_it(name: str, tmp_path: Path) -> None:
    moved = move(tmp_path / "code")
    (tmp_path / "guard.py").write_text(GUARD, "utf-8")
    path = (str(moved), CDKTN, str(tmp_path))
    options = ("-q", "-s", "-p", "guard", "-p", "no:cacheprovider", "-p", "no:xdist")
    where = ("-o", f"pythonpath=. {moved} {CDKTN}", f"tests/synth/test_{name}.py")
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(path)}
    env["CELLFACTORY_CACHE"] = str(tmp_path / "cache")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *options, *where],
        cwd=ROOT,
        env={name: text for name, text in env.items() if not name.startswith("PYTEST_")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
    assert f"over {moved / 'cellfactory' / '__init__.py'} cdktn\n" in done.stdout


def test_no_other_file_of_the_program_names_the_bindings(tmp_path: Path) -> None:
    named = re.compile(r"cdktf_cdktf|from cdktf|import cdktf|[\"']cdktf(-cdktf[a-z-]*)?[\"']")
    package = move(tmp_path) / "cellfactory"
    left = {
        path.relative_to(package).as_posix()
        for path in sorted(package.rglob("*.py"))
        if named.search(re.sub(r'"""[\s\S]*?"""|#.*', "", path.read_text("utf-8")))
    }
    assert left == set(), "they belong into tools/cdktn.py, if not behind the door"
    for name in RENAMED:
        original = ROOT / "factory" / "cellfactory" / name
        assert (package / name).read_text("utf-8") != original.read_text("utf-8"), name
