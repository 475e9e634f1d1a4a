"""Promises about the code itself, kept by a test and not by good will."""

from __future__ import annotations

import ast
import importlib.util
import inspect
import re
import shutil
import signal
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import typer.main
from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from cellfactory import errors
from cellfactory.cli import app
from tests.sources import modules
from tools.cli_page import help_text

ROOT = Path(__file__).resolve().parent.parent
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))

MOST_CODE_LINES = 400
# Files that may be longer, each with the reason.
LONG: dict[str, str] = {
    "tests/synth/mutations.py": "one table: an edit for each policy rule",
}
VAGUE_NAMES = {"base", "common", "core", "helpers", "manager", "misc", "util", "utils"}
# Paths of one person's machine (/home/me is nobody's), and hosts of package registries: neither
# belongs in the project.
MACHINE = re.compile(
    r"(?<![\w.{}<>-])/(?:home|root|Users|work)/(?!me\b)\w|file:///\w"
    r"|\bpypi\.(?:org|python)|pythonhosted\.org|registry\.npmjs|extra-index-url"
)
# A module's first statement, below its comments; to parse every file takes seconds.
DOCSTRING = re.compile(r"(?:\s|#.*\n)*[rRuU]?(?:\"{3}|'{3}|\"(?!\")|'(?!'))\s*[^\s\"']")
MOST_HELP = 60  # characters of a command's summary; `--help` at 80 columns then shows it whole
NEEDLESS_AT_START = ("boto3", "botocore", "cdktf", "constructs", "flask", "jsii", "moto")


def tracked_files() -> list[Path]:
    """List what git tracks; where there is no git, all but what is made or hidden."""
    git = shutil.which("git")
    if git and (ROOT / ".git").exists():
        listed = subprocess.run(
            [git, "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
        )
        found = [ROOT / name for name in listed.stdout.split("\0") if name]
    else:
        found = [path for path in ROOT.rglob("*") if not _is_made(path.relative_to(ROOT))]
    return sorted(path for path in found if path.is_file())


def _is_made(path: Path) -> bool:
    return path.parts[0].startswith(".") or {"__pycache__", "cdktf.out"} & {*path.parts} != set()


def python_files() -> list[Path]:
    """List the Python files that git tracks."""
    return [path for path in tracked_files() if path.suffix == ".py"]


def _name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def load(path: Path) -> ModuleType:
    """Import a file that belongs to no package."""
    spec = importlib.util.spec_from_file_location(f"loaded_{path.stem}", path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


# -- errors and commands ---------------------------------------------------------------------------


def kinds_of_error() -> list[type[errors.FactoryError]]:
    kinds = [kind for _, kind in inspect.getmembers(errors, inspect.isclass)]
    return [
        kind
        for kind in kinds
        if issubclass(kind, errors.FactoryError) and not kind.__subclasses__()
    ]


def test_each_kind_of_error_has_an_exit_code_of_its_own() -> None:
    codes = {kind: kind.exit_code for kind in kinds_of_error()}
    assert len(codes) >= 5
    assert len(set(codes.values())) == len(codes), codes
    assert codes.pop(errors.StoppedError) == 128 + signal.SIGINT, "as a shell says it"
    assert all(1 < code < 126 for code in codes.values()), "0 is fine, 1 is our bug, 126+ a shell's"


def test_help_names_every_exit_code() -> None:
    epilog = str(typer.main.get_command(app).epilog)
    named = {int(code) for code in re.findall(r"\b(\d+) [a-zA-Z]", epilog)}
    assert {0, 1, *(kind.exit_code for kind in kinds_of_error())} <= named


def commands(group: Any = None, path: tuple[str, ...] = ()) -> Iterator[tuple[str, Any]]:
    """Yield each command of the command line under its whole name."""
    group = group or typer.main.get_command(app)
    for name, command in group.commands.items():
        yield " ".join((*path, name)), command
        if hasattr(command, "commands"):
            yield from commands(command, (*path, name))


@pytest.mark.parametrize(("name", "command"), [pytest.param(*c, id=c[0]) for c in commands()])
def test_each_command_and_option_has_help(name: str, command: Any) -> None:
    assert command.help, f"{name}: its function needs a docstring"
    first = command.help.splitlines()[0]
    assert first.endswith("."), f"{name}: the first line of its help is no sentence: {first!r}"
    silent = [p.name for p in command.params if p.name != "help" and not getattr(p, "help", "")]
    assert not silent, f"{name}: no help for {silent}"


def test_the_help_shows_the_summary_of_each_command_whole() -> None:
    shown = help_text(()).split("Commands:\n")[1].split("\n\n")[0].splitlines()
    rows = [re.fullmatch(r"  ([a-z-]+) +(.*\.)", line) for line in shown]
    summaries = {row[1]: row[2] for row in rows if row}
    assert set(summaries) == {name for name, _ in commands() if " " not in name}
    long = {n: s for n, s in summaries.items() if s.endswith("...") or len(s) > MOST_HELP}
    assert long == {}


@pytest.mark.parametrize(
    "words",
    [
        *(["--help"], ["check"], ["lock"], ["explain", "F404"]),
        ["example-job", "--cell", "moka-use1-a"],
    ],
    ids=" ".join,
)
def test_what_needs_no_bindings_starts_without_them(words: list[str], tmp_path: Path) -> None:
    """Importing jsii starts Node; what a person runs all day must not pay for it."""
    for name in ("cells.yaml", "cells.lock.yaml"):
        if (ROOT / name).exists():
            shutil.copy(ROOT / name, tmp_path)
    probe = (
        "import sys\n"
        "from cellfactory.cli import main\n"
        f"try: main({words!r})\n"
        "except SystemExit as stop: code = stop.code or 0\n"
        f"print(code, sorted(set({NEEDLESS_AT_START!r}) & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", probe], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.stdout.splitlines()[-1:] == ["0 []"], done.stdout + done.stderr


# What reads, plans and sizes an inventory; each is called in the one way in, and nowhere else.
ONLY_IN_THE_DESIGN = {
    *("parse_inventory", "parse_lock", "plan_addresses", "size_inventory"),
    *("check_quotas", "check_ledger"),
}


def test_there_is_one_way_in() -> None:
    found: dict[str, set[str]] = {}
    for path, tree in modules().items():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call):
                called = getattr(node.func, "id", getattr(node.func, "attr", ""))
                if called in ONLY_IN_THE_DESIGN:
                    found.setdefault(called, set()).add(_name(path))
    assert found == {name: {"factory/cellfactory/design.py"} for name in ONLY_IN_THE_DESIGN}


# -- the text of the code --------------------------------------------------------------------------


def code_lines(text: str) -> int:
    """Count the lines that are neither blank nor a comment."""
    lines = (line.strip() for line in text.splitlines())
    return sum(bool(line) and not line.startswith("#") for line in lines)


def test_files_are_short_or_have_a_reason() -> None:
    counts = {_name(path): code_lines(path.read_text("utf-8")) for path in python_files()}
    long = {name: count for name, count in counts.items() if count > MOST_CODE_LINES}
    assert {name: count for name, count in long.items() if not LONG.get(name)} == {}
    assert set(LONG) <= set(long), "these are short now; take them off the list"


def test_each_module_says_what_it_is_for() -> None:
    silent = [
        _name(path)
        for path in python_files()
        if (text := path.read_text("utf-8")).strip() and not DOCSTRING.match(text)
    ]
    assert silent == []


def test_no_module_has_a_vague_name() -> None:
    names = {_name(path): {path.stem, *path.parent.parts[-1:]} for path in python_files()}
    assert [name for name, words in names.items() if words & VAGUE_NAMES] == []


def test_each_lint_exception_has_a_reason() -> None:
    bare = re.compile(r"#\s*(?:ruff:\s*)?noqa(?!:\s*[A-Z]+\d+(?:,\s*[A-Z]+\d+)*\s+[-#]\s+\w)")
    found = [
        f"{_name(path)}:{number}"
        for path in python_files()
        if path != Path(__file__).resolve()
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1)
        if bare.search(line)
    ]
    assert found == []


def test_no_file_knows_a_machine() -> None:
    found = []
    for path in tracked_files():
        if path == Path(__file__).resolve():
            continue
        try:
            lines = path.read_text("utf-8").splitlines()
        except UnicodeDecodeError:
            continue  # a story's input that is not text on purpose
        found += [f"{_name(path)}:{n}: {s}" for n, s in enumerate(lines, 1) if MACHINE.search(s)]
    assert found == []


# -- the project's files agree ---------------------------------------------------------------------


def test_every_mark_has_its_place_in_the_order_of_the_tests() -> None:
    marks = {mark.split(":")[0] for mark in PROJECT["tool"]["pytest"]["ini_options"]["markers"]}
    assert marks == set(load(ROOT / "dev.py").SLOW_MARKS.split(" or "))


def test_pure_tests_leave_out_what_starts_programs() -> None:
    left_out = load(ROOT / "dev.py").STARTS_PROGRAMS
    assert set(left_out) == set(load(ROOT / "conftest.py").MARKS)
    assert all((ROOT / folder).is_dir() for folder in left_out)


def test_ci_runs_the_test_command_of_the_readme() -> None:
    readme = (ROOT / "README.md").read_text("utf-8")
    last = (ROOT / ".ci" / "run").read_text("utf-8").splitlines()[-1]
    assert last == "exec python3 dev.py test"
    assert re.search(r"^python3 dev\.py test$", readme, re.MULTILINE)
    assert re.search(r"^python3 dev\.py demo$", readme, re.MULTILINE)


def pins(lock: str) -> dict[str, Requirement]:
    """Read a lock: each name with its pin, and at least one hash below it."""
    found: dict[str, Requirement] = {}
    text = (ROOT / "requirements" / f"{lock}.lock").read_text("utf-8")
    for entry in re.split(r"\n(?=[A-Za-z])", text):
        if entry.startswith("#"):
            continue
        pin, *rest = entry.split("\\\n")
        assert any("--hash=sha256:" in line for line in rest), f"{lock}.lock: {pin} has no hash"
        requirement = Requirement(pin)
        if requirement.marker is None or requirement.marker.evaluate():
            found[canonicalize_name(requirement.name)] = requirement
    return found


@pytest.mark.parametrize(
    ("lock", "extras", "groups"),
    [
        ("run", [], ["build"]),
        ("dev", ["sandbox", "plot"], ["build", "dev"]),
        ("terraform", ["terraform"], []),
        ("policy", None, ["policy"]),
    ],
)
def test_each_lock_meets_what_the_project_asks_for(
    lock: str, extras: list[str] | None, groups: list[str]
) -> None:
    asked = [] if extras is None else list(PROJECT["project"]["dependencies"])
    for extra in extras or []:
        asked += PROJECT["project"]["optional-dependencies"][extra]
    for group in groups:
        asked += PROJECT["dependency-groups"][group]
    pinned = pins(lock)
    for line in asked:
        wanted = Requirement(line)
        if wanted.marker and not Marker(str(wanted.marker)).evaluate():
            continue
        pin = next(iter(pinned[canonicalize_name(wanted.name)].specifier))
        assert wanted.specifier.contains(pin.version), f"{line}: {lock}.lock has {pin}"


def test_the_locks_of_one_environment_agree() -> None:
    """`run`, `dev` and `terraform` are installed one over the other."""
    run, development, terraform = pins("run"), pins("dev"), pins("terraform")
    assert {**development, **run} == development, "dev.lock holds every pin of run.lock"
    assert {**terraform, **development} == {**development, **terraform}
