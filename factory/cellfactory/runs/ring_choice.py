"""Which stacks of which rings a run is about, and that no ring gets ahead of an earlier one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cellfactory.design import Design
from cellfactory.errors import Finding, TerraformError, UsageError
from cellfactory.inventory.nearest import suggest
from cellfactory.inventory.schema import Inventory
from cellfactory.layers import Stack, StackId, Wave, list_stacks, list_waves, rings_of
from cellfactory.runs.request import Request
from cellfactory.terraform.registry import Registry
from cellfactory.terraform.workspace import digest_sources, read_sources

MOST_NAMED = 3  # stacks in one sentence


def require_rings(inventory: Inventory, rings: Sequence[str]) -> None:
    """Refuse a name that is no ring's.

    Raises:
        UsageError: with every such name.
    """
    known = inventory.ring_names
    unknown = [
        f"unknown ring {name!r}{suggest(name, known) or '; rings: ' + ', '.join(known)}"
        for name in dict.fromkeys(rings)
        if name not in known
    ]
    if unknown:
        raise UsageError("\n".join(unknown))


def choose_waves(
    design: Design, request: Request, chosen: Sequence[Stack], registry: Registry
) -> tuple[Wave, ...]:
    """Put the chosen stacks in waves, and keep those of the named rings.

    Raises:
        UsageError: when a ring is unknown.
        TerraformError: when the registry cannot be read.
    """
    require_rings(design.inventory, request.rings)
    waves = list_waves(
        design.inventory,
        list_stacks(design.inventory, design.facts),
        {stack.id for stack in chosen},
        lambda stack: _stands(request, registry, stack),
    )
    return tuple(wave for wave in waves if not request.rings or wave.ring in request.rings)


def require_order(design: Design, request: Request, registry: Registry) -> None:
    """Refuse a named ring as long as an earlier one has not what the later one would get.

    Raises:
        TerraformError: when one would get ahead (F660).
    """
    if not request.rings or request.ahead:
        return
    names = design.inventory.ring_names
    last = max(names.index(ring) for ring in request.rings)
    earlier = [ring for ring in names[:last] if ring not in request.rings]
    behind = {ring: list(_behind(design, request, registry, ring)) for ring in earlier}
    for ring, stacks in behind.items():
        if stacks:
            named = ", ".join(map(str, stacks[:MOST_NAMED]))
            named += ", ..." if len(stacks) > MOST_NAMED else ""
            message = (
                f"ring {names[last]!r} would get ahead of ring {ring!r}: {len(stacks):,} stacks "
                f"there are not applied as they were synthesized ({named})"
            )
            hint = f"apply --ring {ring} first; --out-of-order goes on without it"
            raise TerraformError(Finding(rule="F660", message=message, hint=hint))


def _behind(design: Design, request: Request, registry: Registry, ring: str) -> Iterator[StackId]:
    """Yield the stacks of a ring that are not as they were synthesized last."""
    stacks = list_stacks(design.inventory, design.facts)
    rings = rings_of(design.inventory, stacks, lambda s: _stands(request, registry, s))
    for stack, own in rings.items():
        if own != ring or (request.mode == "sandbox" and stack.row.needs_kubernetes):
            continue
        record = registry.read(stack)
        made = digest_sources(read_sources(request.output, stack))
        if record is None or not record.complete or record.digest != made:
            yield stack


def _stands(request: Request, registry: Registry, stack: StackId) -> bool:
    if request.mode == "offline":
        return True
    record = registry.read(stack)
    return record is not None and record.complete
