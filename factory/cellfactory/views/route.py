"""How it looks which cell a job is sent to; for programs it is in `cellfactory.routing.answer`."""

from __future__ import annotations

from cellfactory.routing.route import Candidate, Decision


def render_decision(decision: Decision) -> str:
    """Render the answer for people: the chosen cell first, then why the others are not."""
    head = decision.cell or "-"
    return "\n".join([head, *(f"  {_line(c)}" for c in decision.candidates)])


def _line(candidate: Candidate) -> str:
    if candidate.rank is None:
        return f"{candidate.cell}  {'; '.join(r.message for r in candidate.reasons)}"
    free = "room unknown" if candidate.free_pods is None else f"{candidate.free_pods:,} pods free"
    return f"{candidate.cell}  {candidate.rank}.  {candidate.share:.0%} of such jobs, {free}"
