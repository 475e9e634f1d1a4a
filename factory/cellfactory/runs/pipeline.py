"""`pipeline render`: workflows beside an inventory, written whole or not at all."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import cellfactory
from cellfactory.design import Declared
from cellfactory.errors import Finding, InventoryError, Problem, UsageError
from cellfactory.files import read_text, write_whole
from cellfactory.inventory.pipeline import Pipeline
from cellfactory.pipelines import build_pipelines, render_github
from cellfactory.pipelines.github import MARK
from cellfactory.pipelines.parts import LOCK

DEFAULT = Path("pipelines", "github")
"""Where workflows lie to be read, from the folder of the inventory."""

_AGAIN = "run cellfactory pipeline render"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """The workflows of an inventory, and what is to be said of them."""

    files: Mapping[str, str]  # by name
    warnings: tuple[Finding, ...]


def render_pipelines(declared: Declared, inventory_file: Path) -> Rendered:
    """Render the workflows of an inventory.

    Raises:
        InventoryError: when it says of no pipeline on GitHub (F737), or one of another version of
            this program (F735).
    """
    pipeline = _require(declared.inventory.pipeline)
    own = cellfactory.__version__
    if pipeline.version not in (None, own):
        finding = Finding(
            rule="F735",
            path=("pipeline", "version"),
            message=f"CI installs cellfactory {pipeline.version}, and this is {own}: its commands "
            "may be others",
            hint=f"render with cellfactory {pipeline.version}, or say version: {own}",
        )
        raise InventoryError(declared.source.locate_all([finding]))
    made = build_pipelines(declared.inventory, declared.facts, pipeline, own)
    lock = inventory_file.parent / LOCK
    return Rendered(files=render_github(made), warnings=tuple(_lock_findings(lock, made.version)))


def write_pipelines(rendered: Rendered, folder: Path) -> tuple[list[str], list[str]]:
    """Write workflows, and remove those of ours that are none any more.

    Returns:
        The files that were written, and those that were removed, by name.

    Raises:
        UsageError: when one cannot be written, or its name is taken by a file that is not ours;
            nothing is written then.
    """
    for name in rendered.files:
        path = folder / name
        if path.exists() and not _is_ours(path):
            msg = f"{path} was not made by cellfactory\n    move it, or give another --output"
            raise UsageError(msg)
    left = list(_left_over(rendered, folder))
    written = [name for name, text in rendered.files.items() if write_whole(folder / name, text)]
    for name in left:
        (folder / name).unlink()
    return written, left


def check_pipelines(rendered: Rendered, folder: Path) -> None:
    """Make sure that a folder holds the workflows of an inventory, and no other of ours.

    Raises:
        InventoryError: with each file that is stale, missing or left over (F738).
    """
    stale = [
        Problem(None, Finding(rule="F738", message=f"{folder / name} {why}", hint=_AGAIN))
        for name, why in _stale(rendered, folder)
    ]
    if stale:
        raise InventoryError(stale)


def _stale(rendered: Rendered, folder: Path) -> Iterator[tuple[str, str]]:
    for name, text in rendered.files.items():
        path = folder / name
        if not path.is_file():
            yield name, "is missing"
        elif read_text(path) != text:
            yield name, "is not what cells.yaml makes now"
    for name in _left_over(rendered, folder):
        yield name, "is left over: cells.yaml makes no such workflow"


def _left_over(rendered: Rendered, folder: Path) -> Iterator[str]:
    if folder.is_dir():
        for path in sorted([*folder.glob("*.yml"), *folder.glob("*.yaml")]):
            if path.name not in rendered.files and _is_ours(path):
                yield path.name


def _is_ours(path: Path) -> bool:
    return path.is_file() and read_text(path).startswith(MARK)


def _require(pipeline: Pipeline | None) -> Pipeline:
    if pipeline is not None and pipeline.github is not None:
        return pipeline
    missing = "pipeline" if pipeline is None else "pipeline.github"
    finding = Finding(
        rule="F737",
        message=f"{missing} is missing: nothing says where the pipeline runs",
        hint='add pipeline: {account: "…", github: {repository: owner/name}}',
    )
    raise InventoryError([Problem(None, finding)])


def _lock_findings(lock: Path, version: str) -> Iterator[Finding]:
    """Say where CI could not install the program by hash."""
    wanted = f"cellfactory=={version}"
    lines = read_text(lock).splitlines() if lock.is_file() else []
    if any(line.partition(" ")[0].replace("[terraform]", "") == wanted for line in lines):
        return
    why = f"does not hold {wanted}" if lines else "is missing"
    yield Finding(
        rule="F736",
        message=f"{lock} {why}: CI could not install it by hash",
        hint="docs/pipelines.md says how the lock is made",
        severity="warning",
    )
