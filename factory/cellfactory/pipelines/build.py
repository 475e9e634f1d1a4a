"""The pipelines of an inventory: which jobs there are, in which order, and as whom."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil

from cellfactory.inventory.pipeline import Pipeline as Settings
from cellfactory.inventory.rings import write_duration
from cellfactory.inventory.schema import Inventory
from cellfactory.naming import PLAN, apply_environment, pipeline_role_name, role_arn
from cellfactory.pipelines.model import Job, Login, Pipeline, Step, Variable

OUT, IN = "out", "in"  # folders of what a job keeps, and of what it takes
MOST_JOBS = 256
DRILL_RING = "drill"
"""The ring whose cells are rebuilt for practice; without one, those of the first ring."""
DRILL_MINUTES = 30
HOUR = 3600
SLACK_MINUTES = 90  # of a job that applies, beside its bake, at least


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What pipelines are made from."""

    inventory: Inventory
    settings: Settings
    bake: Mapping[str, float]  # of each ring (s)


BY_HAND: Mapping[Variable, str] = {
    "CELLFACTORY_RESUME": "Run to take up again, as `cellfactory runs` names it",
    "CELLFACTORY_ALLOW_DESTROY": "Layer or address whose destroys are meant",
    "CELLFACTORY_OVERRIDE": "Limit of the guard to go beyond, and why: WHAT=REASON",
    "CELLFACTORY_FIRST_APPLY": "Nothing was applied yet",
}
"""What a person says who starts an apply by hand, and how that is asked for; the program reads it
from its environment."""
YES_OR_NO: frozenset[Variable] = frozenset({"CELLFACTORY_FIRST_APPLY"})
CELLS_OF_A_SHARD = 8
"""Cells that one job looks at for drift: some 50 stacks."""


def build_pipelines(wanted: Wanted) -> tuple[Pipeline, ...]:
    """Make every pipeline of an inventory."""
    return (_plan(wanted), _apply(wanted), _drift(wanted), _drill(wanted))


def _login(wanted: Wanted, environment: str, seconds: int = HOUR) -> Login:
    role = role_arn(wanted.settings.account, pipeline_role_name(environment))
    return Login(role=role, region=wanted.inventory.state.region, seconds=seconds)


def _labels(value: str | list[str]) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value)


SYNTH = Step(title="Write the Terraform", argv=("cellfactory", "synth", "--locked"))
POLICY = Step(title="Check the policy", argv=("cellfactory", "policy"), finds=True)


# -- a proposed change -----------------------------------------------------------------------------


def _plan(wanted: Wanted) -> Pipeline:
    jobs = (_static(wanted), _stacks(wanted), _comment(wanted))
    return Pipeline(name="plan", title="Plan", trigger="change", jobs=jobs, replaces=True)


def _static(wanted: Wanted) -> Job:
    """What a stranger's change gets, too: no credentials, nothing to write with."""
    check = ("cellfactory", "check", "--locked")
    diff = ("cellfactory", "diff", "--format", "markdown")
    waves = ("cellfactory", "waves", "--format", "github", "--jobs", str(MOST_JOBS))
    return Job(
        name="static",
        title="Check, synth, policy, diff",
        runner=_labels(wanted.settings.runners.plan),
        history=True,
        memory="reads",
        keeps="diff",
        minutes=20,
        steps=(
            Step(title="Check the inventory", argv=check, finds=True),
            SYNTH,
            POLICY,
            Step(
                title="Say what the change does",
                argv=(*diff, "--base"),
                last="BASE_COMMIT",
                saves=f"{OUT}/diff.md",
                shows=f"{OUT}/diff.md",
            ),
            Step(
                title="List the stacks to plan",
                argv=(*waves, "--base"),
                last="BASE_COMMIT",
                yields=True,
            ),
        ),
    )


def _stacks(wanted: Wanted) -> Job:
    plan = ("cellfactory", "plan", "--read-only", "--synth", "--format", "markdown")
    return Job(
        name="plan",
        title="Plan",
        needs=("static",),
        environment=PLAN,
        login=_login(wanted, PLAN),
        runner=_labels(wanted.settings.runners.plan),
        condition="changed",
        matrix="static",
        memory="reads",
        keeps="plan",
        steps=(
            Step(
                title="Plan",
                argv=plan,  # synthesizes its own stacks alone: the others are no job of this one
                reads=("CELLFACTORY_STACKS",),
                saves=f"{OUT}/plan.md",
                shows=f"{OUT}/plan.md",
            ),
        ),
    )


def _comment(wanted: Wanted) -> Job:
    """The one job that may write to the change; it runs nothing of it."""
    return Job(
        name="comment",
        title="Comment",
        needs=("static", "plan"),
        runner=_labels(wanted.settings.runners.plan),
        condition="trusted",
        grants=("read", "comments"),
        reads_base=True,
        takes="*",
        minutes=10,
        steps=(
            Step(
                title="Write or update the one comment",
                argv=("cellfactory", "pipeline", "comment", IN, "--change"),
                reads=("CI_TOKEN",),
                last="CHANGE_NUMBER",
            ),
        ),
    )


# -- a merged change -------------------------------------------------------------------------------


def _apply(wanted: Wanted) -> Pipeline:
    """Ring by ring: each is planned once the ring before it has passed, and approved as planned."""
    jobs: list[Job] = []
    rings = wanted.inventory.rings_in_use
    for place, ring in enumerate(rings):
        before = (jobs[-1].name,) if jobs else ()
        is_last = place + 1 == len(rings)
        jobs += [_ring_plan(wanted, ring, before), _ring_apply(wanted, ring, is_last)]
    return Pipeline(name="apply", title="Apply", trigger="merge", jobs=tuple(jobs), replaces=False)


def _ring_plan(wanted: Wanted, ring: str, before: tuple[str, ...]) -> Job:
    plan = ("cellfactory", "plan", "--read-only")  # as the role of its environment does
    argv = (*plan, "--ring", ring, "--out", f"{OUT}/{ring}.json")
    return Job(
        name=f"plan-{ring}",
        title=f"Plan {ring}",
        needs=before,
        environment=PLAN,
        login=_login(wanted, PLAN),
        runner=_labels(wanted.settings.runners.plan),
        memory="none" if before else "writes",
        keeps=f"reviewed-{ring}",
        steps=(
            SYNTH,
            *(() if before else (POLICY,)),  # a waiver may have ended since, a push come unseen
            Step(
                title="Plan what is not applied yet",
                argv=(*argv, "--format", "markdown"),
                saves=f"{OUT}/plan.md",
                shows=f"{OUT}/plan.md",
            ),
        ),
    )


def _ring_apply(wanted: Wanted, ring: str, is_last: bool) -> Job:
    settings, environment = wanted.settings, apply_environment(ring)
    bake = 0.0 if is_last else wanted.bake[ring]
    apply = ("cellfactory", "apply", "--ring", ring)
    argv = (*apply, "--reviewed", f"{IN}/{ring}.json", "--unseen")
    how = ("--bake", write_duration(bake)) if bake else ("--no-bake",)
    return Job(
        name=environment,
        title=f"Apply {ring}",
        needs=(f"plan-{ring}",),
        environment=environment,
        login=_login(wanted, environment, settings.session_hours * HOUR),
        runner=_labels(settings.runners.apply),
        takes=f"reviewed-{ring}",
        minutes=max(60 * settings.session_hours, SLACK_MINUTES + round(bake / 60)),
        steps=(
            SYNTH,
            Step(
                title=f"Apply {ring}, and let it bake" if bake else f"Apply {ring}",
                argv=(*argv, *how, "--yes"),
                reads=tuple(BY_HAND),
            ),
        ),
    )


# -- by the clock, and by hand ---------------------------------------------------------------------


def _drift(wanted: Wanted) -> Pipeline:
    runner = _labels(wanted.settings.runners.plan)
    shards = min(MOST_JOBS, max(1, ceil(len(wanted.inventory.cells) / CELLS_OF_A_SHARD)))
    look = Job(
        name="drift",
        title="Look for drift",
        environment=PLAN,
        login=_login(wanted, PLAN),
        runner=runner,
        keeps="drift",
        shards=shards,
        minutes=180,
        steps=(
            Step(
                title="Hold what was applied against AWS",
                argv=("cellfactory", "drift", "--read-only", "--format", "json"),
                reads=("CELLFACTORY_SHARD",) if shards > 1 else (),
                saves=f"{OUT}/drift.json",
            ),
        ),
    )
    tell = Job(
        name="issues",
        title="Tell",
        needs=("drift",),
        runner=runner,
        condition="afterwards",
        grants=("read", "issues"),
        takes="drift" if shards == 1 else "drift-*",
        minutes=10,
        steps=(
            Step(
                title="Open, update and close the issues of cells",
                argv=("cellfactory", "pipeline", "issues", IN),
                reads=("CI_TOKEN",),
            ),
        ),
    )
    return Pipeline(
        name="drift", title="Drift", trigger="schedule", jobs=(look, tell), replaces=False
    )


def _drill(wanted: Wanted) -> Pipeline:
    ring, cells = drill_cells(wanted.inventory)
    environment = apply_environment(ring)
    seconds = wanted.settings.session_hours * HOUR
    job = Job(
        name="rebuild",
        title="Destroy and rebuild a cell",
        environment=environment,
        login=_login(wanted, environment, seconds),
        runner=_labels(wanted.settings.runners.apply),
        minutes=max(60 * wanted.settings.session_hours, SLACK_MINUTES),
        steps=(
            SYNTH,
            Step(
                title=f"Rebuild it within {DRILL_MINUTES} minutes",
                argv=("cellfactory", "pipeline", "drill", "--within", f"{DRILL_MINUTES}m"),
                last="DRILL_CELL",
            ),
        ),
    )
    return Pipeline(
        name="rebuild-drill",
        title="Rebuild drill",
        trigger="drill",
        jobs=(job,),
        replaces=False,
        choices=cells,
    )


def drill_cells(inventory: Inventory) -> tuple[str, tuple[str, ...]]:
    """Say which ring's cells are rebuilt for practice, and which those are.

    The ring `drill` where it has cells, else the first one that has.
    """
    rings = inventory.rings_in_use
    ring = DRILL_RING if DRILL_RING in rings else rings[0]
    return ring, tuple(sorted(n for n, c in inventory.cells.items() if c.ring == ring))
