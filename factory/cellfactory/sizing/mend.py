"""What would mend a cell that does not fit, each way tried out on the model, cheapest first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from cellfactory.facts.schema import ADDRESSES_PER_PREFIX
from cellfactory.inventory.groups import group_size
from cellfactory.inventory.schema import NodeGroup
from cellfactory.inventory.values import bounds_of
from cellfactory.sizing.scale import scale_nodes
from cellfactory.sizing.setting import Setting, size_setting
from cellfactory.sizing.shape import CellShape
from cellfactory.sizing.solve import QuotaRaise, most_nodes, quota_raises
from cellfactory.words import counted

LEAST_ROOT_GIB, _ = bounds_of(NodeGroup, "root_volume_gib")


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A change after which every bound that stops the work holds."""

    words: str
    shape: CellShape


def broken_bounds(setting: Setting, shape: CellShape | None = None) -> tuple[str, ...]:
    """List the bounds that stop the work and do not hold."""
    usages = size_setting(setting, shape)
    return tuple(dict.fromkeys(u.bound for u in usages if u.gate == "error" and not u.fits))


def mend(setting: Setting) -> tuple[Change, ...]:
    """Find the changes that mend a cell, cheapest first; none when nothing is broken.

    Cheapest is what takes least from the user: a request to AWS, a setting of the CNI, a smaller
    disk, fewer addresses for each node, and fewer nodes at last. Each is tried alone, and then
    together with raised quotas where these alone do not mend, or where it spares one of them.
    """
    if not broken_bounds(setting):
        return ()
    raises = _possible_raises(setting)
    raised = _raised(setting.shape, raises)
    enough = bool(raises) and not broken_bounds(setting, raised.shape)
    changes = [raised] if enough else []
    wanted = {r.code for r in raises}
    for change in _candidates(setting):
        left = _possible_raises(setting, change.shape)
        if not broken_bounds(setting, change.shape):
            changes.append(change)
        elif left and (not enough or {r.code for r in left} < wanted):
            changes.append(_with_raises(change, left))
    if raises and not enough:
        changes.extend(_with_raises(c, _possible_raises(setting, c.shape)) for c in _cut(setting))
    changes.extend(_fewer_nodes(setting))
    return tuple(c for c in changes if not broken_bounds(setting, c.shape))


def _candidates(setting: Setting) -> Iterator[Change]:
    """Change the cell itself, and keep all its nodes."""
    shape = setting.shape
    if not shape.ipv6_pods:
        yield from _for_prefixes(setting)
    lowered = _lower_ceiling(setting, shape)
    if lowered.ceiling != shape.ceiling:
        yield Change(words=f"node_ceiling of {lowered.ceiling:,}", shape=lowered)
    yield from _smaller_disks(setting)
    yield from _fewer_prefixes(setting)


def _for_prefixes(setting: Setting) -> Iterator[Change]:
    """Change what goes with the prefixes of a node: its interfaces, and its pods."""
    shape = setting.shape
    addresses = ADDRESSES_PER_PREFIX * shape.prefixes
    guarded = int(setting.facts.policy_value("interfaces-per-node"))
    if shape.interfaces != guarded:
        fused = replace(shape, interfaces=guarded)
        yield Change(words=f"MAX_ENI={guarded}", shape=fused)
    if shape.max_pods > addresses:
        words = f"max_pods of {addresses:,}"
        yield Change(words=words, shape=replace(shape, max_pods=addresses))


def _possible_raises(setting: Setting, shape: CellShape | None = None) -> tuple[QuotaRaise, ...]:
    return tuple(r for r in quota_raises(size_setting(setting, shape)) if r.possible)


def _raised(shape: CellShape, raises: Sequence[QuotaRaise]) -> Change:
    words = ", ".join(f"{r.code} to {r.wanted:,}" for r in raises)
    higher = {**shape.quotas, **{r.code: r.wanted for r in raises}}
    return Change(words=f"raise {words}", shape=replace(shape, quotas=higher))


def _with_raises(change: Change, raises: Sequence[QuotaRaise]) -> Change:
    if not raises:
        return change
    raised = _raised(change.shape, raises)
    return Change(words=f"{change.words}; and {raised.words}", shape=raised.shape)


def _lower_ceiling(setting: Setting, shape: CellShape) -> CellShape:
    """Lower a ceiling that our policy does not allow; the blocks stay as they are planned."""
    if shape.ceiling is None:
        return shape
    allowed = int(setting.facts.policy_value("node-ceiling"))
    return replace(shape, ceiling=min(shape.ceiling, allowed))


def _smaller_disks(setting: Setting) -> Iterator[Change]:
    disks = next(u for u in size_setting(setting) if u.bound == "gp3-storage")
    if disks.fits:
        return
    share = disks.limit / disks.used
    pools = tuple(replace(p, root_gib=int(p.root_gib * share)) for p in setting.shape.pools)
    if any(pool.root_gib < LEAST_ROOT_GIB for pool in pools):
        return
    sizes = ", ".join(f"{pool.name} {pool.root_gib:,} GiB" for pool in pools)
    yield Change(words=f"root volumes of {sizes}", shape=replace(setting.shape, pools=pools))


def _fewer_prefixes(setting: Setting) -> Iterator[Change]:
    """Give each node as many prefixes as mend all that prefixes fill, and pods to go with them."""
    shape = setting.shape
    before = set(broken_bounds(setting))
    for prefixes in range(shape.prefixes - 1, 0, -1):
        pods = min(shape.max_pods, ADDRESSES_PER_PREFIX * prefixes)
        fewer = replace(shape, prefixes=prefixes, max_pods=pods)
        raised = _with_raises(Change(words="", shape=fewer), _possible_raises(setting, fewer))
        helps = set(broken_bounds(setting, fewer)) < before
        if helps and not broken_bounds(setting, raised.shape):
            yield Change(words=f"{prefixes} prefixes and {pods:,} pods for each node", shape=fewer)
            return


def _cut(setting: Setting) -> Iterator[Change]:
    """Remove nodes for what no quota mends, as if all quotas were raised that may be."""
    raised = _raised(setting.shape, _possible_raises(setting)).shape
    for fewer in _fewer_nodes(replace(setting, shape=raised)):
        yield replace(fewer, shape=replace(fewer.shape, quotas=setting.shape.quotas))


def _fewer_nodes(setting: Setting) -> Iterator[Change]:
    shape, zones = setting.shape, len(setting.shape.zones)
    gating = dict.fromkeys(u.bound for u in size_setting(setting) if u.gate == "error")
    allowed = [n for n in most_nodes(setting, gating).values() if n is not None]
    nodes = min(allowed)  # our policy on nodes is always among them
    if nodes >= shape.nodes:
        return
    fewer = scale_nodes(shape, nodes // zones, group_size(setting.facts))
    if len(fewer.pools) < len(shape.pools):
        return  # to do without a pool is no smaller cell, but another one
    fewer = _lower_ceiling(setting, replace(fewer, ceiling=shape.ceiling))
    gone = shape.nodes - nodes
    words = f"remove {counted(gone, 'node')}"
    if len(fewer.pools) > 1:
        left = ", ".join(f"{pool.name} {pool.per_zone:,}" for pool in fewer.pools)
        words += f" (in each zone: {left})"
    if fewer.ceiling != shape.ceiling:
        words += f", node_ceiling of {fewer.ceiling:,}"
    yield Change(words=words, shape=fewer)
