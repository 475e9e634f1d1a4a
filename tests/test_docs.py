"""What the docs say is so: made pages are fresh, links lead somewhere, shown commands exist.

A page's `console` blocks are a story. A `yaml` block that begins with `# cells.yaml, at the end`
is put there, in place of the one before it; each command that needs neither Node nor Terraform is
run in a copy of the shipped inventory and must print what the page shows. `--update-cases` writes
what it prints now into the page.
"""

from __future__ import annotations

import ast
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import typer.main

from cellfactory.cli import app
from cellfactory.views.rules import all_rules
from tests.repositories import commit_all
from tests.sources import modules
from tools.cli_page import commands
from tools.make_docs import PAGES

ROOT = Path(__file__).resolve().parent.parent
RULE = re.compile(r"\bF[1-7][0-9]{2}\b")
FOLDERS = ("benchmarks", "docs", "modules", "pipelines", "tests", "tools")
QUICK = {"check", "cost", "diff", "lock", "options", "size"}
"""Commands whose shown output is compared."""


def pages() -> list[Path]:
    """List every page of Markdown."""
    found = [page for folder in FOLDERS for page in (ROOT / folder).rglob("*.md")]
    return sorted([*ROOT.glob("*.md"), *found])


def _name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def written_pages() -> list[Path]:
    """List the pages that people wrote."""
    return [page for page in pages() if _name(page) not in PAGES]


every_page = pytest.mark.parametrize("page", [pytest.param(p, id=_name(p)) for p in pages()])


# -- made pages ------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", PAGES)
def test_a_made_page_is_what_its_maker_makes(name: str) -> None:
    shown = (ROOT / name).read_text("utf-8")
    assert shown == PAGES[name](), f"{name} is stale: python3 dev.py docs"


@pytest.mark.parametrize("words", [pytest.param(w, id=" ".join(w)) for w in commands()])
def test_each_command_is_in_the_reference_and_in_use_on_a_page(words: tuple[str, ...]) -> None:
    heading = f"## {' '.join(words)}\n"
    assert heading in (ROOT / "docs" / "cli.md").read_text("utf-8")
    shown = [line for page in written_pages() for line in shown_commands(page)]
    assert any(tuple(line[: len(words)]) == words for line in shown), (
        f"no page shows `cellfactory {' '.join(words)}` in use"
    )


# -- rules -----------------------------------------------------------------------------------------


def used_rules() -> set[str]:
    """Collect every rule that some string of the program names; docstrings and tables do not."""
    found: set[str] = set()
    for tree in modules().values():
        told = {id(node) for node in _telling(tree)}
        texts = [n for n in ast.walk(tree) if isinstance(n, ast.Constant) and id(n) not in told]
        found |= {rule for n in texts if isinstance(n.value, str) for rule in RULE.findall(n.value)}
    return found


def _telling(tree: ast.Module) -> Iterator[ast.AST]:
    """Yield what only tells of rules: docstrings, and the tables named RULES."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr):
            yield node.value
        elif isinstance(node, ast.Assign) and any(
            isinstance(target, ast.Name) and target.id == "RULES" for target in node.targets
        ):
            yield from ast.walk(node.value)


def test_every_rule_in_use_is_documented_and_every_documented_one_is_used() -> None:
    assert used_rules() == set(all_rules())
    page = (ROOT / "docs" / "rules.md").read_text("utf-8")
    rows = re.findall(r"^\| (F\d{3}) \|", page, re.MULTILINE)
    assert sorted(rows) == sorted(all_rules()), "each has one row on the page"


@every_page
def test_a_page_names_no_rule_that_is_not_there(page: Path) -> None:
    assert set(RULE.findall(page.read_text("utf-8"))) <= set(all_rules())


# -- links -----------------------------------------------------------------------------------------


def _without_code(text: str) -> str:
    return re.sub(r"`[^`\n]*`", "", re.sub(r"^```.*?^```", "", text, flags=re.M | re.S))


def _anchors(page: Path) -> set[str]:
    """Make the anchors of a page's headings, as GitHub does."""
    text = re.sub(r"^```.*?^```", "", page.read_text("utf-8"), flags=re.M | re.S)
    headings = re.findall(r"^#+ +(.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


@every_page
def test_relative_links_lead_somewhere(page: Path) -> None:
    links = re.findall(r"\]\(([^)\s]+)\)", _without_code(page.read_text("utf-8")))
    lost = []
    for link in links:
        if re.match(r"[a-z]+:", link):
            continue
        place, _, anchor = link.partition("#")
        target = (page.parent / place).resolve() if place else page
        found = target.exists() and (not anchor or anchor in _anchors(target))
        lost += [] if found else [link]
    assert lost == []


# -- commands that pages show ----------------------------------------------------------------------


def _code(text: str) -> Iterator[str]:
    """Yield each line of shown commands: of blocks, and what stands in backquotes."""
    for kind, block in re.findall(r"^```(\w*)\n(.*?)^```", text, re.MULTILINE | re.DOTALL):
        for line in block.replace("\\\n", " ").splitlines():
            if kind != "console":
                yield line
            elif line.startswith("$ "):
                yield line[2:]
    prose = re.sub(r"^```.*?^```", "", text, flags=re.M | re.S)
    yield from re.findall(r"`([^`]+)`", prose)


def shown_commands(page: Path) -> list[list[str]]:
    """List the arguments of each `cellfactory …` that a page shows, its own name left out."""
    found = []
    for line in _code(page.read_text("utf-8")):
        for part in re.split(r"&&|\||;", line):
            if re.match(r"\s*(?:\S+=\S+\s+)*(?:\.venv/bin/)?cellfactory( |$)", part):
                words = shlex.split(part, comments=True)
                found.append(words[1 + [w.endswith("cellfactory") for w in words].index(True) :])
    return found


def require_parses(words: list[str]) -> None:
    """Parse the arguments as the program does, and run nothing."""
    group: Any = typer.main.get_command(app)
    if not words or words[0] in ("--version", "--install-completion") or words[-1] == "--help":
        return
    name, command, rest = group.resolve_command(group.make_context("cellfactory", words), words)
    assert command is not None, words
    context = command.make_context(name, list(rest))
    for inner in context.params.get("run") or ():
        require_parses([*shlex.split(inner), "--sandbox"])


@every_page
def test_shown_commands_are_ones_that_the_program_takes(page: Path) -> None:
    for words in shown_commands(page):
        require_parses(words)


@every_page
def test_shown_tasks_are_words_of_the_task_list(page: Path) -> None:
    shown = re.findall(r"python3? dev\.py ([a-z]+)", page.read_text("utf-8"))
    tasks = set(re.findall(r'^    "([a-z]+)": \w+,$', (ROOT / "dev.py").read_text("utf-8"), re.M))
    assert tasks >= {"demo", "test", "docs"}
    assert set(shown) <= tasks


# -- output that pages show ------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a page's story: what stands at the end of `cells.yaml`, or a command."""

    shown: str  # the block or the command, as the page has it
    output: str = ""  # what the command printed
    is_command: bool = True

    @property
    def words(self) -> list[str]:
        """The command's words; none when this is no command."""
        return shlex.split(self.shown, comments=True) if self.is_command else []

    @property
    def is_quick(self) -> bool:
        """Whether this needs neither Node nor Terraform."""
        first = self.words[:2]
        return not self.is_command or (first[:1] == ["cellfactory"] and {*first[1:]} <= QUICK)


def steps(page: Path) -> list[Step]:
    """Read the story of a page, from its first block to its last."""
    found = []
    text = page.read_text("utf-8")
    for kind, block in re.findall(r"^```(\w+)\n(.*?)^```", text, re.MULTILINE | re.DOTALL):
        if kind == "yaml" and block.startswith("# cells.yaml, at the end"):
            found.append(Step(block.split("\n", 1)[1], is_command=False))
        elif kind == "console":
            for command in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
                found.append(Step(*command.split("\n", 1)))
    return [step for step in found if step.is_quick]


def stories() -> list[Path]:
    return [page for page in written_pages() if any(step.is_command for step in steps(page))]


@pytest.mark.parametrize("page", [pytest.param(page, id=_name(page)) for page in stories()])
def test_shown_output_is_what_the_commands_print(
    page: Path, tmp_path: Path, pytestconfig: pytest.Config
) -> None:
    inventory, shipped = tmp_path / "cells.yaml", (ROOT / "cells.yaml").read_text("utf-8")
    shutil.copy(ROOT / "cells.lock.yaml", tmp_path)
    inventory.write_text(shipped, "utf-8")
    commit_all(tmp_path)
    before = page.read_text("utf-8")
    after, rest = "", before
    for step in steps(page):
        if not step.is_command:
            inventory.write_text(shipped + step.shown, "utf-8")
            continue
        told, command, rest = rest.partition(f"$ {step.shown}\n")
        after += told + command + _printed(step.words, tmp_path)
        rest = rest.removeprefix(step.output)
    after += rest
    if pytestconfig.getoption("--update-cases"):
        page.write_text(after, "utf-8")
    else:
        assert after == before, f"{_name(page)} shows other output; --update-cases renews it"


def _printed(words: list[str], folder: Path) -> str:
    """Run a command of this program, and take all it prints as a terminal shows it."""
    done = subprocess.run(
        [sys.executable, "-m", "cellfactory", *words[1:]],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1", "COLUMNS": "100"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return done.stdout


def test_the_readme_is_a_story() -> None:
    assert ROOT / "README.md" in stories()
