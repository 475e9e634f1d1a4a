"""Is what `synth` wrote still what the inventory makes?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from cellfactory.design import Design
from cellfactory.errors import Finding, SynthError
from cellfactory.layers import Stack, StackId
from cellfactory.runs.known import known_key
from cellfactory.runs.request import Request
from cellfactory.stacks.known import digest_file, knows, recall
from cellfactory.terraform.workspace import Sources, as_file, as_source, read_sources

MOST_NAMED = 5  # stacks in one sentence


def sources_of(request: Request, design: Design, stacks: Sequence[Stack]) -> dict[StackId, Sources]:
    """Take the Terraform of stacks as a request asks: as `synth` wrote it, or made in memory.

    Raises:
        FactoryError: as `read_fresh` and `make_sources`.
    """
    if not stacks:
        return {}
    if request.synthesizes:
        return make_sources(design, stacks)
    return read_fresh(request.output, design, stacks)


def read_fresh(output: Path, design: Design, stacks: Sequence[Stack]) -> dict[StackId, Sources]:
    """Read the synthesized stacks, and make sure that they are what the inventory says now.

    Other files that lie beside them are neither in the way nor taken along.

    Raises:
        UsageError: when a stack was not synthesized.
        SynthError: when one was synthesized from something else.
    """
    found = {stack.id: read_sources(output, stack.id) for stack in stacks}
    if (known := _as_known(found, design)) is not None:
        return known
    sources = make_sources(design, stacks)
    stale = [
        stack
        for stack, texts in sources.items()
        if any(found[stack].get(path) != text for path, text in texts.items())
    ]
    if stale:
        named = ", ".join(map(str, stale[:MOST_NAMED]))
        named += ", ..." if len(stale) > MOST_NAMED else ""
        msg = f"{output} is out of date: {len(stale):,} of {len(stacks):,} stacks differ ({named})"
        hint = "run cellfactory synth and review the change"
        raise SynthError(Finding(rule="F405", message=msg, hint=hint))
    return sources


def make_sources(design: Design, stacks: Sequence[Stack]) -> dict[StackId, Sources]:
    """Synthesize stacks in memory, whatever lies in the folder that `synth` writes.

    Raises:
        SynthError: when the bindings refuse what they are given.
    """
    from cellfactory.stacks.synth import output_files, synth_stacks

    made = synth_stacks(design.inventory, design.plan, design.facts, stacks)
    files = output_files(made, stacks)
    return {stack.id: _files_below(f"stacks/{stack.id}/", files) for stack in stacks}


def _as_known(found: Mapping[StackId, Sources], design: Design) -> dict[StackId, Sources] | None:
    """Take what was read, where every file is as the same texts made it before; else None."""
    key = known_key(design.texts) if knows() else None
    known = None if key is None else recall(key)
    if known is None:
        return None
    sources: dict[StackId, dict[str, str]] = {stack: {} for stack in found}
    by_name = {stack.name: stack for stack in found}
    for path, digest in known.files.items():
        folder, _, inside = path.removeprefix("stacks/").partition("/")
        stack = by_name.get(folder)
        if stack is None or not inside:
            continue
        text = found[stack].get(inside)
        if text is None or digest_file(as_file(inside, text)) != digest:
            return None
        sources[stack][inside] = text
    return dict(sources) if all(sources.values()) else None


def _files_below(start: str, files: Mapping[str, str | bytes]) -> Sources:
    return {
        path.removeprefix(start): as_source(path, held) if isinstance(held, bytes) else held
        for path, held in files.items()
        if path.startswith(start)
    }
