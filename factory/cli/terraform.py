"""`validate`, `plan`, `apply` and `destroy`: Terraform over the stacks, each in its turn."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from factory.cli.options import DEFAULT_INVENTORY, InventoryFile
from factory.cli.output import Form
from factory.cli.reading import plan_file
from factory.cli.running import (
    confirm,
    finish,
    folder_of,
    leave_out,
    listener_of,
    mode_of,
    open_bench,
    read_fresh,
    run_id,
    say,
    selected,
    tell_strangers,
)
from factory.layers import plan_stacks
from factory.naming import LAYERS
from factory.processes import forwarding_signals
from factory.terraform.journal import Journal, find_journal, read_finished
from factory.terraform.pending import hub_requests
from factory.terraform.runner import (
    apply_stacks,
    destroy_stacks,
    plan_stacks_now,
    validate_stacks,
)
from factory.terraform.selection import select_stacks

OutputFolder = Annotated[
    Path,
    typer.Option("--output", "-o", envvar="CDKTF_OUTDIR", help="The folder that `synth` wrote."),
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
DEFAULT_OUTPUT = Path("cdktf.out")


def validate(
    inventory_file: InventoryFile = DEFAULT_INVENTORY,
    output: OutputFolder = DEFAULT_OUTPUT,
    cell: Cells = None,
    layer: Layers = None,
    parallel: Parallel = 2,
    form: Form = "text",
) -> None:
    """Hold every synthesized stack against its providers' schemas; needs no AWS at all."""
    planned = plan_file(inventory_file)
    inventory = planned.inventory
    stacks = selected(plan_stacks(inventory), cell, layer)
    bench = open_bench(inventory, "offline", str(folder_of("offline") / "registry"))
    sources = read_fresh(output, planned, stacks)
    ids = [stack.id for stack in stacks]
    with forwarding_signals(bench.children):
        results = validate_stacks(bench, ids, sources, listener_of(len(ids)), parallel=parallel)
    finish(results, form, stopped=bench.children.stopping)


def plan(
    inventory_file: InventoryFile = DEFAULT_INVENTORY,
    output: OutputFolder = DEFAULT_OUTPUT,
    sandbox: Sandbox = False,
    cell: Cells = None,
    layer: Layers = None,
    parallel: Parallel = 4,
    registry: RegistryPlace = None,
    form: Form = "text",
    exit_code: Annotated[
        bool, typer.Option("--exit-code", help="Exit 10 when there is anything to do.")
    ] = False,
) -> None:
    """Plan every stack whose inputs exist; the others are deferred and say what they wait for."""
    planned = plan_file(inventory_file)
    inventory = planned.inventory
    stacks = selected(plan_stacks(inventory), cell, layer)
    bench = open_bench(inventory, mode_of(sandbox), registry)
    left_out, stacks = leave_out(stacks, bench.target.mode)
    sources = read_fresh(output, planned, stacks)
    tell_strangers(bench.registry, inventory, bench.target.mode)
    listener = listener_of(len(stacks))
    with forwarding_signals(bench.children):
        results = plan_stacks_now(bench, stacks, sources, listener, parallel=parallel)
    finish((*results, *left_out), form, stopped=bench.children.stopping)
    if exit_code and any(r.status in ("planned", "deferred") for r in results):
        raise typer.Exit(10)


def apply(
    inventory_file: InventoryFile = DEFAULT_INVENTORY,
    output: OutputFolder = DEFAULT_OUTPUT,
    sandbox: Sandbox = False,
    cell: Cells = None,
    layer: Layers = None,
    parallel: Parallel = 4,
    registry: RegistryPlace = None,
    yes: Yes = False,
    allow_destroy: Annotated[
        bool, typer.Option("--allow-destroy", help="Let plans destroy and replace.")
    ] = False,
    resume: Annotated[
        str | None,
        typer.Option("--resume", metavar="RUN", help="Skip what this run finished; or `last`."),
    ] = None,
    form: Form = "text",
) -> None:
    """Apply every stack, each as soon as those it takes values from are done."""
    planned = plan_file(inventory_file)
    inventory = planned.inventory
    stacks = selected(plan_stacks(inventory), cell, layer)
    bench = open_bench(inventory, mode_of(sandbox), registry)
    left_out, stacks = leave_out(stacks, bench.target.mode)
    sources = read_fresh(output, planned, stacks)
    earlier = find_journal(bench.target.runs_folder, resume) if resume else None
    tell_strangers(bench.registry, inventory, bench.target.mode)
    confirm("apply", [stack.id for stack in stacks], bench.target.mode, yes)
    journal = Journal(earlier or bench.target.runs_folder / f"{run_id()}.jsonl", "apply")
    with forwarding_signals(bench.children):
        results = apply_stacks(
            bench,
            stacks,
            sources,
            listener_of(len(stacks)),
            parallel=parallel,
            journal=journal,
            finished=read_finished(earlier) if earlier else {},
            allow_destroy=allow_destroy,
        )
    for line in hub_requests(inventory, results):
        say(line)
    if any(result.broken for result in results):
        say(f"run {journal.path.stem}: take it up again with --resume {journal.path.stem}")
    stopped = bench.children.stopping
    finish((*results, *left_out), form, stopped=stopped, fatal=("deferred",))


def destroy(
    inventory_file: InventoryFile = DEFAULT_INVENTORY,
    sandbox: Sandbox = False,
    cell: Cells = None,
    layer: Layers = None,
    parallel: Parallel = 4,
    registry: RegistryPlace = None,
    yes: Yes = False,
    form: Form = "text",
) -> None:
    """Destroy what the registry knows, in reverse order; also cells that left the inventory.

    On real AWS an account is kept, unless its layer is named: --layer account.
    """
    inventory = plan_file(inventory_file).inventory
    bench = open_bench(inventory, mode_of(sandbox), registry)
    recorded = sorted(bench.registry.read_all(), key=lambda i: (i.cell, LAYERS.index(i.layer)))
    chosen = select_stacks(recorded, cell or (), layer or ())
    if bench.target.mode == "aws" and not layer:
        kept = [stack for stack in chosen if stack.layer == "account"]
        chosen = tuple(stack for stack in chosen if stack not in kept)
        for stack in kept:
            say(f"{stack} is kept: an account is given up only by --layer account")
    if not chosen:
        say("the registry knows of no stack: nothing to destroy")
        finish((), form, stopped=False)
        return
    confirm("destroy", chosen, bench.target.mode, yes)
    with forwarding_signals(bench.children):
        results = destroy_stacks(bench, chosen, listener_of(len(chosen)), parallel=parallel)
    finish(results, form, stopped=bench.children.stopping)
