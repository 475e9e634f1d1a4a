"""`plan --out` and `apply --reviewed`: what was reviewed is written down, and held against later.

The file says of which inventory it is, and of which place: what was reviewed for a sandbox, or for
the states in another bucket, says nothing of this one.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from cellfactory.addressing.lock_file import render_lock
from cellfactory.design import Design
from cellfactory.errors import FactoryError, Finding, TerraformError, UsageError
from cellfactory.files import read_text, write_whole
from cellfactory.git import SHORT, find_commit
from cellfactory.layers import StackId
from cellfactory.runs.prepare import Prepared
from cellfactory.runs.request import Request
from cellfactory.runs.review import Review
from cellfactory.runs.reviewing import reviewed_stacks
from cellfactory.terraform.leave import Agreed
from cellfactory.terraform.results import Result
from cellfactory.terraform.reviewed import ReviewedStack
from cellfactory.terraform.reviewed_file import AGAIN, ReviewedPlan, parse_reviewed, render_reviewed
from cellfactory.terraform.workspace import digest, digest_sources


@dataclass(frozen=True, slots=True)
class Place:
    """Where a run applies to, in words that two machines agree on."""

    mode: str
    name: str

    def __str__(self) -> str:
        return f"real AWS (states in {self.name})" if self.mode == "aws" else f"the {self.mode}"


def require_writable(path: Path) -> None:
    """Refuse a place that cannot be written before anything is planned for minutes.

    Raises:
        UsageError: when it is none.
    """
    folder = path.parent
    if path.is_dir():
        why = "it is a folder"
    elif not folder.is_dir():
        why = f"there is no folder {folder}"
    elif os.access(folder, os.W_OK) or path.exists():
        return
    else:
        why = f"folder {folder} is read-only"
    msg = f"cannot write {path}: {why}"
    raise UsageError(msg)


def write_reviewed(
    path: Path, design: Design, request: Request, ready: Prepared, review: Review
) -> None:
    """Write what a plan would do, for `read_reviewed`.

    Raises:
        UsageError: when it cannot be written; nothing is left then.
    """
    place = place_of(design, request)
    stacks = reviewed_stacks(ready, review)
    plan = ReviewedPlan(
        inventory=digest_design(design),
        commit=_commit(request.home),
        mode=place.mode,
        place=place.name,
        selection=request.selection,
        stacks=tuple(stacks.values()),
        unplanned=tuple(r.stack for r in review.results if r.stack not in stacks),
    )
    write_whole(path, render_reviewed(plan))


def read_reviewed(path: Path, design: Design, request: Request) -> ReviewedPlan:
    """Read what was reviewed, and make sure that it is about this inventory and this place.

    Raises:
        UsageError: when the file cannot be read.
        TerraformError: when it is none (F654, F655), or of something else (F656, F657).
    """
    plan = parse_reviewed(read_text(path), str(path))
    place = place_of(design, request)
    if (plan.mode, plan.place) != (place.mode, place.name):
        there, here = Place(plan.mode, plan.place), place
        message = f"{path} was planned for {there}, and this run is for {here}"
        raise TerraformError(Finding(rule="F657", message=message, hint=AGAIN))
    if plan.inventory != digest_design(design):
        of = f", made at commit {plan.commit[:SHORT]}" if plan.commit else ""
        message = f"the inventory is not the one that {path} is a plan of{of}"
        hint = f"go back to what was reviewed, or {AGAIN}"
        raise TerraformError(Finding(rule="F656", message=message, hint=hint))
    return plan


def agree_to(
    path: Path, plan: ReviewedPlan, ready: Prepared, unseen: frozenset[StackId] = frozenset()
) -> Agreed:
    """Say what a reviewed plan lets a run do to each of its stacks.

    A stack that was not reviewed, or was from other sources, is refused, and nothing is run for it.

    Args:
        path: of the file.
        plan: what it holds.
        ready: the stacks of the run.
        unseen: stacks that may be done without a review where the file knows nothing of them.

    Rules:
        F658: a stack was not reviewed.
        F659: one has other Terraform than was reviewed.
    """
    reviewed = {one.stack: one for one in plan.stacks}
    free = unseen - {*reviewed, *plan.unplanned}
    refused = [r for r in _refusals(path, ready, reviewed, plan.unplanned) if r.stack not in free]
    settled = {result.stack: result for result in refused}
    return Agreed(reviewed=reviewed, settled=settled, unseen=free)


def digest_design(design: Design) -> str:
    """Digest what an inventory and its lock mean; comments and the order of keys are not in it."""
    return digest(
        design.inventory.model_dump_json(exclude_defaults=True) + render_lock(design.lock)
    )


def place_of(design: Design, request: Request) -> Place:
    """Say where a run takes place: nothing of it depends on the machine, but in the sandbox."""
    if request.mode != "aws":
        return Place(mode=request.mode, name=request.mode)
    state = design.inventory.state
    states = f"s3://{state.bucket} in {state.region}"
    own = f", registry {request.registry}" if request.registry else ""
    return Place(mode=request.mode, name=states + own)


def _refusals(
    path: Path,
    ready: Prepared,
    reviewed: dict[StackId, ReviewedStack],
    unplanned: tuple[StackId, ...],
) -> Iterator[Result]:
    for stack in ready.ids:
        finding = _refusal(path, ready, stack, reviewed.get(stack), stack in unplanned)
        if finding is not None:
            yield Result(stack=stack, status="refused", reason=str(finding), finding=finding)


def _refusal(
    path: Path, ready: Prepared, stack: StackId, known: ReviewedStack | None, failed: bool
) -> Finding | None:
    if known is None:
        why = "its plan had failed" if failed else "it is not in it"
        message = f"nobody reviewed it: {why} ({path})"
        return Finding(rule="F658", stack=stack.name, message=message, hint=AGAIN)
    if known.sources != digest_sources(ready.sources[stack]):
        message = f"its Terraform is not the one that was reviewed ({path})"
        hint = f"the same inventory makes other Terraform with another release; {AGAIN}"
        return Finding(rule="F659", stack=stack.name, message=message, hint=hint)
    return None


def _commit(folder: Path) -> str:
    """Name the commit that a folder is at; empty where there is no git."""
    try:
        return find_commit(folder, "HEAD").sha
    except FactoryError:
        return ""
