"""Which blocks each cell gets, given what every cell already has.

A cell that is in the lock keeps its blocks to the bit. New cells come after, by name, each with
the first aligned room in the order of the pools. So the same inventory and lock give the same
plan, and no cell moves because another came, went or changed its place in the file.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from ipaddress import IPv4Network

from cellfactory.addressing.births import keep_births
from cellfactory.addressing.blocks import PRIMARY_KINDS, AddressPlan, CellAddresses, Purpose
from cellfactory.addressing.born import check_births
from cellfactory.addressing.fit import check_block_count, check_fit, check_grown
from cellfactory.addressing.held import check_held
from cellfactory.addressing.lock import VERSION, Lock, settle
from cellfactory.addressing.need import CellNeed, need_of, pod_block_lengths, primary_length
from cellfactory.addressing.pools import Pools
from cellfactory.addressing.space import Space
from cellfactory.addressing.steps import check_steps, steps_of
from cellfactory.errors import Finding
from cellfactory.facts.schema import Facts
from cellfactory.inventory.interconnect import STEPS
from cellfactory.inventory.schema import Inventory


def plan_addresses(
    inventory: Inventory, lock: Lock, facts: Facts, *, accepted: Collection[str] = ()
) -> tuple[AddressPlan, Lock]:
    """Give every cell its blocks, and hold it to what it was born with.

    Args:
        inventory: every cell there is.
        lock: what the cells got before; `EMPTY_LOCK` the first time.
        facts: sizes and quotas of AWS.
        accepted: cells of which people vouch that the inventory says what they are now.

    Returns:
        The plan, with what does not work out in `findings`, and the lock that remembers it. When
        a finding is an error, the plan must not be used, nor the lock be written.

    Rules:
        F202 to F220: see `cellfactory.addressing.rules`. F764 and F765: see `steps`.
    """
    settled = settle(lock, inventory.cells)
    planner = _Planner(inventory, settled, facts)
    planner.plan()
    findings = (
        *planner.findings,
        *check_held(inventory, planner.locked, settled.removed, settled.births),
        *check_births(inventory, settled, accepted),
        *check_steps(inventory, settled),
    )
    gone = tuple(block for cell in settled.removed.values() for block in cell.blocks)
    plan = AddressPlan(cells=planner.planned, findings=findings, removed=gone)
    births = keep_births(settled.births, inventory, accepted)
    cells = dict(sorted(planner.locked.items()))
    steps = steps_of(inventory)
    return plan, replace(settled, cells=cells, births=births, steps=steps, version=VERSION)


class _Planner:
    """One plan in the making."""

    def __init__(self, inventory: Inventory, lock: Lock, facts: Facts) -> None:
        self.inventory, self.facts = inventory, facts
        self.pools = Pools(inventory, lock)
        self.needs = {name: need_of(t, facts) for name, t in inventory.cell_types.items()}
        self.locked = dict(lock.cells)
        self.planned: dict[str, CellAddresses] = {}
        self.findings: list[Finding] = []

    def plan(self) -> None:
        """Plan the cells that have blocks, then the new ones."""
        sound = set()
        for name, cell_type in self.inventory.cell_types.items():
            misfits = tuple(check_fit(name, cell_type, self.needs[name], self.facts))
            self.findings += misfits
            sound |= set() if misfits else {name}
        held = tuple(self.locked)
        new = sorted(set(self.inventory.cells) - set(held))
        for name in (*held, *new):
            if self.inventory.cells[name].type in sound:
                self._plan_cell(name, self.needs[self.inventory.cells[name].type])

    def _plan_cell(self, name: str, need: CellNeed) -> None:
        zones = sorted(self.inventory.type_of(name).zones)
        cell = (
            self._keep(name, need, zones) if name in self.locked else self._make(name, need, zones)
        )
        if cell is None:
            return
        too_many = tuple(check_block_count(self.inventory, cell, self.facts))
        self.findings += too_many
        if not too_many:
            self.locked[name] = cell
            self.planned[name] = cell

    def _make(self, name: str, need: CellNeed, zones: list[str]) -> CellAddresses | None:
        """Give a new cell its blocks; None with a finding when there is no room."""
        length = primary_length(need, len(zones))
        primary = self.pools.take_primary(length)
        if primary is None:
            self._exhausted(name, "node", (length,), self.pools.count_primaries(length))
            return None
        lengths = _pod_block_lengths(need, len(zones), self.facts)
        pod_blocks = self.pools.take_pods(name, lengths)
        if pod_blocks is None:
            self._exhausted(name, "pod", lengths, self.pools.count_pods(name, min(lengths)))
            return None
        blank = CellAddresses(cell=name, primary=primary, pod_blocks=pod_blocks, zones={})
        return _with_zones(blank, need, zones)

    def _keep(self, name: str, need: CellNeed, zones: list[str]) -> CellAddresses | None:
        """Keep a cell's blocks; zones or a family that it was not born with are others' matter."""
        cell = self.locked[name]
        if need.has_pod_blocks != bool(cell.pod_blocks):
            return None
        grown = tuple(check_grown(cell, self.inventory.type_of(name), need, self.facts))
        self.findings += grown
        return None if grown or set(zones) != set(cell.zones) else cell

    def _exhausted(self, name: str, kind: str, lengths: tuple[int, ...], free: int) -> None:
        sizes = " + ".join(f"/{length}" for length in lengths)
        left = "block of /{} is" if free == 1 else "blocks of /{} are"
        self._find(
            "F202",
            name,
            f"cell {name!r} needs {sizes} of the {kind} pool, where {free:,} free "
            f"{left.format(min(lengths))} left",
            f"add a block to address_pools.{kind}, or release the blocks of removed cells"
            + (self._reuse(name) if kind == "pod" else ""),
        )

    def _reuse(self, name: str) -> str:
        """Say how a cell would get pod addresses that others have, and what that costs."""
        mesh, declared = self.inventory.cells[name].mesh, self.inventory.mesh_of(name)
        if declared.gateway is not None and declared.gateway.pod_blocks == "reusable":
            return ""
        way = "join the mesh by a gateway, behind which pod blocks may be used again"
        if declared.interconnect == STEPS[-1]:
            way = f"set meshes.{mesh}.gateway.pod_blocks: reusable"
        return f"\nor {way}; there is no way back to peerings then"

    def _find(self, rule: str, cell: str, message: str, hint: str) -> None:
        path = ("cells", cell)
        self.findings.append(Finding(rule=rule, path=path, message=message, hint=hint))


def _pod_block_lengths(need: CellNeed, zones: int, facts: Facts) -> tuple[int, ...]:
    if not need.has_pod_blocks:
        return ()
    return pod_block_lengths(zones, _pod_length(need), facts)


def _pod_length(need: CellNeed) -> int:
    assert need.pod_length is not None  # `check_fit` has said so
    return need.pod_length


def _with_zones(cell: CellAddresses, need: CellNeed, zones: list[str]) -> CellAddresses:
    """Cut the subnets of all zones from a cell's blocks, largest first; they were sized for it."""
    primary, pods = Space((cell.primary,)), Space(cell.pod_blocks)
    wanted = [(need.lengths[kind], kind, zone) for kind in PRIMARY_KINDS for zone in zones]
    cut: dict[str, dict[Purpose, IPv4Network]] = {zone: {} for zone in zones}
    for length, kind, zone in sorted(wanted, key=lambda want: want[0]):
        cut[zone][kind] = _taken(primary, length)
    for zone in zones if need.has_pod_blocks else ():
        cut[zone]["pod"] = _taken(pods, _pod_length(need))
    return replace(cell, zones=cut)


def _taken(space: Space, length: int) -> IPv4Network:
    block = space.take(length)
    assert block is not None  # `primary_length` and `pod_block_lengths` keep room for all
    return block
