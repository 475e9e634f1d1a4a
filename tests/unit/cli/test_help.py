"""Help as a person reads it at 80 columns, and what a shell completes."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import typer.main
from typer.testing import CliRunner

from cellfactory.cli import app
from cellfactory.cli.commands import COMMANDS
from cellfactory.cli.screen import wants_colour
from tools.cli_page import COLUMNS, commands, help_text

ROOT = Path(__file__).resolve().parents[3]
EVERY = [(), *commands()]
PYTHON = re.compile(r"<(?:str|int|float|path|file|list|bool)\b|\blist\[|\[\[|None\b")


class Terminal:
    """A stream that says that it is one, or not."""

    def __init__(self, is_terminal: bool) -> None:
        self.isatty = lambda: is_terminal


@pytest.mark.parametrize("words", EVERY, ids=" ".join)
def test_help_fits_80_columns_and_speaks_no_python(words: tuple[str, ...]) -> None:
    text = help_text(words)
    assert max(map(len, text.splitlines())) <= int(COLUMNS)
    assert not PYTHON.search(text), "a type of Python's is no word of a user's"
    assert not re.search(r"\w\.\.\.$", text, re.MULTILINE), "a summary is cut"


@pytest.mark.parametrize("words", EVERY, ids=" ".join)
def test_h_is_help(words: tuple[str, ...]) -> None:
    told = [
        CliRunner().invoke(app, [*words, option], prog_name="cellfactory")
        for option in ("-h", "--help")
    ]
    assert told[0].exit_code == 0
    assert told[0].output == told[1].output


@pytest.mark.parametrize("name", COMMANDS)
def test_the_list_says_what_each_command_says_first(name: str) -> None:
    group: Any = typer.main.get_command(app)
    assert COMMANDS[name].says == group.commands[name].get_short_help_str(limit=1_000)


def test_the_list_of_commands_imports_none() -> None:
    probe = (
        "import sys; from cellfactory.cli import main\n"
        "try: main(['--help'])\n"
        "except SystemExit: print('cellfactory.design' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", probe], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.splitlines()[-1] == "False"


@pytest.mark.parametrize("words", [w for w in EVERY if w], ids=" ".join)
def test_a_long_list_of_options_is_in_groups(words: tuple[str, ...]) -> None:
    group: Any = typer.main.get_command(app)
    options = [p for p in group.commands[words[0]].params if p.param_type_name == "option"]
    loose = [p.name for p in options if not p.rich_help_panel]
    assert len(loose) <= 7, loose


def complete(line: str, folder: Path) -> list[str]:
    """Complete the last word of a command line as bash asks for it."""
    words = line.split(" ")
    done = subprocess.run(
        [sys.executable, "-c", "from cellfactory.__main__ import main; main()"],
        cwd=folder,
        env={
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "_CELLFACTORY_COMPLETE": "complete_bash",
            "COMP_WORDS": line,
            "COMP_CWORD": str(len(words) - 1),
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.stderr == ""
    return done.stdout.split()


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("cellfactory plan --cell moka-usw", ["moka-usw2-a"]),
        ("cellfactory size moka-usw", ["moka-usw2-a"]),
        ("cellfactory apply --stack moka-usw2-a-n", ["moka-usw2-a-network"]),
        ("cellfactory apply --layer plat", ["platform"]),
        ("cellfactory plan --mesh moka-use", ["moka-use1"]),
        ("cellfactory doctor --organization n", ["next"]),
        ("cellfactory route --type spark-small-", ["spark-small-usw2"]),
        ("cellfactory example-job --pool driv", ["driver"]),
        ("cellfactory explain f39", [f"f39{n}" for n in (0, 1, 2, 3, 4, 5, 6, 7, 8, 9)]),
        ("cellfactory what-if --instance r6gd.8x", ["r6gd.8xlarge"]),
        ("cellfactory --chdir ROOT plan --cell moka-usw", ["moka-usw2-a"]),
        ("cellfactory plan -i no-such.yaml --cell m", []),
    ],
)
def test_a_shell_completes_names(line: str, told: list[str], tmp_path: Path) -> None:
    folder = tmp_path if "ROOT" in line else ROOT / "docs"  # the inventory lies above it
    assert complete(line.replace("ROOT", str(ROOT)), folder) == told


def test_completion_starts_neither_node_nor_terraform() -> None:
    code = (
        "import sys, cellfactory.cli.completion as c; "
        "print({'jsii', 'boto3', 'rich'} & {*sys.modules})"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "set()"
    start = time.monotonic()
    complete("cellfactory plan --cell moka-usw", ROOT)
    assert time.monotonic() - start < 10, "a shell waits for it; it takes half a second"


@pytest.mark.parametrize(
    ("environ", "is_terminal", "wanted"),
    [
        ({}, True, True),
        ({}, False, False),
        ({"NO_COLOR": "1"}, True, False),
        ({"NO_COLOR": ""}, True, True),
        ({"FORCE_COLOR": "1"}, False, True),
        ({"FORCE_COLOR": "0"}, False, False),
        ({"CLICOLOR_FORCE": "1"}, False, True),
        ({"NO_COLOR": "1", "FORCE_COLOR": "1"}, True, False),
        ({"CLICOLOR": "0"}, True, False),
        ({"TERM": "dumb"}, True, False),
        ({"TERM": "dumb", "FORCE_COLOR": "1"}, False, True),
    ],
)
def test_colours_are_as_a_person_has_them(
    environ: dict[str, str], is_terminal: bool, wanted: bool
) -> None:
    assert wants_colour(Terminal(is_terminal), environ) is wanted  # type: ignore[arg-type]
