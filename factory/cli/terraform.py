"""`validate`, `plan`, `apply` and `destroy`: Terraform over the stacks, each in its turn."""

from __future__ import annotations

import json
import os
import sys
import threading
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Literal

import typer

from factory.cli.options import DEFAULT_INVENTORY, InventoryFile
from factory.cli.reading import Planned, plan_file
from factory.errors import SynthError, TerraformError, UsageError
from factory.files import write_whole
from factory.inventory.schema import Inventory
from factory.layers import Stack, StackId, plan_stacks
from factory.naming import LAYERS
from factory.processes import forwarding_signals
from factory.terraform.commands import Bench
from factory.terraform.emulated import claim_folder, find_server
from factory.terraform.engine import find_engine
from factory.terraform.journal import Journal, find_journal, read_finished
from factory.terraform.pending import hub_requests, strangers
from factory.terraform.registry import PREFIX, Registry, open_registry
from factory.terraform.results import (
    Result,
    render_dangers,
    render_errors,
    render_line,
    render_sums,
    render_table,
    to_json,
)
from factory.terraform.runner import (
    Listener,
    apply_stacks,
    destroy_stacks,
    plan_stacks_now,
    validate_stacks,
)
from factory.terraform.selection import select_stacks
from factory.terraform.target import Mode, Target, environment
from factory.terraform.workspace import Sources, read_sources

FOLDER = Path(".cellfactory")
NO_PLATFORM = "the emulated EKS has no Kubernetes API that a chart could be installed to"

OutputFolder = Annotated[
    Path, typer.Option("--output", "-o", help="The folder that `synth` wrote.")
]
Sandbox = Annotated[
    bool, typer.Option("--sandbox", help="Use the emulated AWS of `cellfactory sandbox`.")
]
Cells = Annotated[list[str] | None, typer.Option("--cell", help="This cell only; may be repeated.")]
Layers = Annotated[
    list[str] | None, typer.Option("--layer", help="This layer only; may be repeated.")
]
Parallel = Annotated[int, typer.Option("--parallel", min=1, max=64, help="Stacks at a time.")]
RegistryPlace = Annotated[
    str | None,
    typer.Option(
        "--registry",
        help="Outputs registry: s3://bucket/prefix or a folder. Default: the state bucket.",
    ),
]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask before touching real AWS.")]
Format = Annotated[Literal["text", "json"], typer.Option("--format", help="Form of the result.")]
DEFAULT_OUTPUT = Path("cdktf.out")


def validate(
    inventory_file: InventoryFile = DEFAULT_INVENTORY,
    output: OutputFolder = DEFAULT_OUTPUT,
    cell: Cells = None,
    layer: Layers = None,
    parallel: Parallel = 2,
    form: Format = "text",
) -> None:
    """Hold every synthesized stack against its providers' schemas; needs no AWS at all."""
    planned = plan_file(inventory_file)
    inventory = planned.inventory
    stacks = _selected(plan_stacks(inventory), cell, layer)
    bench = _bench(inventory, "offline", str(_folder("offline") / "registry"))
    sources = _read_fresh(output, planned, stacks)
    ids = [stack.id for stack in stacks]
    with forwarding_signals(bench.children):
        results = validate_stacks(bench, ids, sources, _listener(len(ids)), parallel=parallel)
    _finish(results, form)


def plan(
    inventory_file: InventoryFile = DEFAULT_INVENTORY,
    output: OutputFolder = DEFAULT_OUTPUT,
    sandbox: Sandbox = False,
    cell: Cells = None,
    layer: Layers = None,
    parallel: Parallel = 2,
    registry: RegistryPlace = None,
    form: Format = "text",
    exit_code: Annotated[
        bool, typer.Option("--exit-code", help="Exit 10 when there is anything to do.")
    ] = False,
) -> None:
    """Plan every stack whose inputs exist; the others are deferred and say what they wait for."""
    planned = plan_file(inventory_file)
    inventory = planned.inventory
    stacks = _selected(plan_stacks(inventory), cell, layer)
    bench = _bench(inventory, _mode(sandbox), registry)
    left_out, stacks = _leave_out(stacks, bench.target.mode)
    sources = _read_fresh(output, planned, stacks)
    _tell_strangers(bench.registry, inventory)
    listener = _listener(len(stacks))
    with forwarding_signals(bench.children):
        results = plan_stacks_now(bench, stacks, sources, listener, parallel=parallel)
    _finish((*results, *left_out), form)
    if exit_code and any(r.status in ("planned", "deferred") for r in results):
        raise typer.Exit(10)


def apply(
    inventory_file: InventoryFile = DEFAULT_INVENTORY,
    output: OutputFolder = DEFAULT_OUTPUT,
    sandbox: Sandbox = False,
    cell: Cells = None,
    layer: Layers = None,
    parallel: Parallel = 2,
    registry: RegistryPlace = None,
    yes: Yes = False,
    allow_destroy: Annotated[
        bool, typer.Option("--allow-destroy", help="Let plans destroy and replace.")
    ] = False,
    resume: Annotated[
        str | None,
        typer.Option("--resume", metavar="RUN", help="Skip what this run finished; or `last`."),
    ] = None,
    form: Format = "text",
) -> None:
    """Apply every stack, each as soon as those it takes values from are done."""
    planned = plan_file(inventory_file)
    inventory = planned.inventory
    stacks = _selected(plan_stacks(inventory), cell, layer)
    bench = _bench(inventory, _mode(sandbox), registry)
    left_out, stacks = _leave_out(stacks, bench.target.mode)
    sources = _read_fresh(output, planned, stacks)
    earlier = find_journal(bench.target.runs_folder, resume) if resume else None
    _tell_strangers(bench.registry, inventory)
    _confirm("apply", [stack.id for stack in stacks], bench.target.mode, yes)
    journal = Journal(earlier or bench.target.runs_folder / f"{_run_id()}.jsonl", "apply")
    with forwarding_signals(bench.children):
        results = apply_stacks(
            bench,
            stacks,
            sources,
            _listener(len(stacks)),
            parallel=parallel,
            journal=journal,
            finished=read_finished(earlier) if earlier else {},
            allow_destroy=allow_destroy,
        )
    for line in hub_requests(inventory, results):
        _say(line)
    if any(result.broken for result in results):
        _say(f"run {journal.path.stem}: take it up again with --resume {journal.path.stem}")
    _finish((*results, *left_out), form, fatal=("deferred",))


def destroy(
    inventory_file: InventoryFile = DEFAULT_INVENTORY,
    sandbox: Sandbox = False,
    cell: Cells = None,
    layer: Layers = None,
    parallel: Parallel = 2,
    registry: RegistryPlace = None,
    yes: Yes = False,
    form: Format = "text",
) -> None:
    """Destroy what the registry knows, in reverse order; also cells that left the inventory."""
    inventory = plan_file(inventory_file).inventory
    bench = _bench(inventory, _mode(sandbox), registry)
    recorded = sorted(bench.registry.read_all(), key=lambda i: (i.cell, LAYERS.index(i.layer)))
    selected = select_stacks(recorded, cell or (), layer or ())
    if not selected:
        _say("the registry knows of no stack: nothing to destroy")
        return
    _confirm("destroy", selected, bench.target.mode, yes)
    with forwarding_signals(bench.children):
        results = destroy_stacks(bench, selected, _listener(len(selected)), parallel=parallel)
    _finish(results, form)


def _selected(
    stacks: Sequence[Stack], cells: list[str] | None, layers: list[str] | None
) -> list[Stack]:
    chosen = set(select_stacks([s.id for s in stacks], cells or (), layers or ()))
    return [stack for stack in stacks if stack.id in chosen]


def _read_fresh(output: Path, planned: Planned, stacks: Sequence[Stack]) -> dict[StackId, Sources]:
    """Read the synthesized stacks, and make sure that they are what the inventory says now."""
    sources: dict[StackId, Sources] = {s.id: read_sources(output, s.id) for s in stacks}
    from factory.stacks.synth import output_files, synth_stacks  # starts Node

    made = synth_stacks(planned.inventory, planned.plan, planned.facts, stacks)
    files = output_files(made, stacks)
    stale = [i for i, found in sources.items() if found != _files_below(f"stacks/{i}/", files)]
    if stale:
        named = ", ".join(map(str, stale[:5])) + (", ..." if len(stale) > 5 else "")
        msg = (
            f"{output} is not what the inventory makes: {len(stale):,} of {len(stacks):,} stacks "
            f"differ ({named})\n    run cellfactory synth, and look at what changes"
        )
        raise SynthError(msg)
    return sources


def _files_below(start: str, files: Mapping[str, str]) -> Sources:
    return {p.removeprefix(start): text for p, text in files.items() if p.startswith(start)}


def _leave_out(stacks: list[Stack], mode: Mode) -> tuple[list[Result], list[Stack]]:
    if mode != "sandbox":
        return [], stacks
    left_out = [s for s in stacks if s.id.layer == "platform"]
    if left_out:
        _say(f"platform is left out: {NO_PLATFORM}")
    results = [Result(stack=s.id, status="left-out", reason=NO_PLATFORM) for s in left_out]
    return results, [s for s in stacks if s.id.layer != "platform"]


def _mode(sandbox: bool) -> Mode:
    return "sandbox" if sandbox else "aws"


def _folder(mode: Mode) -> Path:
    folder = Path.cwd() / FOLDER
    write_whole(folder / ".gitignore", "*\n")
    (folder / mode).mkdir(exist_ok=True)
    return folder / mode


def _bench(inventory: Inventory, mode: Mode, registry: str | None) -> Bench:
    folder = _folder(mode)
    mirror = os.environ.get("TF_PLUGIN_MIRROR")
    target = Target(mode=mode, folder=folder, mirror=Path(mirror).absolute() if mirror else None)
    place = registry or f"s3://{inventory.state.bucket}/{PREFIX}"
    if mode == "sandbox":
        server = find_server(folder)
        if claim_folder(folder, server):
            _say("the emulated AWS is a new one: what was kept of the earlier one is wiped")
        target = replace(target, endpoint=server.endpoint)
        place = str(target.registry_folder)
    return Bench(
        engine=find_engine(os.environ, folder),
        target=target,
        registry=open_registry(place, inventory.state.region, inventory.state.kms_key),
        environment=environment(target, os.environ),
    )


def _tell_strangers(registry: Registry, inventory: Inventory) -> None:
    stacks = [stack.id for stack in plan_stacks(inventory)]
    for stack in strangers(registry.stacks(), stacks):
        _say(
            f"{stack} is not in the inventory any more, but has a state: "
            f"cellfactory destroy --cell {stack.cell} --layer {stack.layer}"
        )


def _confirm(verb: str, stacks: Sequence[StackId], mode: Mode, yes: bool) -> None:
    """Ask before real AWS is touched; without a terminal there is nobody to ask."""
    if mode == "sandbox" or yes:
        return
    cells = sorted({stack.cell for stack in stacks})
    by_layer = [(n, sum(s.layer == n for s in stacks)) for n in LAYERS]
    told = ", ".join(f"{count:,} {name}" for name, count in by_layer if count)
    _say(f"{verb} in real AWS: {len(stacks):,} stacks ({told}) of {', '.join(cells)}")
    if not sys.stdin.isatty():
        msg = f"nobody is there to be asked; {verb} in real AWS takes --yes"
        raise UsageError(msg)
    if not typer.confirm(f"{verb} them?", err=True):
        msg = f"{verb}: not confirmed, nothing was done"
        raise UsageError(msg)


def _listener(total: int) -> Listener:
    lock = threading.Lock()
    done: list[StackId] = []

    def started(stack: StackId) -> None:
        with lock:
            _say(f"         {stack}  ...")

    def finished(result: Result) -> None:
        with lock:
            done.append(result.stack)
            _say(f"[{len(done):>3}/{total}] {render_line(result)}")
            for text in (render_errors(result), render_dangers(result)):
                if text:
                    _say(text)

    return Listener(started=started, finished=finished)


def _finish(
    results: Sequence[Result], form: Literal["text", "json"], fatal: tuple[str, ...] = ()
) -> None:
    """Show all results as data, and fail when one of them did."""
    typer.echo(json.dumps(to_json(results), indent=2) if form == "json" else render_table(results))
    if any(r.broken or r.status in fatal for r in results):
        raise TerraformError(render_sums(results))


def _run_id() -> str:
    return datetime.now(UTC).strftime("%Y%m%dT%H%M%S.%fZ")  # noqa: TID251 - names the run


def _say(text: str) -> None:
    typer.echo(text, err=True)
