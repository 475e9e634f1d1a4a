"""What `validate`, `plan`, `apply` and `destroy` share: where, with what, and what is told."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import typer

from factory.cli.output import Told, show
from factory.cli.reading import Planned
from factory.errors import Finding, Problem, StoppedError, SynthError, TerraformError, UsageError
from factory.files import write_whole
from factory.inventory.schema import Inventory
from factory.layers import Stack, StackId, plan_stacks
from factory.naming import LAYERS
from factory.terraform.commands import Bench
from factory.terraform.emulated import claim_folder, find_server
from factory.terraform.engine import find_engine
from factory.terraform.findings import findings_of
from factory.terraform.pending import strangers
from factory.terraform.registry import PREFIX, Registry, open_registry
from factory.terraform.results import (
    Result,
    Status,
    render_dangers,
    render_errors,
    render_line,
    render_sums,
    render_table,
    to_json,
)
from factory.terraform.runner import Listener
from factory.terraform.selection import select_stacks
from factory.terraform.target import Mode, Target, environment
from factory.terraform.workspace import Sources, read_sources
from factory.views.problems import ProblemForm

FOLDER = Path(".cellfactory")
MOST_NAMED = 5  # stacks in one sentence
NO_PLATFORM = "the emulated EKS has no Kubernetes API that a chart could be installed to"


def selected(
    stacks: Sequence[Stack], cells: list[str] | None, layers: list[str] | None
) -> list[Stack]:
    """Keep the stacks of the named cells and layers; nothing named means all of them."""
    chosen = set(select_stacks([s.id for s in stacks], cells or (), layers or ()))
    if not chosen and cells and layers:
        say(f"{', '.join(cells)}: no layer {' or '.join(layers)} there, so nothing to do")
    return [stack for stack in stacks if stack.id in chosen]


def read_fresh(output: Path, planned: Planned, stacks: Sequence[Stack]) -> dict[StackId, Sources]:
    """Read the synthesized stacks, and make sure that they are what the inventory says now.

    Other files that lie beside them are neither in the way nor taken along.

    Raises:
        UsageError: when a stack was not synthesized.
        SynthError: when one was synthesized from something else.
    """
    found = {stack.id: read_sources(output, stack.id) for stack in stacks}
    from factory.stacks.synth import output_files, synth_stacks  # starts Node

    made = synth_stacks(planned.inventory, planned.plan, planned.facts, stacks)
    files = output_files(made, stacks)
    sources = {stack: _files_below(f"stacks/{stack}/", files) for stack in found}
    stale = [
        stack
        for stack, texts in sources.items()
        if any(found[stack].get(path) != text for path, text in texts.items())
    ]
    if stale:
        named = ", ".join(map(str, stale[:MOST_NAMED]))
        named += ", ..." if len(stale) > MOST_NAMED else ""
        msg = (
            f"{output} is not what the inventory makes: {len(stale):,} of {len(stacks):,} stacks "
            f"differ ({named})"
        )
        hint = "run cellfactory synth, and look at what changes"
        raise SynthError(Finding(rule="F405", message=msg, hint=hint))
    return sources


def _files_below(start: str, files: Mapping[str, str]) -> Sources:
    return {p.removeprefix(start): text for p, text in files.items() if p.startswith(start)}


def leave_out(stacks: list[Stack], mode: Mode) -> tuple[list[Result], list[Stack]]:
    """Part the stacks that cannot be applied to this target from those that can."""
    if mode != "sandbox":
        return [], stacks
    left_out = [s for s in stacks if s.id.layer == "platform"]
    if left_out:
        say(f"platform is left out: {NO_PLATFORM}")
    results = [Result(stack=s.id, status="left-out", reason=NO_PLATFORM) for s in left_out]
    return results, [s for s in stacks if s.id.layer != "platform"]


def mode_of(sandbox: bool) -> Mode:
    """Name the target."""
    return "sandbox" if sandbox else "aws"


def folder_of(mode: Mode) -> Path:
    """Make the folder of a target, which Git is told to pass over."""
    folder = Path.cwd() / FOLDER
    write_whole(folder / ".gitignore", "*\n")
    (folder / mode).mkdir(exist_ok=True)
    return folder / mode


def open_bench(inventory: Inventory, mode: Mode, registry: str | None) -> Bench:
    """Find Terraform, the target and the registry.

    Raises:
        TerraformError: when there is no Terraform (F601, F602), or no emulator to use (F608).
        UsageError: when the registry's place is none.
    """
    folder = folder_of(mode)
    mirror = os.environ.get("TF_PLUGIN_MIRROR")
    target = Target(mode=mode, folder=folder, mirror=Path(mirror).absolute() if mirror else None)
    place = registry or f"s3://{inventory.state.bucket}/{PREFIX}"
    if mode == "sandbox":
        server = find_server(folder)
        if claim_folder(folder, server):
            say("the emulated AWS is a new one: what was kept of the earlier one is wiped")
        target = replace(target, endpoint=server.endpoint)
        place = str(target.registry_folder)
    return Bench(
        engine=find_engine(os.environ, folder),
        target=target,
        registry=open_registry(place, inventory.state.region, inventory.state.kms_key),
        environment=environment(target, os.environ),
    )


def tell_strangers(registry: Registry, inventory: Inventory, mode: Mode) -> None:
    """Say which stacks have a state but no place in the inventory any more."""
    stacks = [stack.id for stack in plan_stacks(inventory)]
    where = " --sandbox" if mode == "sandbox" else ""
    for stack in strangers(registry.stacks(), stacks):
        say(
            f"{stack} is not in the inventory any more, but has a state: "
            f"cellfactory destroy{where} --cell {stack.cell} --layer {stack.layer}"
        )


def confirm(verb: str, stacks: Sequence[StackId], mode: Mode, yes: bool) -> None:
    """Ask before real AWS is touched; without a terminal there is nobody to ask."""
    if mode == "sandbox" or yes:
        return
    cells = sorted({stack.cell for stack in stacks})
    by_layer = [(n, sum(s.layer == n for s in stacks)) for n in LAYERS]
    told = ", ".join(f"{count:,} {name}" for name, count in by_layer if count)
    say(f"{verb} in real AWS: {len(stacks):,} stacks ({told}) of {', '.join(cells)}")
    if not sys.stdin.isatty():
        msg = f"nobody is there to be asked; {verb} in real AWS takes --yes"
        raise UsageError(msg)
    if not typer.confirm(f"{verb} them?", err=True):
        msg = f"{verb}: not confirmed, nothing was done"
        raise UsageError(msg)


def listener_of(total: int) -> Listener:
    """Show what happens to so many stacks, as it happens."""
    lock = threading.Lock()
    done: list[StackId] = []

    def started(stack: StackId) -> None:
        with lock:
            say(f"         {stack}  ...")

    def finished(result: Result) -> None:
        with lock:
            done.append(result.stack)
            say(f"[{len(done):>3}/{total}] {render_line(result)}")
            for text in (render_errors(result), render_dangers(result)):
                if text:
                    say(text)

    return Listener(started=started, finished=finished)


def finish(
    results: Sequence[Result], form: ProblemForm, *, stopped: bool, fatal: tuple[Status, ...] = ()
) -> None:
    """Show all results as data, and fail when one of them did.

    Args:
        results: of all stacks.
        form: how to show them.
        stopped: whether a signal came; then what is not done is no failure of Terraform's.
        fatal: statuses that are a failure, beside the broken ones.

    Raises:
        StoppedError: when it was stopped before all was done.
        TerraformError: when something failed.
    """
    failed = any(r.broken or r.status in fatal for r in results)
    sums = render_sums(results)
    error = StoppedError(f"interrupted; {sums}") if stopped else TerraformError(sums)
    problems = [Problem(None, finding) for finding in findings_of(results, fatal)]
    if failed and stopped:
        problems += error.problems
    if form == "text":  # each was told as it happened
        problems = []
    show({"stacks": to_json(results)}, render_table(results), problems, form)
    if failed and form == "text":
        raise error
    if failed:
        say(str(error))
        raise Told(error.exit_code)


def run_id() -> str:
    """Name a run by its time, so that names sort as runs do."""
    return datetime.now(UTC).strftime("%Y%m%dT%H%M%S.%fZ")  # noqa: TID251 - names the run


def say(text: str) -> None:
    """Tell a person; standard output is for data."""
    typer.echo(text, err=True)
