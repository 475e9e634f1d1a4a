"""A run on one of two machines: `python -m tests.terraform.meeting_worker FOLDER MACHINE VERB …`.

Its states and its registry lie in the one bucket of an emulated S3, its work folder is its own.
The stacks are made of `terraform_data`, each with a step that takes its time. What is made leaves a
mark in a ledger, as in an account, and takes it away when it is destroyed.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

from cellfactory.errors import FactoryError
from cellfactory.layers import Access, Input, Source, Stack, StackId
from cellfactory.naming import state_key
from cellfactory.processes import forwarding_signals
from cellfactory.runs.meeting import find_run, joined, run_id
from cellfactory.terraform import holder
from cellfactory.terraform.engine import find_engine
from cellfactory.terraform.guard import NOTHING
from cellfactory.terraform.journal import read_finished
from cellfactory.terraform.meeting import Pace
from cellfactory.terraform.registry import open_registry
from cellfactory.terraform.results import Result
from cellfactory.terraform.runner import Listener, apply_stacks, destroy_stacks
from cellfactory.terraform.running import RunContext
from cellfactory.terraform.target import Target, environment

ACCESS = Access(account="444444444444", roles=(), region="us-east-1", sts_region="us-east-1")
BUCKET = "states"
CELLS = ("a", "b")
STEP_SECONDS = os.environ.get("STEP_SECONDS", "1")


def stacks() -> tuple[Stack, ...]:
    made: list[Stack] = []
    for cell in CELLS:
        network = StackId(cell, "network")
        taken = Input(type="string", sources=Source(stack=network, output="vpc_id"))
        made.append(Stack(id=network, access=ACCESS, outputs={"vpc_id": "string"}))
        made.append(Stack(id=StackId(cell, "cluster"), access=ACCESS, inputs={"vpc_id": taken}))
    return tuple(made)


def document(stack: Stack, ledger: Path) -> dict[str, Any]:
    key = state_key(stack.id.kind, stack.id.owner, stack.id.layer)
    s3 = {
        **{"bucket": BUCKET, "key": key, "region": "us-east-1", "use_lockfile": True},
        **{"use_path_style": True, "skip_credentials_validation": True},
        **{"skip_requesting_account_id": True, "skip_metadata_api_check": True},
    }
    mark = f"{ledger}/{stack.id.name}-${{self.id}}"
    steps = [
        {"command": f"sleep {STEP_SECONDS}; touch '{mark}'"},
        {"when": "destroy", "command": f"sleep {STEP_SECONDS}; rm -f '{mark}'"},
    ]
    given = "${var.vpc_id}" if stack.inputs else "10.0.0.0/16"
    row = {"input": given, "provisioner": [{"local-exec": step} for step in steps]}
    made: dict[str, Any] = {
        "terraform": {"backend": {"s3": s3}},
        "resource": {"terraform_data": {"row": row}},
    }
    if stack.inputs:
        made["variable"] = {"vpc_id": {"type": "string", "nullable": False}}
    else:
        made["output"] = {"vpc_id": {"value": "${terraform_data.row.id}"}}
    return made


def run(root: Path, ledger: Path, verb: str, patience: float, resume: str) -> tuple[Result, ...]:
    target = Target(mode="aws", folder=root / ".cellfactory/aws")
    target.folder.mkdir(parents=True, exist_ok=True)
    context = RunContext(
        engine=find_engine(os.environ, target.folder),
        target=target,
        registry=open_registry(f"s3://{BUCKET}/registry", "us-east-1", None),
        environment=environment(target, os.environ),
    )
    pace = Pace(beat_seconds=0.5, silent_seconds=3, patience_seconds=patience, poll_seconds=0.2)
    listener = Listener(
        started=lambda stack: print("started", stack, flush=True),
        finished=lambda _: None,
        waiting=lambda stack, why: print("waiting", stack, why, flush=True),
    )
    earlier = find_run(context, resume) if resume else None
    path = earlier or target.runs_folder / f"{run_id()}.jsonl"
    sources = {s.id: {"cdk.tf.json": json.dumps(document(s, ledger))} for s in stacks()}
    with joined(context, path, verb, pace) as met, forwarding_signals(context.children):
        if verb == "destroy":
            known = tuple(context.registry.read_all())
            results = destroy_stacks(met.context, known, met.noting(listener), parallel=2)
        else:
            results = apply_stacks(
                met.context,
                stacks(),
                sources,
                listener,
                parallel=2,
                journal=met.journal,
                finished=read_finished(earlier) if earlier else {},
                allowed=NOTHING,
            )
        met.results += results
    return results


def main() -> None:
    root, machine, verb, patience, resume = sys.argv[1:]
    own = Path(root) / "boot_id"  # what tells one machine from another
    own.write_text(machine, "utf-8")
    holder._BOOT = own
    try:
        results = run(Path(root), Path(root).parent / "ledger", verb, float(patience), resume)
    except FactoryError as error:
        print(json.dumps({"error": str(error)}))
        raise SystemExit(error.exit_code) from None
    print(json.dumps({r.stack.name: [r.status, r.reason] for r in results}))


if __name__ == "__main__":
    main()
