"""What `size` and `what-if` answer: a ledger, and what one cell of it is asked beyond that."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any

from cellfactory.addressing.room import Room, room_for_more
from cellfactory.design import Design
from cellfactory.errors import UsageError
from cellfactory.facts.schema import Facts, UnknownInstanceType
from cellfactory.inventory.nearest import suggest
from cellfactory.sizing.answers import (
    Rebuilt,
    Solved,
    cgnat_room,
    lead_seconds,
    rebuild_readings,
    solve,
)
from cellfactory.sizing.bounds import stage
from cellfactory.sizing.growth import Growth, grow
from cellfactory.sizing.joining import JoinedMesh, asked_mesh, joined_mesh
from cellfactory.sizing.setting import Setting, setting_of, size_setting
from cellfactory.sizing.usage import Ledger, Scenario, mark_binding
from cellfactory.sizing.whatif import WhatIf, WhatIfError, assumed, setting_of_what_if

SEED = 20_240  # any number: the same one gives the same simulated rebuild


@dataclass(frozen=True, slots=True, kw_only=True)
class Sized:
    """A ledger, the owners to show in full, and the one cell in question, when there is one."""

    ledger: Ledger
    details: tuple[str, ...]
    facts: Facts
    setting: Setting | None  # the cell among its peers
    mesh: JoinedMesh | None = None  # of that cell
    room: Room = field(default_factory=dict)  # in the address pools, for cells like it
    assumed: tuple[str, ...] = ()  # what a question left open, one sentence each

    def require_cell(self) -> Setting:
        """Return the one cell in question.

        Raises:
            UsageError: when there is none, or more than one.
        """
        if self.setting is None:
            msg = "--solve, --rebuild, --growth and --plot need one cell: name it"
            raise UsageError(msg)
        return self.setting


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """Everything that was asked of what was sized."""

    sized: Sized
    solved: Solved | None
    rebuilt: tuple[Rebuilt, ...]
    growth: Growth | None
    lead_minutes: float  # before the first launch of a rebuild; 0 where there is none
    rebuild_minutes: float  # that our policy gives a rebuild, from the first launch
    tight: float  # share of a limit from which our policy has it marked


def size_declared(design: Design, cells: Sequence[str], scenario: Scenario | None) -> Sized:
    """Size an inventory, with its ledger staged for a scenario.

    Args:
        design: the inventory.
        cells: cells or hubs to show in full; the only cell there is when empty.
        scenario: what is taken to happen.

    Raises:
        UsageError: when there is no such cell or hub.
    """
    inventory, plan, facts = design.inventory, design.plan, design.facts
    ledger = Ledger(mark_binding(stage(design.ledger, scenario)))
    _require_known(cells, ledger.owners())
    details = tuple(cells) or (tuple(inventory.cells) if len(inventory.cells) == 1 else ())
    if len(details) != 1 or details[0] not in inventory.cells:
        return Sized(ledger=ledger, details=details, facts=facts, setting=None)
    cell = details[0]
    return Sized(
        ledger=ledger,
        details=details,
        facts=facts,
        setting=replace(setting_of(inventory, plan, cell, facts), scenario=scenario),
        mesh=joined_mesh(inventory, plan, cell, facts),
        room=room_for_more(inventory, design.lock, cell, facts),
    )


def size_question(asked: Mapping[str, Any], scenario: Scenario | None, facts: Facts) -> Sized:
    """Size a hypothetical cell.

    Args:
        asked: fields of `WhatIf` by name; what is left out has its default, and is told.
        scenario: what is taken to happen.
        facts: what AWS offers, allows and counts.

    Raises:
        UsageError: when the question contradicts itself or AWS.
    """
    try:
        question = WhatIf(**asked)
        _require_possible(question, facts)
        setting = replace(setting_of_what_if(question, facts), scenario=scenario)
    except (WhatIfError, UnknownInstanceType) as error:
        raise UsageError(str(error)) from error
    return Sized(
        ledger=Ledger(mark_binding(size_setting(setting))),
        details=(setting.shape.name,),
        facts=facts,
        setting=setting,
        mesh=asked_mesh(setting),
        room=cgnat_room(setting.shape.pod_blocks),
        assumed=tuple(assumed(question, asked, facts)),
    )


def answer(
    sized: Sized, *, solved: bool = False, rebuilt: bool = False, per_month: int | None = None
) -> Answer:
    """Answer what is asked beyond the ledger.

    Args:
        sized: what was sized.
        solved: run the model backwards.
        rebuilt: simulate a rebuild.
        per_month: nodes that come each month; no growth is asked about when None.

    Raises:
        UsageError: when one of them is asked for, and no one cell is in question.
    """
    setting = sized.require_cell() if solved or rebuilt or per_month else None
    facts = sized.facts
    return Answer(
        sized=sized,
        solved=solve(setting, sized.mesh, sized.room)
        if setting and sized.mesh and solved
        else None,
        rebuilt=rebuild(setting) if setting and rebuilt else (),
        growth=grow(setting, per_month) if setting and per_month else None,
        lead_minutes=lead_seconds(setting) / 60 if setting and rebuilt else 0,
        rebuild_minutes=facts.policy_value("rebuild-minutes"),
        tight=facts.policy_value("headroom-warn-share"),
    )


def rebuild(setting: Setting) -> tuple[Rebuilt, ...]:
    """Simulate the rebuild of a cell in both readings; the same each time."""
    return rebuild_readings(setting, lambda: Random(SEED).random)


def _require_known(cells: Sequence[str], owners: Collection[str]) -> None:
    for cell in cells:
        if cell not in owners:
            msg = f"unknown cell or hub {cell!r}{suggest(cell, owners)}"
            raise UsageError(msg)


def _require_possible(question: WhatIf, facts: Facts) -> None:
    known = facts.quotas_by_code(question.region)
    for code, value in question.quotas.items():
        if code not in known:
            msg = f"--quota {code}: no bound uses that quota"
            raise UsageError(msg)
        most = facts.most(known[code], question.region, question.quotas)
        if most is not None and value > most:
            msg = f"--quota {code}={value:,}: AWS gives at most {most:,} ({known[code].title})"
            raise UsageError(msg)
