"""How answers of the model run backwards look, and a simulated rebuild: as text and as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from cellfactory.sizing.answers import Rebuilt, Solved
from cellfactory.sizing.bounds import BOUNDS
from cellfactory.sizing.growth import Growth, Milestone
from cellfactory.sizing.rebuild import Boot, Rebuild
from cellfactory.views.ledger import wrap


def render_solved(solved: Solved) -> str:
    """Write how many fit, what would make the cell fit, and what each bound alone allows."""
    lines = [
        _answer(
            solved, solved.most_nodes, f"{solved.cell}: at most {{}} nodes, it has {solved.nodes:,}"
        ),
        _answer(solved, solved.most_cells, "at most {} cells like it in one full mesh"),
    ]
    if solved.raises:
        lines += ["", "smallest sufficient quota increases"]
        for wanted in solved.raises:
            end = "" if wanted.possible else "   above AWS's maximum"
            lines.append(f"  {wanted.code}: {wanted.wanted:<10}  # now {wanted.now:,.0f}{end}")
    if solved.changes:
        lines += ["", "what would make it fit, cheapest first (each tried on the model)"]
        lines += [line for change in solved.changes for line in wrap(change.words)]
    lines += ["", "nodes that each bound allows"]
    lines += _numbers(solved, solved.most_nodes)
    lines += ["", "cells like it in one full mesh that each bound allows"]
    lines += _numbers(solved, solved.most_cells)
    return "\n".join(lines)


def _answer(solved: Solved, numbers: Mapping[str, int | None], words: str) -> str:
    """Say the number that fits, and which bound it is that allows no more."""
    least = solved.fewest(numbers)
    if least is None:
        return words.format("any number of")
    binding = [BOUNDS[b].title for b in numbers if b in solved.gating and numbers[b] == least]
    return f"{words.format(f'{least:,}')} ({'; '.join(binding)})"


def _numbers(solved: Solved, numbers: Mapping[str, int | None]) -> Iterator[str]:
    least = solved.fewest(numbers)
    for bound, number in sorted(
        numbers.items(), key=lambda item: (item[0] not in solved.gating, item[1] or 0, item[0])
    ):
        if number is not None:
            gate = "" if bound in solved.gating else "  (not required)"
            mark = "*" if bound in solved.gating and number == least else ""
            yield f"{mark:2}{number:>9,}  {BOUNDS[bound].title}{gate}"


def solved_json(solved: Solved) -> dict[str, Any]:
    """Make the stable form for machines."""
    return {
        "cell": solved.cell,
        "nodes": solved.nodes,
        "most_nodes": solved.fewest(solved.most_nodes),
        "most_nodes_by_bound": dict(solved.most_nodes),
        "most_cells": solved.fewest(solved.most_cells),
        "most_cells_by_bound": dict(solved.most_cells),
        "quota_raises": [
            {"code": r.code, "now": r.now, "wanted": r.wanted, "possible": r.possible}
            for r in solved.raises
        ],
        "changes": [change.words for change in solved.changes],
    }


def render_growth(cell: str, growth: Growth) -> str:
    """Write which raises are due when, and when the next cell is needed."""
    lines = [f"{cell}: {growth.per_month:,} nodes a month, from {growth.nodes:,} on"]
    for due in growth.raises:
        lines += wrap(
            f"{_when(due.months)}: raise {due.code}, {due.title}, which holds {due.nodes:,} nodes"
        )
    full = growth.full
    if full is None:
        lines.append("  no bound ends it")
    else:
        lines += wrap(
            f"{_when(full.months)}: the next cell, for {full.title} holds {full.nodes:,} nodes, "
            "with all quotas raised as far as AWS does"
        )
    lines += wrap(
        "its blocks, its mix of pools and its peers stay as they are; how long AWS takes for a "
        "raise is not published: ask well before"
    )
    return "\n".join(lines)


def _when(months: float) -> str:
    return f"in {months:.1f} months" if months else "now"


def growth_json(growth: Growth) -> dict[str, Any]:
    """Make the stable form for machines."""
    return {
        "nodes": growth.nodes,
        "nodes_per_month": growth.per_month,
        "raises": [_milestone_json(due) for due in growth.raises],
        "full": _milestone_json(growth.full) if growth.full else None,
    }


def _milestone_json(due: Milestone) -> dict[str, Any]:
    return {
        "bound": due.bound,
        "nodes": due.nodes,
        "months": round(due.months, 2),
        "code": due.code or None,
    }


def render_rebuilt(cell: str, rebuilt: Sequence[Rebuilt], lead: float, allowed: float) -> str:
    """Write how long a rebuild takes in each reading of the throttles.

    Args:
        cell: Its name.
        rebuilt: How it went.
        lead: Time before the first launch (minutes).
        allowed: Time that our policy gives a rebuild (minutes).
    """
    boot, retries = Boot(), rebuilt[0].retries
    lines = [f"{cell}: simulated rebuild (minutes from the first launch)"]
    lines.append(f"  {'':34} {'p50':>6} {'p99':>6} {'last':>6} {'throttled':>9} {'wasted':>6}")
    for run in rebuilt:
        lines.append(_run(f"{run.reading}, all at once", run.unpaced, allowed))
        if run.paced is None:
            lines.append(f"  {run.reading}: every pace is throttled")
        else:
            lines.append(_run(f"{run.reading}, {run.pace:g} nodes/s", run.paced, allowed))
    slow = any(r.last > allowed for run in rebuilt for r in (run.unpaced, run.paced) if r)
    if slow:
        lines.append(f"~ exceeds the policy of {allowed:g} minutes")
    if any(run.paced for run in rebuilt):
        lines += wrap("launch at the pace of nodes/s: the fastest at which no call is throttled")
    lines += wrap(
        f"before the first launch, {lead:.1f} minutes for endpoints and control plane "
        "(control-plane-minutes-slow in facts/parameters.yaml)"
    )
    lines += wrap(
        f"assumed, not measured: {boot.seconds:g} s to boot (+-{boot.spread_seconds:g}), "
        f"{boot.call_seconds:g} s for a call, {retries.attempts} attempts of at most "
        f"{retries.longest_wait:g} s wait (retries in facts/ec2_api.yaml), then a restart"
    )
    return "\n".join(lines)


def _run(title: str, run: Rebuild, allowed: float) -> str:
    mark = "~" if run.last > allowed else ""
    return (
        f"{mark:2}{title:34} {run.minutes(0.5):6.1f} {run.minutes(0.99):6.1f} {run.last:6.1f} "
        f"{run.throttled:>9,} {run.wasted:>6,}"
    )


def rebuilt_json(rebuilt: Sequence[Rebuilt], lead: float) -> list[dict[str, Any]]:
    """Make the stable form for machines; all but `minutes_lead` count from the first launch.

    Args:
        rebuilt: How it went.
        lead: Time before the first launch (minutes).
    """
    return [
        {
            "reading": run.reading,
            "recommended_pace": run.pace,
            "unpaced": _run_json(run.unpaced, lead),
            "paced": _run_json(run.paced, lead) if run.paced else None,
        }
        for run in rebuilt
    ]


def _run_json(run: Rebuild, lead: float) -> dict[str, Any]:
    return {
        "minutes_lead": lead,
        "minutes_p50": run.minutes(0.5),
        "minutes_p99": run.minutes(0.99),
        "minutes_last": run.last,
        "throttled_calls": run.throttled,
        "wasted_interfaces": run.wasted,
        "restarts": run.restarts,
    }
