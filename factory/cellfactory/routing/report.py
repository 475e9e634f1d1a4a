"""What a caller tells of its cells: a report as JSON (or YAML), and the schema of it."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

from pydantic import Field

from cellfactory.documents import parse_document
from cellfactory.errors import Finding, InventoryError
from cellfactory.inventory.reader import validate, yaml_problems
from cellfactory.inventory.source import SourceMap
from cellfactory.inventory.values import CellName, Model
from cellfactory.routing.route import CellState


class CellReport(Model):
    """What is known of one cell right now."""

    pods: Annotated[int, Field(ge=0)] | None = Field(
        default=None,
        description="Pods that hold a place on a node, those of the system included (pods).",
    )
    cores: Annotated[float, Field(ge=0, allow_inf_nan=False)] | None = Field(
        default=None, description="What they request together (vCPU)."
    )
    jobs: Annotated[int, Field(ge=0)] | None = Field(
        default=None,
        description="Jobs that run or wait to run (jobs); `decommission` asks for it.",
    )
    drain: bool = Field(default=False, description="Take no new job.")


class Report(Model):
    """What is known of the cells; one that is left out is not known."""

    cells: dict[CellName, CellReport] = Field(description="By name.")


def parse_report(data: bytes, file: str) -> dict[str, CellState]:
    """Read a report.

    Args:
        data: the bytes of it; JSON, or YAML as in `cells.yaml`.
        file: the name to show in messages; nothing is opened.

    Raises:
        InventoryError: with everything that is wrong in it.
    """
    # JSON may be indented with tabs, YAML may not; in JSON no tab is a part of any text.
    text = data.replace(b"\t", b" ") if data.lstrip()[:1] == b"{" else data
    document = parse_document(text)
    source = SourceMap.of(file, document)
    problems = yaml_problems(document, source, "F100", "F101")
    if problems:
        raise InventoryError(problems)
    report, refused = validate(Report, document)
    if report is None:
        raise InventoryError(source.locate_all([_of_report(finding) for finding in refused]))
    return {
        name: CellState(pods=cell.pods, cores=cell.cores, jobs=cell.jobs, drain=cell.drain)
        for name, cell in report.cells.items()
    }


def _of_report(finding: Finding) -> Finding:
    return replace(finding, message=finding.message.replace("the inventory", "the report"))
