"""What the pipeline says that does not fit together."""

from __future__ import annotations

from collections.abc import Iterator

from cellfactory.errors import Finding, KeyPath
from cellfactory.facts.schema import Facts
from cellfactory.inventory.pipeline import Pipeline
from cellfactory.inventory.rings import UNIT_SECONDS, write_duration
from cellfactory.inventory.schema import Inventory

HOUR = UNIT_SECONDS["h"]
HOSTED_HOURS = 6
"""How long a job may run on a machine of GitHub's (hours).

Source:
    https://docs.github.com/en/actions/reference/limits
"""
_HOSTED = ("ubuntu-", "windows-", "macos-")
_LOCK_SUFFIX = ".lock"


def check_pipeline(inventory: Inventory, facts: Facts) -> Iterator[Finding]:
    """Yield what is wrong with the pipeline.

    Rules:
        F730: it runs in two places.
        F731: git takes no branch of that name.
        F732: a ring bakes for longer than a session lasts.
        F733: a label of a runner is repeated.
        F734: a job ends before its session does (a warning).
    """
    pipeline = inventory.pipeline
    if pipeline is None:
        return
    if pipeline.github is not None and pipeline.gitlab is not None:
        yield Finding(
            rule="F730",
            path=("pipeline", "gitlab"),
            message="the pipeline names both github and gitlab: its roles trust one of them",
            hint="keep the one whose CI applies the cells",
        )
    yield from _check_branch(pipeline)
    yield from _check_bakes(inventory, facts, pipeline)
    yield from _check_runners(pipeline)


def _check_branch(pipeline: Pipeline) -> Iterator[Finding]:
    branch = pipeline.default_branch
    part = next((p for p in branch.split("/") if p.endswith(_LOCK_SUFFIX)), None)
    if part is not None:
        yield Finding(
            rule="F731",
            path=("pipeline", "default_branch"),
            message=f"git takes no branch {branch!r}: no part of its name may end with .lock",
        )


def _check_bakes(inventory: Inventory, facts: Facts, pipeline: Pipeline) -> Iterator[Finding]:
    used = {cell.ring for cell in inventory.cells.values()}
    baking = [name for name in inventory.ring_names if name in used][:-1]  # none after the last
    session = pipeline.session_hours * HOUR
    policy = round(UNIT_SECONDS["m"] * facts.policy_value("ring-bake-minutes"))
    for name in baking:
        own = inventory.ring(name).bake_seconds
        bake = policy if own is None else own
        if bake < session:
            continue
        path: KeyPath = ("pipeline", "session_hours")
        if own is not None:
            path = ("rings", name, "bake")
        yield Finding(
            rule="F732",
            path=path,
            message=f"ring {name!r} bakes for {write_duration(bake)}, and a session of its role "
            f"lasts {pipeline.session_hours} h: nobody could ask its clusters afterwards",
            hint="raise pipeline.session_hours (12 at most), let it bake for less, or give the "
            "next ring's environment a wait timer",
        )


def _check_runners(pipeline: Pipeline) -> Iterator[Finding]:
    for use in ("plan", "apply"):
        runner = getattr(pipeline.runners, use)
        labels = runner if isinstance(runner, list) else [runner]
        path = ("pipeline", "runners", use)
        for place, label in enumerate(labels):
            if label in labels[:place]:
                message = f"label {label!r} is duplicated"
                yield Finding(rule="F733", path=(*path, place), message=message)
        if use == "apply" and pipeline.github and _is_short(pipeline, labels):
            yield Finding(
                rule="F734",
                path=path,
                message=f"a job on {labels[0]} is ended after {HOSTED_HOURS} h, and a session of "
                f"an apply role lasts {pipeline.session_hours} h",
                hint="apply on runners of your own (which have to reach the clusters anyway), or "
                f"say session_hours: {HOSTED_HOURS}; what was cut off goes on with --resume last",
                severity="warning",
            )


def _is_short(pipeline: Pipeline, labels: list[str]) -> bool:
    is_hosted = len(labels) == 1 and labels[0].startswith(_HOSTED)
    return is_hosted and pipeline.session_hours > HOSTED_HOURS
