"""What a ledger has against an inventory: a finding for each bound that is not kept."""

from __future__ import annotations

from collections.abc import Iterator
from math import ceil, inf

from cellfactory.errors import SUBJECTS, Finding, KeyPath
from cellfactory.sizing.bounds import BOUNDS
from cellfactory.sizing.usage import Ledger, Usage

RULES = {
    **{bound.rule: bound.title for bound in BOUNDS.values()},
    "F391": "A recorded quota exceeds AWS's maximum.",
    "F392": "No bound uses a quota code (a warning).",
    "F393": "No known quota counts the vCPUs of an instance type (a warning).",
}
"""What each rule says, a bound its title; a number is never used again for something else."""


def check_ledger(ledger: Ledger) -> Iterator[Finding]:
    """Yield a finding for each bound that is not kept, in the ledger's order.

    Bounds of the gate `note` are in the ledger and yield nothing.

    Rules:
        F301 to F371: one for each row of `cellfactory.sizing.bounds`.
    """
    for usage in ledger:
        if not usage.fits and usage.gate != "note":
            yield Finding(
                rule=BOUNDS[usage.bound].rule,
                path=usage.path,
                message=f"{_named(usage)} needs {describe(usage)}",
                hint=hint(usage),
                severity=usage.gate,
                about=_subject(usage),
                own=_own(usage),
            )


def _own(usage: Usage) -> tuple[str, ...]:
    """Name what no other cell has: a zone is counted apart, and its limit may be its block."""
    if usage.scope.kind != "zone":
        return ()
    return (usage.scope.name,) if usage.code else (usage.scope.name, usage.source)


def _subject(usage: Usage) -> KeyPath:
    """Name the owner as the inventory does; a path leads to what would be changed first."""
    if len(usage.path) > 1 and usage.path[0] in SUBJECTS:
        return usage.path[:2]
    return ("cells", usage.scope.owner) if usage.scope.kind != "inventory" else ()


def _named(usage: Usage) -> str:
    """Name what is too large as a person would: its owner, and the part of it that is counted."""
    scope = usage.scope
    if scope.kind == "inventory":
        return "the inventory"
    kind = {"hubs": "hub", "meshes": "mesh"}.get(str(usage.path[0]) if usage.path else "", "cell")
    owner = f"{kind} {scope.owner}"
    if scope.kind == "zone":
        return f"{owner} in zone {scope.name}"
    return f"node group {scope.name} of {owner}" if scope.kind == "pool" else owner


def describe(usage: Usage) -> str:
    """Say in one line how much is needed, what the limit is, and of which bound.

    >>> from cellfactory.sizing.usage import Limit, Scope
    >>> describe(Usage(bound="node-ceiling", scope=Scope("a", "cell", "a"), used=1450,
    ...     allowed=Limit(value=1300), unit="nodes", gate="error", path=()))
    '1,450 nodes; the limit is 1,300 (112%): nodes, policy'
    """
    title = BOUNDS[usage.bound].title
    end = "" if title == usage.unit else f": {title}"
    used = f"{_used(usage)} {_singular(usage.unit) if usage.used == 1 else usage.unit}"
    return f"{used}; the limit is {amount(usage.limit)} ({_share(usage)}){end}"


def _used(usage: Usage) -> str:
    """Write what is needed, so that it reads as more than the limit where it is."""
    told = amount(usage.used)
    if not usage.fits and told in (amount(usage.limit), f"{usage.limit:,.1f}"):
        return f"a little more than {amount(usage.limit)}"
    return told


def _share(usage: Usage) -> str:
    if usage.share == inf:
        return "none is allowed"
    told = f"{usage.share:,.0%}"
    return f"over {told}" if not usage.fits and told == "100%" else told


def _singular(unit: str) -> str:
    """Write the unit of one.

    >>> [_singular(unit) for unit in ("requests/s", "addresses", "node groups", "NAU", "TiB")]
    ['request/s', 'address', 'node group', 'NAU', 'TiB']
    """
    noun, slash, per = unit.partition("/")
    ending = "es" if noun.endswith(("sses", "xes")) else "s"
    return noun.removesuffix(ending) + slash + per


def hint(usage: Usage) -> str:
    """Say in numbers what mends a usage that does not fit, and where its limit is from."""
    ways = []
    if usage.excess_nodes:
        where = " in each zone" if usage.in_zone else ""
        ways.append(f"remove {usage.excess_nodes:,} {_nodes(usage.excess_nodes)}{where}")
    raised = raise_to(usage)
    if raised is not None:
        ways.append(f"raise {usage.code} to {raised:,} and write it under quotas")
    bound = BOUNDS[usage.bound]
    is_hub = usage.path[:1] == ("hubs",)
    remedy = usage.remedy or (is_hub and bound.hub_remedy) or bound.remedy
    if remedy:
        ways.append(remedy)
    lines = [", or ".join(ways)] if ways else []
    limit = usage.allowed
    if limit.adjustable and raised is None and limit.maximum is not None:
        lines.append(f"AWS raises {limit.code or 'it'} to {amount(limit.maximum)} at most")
    if usage.assumption:
        lines.append(usage.assumption)
    if limit.source:
        lines.append(f"see {limit.source}")
    return "\n".join(lines)


def raise_to(usage: Usage) -> int | None:
    """Say what the quota must be raised to; None where AWS does not raise it so far."""
    limit, wanted = usage.allowed, ceil(usage.used)
    if usage.fits or not limit.adjustable or not limit.code:
        return None
    if limit.maximum is not None and wanted > limit.maximum:
        return None
    return wanted


def amount(value: float) -> str:
    """Write a number for people: thousands apart, one decimal where it is not whole.

    >>> amount(124800), amount(21.53), amount(30.0), amount(inf)
    ('124,800', '21.5', '30', 'any')
    """
    if value == inf:
        return "any"
    return f"{value:,.0f}" if value == int(value) else f"{value:,.1f}"


def _nodes(count: int) -> str:
    return "node" if count == 1 else "nodes"
