"""Sends one job to one cell, or says of each cell why it cannot have it.

Same inventory, same report, same job: same answer, on every machine. Nothing is remembered, so any
number of routers may ask.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Literal

from cellfactory.inventory.schema import Cell, Inventory, NewAccount
from cellfactory.routing.capacity import Capacity
from cellfactory.routing.ranking import rank

ReasonCode = Literal["mesh", "type", "drain", "weight", "unbuilt", "pods", "cores"]


@dataclass(frozen=True, slots=True, kw_only=True)
class JobRequest:
    """A job that wants a cell."""

    key: str  # equal keys go to the same cell, as long as that takes them
    pods: int = 1  # driver and executors (pods)
    cores: float = 0  # what they request together (vCPU); 0 when it does not matter
    mesh: str | None = None  # the mesh that it must run in
    cell_type: str | None = None  # the type of cell that it must run in


@dataclass(frozen=True, slots=True, kw_only=True)
class CellState:
    """What a caller knows of a cell right now; None is not known."""

    pods: int | None = None  # pods that hold a place on a node, those of the system included
    cores: float | None = None  # what they request together (vCPU)
    jobs: int | None = None  # that run or wait to run; no job is sent by it
    drain: bool = False  # takes no new job, whatever the inventory says


UNKNOWN = CellState()


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """Why a cell cannot have a job."""

    code: ReasonCode
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A cell, as a job sees it."""

    cell: str
    weight: int
    capacity: Capacity
    state: CellState
    reasons: tuple[Reason, ...]  # none when it may have the job
    rank: int | None = None  # 1 is chosen, 2 is next; None when it may not have the job
    share: float = 0.0  # of all such jobs

    @property
    def free_pods(self) -> int | None:
        """Pods that it still takes; None when its use is not known."""
        return None if self.state.pods is None else self.capacity.pods - self.state.pods

    @property
    def free_cores(self) -> float | None:
        """Processors that are not asked for yet (vCPU); None when its use is not known."""
        return None if self.state.cores is None else self.capacity.cores - self.state.cores


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """Where a job goes; the candidates in the order in which they would be tried."""

    job: JobRequest
    candidates: tuple[Candidate, ...]

    @property
    def cell(self) -> str | None:
        """The chosen cell, if there is one."""
        return next((c.cell for c in self.candidates if c.rank == 1), None)

    @property
    def unknown(self) -> tuple[str, ...]:
        """Cells that may have the job but whose use nobody told in full."""
        asked = [c for c in self.candidates if c.rank is not None]
        return tuple(c.cell for c in asked if c.free_pods is None or self._cores_unknown(c))

    def _cores_unknown(self, candidate: Candidate) -> bool:
        return self.job.cores > 0 and candidate.free_cores is None


def route_job(
    inventory: Inventory,
    capacities: Mapping[str, Capacity],
    job: JobRequest,
    states: Mapping[str, CellState],
) -> Decision:
    """Choose a cell for a job, by weight among those that are not drained and have room.

    A cell whose use is not known counts as empty, and the decision says so. One whose account is
    made for it takes no job before the report names it, or its weight is written down.

    Args:
        inventory: cells with their weights, and which of them are drained.
        capacities: what each cell holds when it is empty, by name.
        job: what wants a cell.
        states: what is known of cells, by name; others are unknown.

    Returns:
        Every cell of the inventory: those that may have the job by rank, then the others by name.
    """
    found = {
        name: Candidate(
            cell=name,
            weight=cell.routing.weight,
            capacity=capacities[name],
            state=states.get(name, UNKNOWN),
            reasons=tuple(_reasons(inventory, name, capacities[name], job, states)),
        )
        for name, cell in sorted(inventory.cells.items())
    }
    weights = {name: c.weight for name, c in found.items() if not c.reasons}
    order = rank(job.key, weights)
    together = sum(weights.values())
    chosen = [
        replace(found[name], rank=place, share=weights[name] / together)
        for place, name in enumerate(order, 1)
    ]
    refused = [candidate for name, candidate in found.items() if name not in weights]
    return Decision(job=job, candidates=(*chosen, *refused))


def _reasons(
    inventory: Inventory,
    name: str,
    capacity: Capacity,
    job: JobRequest,
    states: Mapping[str, CellState],
) -> Iterator[Reason]:
    cell, state = inventory.cells[name], states.get(name, UNKNOWN)
    if job.mesh is not None and cell.mesh != job.mesh:
        yield Reason(code="mesh", message=f"is in mesh {cell.mesh}, not {job.mesh}")
    if job.cell_type is not None and cell.type != job.cell_type:
        yield Reason(code="type", message=f"is of type {cell.type}, not {job.cell_type}")
    if cell.routing.drain or state.drain:
        who = "the inventory" if cell.routing.drain else "the report"
        yield Reason(code="drain", message=f"is drained, says {who}")
    if cell.routing.weight == 0:
        yield Reason(code="weight", message="has weight 0")
    if name not in states and _is_unproven(cell):
        yield Reason(
            code="unbuilt",
            message="may not be there yet: its account is new, no report tells of it, and it has "
            "no routing.weight",
        )
    yield from _room("pods", job.pods, capacity.pods, state.pods)
    yield from _room("cores", job.cores, capacity.cores, state.cores)


def _is_unproven(cell: Cell) -> bool:
    """Say whether nothing in the inventory speaks for the cell's being there."""
    is_new = isinstance(cell.account, NewAccount)
    return is_new and "weight" not in cell.routing.model_fields_set


def _room(
    code: Literal["pods", "cores"], wanted: float, holds: float, used: float | None
) -> Iterator[Reason]:
    if wanted and wanted > holds - (used or 0):
        free = max(0, holds - (used or 0))
        message = f"has {_shown(free)} of {_shown(holds)} {code} free, fewer than {_shown(wanted)}"
        yield Reason(code=code, message=message)


def _shown(amount: float) -> str:
    """Write an amount as a person reads it; a part of a processor to its tenth.

    >>> _shown(1_234_567), _shown(10_943.5), _shown(3.0)
    ('1,234,567', '10,943.5', '3')
    """
    return f"{amount:,.1f}".removesuffix(".0")
