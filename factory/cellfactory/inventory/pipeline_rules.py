"""Where the pipeline runs, and in whose account."""

from __future__ import annotations

from collections.abc import Iterator

from cellfactory.errors import Finding, KeyPath
from cellfactory.facts.schema import Facts
from cellfactory.inventory.pipeline import Pipeline
from cellfactory.inventory.rings import UNIT_SECONDS, write_duration
from cellfactory.inventory.schema import ExistingAccount, Inventory
from cellfactory.inventory.unreadable import HOLE, as_far_as_readable, peek

RULES = {
    "F730": "A pipeline has both of GitHub and GitLab, or neither.",
    "F731": "The pipeline's account is the account of a cell or a hub.",
    "F732": "A file of the pipelines is missing, stale or left over.",
    "F733": "The inventory has no pipeline to render.",
    "F734": "The lock of what CI installs is missing (a warning).",
    "F735": "The lock of what CI installs is of another release.",
    "F736": "A ring bakes for as long as a session of its role lasts, or longer, so that nobody "
    "could ask its clusters afterwards.",
    "F737": "A file that others wrote is where one of the pipelines goes.",
}
"""What each rule says; a number is never used again for something else."""


def check_pipeline(inventory: Inventory) -> Iterator[Finding]:
    """Yield what of a pipeline cannot be together.

    Rules:
        F121: a label of a runner stands twice.
        F730: the pipeline has both of GitHub and GitLab, or neither.
        F731: the pipeline's account is the account of a cell or a hub.
    """
    pipeline = inventory.pipeline
    if pipeline is None:
        return
    yield from _check_place(pipeline)
    yield from _check_account(inventory, pipeline)
    for use in ("plan", "apply"):
        yield from _check_labels(peek(peek(pipeline, "runners"), use), use)


@as_far_as_readable
def _check_place(pipeline: Pipeline) -> Iterator[Finding]:
    given = [name for name in ("github", "gitlab") if getattr(pipeline, name) is not None]
    if len(given) == 2:
        yield Finding(
            rule="F730",
            path=("pipeline", "gitlab"),
            message="the pipeline has both github and gitlab",
            hint="keep the one whose pull requests are reviewed; a mirror needs no pipeline",
        )
    elif not given:
        yield Finding(
            rule="F730",
            path=("pipeline",),
            message="the pipeline has neither github nor gitlab",
            hint="add github: {repository: OWNER/NAME}, or gitlab: {project: GROUP/NAME}",
        )


@as_far_as_readable
def _check_account(inventory: Inventory, pipeline: Pipeline) -> Iterator[Finding]:
    account = pipeline.account
    users = {hub.account: f"hub {name!r}" for name, hub in inventory.hubs.items()}
    for name, cell in inventory.cells.items():
        existing = peek(cell, "account")
        if isinstance(existing, ExistingAccount):
            users[existing.id] = f"cell {name!r}"
    if account in users:
        yield Finding(
            rule="F731",
            path=("pipeline", "account"),
            message=f"the pipeline's account, {account}, is the account of {users[account]}",
            hint="give the pipeline an account of its own: who administers a cell must not reach "
            "the states of all cells",
        )


@as_far_as_readable
def _check_labels(labels: str | list[str] | None, use: str) -> Iterator[Finding]:
    seen: set[str] = set()
    for index, label in enumerate(labels if isinstance(labels, list) else ()):
        if label is not HOLE and label in seen:
            message = f"{label!r} is among the {use} runners already"
            yield Finding(rule="F121", path=("pipeline", "runners", use, index), message=message)
        seen.add(label)


def check_bakes(inventory: Inventory, facts: Facts) -> Iterator[Finding]:
    """Yield rings whose job would outlive its credentials.

    Rules:
        F736: a ring bakes for as long as a session of its role lasts, or longer.
    """
    if inventory.pipeline is None:
        return
    hours = inventory.pipeline.session_hours
    policy = round(UNIT_SECONDS["m"] * facts.policy_value("ring-bake-minutes"))
    for name in inventory.rings_in_use[:-1]:
        own = inventory.ring(name).bake_seconds
        bake = policy if own is None else own
        path: KeyPath = ("pipeline", "session_hours") if own is None else ("rings", name, "bake")
        if bake >= hours * UNIT_SECONDS["h"]:
            yield Finding(
                rule="F736",
                path=path,
                message=f"ring {name!r} bakes for {write_duration(bake)}, and a session of its "
                f"role lasts {hours} h: nobody could ask its clusters then",
                hint="raise pipeline.session_hours (12 at most), let the ring bake for less, or "
                "give the environment of the next one a wait timer",
            )
