"""What a proposal is told: what is wrong with it, what it changes, what Terraform would do."""

from __future__ import annotations

from cellfactory.naming import PLAN
from cellfactory.pipelines.limits import MOST_ROWS
from cellfactory.pipelines.model import (
    Checkout,
    Condition,
    Fetch,
    FromMatrix,
    FromRun,
    Install,
    Job,
    Keep,
    Matrix,
    OnProposal,
    Run,
    Variable,
    Words,
    Workflow,
)
from cellfactory.pipelines.parts import (
    HOUR_MINUTES,
    LOCK,
    READ_CODE,
    TAKE_ROLE,
    WRITE_COMMENT,
    Ground,
    proposed_steps,
    synth,
)

ROW_KEYS = ("wave", "shard")
"""What tells the rows of `waves` apart in the name of a file."""


def plan_workflow(ground: Ground) -> Workflow:
    """Make the workflow of a proposal."""
    return Workflow(
        id="plan",
        name="plan",
        says="Says of a pull request what is wrong with it, what it changes, and what Terraform "
        "would do.",
        triggers=(OnProposal(),),
        jobs=(_static(ground), _plan(ground), _comment(ground)),
        queue="cellfactory-plan",
        newest_only=True,
    )


def _static(ground: Ground) -> Job:
    base = (("BASE", FromRun("base")),)
    return Job(
        id="static",
        name="static",
        says="Needs no credentials, and has none: it runs for forks, too.",
        runner=ground.plan_runner,
        minutes=30,
        permissions=(READ_CODE,),
        steps=(
            *proposed_steps(history=True),
            Run(name="Check", argv=("cellfactory", "check", "--locked", "--format", "github")),
            synth(),
            Run(name="Policy", argv=("cellfactory", "policy", "--format", "github")),
            Run(
                name="Diff",
                argv=("cellfactory", "diff", "--base", Variable("BASE"), "--format", "github"),
                variables=base,
            ),
            Run(
                name="Diff for the comment",
                argv=("cellfactory", "diff", "--base", Variable("BASE"), "--format", "markdown"),
                variables=base,
                saves="diff.md",
                summary=True,
            ),
            Keep(name="part-diff", path="diff.md"),
            Run(
                name="Matrix",
                argv=(
                    *("cellfactory", "waves", "--base", Variable("BASE"), "--format", "github"),
                    *("--shards", str(ground.shards)),
                ),
                variables=base,
                output="matrix",
            ),
        ),
    )


def _plan(ground: Ground) -> Job:
    return Job(
        id="plan",
        name="plan",
        says="Looks by a role that may change nothing; what it keeps holds no value and no state. "
        f"At most {MOST_ROWS} side by side.",
        runner=ground.plan_runner,
        minutes=HOUR_MINUTES,
        needs=("static",),
        environment=PLAN,
        permissions=(READ_CODE, TAKE_ROLE),
        condition=Condition(own_code_only=True),
        matrix=Matrix(job="static", output="matrix", shown="name"),
        steps=(
            *proposed_steps(),
            ground.plan_login(),
            synth(),
            Run(
                name="Plan",
                argv=(
                    *("cellfactory", "plan", "--read-only", Words("ARGUMENTS")),
                    *("--out", "plan.json", "--format", "markdown"),
                ),
                variables=(("ARGUMENTS", FromMatrix("arguments")),),
                saves="plan.md",
                summary=True,
            ),
            Keep(name="part-plan", path="plan.md", matrix_keys=ROW_KEYS, always=True),
            Keep(name="plan", path="plan.json", matrix_keys=ROW_KEYS, always=True),
        ),
    )


def _comment(ground: Ground) -> Job:
    return Job(
        id="comment",
        name="comment",
        says="The one job that may write a comment: it runs nothing of what is proposed, and takes "
        "from the other jobs files alone.",
        runner=ground.plan_runner,
        minutes=10,
        needs=("static", "plan"),
        permissions=(READ_CODE, WRITE_COMMENT),
        condition=Condition(own_code_only=True, even_after_failure=True),
        steps=(
            Checkout(base=True),
            Install(lock=LOCK),
            Fetch(pattern="part-*", folder="parts"),
            Run(
                name="Comment",
                argv=("cellfactory", "pipeline", "comment", "parts", "--on", Variable("NUMBER")),
                variables=(
                    ("NUMBER", FromRun("number")),
                    ("GITHUB_TOKEN", FromRun("token")),
                ),
            ),
        ),
    )
