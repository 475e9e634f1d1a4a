"""How a rollout over rings reads: its order beforehand, and each step as it comes."""

from __future__ import annotations

from typing import assert_never

from cellfactory.inventory.rings import write_duration
from cellfactory.runs.notices import (
    NothingInRings,
    RingBaking,
    RingBegun,
    RingHeld,
    RingNotice,
    RingPassed,
    RingPlan,
    RingStep,
)
from cellfactory.views.progress import elapsed


def render_ring(notice: RingNotice) -> str:
    """Render a notice of a rollout.

    >>> render_ring(RingPlan((RingStep("canary", 4, 1800), RingStep("rest", 1, None))))
    'ring by ring: canary (4 stacks, then bakes 30m), rest (1 stack)'
    """
    match notice:
        case NothingInRings(rings):
            text = f"nothing to do: ring {' and '.join(rings)} has none of these stacks"
        case RingPlan(steps):
            text = f"ring by ring: {', '.join(map(_step, steps))}"
        case RingBegun(ring, stacks):
            text = f"ring {ring}: {_count(stacks)}"
        case RingBaking(ring, seconds, following):
            then = f" before {following} is touched" if following else ""
            text = f"ring {ring} bakes for {elapsed(seconds)}{then}; Ctrl-C ends it at once"
        case RingPassed(ring, baked):
            after = f" after it baked {write_duration(baked)}" if baked else ""
            text = f"ring {ring} passed{after}"
        case RingHeld(ring, findings):
            text = "\n".join([f"ring {ring} has not passed:", *(f"    {f}" for f in findings)])
        case _:
            assert_never(notice)
    return text


def _step(step: RingStep) -> str:
    bakes = f", then bakes {write_duration(step.bake)}" if step.bake else ""
    return f"{step.ring} ({_count(step.stacks)}{bakes})"


def _count(stacks: int) -> str:
    return f"{stacks:,} stack{'' if stacks == 1 else 's'}"
