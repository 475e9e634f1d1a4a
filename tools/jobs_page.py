"""`docs/example-jobs.md`: one complete SparkApplication for each node group that is shipped."""

from __future__ import annotations

from pathlib import Path

from cellfactory.documents import render_data
from cellfactory.facts.loader import load_facts
from cellfactory.inventory.reader import parse_inventory
from cellfactory.stacks.example_job import example_job

SHIPPED = Path(__file__).resolve().parent.parent / "cells.yaml"

HEAD = """\
<!-- Made by `python3 dev.py docs` from cells.yaml; do not edit. -->

# Example jobs

One job for each node group of the shipped inventory, as
`cellfactory example-job --cell NAME --pool NAME` prints it. A test holds each against the schema of
the Spark Operator's own SparkApplication, and against the labels and taints of the node group.

What makes a job land where it should:

- **Executors** choose their node group by its labels and tolerate its taints. A job that says
  neither runs on the nodes without taints, and those of the executors stay idle.
- **Images** must be made for the architecture of every node group that a job runs on: drivers on
  x86 and executors on Graviton take an image for both
  (`docker buildx build --platform linux/amd64,linux/arm64`).
- **The driver** has the service account that its AWS role is bound to.
- **The event log** goes to the cell's bucket; a job that writes none has no page after its end. A
  single log appears when the job has ended, and a thousand of them are one request at each scan of
  the History Server; each rolling one is two.
"""


def render_jobs() -> str:
    """Render a job for each node group of each cell type, in the first cell of the type."""
    facts = load_facts()
    inventory, *_ = parse_inventory(SHIPPED.read_bytes(), SHIPPED.name, facts)
    lines, seen = [HEAD], set()
    for cell, declared in inventory.cells.items():
        if declared.type in seen:
            continue
        seen.add(declared.type)
        for pool in inventory.type_of(cell).node_groups:
            made = render_data(example_job(inventory, facts, cell, pool))
            lines += [f"## `{pool}` of {cell}", "", "```yaml", made + "```", ""]
    return "\n".join(lines)
