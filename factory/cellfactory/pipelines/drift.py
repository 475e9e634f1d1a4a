"""What runs by the clock or by hand: what drifted, and whether a cell can be built again."""

from __future__ import annotations

from cellfactory.naming import PLAN, apply_environment
from cellfactory.pipelines.apply import QUEUE
from cellfactory.pipelines.model import (
    Condition,
    Fetch,
    FromInput,
    FromRun,
    Input,
    Job,
    Keep,
    OnDemand,
    OnSchedule,
    Run,
    Variable,
    Workflow,
)
from cellfactory.pipelines.parts import (
    HOUR_MINUTES,
    READ_CODE,
    TAKE_ROLE,
    WRITE_ISSUES,
    Ground,
    RingOfCells,
    first_steps,
    synth,
)

EARLY = "17 4 * * *"
"""Each night, at no full hour: then the whole world starts its jobs."""

CELL = (("CELL", FromInput("cell")),)


def drift_workflow(ground: Ground) -> Workflow:
    """Make the workflow that looks for drift each night."""
    return Workflow(
        id="drift",
        name="drift",
        says="Keeps one issue for each cell of which AWS holds something else than was applied, "
        "and closes it by itself.",
        triggers=(OnSchedule(EARLY), OnDemand()),
        jobs=(_drift(ground), _issues(ground)),
        queue="cellfactory-drift",
    )


def _drift(ground: Ground) -> Job:
    return Job(
        id="drift",
        name="drift",
        says="Looks by a role that may change nothing.",
        runner=ground.plan_runner,
        minutes=HOUR_MINUTES,
        environment=PLAN,
        permissions=(READ_CODE, TAKE_ROLE),
        condition=Condition(repository=ground.repository, branch=ground.branch),
        steps=(
            *first_steps(),
            ground.plan_login(),
            Run(
                name="Drift",
                argv=("cellfactory", "drift", "--read-only", "--format", "json"),
                saves="drift.json",
            ),
            Keep(name="drift", path="drift.json", always=True, days=1),
        ),
    )


def _issues(ground: Ground) -> Job:
    return Job(
        id="issues",
        name="issues",
        says="The one job that may write issues; it has no way into AWS.",
        runner=ground.plan_runner,
        minutes=10,
        needs=("drift",),
        permissions=(READ_CODE, WRITE_ISSUES),
        condition=Condition(
            repository=ground.repository, branch=ground.branch, even_after_failure=True
        ),
        steps=(
            *first_steps(),
            Fetch(pattern="drift", folder="parts"),
            Run(
                name="Issues",
                argv=("cellfactory", "pipeline", "issues", "parts"),
                variables=(("GITHUB_TOKEN", FromRun("token")),),
            ),
        ),
    )


def rebuild_workflow(ground: Ground) -> Workflow:
    """Make the workflow that takes a cell's cluster down and builds it again."""
    return Workflow(
        id="rebuild-drill",
        name="rebuild drill",
        says="Takes the cluster of one cell down and builds it again, to know that it can be done. "
        "Its jobs are lost: drain it first.",
        triggers=(OnDemand((Input(name="cell", description="Cell to rebuild", required=True),)),),
        jobs=tuple(_rebuild(ground, ring) for ring in ground.rings),
        queue=QUEUE,
    )


def _rebuild(ground: Ground, ring: RingOfCells) -> Job:
    cell = ("--cell", Variable("CELL"))
    return Job(
        id=f"rebuild-{ring.name}",
        name=f"rebuild a cell of {ring.name}",
        says="Its network, its addresses and what its peers have of it stay.",
        runner=ground.apply_runner,
        minutes=ground.apply_minutes,
        environment=apply_environment(ring.name),
        permissions=(READ_CODE, TAKE_ROLE),
        condition=Condition(
            repository=ground.repository, branch=ground.branch, input_is_one_of=("cell", ring.cells)
        ),
        steps=(
            *first_steps(),
            ground.apply_login(ring),
            synth(),
            Run(
                name="Nothing else is to be done",
                argv=("cellfactory", "plan", *cell, "--exit-code"),
                variables=CELL,
            ),
            Run(
                name="Destroy",
                argv=(
                    *("cellfactory", "destroy", *cell, "--layer", "cluster"),
                    *("--layer", "platform", "--sweep", "--yes", "--format", "github"),
                ),
                variables=CELL,
            ),
            Run(
                name="Build",
                argv=("cellfactory", "apply", *cell, "--yes", "--format", "github"),
                variables=CELL,
            ),
            Run(
                name="Compare",
                argv=("cellfactory", "drift", *cell, "--exit-code"),
                variables=CELL,
            ),
        ),
    )
