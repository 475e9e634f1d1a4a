"""Ring by ring: a ring is applied, bakes, is looked at, and only then comes the next one.

A ring in which something went wrong keeps the later ones as they are. What baked in a run that is
resumed does not bake again, and what had begun to bake bakes for the rest of its time.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby

from cellfactory.design import Design
from cellfactory.errors import Finding
from cellfactory.facts.schema import Facts
from cellfactory.inventory.rings import write_duration
from cellfactory.inventory.schema import Inventory
from cellfactory.layers import Stack, StackId, Wave
from cellfactory.layers.waves import batches
from cellfactory.runs.notices import (
    RingBaking,
    RingBegun,
    RingHeld,
    RingPassed,
    RingPlan,
    RingStep,
)
from cellfactory.runs.request import Request
from cellfactory.runs.watcher import Watcher
from cellfactory.terraform.journal import Journal, RingEvent, Rings
from cellfactory.terraform.results import Result
from cellfactory.terraform.waiting import Rest, Stopping, rest

MINUTE = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """A ring of a run."""

    ring: str
    stacks: tuple[Stack, ...]
    bake: float | None  # time that it bakes once it has changed (s); None where nothing follows
    cells_at_once: int | None = None
    following: str | None = None  # the next ring of the run that is touched
    is_followed: bool = False  # whether a later ring, of this run or of the next, counts on it
    touched: int = 0  # stacks that something is to be done to


@dataclass(frozen=True, slots=True, kw_only=True)
class Rollout:
    """What goes ring by ring, and what is asked in between."""

    turns: tuple[Turn, ...]
    apply: Callable[[Sequence[Stack]], tuple[Result, ...]]
    failed: Callable[[Sequence[Result]], bool]  # whether no later ring may be touched
    check: Callable[[Turn], Sequence[Finding]]  # what is against going on
    watcher: Watcher
    skipped: Callable[[Result], None]  # is told of each stack that is not come to
    journal: Journal
    stopping: Stopping
    before: Rings = field(default_factory=Rings)  # what the run that is resumed has done
    rest: Rest = rest
    now: Callable[[], float] = time.time  # noqa: TID251 - a bake goes on between two runs (s)


def plan_turns(
    design: Design,
    request: Request,
    waves: Sequence[Wave],
    stacks: Sequence[Stack],
    touched: Collection[StackId],
) -> tuple[Turn, ...]:
    """Say which rings a run comes to, in order, and for how long each bakes.

    A ring bakes where the run touches a later one; where somebody says for how long, also where
    the inventory has a later one.

    Args:
        design: whose rings they are, and our policy.
        request: what somebody said for this run.
        waves: the order of the stacks.
        stacks: those that can be worked on at all.
        touched: those of them that something is to be done to, as far as is known.
    """
    wanted = {stack.id for stack in stacks}
    rings = [
        (ring, own)
        for ring, group in groupby(waves, key=lambda wave: wave.ring)
        if (own := tuple(s for wave in group for s in wave.stacks if s.id in wanted))
    ]
    turns: list[Turn] = []
    following = None
    for ring, own in reversed(rings):
        is_last = not _is_followed(design.inventory, ring)
        is_gate = not is_last and bool(request.rings or request.bake is not None)
        turn = Turn(
            ring=ring,
            stacks=own,
            bake=_bake_seconds(design, request, ring, following),
            cells_at_once=design.inventory.ring(ring).cells_at_once,
            following=following,
            is_followed=following is not None or is_gate,
            touched=sum(stack.id in touched for stack in own),
        )
        turns.append(turn)
        following = ring if turn.touched else following
    return tuple(reversed(turns))


def _bake_seconds(
    design: Design, request: Request, ring: str, following: str | None
) -> float | None:
    """For how long a ring bakes in a run: as somebody said; in the sandbox else not at all (s)."""
    if request.bake is not None:
        return request.bake if _is_followed(design.inventory, ring) else None
    if following is None:
        return None
    return bake_of(design.inventory, design.facts, ring) if request.mode == "aws" else 0.0


def bake_of(inventory: Inventory, facts: Facts, ring: str) -> float:
    """For how long a ring bakes: as the inventory says, or by our policy (s)."""
    own = inventory.ring(ring).bake_seconds
    return MINUTE * facts.policy_value("ring-bake-minutes") if own is None else own


def ring_plan(turns: Sequence[Turn]) -> RingPlan | None:
    """What to tell of a run that comes to several rings, or bakes; None of any other."""
    touched = [turn for turn in turns if turn.touched]
    if len(touched) < 2 and not any(turn.bake for turn in touched):
        return None
    return RingPlan(tuple(RingStep(t.ring, t.touched, t.bake) for t in touched))


def roll_out(rollout: Rollout) -> tuple[tuple[Result, ...], tuple[Finding, ...]]:
    """Apply ring by ring.

    Returns:
        What became of each stack, and what was found against a ring.
    """
    results: list[Result] = []
    for place, turn in enumerate(rollout.turns):
        if len(rollout.turns) > 1 and turn.touched:
            rollout.watcher.noted(RingBegun(turn.ring, turn.touched))
        own = _apply_turn(rollout, turn)
        results += own
        later = rollout.turns[place + 1 :]
        if rollout.failed(own) or rollout.stopping():
            why = "interrupted" if rollout.stopping() else f"needs ring {turn.ring}"
            return (*results, *_skip(rollout, later, why)), ()
        is_due = turn.is_followed or turn.touched > 0 or is_changed(own, rollout.before)
        findings = _prove(rollout, turn, own) if is_due else ()
        if findings:
            why = "interrupted" if rollout.stopping() else f"ring {turn.ring} did not pass"
            return (*results, *_skip(rollout, later, why)), tuple(findings)
    return tuple(results), ()


def _apply_turn(rollout: Rollout, turn: Turn) -> list[Result]:
    """Apply the stacks of a ring, some cells at a time where it says so."""
    parts = list(batches(turn.stacks, turn.cells_at_once))
    results: list[Result] = []
    for place, part in enumerate(parts):
        own = rollout.apply(part)
        results += own
        if rollout.failed(own) or rollout.stopping():
            why = "interrupted" if rollout.stopping() else "needs the cells before it in its ring"
            left = [stack for later in parts[place + 1 :] for stack in later]
            return [*results, *_skipped(rollout, left, why)]
    return results


def _prove(rollout: Rollout, turn: Turn, own: Sequence[Result]) -> Sequence[Finding]:
    """Let a ring bake where it has changed, and say what is against going on."""
    findings = rollout.check(turn)
    baked = 0.0
    if not findings and turn.bake and is_changed(own, rollout.before):
        baked = turn.bake
        findings = _bake(rollout, turn, turn.bake, own)
        if not findings:
            findings = rollout.check(turn)
    if rollout.stopping() and not findings:
        findings = [_interrupted(turn, "it was looked at")]
    if findings:
        rollout.watcher.noted(RingHeld(turn.ring, tuple(findings)))
    if findings and rollout.stopping():
        return findings
    event: RingEvent = "failed" if findings else "passed"
    rollout.journal.ring(turn.ring, event, rollout.now(), why="; ".join(map(str, findings)))
    if not findings and (turn.following or baked):
        rollout.watcher.noted(RingPassed(turn.ring, baked))
    return findings


def is_changed(own: Sequence[Result], before: Rings) -> bool:
    """Whether a ring has anything to prove: this run changed it, or one that it resumes did."""
    return any(
        result.status == "applied"
        or (result.status == "done-before" and result.stack.name in before.changed)
        for result in own
    )


def _bake(rollout: Rollout, turn: Turn, seconds: float, own: Sequence[Result]) -> Sequence[Finding]:
    """Wait until a ring has baked; what had begun in the run that is resumed counts."""
    since = None
    if not any(result.status == "applied" for result in own):
        since = rollout.before.baking.get(turn.ring)
    now = rollout.now()
    since = now if since is None else min(since, now)
    left = max(since + seconds - now, 0.0)
    rollout.journal.ring(turn.ring, "baking", since, bake=write_duration(seconds))
    rollout.watcher.noted(RingBaking(turn.ring, left, turn.following))
    rollout.watcher.baking(turn.ring, left)
    try:
        rollout.rest(left, rollout.stopping)
    finally:
        rollout.watcher.baking(turn.ring, 0)
    if not rollout.stopping():
        return ()
    left = max(since + seconds - rollout.now(), 0.0)
    return [_interrupted(turn, f"it had baked, with {_about(left)} left")]


def _about(seconds: float) -> str:
    """Say a time that is left, as people do."""
    return f"{seconds / MINUTE:.0f} minutes" if seconds >= 2 * MINUTE else f"{seconds:.0f} s"


def _interrupted(turn: Turn, until: str) -> Finding:
    message = f"ring {turn.ring!r} is applied; the run was interrupted before {until}"
    hint = "resumed, it goes on from there, and the time that has passed meanwhile counts"
    return Finding(rule="F663", message=message, hint=hint)


def _skip(rollout: Rollout, turns: Sequence[Turn], why: str) -> list[Result]:
    return _skipped(rollout, [stack for turn in turns for stack in turn.stacks], why)


def _skipped(rollout: Rollout, stacks: Sequence[Stack], why: str) -> list[Result]:
    results = [Result(stack=stack.id, status="skipped", reason=why) for stack in stacks]
    for result in results:
        rollout.skipped(result)
    return results


def _is_followed(inventory: Inventory, ring: str) -> bool:
    names = inventory.ring_names
    later = names[names.index(ring) + 1 :]
    return any(cell.ring in later for cell in inventory.cells.values())


def rings_by_name(waves: Sequence[Wave]) -> Mapping[str, str]:
    """The ring of each stack, by the stack's name."""
    return {stack.name: wave.ring for wave in waves for stack in wave.ids}
