"""The answer as JSON for other programs, and the schemas of what they send and get."""

from __future__ import annotations

import json
from typing import Any, Literal

from pydantic import Field

from cellfactory.inventory.json_schema import DIALECT
from cellfactory.inventory.values import Model
from cellfactory.routing.report import Report
from cellfactory.routing.route import Candidate, Decision, ReasonCode


class AskedJob(Model):
    """The job that was asked about."""

    key: str = Field(description="What the choice was drawn from.")
    pods: int = Field(ge=1, description="Driver and executors (pods).")
    cores: float = Field(ge=0, description="What they request (vCPU); 0 does not matter.")
    mesh: str | None = Field(description="Mesh that was asked for.")
    type: str | None = Field(description="Cell type that was asked for.")


class Pods(Model):
    """Room of a cell for pods."""

    holds: int = Field(ge=0, description="When the cell is empty (pods).")
    used: int | None = Field(description="As the report says; null is not known (pods).")
    free: int | None = Field(description="What is left; null is not known (pods).")


class Cores(Model):
    """Processors of a cell."""

    holds: int = Field(ge=0, description="When the cell is empty (vCPU).")
    used: float | None = Field(description="As the report says; null is not known (vCPU).")
    free: float | None = Field(description="What is left; null is not known (vCPU).")


class WhyNot(Model):
    """One reason for which a cell cannot have the job."""

    code: ReasonCode = Field(description="For programs.")
    message: str = Field(description="For people; goes on from the cell's name.")


class AskedCell(Model):
    """One cell of the inventory."""

    cell: str = Field(description="Its name.")
    rank: int | None = Field(description="1 is chosen, 2 is next; null cannot have the job.")
    share: float = Field(ge=0, le=1, description="Of all such jobs, in the long run.")
    weight: int = Field(ge=0, le=100, description="As the inventory says.")
    pods: Pods = Field(description="Room for pods.")
    cores: Cores = Field(description="Processors.")
    reasons: list[WhyNot] = Field(description="Empty when the cell may have the job.")


class Answer(Model):
    """Where a job goes."""

    format_version: Literal[1] = Field(description="Version of this format.")
    job: AskedJob = Field(description="What was asked.")
    cell: str | None = Field(description="Where the job goes; null when no cell takes it.")
    unknown: list[str] = Field(
        description="Cells with a rank that counted as empty because the report lacks them."
    )
    cells: list[AskedCell] = Field(
        description="Every cell: those with a rank in its order, then the others by name."
    )


def answer(decision: Decision) -> dict[str, Any]:
    """Write a decision as plain data."""
    job = decision.job
    made = Answer(
        format_version=1,
        job=AskedJob(
            key=job.key, pods=job.pods, cores=job.cores, mesh=job.mesh, type=job.cell_type
        ),
        cell=decision.cell,
        unknown=list(decision.unknown),
        cells=[_asked(candidate) for candidate in decision.candidates],
    )
    return made.model_dump(mode="json")


def _asked(candidate: Candidate) -> AskedCell:
    holds, state = candidate.capacity, candidate.state
    return AskedCell(
        cell=candidate.cell,
        rank=candidate.rank,
        share=candidate.share,
        weight=candidate.weight,
        pods=Pods(holds=holds.pods, used=state.pods, free=candidate.free_pods),
        cores=Cores(holds=holds.cores, used=state.cores, free=candidate.free_cores),
        reasons=[WhyNot(code=r.code, message=r.message) for r in candidate.reasons],
    )


def render_answer_schema() -> str:
    """Render the schema of what `route --format json` prints."""
    return _render(Answer.model_json_schema(), "what `cellfactory route --format json` prints")


def render_report_schema() -> str:
    """Render the schema of what `route --usage` reads."""
    return _render(Report.model_json_schema(), "what `cellfactory route --usage` reads")


def _render(schema: dict[str, Any], title: str) -> str:
    head = {"$schema": DIALECT, "$comment": "Made by `python3 dev.py docs`; do not edit."}
    return json.dumps({**head, **schema, "title": title}, indent=2, ensure_ascii=False) + "\n"
