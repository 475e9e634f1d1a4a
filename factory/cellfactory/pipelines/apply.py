"""What is merged is applied ring by ring: each is planned, agreed to, applied, and bakes."""

from __future__ import annotations

from collections.abc import Iterator

from cellfactory.inventory.rings import write_duration
from cellfactory.naming import PLAN, apply_environment
from cellfactory.pipelines.model import (
    Condition,
    Fetch,
    FromInput,
    IfSaid,
    IfTrue,
    Input,
    Job,
    Keep,
    OnBranch,
    OnDemand,
    Run,
    Word,
    Workflow,
)
from cellfactory.pipelines.parts import (
    HOUR_MINUTES,
    READ_CODE,
    TAKE_ROLE,
    Ground,
    RingOfCells,
    first_steps,
    synth,
)

QUEUE = "cellfactory-apply"
"""Whatever changes AWS stands in one queue, and is never cut off by what comes behind it."""

INPUTS = (
    Input(name="resume", description="Run to take up again, such as last"),
    Input(name="allow_destroy", description="Layer or address whose destroys are meant"),
    Input(name="override", description="Limit of the guard to go beyond: WHAT=REASON"),
    Input(name="first_apply", description="Nothing was applied yet", is_flag=True),
)


def apply_workflow(ground: Ground) -> Workflow:
    """Make the workflow of what is merged; a failed ring leaves every later one as it is."""
    return Workflow(
        id="apply",
        name="apply",
        says="Applies what is merged, ring by ring. What is to be done is told by the difference "
        "to what was applied last, and never by a commit.",
        triggers=(OnBranch(ground.branch), OnDemand(INPUTS)),
        jobs=tuple(_jobs(ground)),
        queue=QUEUE,
    )


def _jobs(ground: Ground) -> Iterator[Job]:
    earlier: tuple[str, ...] = ()
    for ring in ground.rings:
        plan = _plan(ground, ring, earlier)
        apply = _apply(ground, ring, (plan.id, *earlier))
        yield from (plan, apply)
        earlier = (apply.id,)


def _plan(ground: Ground, ring: RingOfCells, needs: tuple[str, ...]) -> Job:
    return Job(
        id=f"plan-{ring.name}",
        name=f"plan {ring.name}",
        says="Shows those who let the ring through what it comes to, once the earlier ones stand.",
        runner=ground.plan_runner,
        minutes=HOUR_MINUTES,
        needs=needs,
        environment=PLAN,
        permissions=(READ_CODE, TAKE_ROLE),
        condition=Condition(repository=ground.repository, branch=ground.branch),
        steps=(
            *first_steps(),
            ground.plan_login(),
            synth(),
            Run(
                name="Plan",
                argv=(
                    *("cellfactory", "plan", "--read-only", "--ring", ring.name),
                    *("--out", "plan.json", "--format", "markdown"),
                ),
                saves="plan.md",
                summary=True,
            ),
            Keep(name=_reviewed(ring), path="plan.json"),
        ),
    )


def _apply(ground: Ground, ring: RingOfCells, needs: tuple[str, ...]) -> Job:
    return Job(
        id=f"apply-{ring.name}",
        name=f"apply {ring.name}",
        says=_says(ring),
        runner=ground.apply_runner,
        minutes=ground.apply_minutes,
        needs=needs,
        environment=apply_environment(ring.name),
        permissions=(READ_CODE, TAKE_ROLE),
        condition=Condition(repository=ground.repository, branch=ground.branch),
        steps=(
            *first_steps(),
            Fetch(pattern=_reviewed(ring), folder="reviewed"),
            ground.apply_login(ring),
            synth(),
            Run(
                name="Apply",
                argv=(*_argv(ring),),
                variables=(
                    ("RESUME", FromInput("resume")),
                    ("ALLOW_DESTROY", FromInput("allow_destroy")),
                    ("OVERRIDE", FromInput("override")),
                    ("FIRST_APPLY", FromInput("first_apply")),
                ),
            ),
        ),
    )


def _argv(ring: RingOfCells) -> Iterator[Word]:
    yield from ("cellfactory", "apply", "--ring", ring.name)
    yield from ("--reviewed", f"reviewed/{_reviewed(ring)}/plan.json", "--unseen")
    if ring.bake_seconds:
        yield from ("--bake", write_duration(ring.bake_seconds))
    yield IfSaid("--resume", "RESUME")
    yield IfSaid("--allow-destroy", "ALLOW_DESTROY")
    yield IfSaid("--override", "OVERRIDE")
    yield IfTrue("--first-apply", "FIRST_APPLY")
    yield from ("--format", "github")


def _says(ring: RingOfCells) -> str:
    agreed = "Does what was planned and agreed to, and nothing beyond it."
    if not ring.bake_seconds:
        return agreed
    return f"{agreed} Then it bakes for {write_duration(ring.bake_seconds)}, and is asked again."


def _reviewed(ring: RingOfCells) -> str:
    return f"reviewed-{ring.name}"
