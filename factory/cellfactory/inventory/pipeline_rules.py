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
    "F734": "The lock of what CI installs is missing (a warning), or is of another release.",
}
"""What each rule says; a number is never used again for something else."""

HOSTED_HOURS = 6
"""How long a job may run on a machine of GitHub's (hours).

Source:
    https://docs.github.com/en/actions/reference/limits
"""
_HOSTED = ("ubuntu-", "windows-", "macos-")


def check_pipeline(inventory: Inventory, facts: Facts) -> Iterator[Finding]:
    """Yield what of a pipeline cannot be together.

    Rules:
        F121: a label of a runner stands twice.
        F730: the pipeline has both of GitHub and GitLab, or neither.
        F731: the pipeline's account is the account of a cell or a hub.
        F732: a ring bakes for longer than a session of its role lasts.
        F733: git takes no branch of the name of the default branch.
        F734: jobs on GitHub's own runners end before their session does (a warning).
    """
    pipeline = inventory.pipeline
    if pipeline is None:
        return
    yield from _check_place(pipeline)
    yield from _check_account(inventory, pipeline)
    for use in ("plan", "apply"):
        yield from _check_labels(peek(peek(pipeline, "runners"), use), use)
    yield from _check_branch(pipeline)
    yield from _check_hours(pipeline)
    yield from _check_bakes(inventory, facts, pipeline)


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
            message=f"the pipeline's account, {own}, is the account of {users[own]}",
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


@as_far_as_readable
def _check_branch(pipeline: Pipeline) -> Iterator[Finding]:
    part = next((p for p in pipeline.default_branch.split("/") if p.endswith(".lock")), None)
    if part is not None:
        yield Finding(
            rule="F733",
            path=("pipeline", "default_branch"),
            message=f"{part!r} ends with .lock: git takes no such part in the name of a branch",
        )


@as_far_as_readable
def _check_hours(pipeline: Pipeline) -> Iterator[Finding]:
    runner, hours = pipeline.runners.apply, pipeline.session_hours
    labels = [runner] if isinstance(runner, str) else runner
    is_hosted = len(labels) == 1 and labels[0].startswith(_HOSTED)
    if pipeline.github is not None and is_hosted and hours > HOSTED_HOURS:
        yield Finding(
            rule="F734",
            path=("pipeline", "session_hours"),
            message=f"a session of an apply role lasts {hours} h, and GitHub ends a job on "
            f"{labels[0]} after {HOSTED_HOURS} h",
            hint="apply on runners of your own, which have to reach the clusters anyway, or say "
            f"session_hours: {HOSTED_HOURS}",
            severity="warning",
        )


@as_far_as_readable
def _check_bakes(inventory: Inventory, facts: Facts, pipeline: Pipeline) -> Iterator[Finding]:
    used = {cell.ring for cell in inventory.cells.values()}
    baking = [name for name in inventory.ring_names if name in used][:-1]  # none after the last
    session = pipeline.session_hours * UNIT_SECONDS["h"]
    for name in baking:
        own = inventory.ring(name).bake_seconds
        bake = round(UNIT_SECONDS["m"] * facts.policy_value("ring-bake-minutes"))
        path: KeyPath = ("pipeline", "session_hours")
        if own is not None:
            bake, path = own, ("rings", name, "bake")
        if bake >= session:
            yield Finding(
                rule="F732",
                path=path,
                message=f"ring {name!r} bakes for {write_duration(bake)}, and a session of its "
                f"role lasts {pipeline.session_hours} h: nobody could ask its clusters then",
                hint="raise pipeline.session_hours (12 at most), let the ring bake for less, or "
                "give the environment of the next one a wait timer",
            )
