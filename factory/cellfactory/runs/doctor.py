"""`doctor`: what must be there before the first apply, asked of AWS and changed nowhere.

Each question is one read-only call, or a few, in the account that the work would be done in, by
the roles that it would be done with.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from cellfactory.credentials import Session, open_session, require_account
from cellfactory.errors import FactoryError, UsageError
from cellfactory.facts.schema import Facts
from cellfactory.inventory.nearest import suggest
from cellfactory.inventory.schema import Inventory
from cellfactory.layers.stack import Access
from cellfactory.runs.doctor_cell import cell_questions
from cellfactory.runs.doctor_hub import hub_questions
from cellfactory.runs.doctor_organization import organization_questions
from cellfactory.runs.doctor_state import state_questions
from cellfactory.runs.questions import Answer, Question, Subject, Unmet, Visit, ask_all
from cellfactory.terraform.engine import find_engine

SESSION = "cellfactory-doctor"
NO_ROLES = ""  # whose account the base credentials are of is not for the inventory to say


@dataclass(frozen=True, slots=True, kw_only=True)
class Doors:
    """The ways out of this program."""

    enter: Callable[[Access], Session]
    find_terraform: Callable[[], object]


def real_doors() -> Doors:
    """Through the roles of an access, and to the Terraform that a run would take."""
    return Doors(enter=_enter, find_terraform=lambda: find_engine(os.environ, Path.cwd()))


def _enter(access: Access) -> Session:
    session = open_session(
        access.roles, name=SESSION, region=access.region, sts_region=access.sts_region
    )
    if access.account:
        require_account(session, access.account, access.sts_region)
    return session


def choose_subjects(
    inventory: Inventory, cells: Collection[str] = (), organizations: Collection[str] = ()
) -> tuple[Subject, ...]:
    """Choose whom to ask about: a cell with its organization, an organization with its cells.

    Hubs of the cells come along. What every cell stands on, Terraform and the state bucket, is
    always among them.

    Raises:
        UsageError: when the inventory has no such cell or organization.
    """
    _require_known("cell", cells, inventory.cells)
    _require_known("organization", organizations, inventory.organizations)
    everything = not cells and not organizations
    chosen = {
        name: cell.organization
        for name, cell in inventory.cells.items()
        if everything or name in cells or cell.organization in organizations
    }
    owners = {*organizations, *chosen.values()}
    hubs = {hub for cell in chosen for hub in inventory.hubs_of(cell)}
    return (
        Subject("tools"),
        Subject("state"),
        *(Subject("organization", n) for n in inventory.organizations if n in owners or everything),
        *(Subject("hub", name) for name in inventory.hubs if name in hubs or everything),
        *(Subject("cell", name) for name in chosen),
    )


def _require_known(kind: str, named: Iterable[str], known: Collection[str]) -> None:
    for name in named:
        if name not in known:
            msg = f"unknown {kind} {name!r}{suggest(name, known)}"
            raise UsageError(msg)


def examine(
    inventory: Inventory, facts: Facts, subject: Subject, doors: Doors | None = None
) -> Iterator[Answer]:
    """Ask everything about one subject.

    Args:
        inventory: one in which no rule finds an error.
        facts: Regions, names of images.
        subject: whom to ask about.
        doors: the ways to AWS and Terraform; the real ones when None.

    Yields:
        Answers as they come; nothing is raised for what AWS refuses.
    """
    ways = doors or real_doors()
    return ask_all(subject, _questions(inventory, facts, subject, ways))


def _questions(
    inventory: Inventory, facts: Facts, subject: Subject, doors: Doors
) -> Iterable[Question]:
    match subject.kind:
        case "tools":
            return _tool_questions(doors)
        case "state":
            region = inventory.state.region
            base = Access(account=NO_ROLES, roles=(), region=region, sts_region=region)
            return state_questions(inventory.state, Visit(base, doors.enter))
        case "organization":
            return organization_questions(inventory, facts, subject.name, doors.enter)
        case "hub":
            return hub_questions(inventory, facts, subject.name, doors.enter)
        case "cell":
            return cell_questions(inventory, facts, subject.name, doors.enter)


def _tool_questions(doors: Doors) -> Iterator[Question]:
    def find() -> Unmet | None:
        try:
            doors.find_terraform()
        except FactoryError as error:
            finding = error.problems[0].finding
            fix = finding.hint or "install a newer one, or name another in $TERRAFORM"
            return Unmet(finding.message, fix)
        return None

    yield Question(claim="Terraform or OpenTofu is there and new enough", ask=find)
