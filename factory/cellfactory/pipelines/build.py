"""The workflows of an inventory: its rings in order, its environments, its roles, its Region."""

from __future__ import annotations

from cellfactory.facts.schema import Facts
from cellfactory.inventory.pipeline import Pipeline
from cellfactory.inventory.rings import MOST_SECONDS, UNIT_SECONDS
from cellfactory.inventory.schema import Inventory
from cellfactory.layers.access import plan_role, ring_roles
from cellfactory.pipelines.apply import apply_workflow
from cellfactory.pipelines.drift import drift_workflow, rebuild_workflow
from cellfactory.pipelines.limits import CELLS_OF_ROW, MOST_ROWS, WAVES_OF_RING
from cellfactory.pipelines.model import Pipelines
from cellfactory.pipelines.parts import Ground, RingOfCells
from cellfactory.pipelines.plan import plan_workflow

MINUTE = UNIT_SECONDS["m"]


def build_pipelines(inventory: Inventory, facts: Facts, pipeline: Pipeline, own: str) -> Pipelines:
    """Make all workflows of an inventory.

    Args:
        inventory: a sound one.
        facts: for how long a ring bakes that does not say.
        pipeline: what the inventory says of the pipeline.
        own: version of this program, which CI installs unless the inventory names another.
    """
    ground = _ground(inventory, facts, pipeline)
    workflows = (
        plan_workflow(ground),
        apply_workflow(ground),
        drift_workflow(ground),
        rebuild_workflow(ground),
    )
    return Pipelines(version=pipeline.version or own, workflows=workflows)


def bake_seconds(inventory: Inventory, facts: Facts, ring: str) -> int:
    """For how long a ring bakes: as the inventory says, or by our policy (s)."""
    own = inventory.ring(ring).bake_seconds
    return round(MINUTE * facts.policy_value("ring-bake-minutes")) if own is None else own


def _ground(inventory: Inventory, facts: Facts, pipeline: Pipeline) -> Ground:
    return Ground(
        repository=pipeline.github.repository if pipeline.github else "",
        branch=pipeline.default_branch,
        region=inventory.state.region,
        plan_role=plan_role(pipeline.account),
        plan_runner=_runner(pipeline.runners.plan),
        apply_runner=_runner(pipeline.runners.apply),
        session_hours=pipeline.session_hours,
        rings=_rings(inventory, facts),
        shards=_shards(inventory),
    )


def _rings(inventory: Inventory, facts: Facts) -> tuple[RingOfCells, ...]:
    """The rings that have cells, in order; nothing bakes after the last."""
    roles = ring_roles(inventory)
    used = {cell.ring for cell in inventory.cells.values()}
    names = [name for name in inventory.ring_names if name in used]
    return tuple(
        RingOfCells(
            name=name,
            role=roles[name],
            bake_seconds=min(bake_seconds(inventory, facts, name), MOST_SECONDS)
            if name != names[-1]
            else 0,
            cells=tuple(sorted(n for n, cell in inventory.cells.items() if cell.ring == name)),
        )
        for name in names
    )


def _shards(inventory: Inventory) -> int:
    """Jobs of each wave: enough that none plans many cells, and in all no more than CI takes."""
    rings = [cell.ring for cell in inventory.cells.values()]
    largest = max((rings.count(ring) for ring in set(rings)), default=1)
    wanted = -(-largest // CELLS_OF_ROW)
    return max(1, min(wanted, MOST_ROWS // (WAVES_OF_RING * max(1, len(set(rings))))))


def _runner(runner: str | list[str]) -> str | tuple[str, ...]:
    return runner if isinstance(runner, str) else tuple(runner)
