"""The Terraform that a policy run looks at: of an inventory, or of a folder of anybody's."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cellfactory.errors import UsageError
from cellfactory.files import read_bytes

if TYPE_CHECKING:
    from cellfactory.design import Design

_SUFFIX = ".tf.json"
_NOT_OURS = (".terraform", "node_modules", ".git")


@dataclass(frozen=True, slots=True)
class Source:
    """The Terraform of one stack: its name, and the files that make it, by path with `/`."""

    name: str
    files: Mapping[str, str | bytes]


def design_sources(design: Design, output: Path, *, cached: bool) -> tuple[Source, ...]:
    """Synthesize a design in memory; nothing is written.

    Args:
        design: one that fits.
        output: the folder that `synth` would write it to, for places.
        cached: as of `synth_stacks`.

    Raises:
        SynthError: when the bindings refuse what they are given.
    """
    from cellfactory.layers import list_bootstrap_stacks, list_stacks
    from cellfactory.stacks.synth import OURS, synth_stacks

    inventory, facts = design.inventory, design.facts
    stacks = (*list_bootstrap_stacks(inventory, facts), *list_stacks(inventory, facts))
    made = synth_stacks(design.inventory, design.plan, design.facts, stacks, cached=cached)
    return tuple(
        Source(name, {(output / "stacks" / name / OURS).as_posix(): text})
        for name, text in made.stacks.items()
    )


def folder_sources(folder: Path) -> tuple[Source, ...]:
    """Read every stack of a folder: each folder below that holds `*.tf.json`, whoever wrote it.

    Raises:
        UsageError: when the folder, or a file in it, cannot be read.
    """
    if not folder.is_dir():
        msg = f"{folder} is not a folder\n    --output names one that holds {_SUFFIX} files"
        raise UsageError(msg)
    found: dict[Path, dict[str, bytes]] = {}
    for path in _files(folder):
        found.setdefault(path.parent, {})[path.as_posix()] = read_bytes(path)
    names = _names(folder, list(found))
    return tuple(Source(names[place], files) for place, files in sorted(found.items()))


def _files(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.rglob(f"*{_SUFFIX}")):
        inside = path.relative_to(folder).parts
        if path.is_file() and not any(part in _NOT_OURS for part in inside):
            yield path


def _names(folder: Path, places: list[Path]) -> Mapping[Path, str]:
    """Call each stack by its folder, or by the way to it where two are called alike."""
    short = [place.name for place in places]
    whole = {
        place: place.relative_to(folder).as_posix() if place != folder else folder.resolve().name
        for place in places
    }
    return {p: p.name if short.count(p.name) == 1 and p != folder else whole[p] for p in places}


def document_of(source: Source) -> str | bytes | Mapping[str, Any]:
    """Put the files of a stack together, as Terraform does.

    Raises:
        ValueError: when one of several is not JSON.
    """
    texts = list(source.files.values())
    if len(texts) == 1:
        return texts[0]
    merged: dict[str, list[Any]] = {}
    for text in texts:
        read = json.loads(text)
        if not isinstance(read, dict):
            msg = "a file is not an object"
            raise ValueError(msg)
        for key, value in read.items():
            merged.setdefault(key, []).append(value)
    return {key: values for key, values in merged.items() if not key.startswith("//")}
