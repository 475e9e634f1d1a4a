"""A run that can be killed: `python -m tests.reliability.worker FOLDER apply|resume|destroy`.

Two networks and what takes values from them, made of `terraform_data` by a real Terraform, each
with a step that takes its time. Every resource writes its id into a ledger when it is made and
takes it out when it is destroyed, as an account would; so what no state knows can be found.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

from cellfactory.layers import Access, Input, Source, Stack, StackId
from cellfactory.processes import forwarding_signals
from cellfactory.terraform.engine import find_engine
from cellfactory.terraform.guard import NOTHING
from cellfactory.terraform.journal import Journal, find_journal, read_finished
from cellfactory.terraform.registry import open_registry
from cellfactory.terraform.results import Result
from cellfactory.terraform.runner import Listener, apply_stacks, destroy_stacks, plan_stacks_now
from cellfactory.terraform.running import RunContext
from cellfactory.terraform.target import Target, environment
from cellfactory.terraform.workspace import Sources

ACCESS = Access(account="444444444444", roles=(), region="us-east-1", sts_region="us-east-1")
QUIET = Listener(started=lambda _: None, finished=lambda _: None)
CELLS = ("a", "b")
STEP_SECONDS = 0.4


def stacks() -> tuple[Stack, ...]:
    made: list[Stack] = []
    for cell in CELLS:
        network = StackId(cell, "network")
        taken = Input(type="string", sources=Source(stack=network, output="vpc_id"))
        made.append(Stack(id=network, access=ACCESS, outputs={"vpc_id": "string"}))
        made.append(Stack(id=StackId(cell, "cluster"), access=ACCESS, inputs={"vpc_id": taken}))
    return tuple(made)


def sources_of(ledger: Path) -> dict[StackId, Sources]:
    return {s.id: {"cdk.tf.json": json.dumps(document(s, ledger))} for s in stacks()}


def document(stack: Stack, ledger: Path) -> dict[str, Any]:
    backend = {"backend": {"s3": {"bucket": "none", "key": "k", "region": "us-east-1"}}}
    mark = f"{ledger}/{stack.id.name}-${{self.id}}"
    steps = [
        {"command": f"sleep {STEP_SECONDS}; touch '{mark}'"},
        {"when": "destroy", "command": f"sleep {STEP_SECONDS}; rm -f '{mark}'"},
    ]
    row = {"input": "${each.value}", "provisioner": [{"local-exec": step} for step in steps]}
    given = "${var.vpc_id}" if stack.inputs else "10.0.0.0/16"
    rows = {"for_each": dict.fromkeys(("one", "two", "three"), given), **row}
    made: dict[str, Any] = {"terraform": backend, "resource": {"terraform_data": {"row": rows}}}
    if stack.inputs:
        made["variable"] = {"vpc_id": {"type": "string", "nullable": False}}
    else:
        made["output"] = {"vpc_id": {"value": '${terraform_data.row["one"].id}'}}
    return made


def open_run(root: Path) -> RunContext:
    target = Target(mode="sandbox", folder=root / "sandbox", endpoint="http://127.0.0.1:9")
    target.folder.mkdir(parents=True, exist_ok=True)
    return RunContext(
        engine=find_engine(os.environ, root),
        target=target,
        registry=open_registry(str(target.registry_folder), "us-east-1", None),
        environment=environment(target, os.environ),
    )


def run(root: Path, verb: str) -> tuple[Result, ...]:
    context = open_run(root)
    ledger = root / "ledger"
    ledger.mkdir(exist_ok=True)
    with forwarding_signals(context.children):
        if verb == "plan":
            return plan_stacks_now(context, stacks(), sources_of(ledger), QUIET, parallel=2)
        if verb == "destroy":
            known = tuple(context.registry.read_all())
            return destroy_stacks(context, known, QUIET, parallel=2)
        runs = context.target.runs_folder
        earlier = find_journal(runs, "last") if verb == "resume" and runs.exists() else None
        return apply_stacks(
            context,
            stacks(),
            sources_of(ledger),
            QUIET,
            parallel=2,
            journal=Journal(earlier or runs / "run.jsonl", "apply"),
            finished=read_finished(earlier) if earlier else {},
            allowed=NOTHING,
        )


def main() -> None:
    root, verb = sys.argv[1:]
    results = run(Path(root), verb)
    print(
        json.dumps({r.stack.name: [r.status, r.reason, *map(str, r.diagnostics)] for r in results})
    )


if __name__ == "__main__":
    main()
