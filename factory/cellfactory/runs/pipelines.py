"""The files of pipelines: made from the inventory, written, or held against what lies there."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from cellfactory import __version__
from cellfactory.errors import Finding, InventoryError, Problem
from cellfactory.facts.schema import Facts
from cellfactory.files import read_text, write_whole
from cellfactory.inventory.schema import Inventory
from cellfactory.pipelines import github, gitlab
from cellfactory.pipelines.build import Wanted, build_pipelines
from cellfactory.runs.rings import bake_of
from cellfactory.specs.trust import issuer_of

MADE = "# Made by `cellfactory pipeline render`"
"""How each file begins that is ours to replace and to miss."""
REQUIREMENT, LOCK = "cellfactory.in", "cellfactory.lock"
INSTALLED = ".github/workflows"
COMPILE = (
    "uv pip compile --generate-hashes --universal --python-version 3.11 "
    f"--output-file {{0}}/{LOCK} {{0}}/{REQUIREMENT}"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """Every file that the pipelines of an inventory are."""

    files: Mapping[Path, str]
    folders: tuple[Path, ...]  # that hold nothing else of ours
    lock: Path  # of what CI installs, which somebody makes from REQUIREMENT
    release: str  # of cellfactory that CI installs


def render_pipelines(
    inventory: Inventory, facts: Facts, folder: Path, install: Path | None = None
) -> Rendered:
    """Render the pipelines of an inventory.

    Args:
        inventory: of which.
        facts: what we decided, where the inventory does not say.
        folder: where they go.
        install: the top of the repository, to put them where the CI system looks, too.

    Raises:
        InventoryError: when the inventory has no pipeline (F733).
    """
    settings = inventory.pipeline
    if settings is None:
        raise InventoryError([Problem(None, _no_pipeline())])
    bake = {ring: bake_of(inventory, facts, ring) for ring in inventory.ring_names}
    release = settings.version or __version__
    files = {folder / REQUIREMENT: _requirement(release, folder)}
    made = build_pipelines(Wanted(inventory=inventory, settings=settings, bake=bake))
    on_github = [folder / github.FOLDER, *([install / INSTALLED] if install else ())]
    on_gitlab = [folder / gitlab.FOLDER, *([install] if install else ())]
    if settings.github is not None:
        texts, places = github.render_github(made, inventory), on_github
    else:
        issuer = issuer_of(settings)
        assert issuer is not None, "F730"
        texts, places = gitlab.render_gitlab(made, settings, issuer.audience), on_gitlab
    files |= {place / name: text for place in places for name, text in texts.items()}
    folders = (folder, *on_github, *on_gitlab)
    lock = folder / LOCK
    return Rendered(files=files, folders=folders, lock=lock, release=release)


def _no_pipeline() -> Finding:
    hint = "add pipeline: {account: …, github: {repository: OWNER/NAME}}"
    return Finding(rule="F733", message="the inventory has no pipeline to render", hint=hint)


def _requirement(release: str, folder: Path) -> str:
    return (
        f"{MADE} from cells.yaml; do not edit.\n"
        f"# What CI installs. Lock it: {COMPILE.format(folder.name)}\n"
        f"cellfactory[terraform]=={release}\n"
    )


def write_pipelines(rendered: Rendered) -> tuple[list[Path], list[Path]]:
    """Write what is missing or stale, and remove what is ours and left over.

    Returns:
        What was written, and what was removed.

    Raises:
        InventoryError: when what others wrote is in the way of one; then none is written (F737).
        UsageError: when a place cannot be written.
    """
    foreign = [Problem(None, finding) for finding in _check_places(rendered)]
    if foreign:
        raise InventoryError(foreign)
    written = [path for path, text in rendered.files.items() if write_whole(path, text)]
    removed = list(_left_over(rendered))
    for path in removed:
        path.unlink()
    return written, removed


def _check_places(rendered: Rendered) -> Iterator[Finding]:
    """Yield each file of others where one of ours goes.

    Rules:
        F737: a file that others wrote is where one of the pipelines goes.
    """
    for path in rendered.files:
        if path.is_file() and read_text(path).strip() and not read_text(path).startswith(MADE):
            hint = "move it away, or render to another folder with --output, without --install"
            yield Finding(rule="F737", message=f"{path} is not ours to replace", hint=hint)


def check_pipelines(rendered: Rendered) -> Iterator[Finding]:
    """Yield each file that is not as it would be written.

    Rules:
        F732: a file is missing, stale or left over.
    """
    for path, text in rendered.files.items():
        if not path.is_file():
            yield _unlike(f"{path} is missing")
        elif read_text(path) != text:
            yield _unlike(f"{path} is stale")
    for path in _left_over(rendered):
        yield _unlike(f"{path} is left over: the inventory makes no such file any more")


def _unlike(message: str) -> Finding:
    return Finding(rule="F732", message=message, hint="run cellfactory pipeline render")


def check_lock(rendered: Rendered) -> Iterator[Finding]:
    """Yield what is wrong with the lock of what CI installs.

    Rules:
        F734: it is missing (a warning).
        F735: it is of another release.
    """
    hint = f"make it once the release is out: {COMPILE.format(rendered.lock.parent)}"
    if not rendered.lock.is_file():
        message = f"{rendered.lock} is missing: CI cannot install"
        yield Finding(rule="F734", message=message, hint=hint, severity="warning")
        return
    pinned = re.search(r"^cellfactory(?:\[[^]]*\])?==([^\s;\\]+)", read_text(rendered.lock), re.M)
    if pinned is None or pinned[1] != rendered.release:
        found = pinned[1] if pinned else "none"
        message = f"{rendered.lock} pins cellfactory {found}; the pipeline is of {rendered.release}"
        yield Finding(rule="F735", message=message, hint=hint)


def _left_over(rendered: Rendered) -> Iterator[Path]:
    """Yield files of ours that nothing makes any more; what others wrote is theirs."""
    for folder in rendered.folders:
        for path in sorted(folder.glob("*.yml")):
            if path not in rendered.files and read_text(path).startswith(MADE):
                yield path
