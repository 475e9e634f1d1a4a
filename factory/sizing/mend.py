"""What would mend a cell that does not fit, each way tried out on the model, cheapest first."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from factory.facts.schema import ADDRESSES_PER_PREFIX
from factory.sizing.bounds import BOUNDS
from factory.sizing.scale import scale_nodes
from factory.sizing.setting import Setting, size_setting
from factory.sizing.shape import CellShape
from factory.sizing.solve import most_nodes, quota_raises

GUARDED_INTERFACES = 2  # primary and one for pods: what MAX_ENI should be where prefixes allow it


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
    disk, fewer addresses for each node, and fewer nodes at last. Each is tried alone, and raised
    quotas also together with fewer nodes.
    """
    if not broken_bounds(setting):
        return ()
    return tuple(c for c in _candidates(setting) if not broken_bounds(setting, c.shape))


def _candidates(setting: Setting) -> Iterator[Change]:
    shape = setting.shape
    yield from _raise_quotas(setting)
    yield Change(
        words=f"MAX_ENI={GUARDED_INTERFACES}", shape=replace(shape, interfaces=GUARDED_INTERFACES)
    )
    yield from _smaller_disks(setting)
    for prefixes in range(shape.prefixes - 1, 0, -1):
        fewer = replace(
            shape, prefixes=prefixes, max_pods=min(shape.max_pods, ADDRESSES_PER_PREFIX * prefixes)
        )
        if not broken_bounds(setting, fewer):
            yield Change(words=f"{prefixes} prefixes for each node", shape=fewer)
            break
    yield from _together(setting)
    yield from _fewer_nodes(setting)


def _raise_quotas(setting: Setting) -> Iterator[Change]:
    raises = [r for r in quota_raises(size_setting(setting)) if r.possible]
    if raises:
        higher = {**setting.shape.quotas, **{r.code: r.wanted for r in raises}}
        words = ", ".join(f"{r.code} to {r.wanted:,}" for r in raises)
        yield Change(words=f"raise {words}", shape=replace(setting.shape, quotas=higher))


def _smaller_disks(setting: Setting) -> Iterator[Change]:
    disks = next(u for u in size_setting(setting) if u.bound == "gp3-storage")
    if disks.fits:
        return
    share = disks.limit / disks.used
    pools = tuple(replace(p, root_gib=int(p.root_gib * share)) for p in setting.shape.pools)
    sizes = ", ".join(f"{pool.name} {pool.root_gib:,} GiB" for pool in pools)
    yield Change(words=f"root volumes of {sizes}", shape=replace(setting.shape, pools=pools))


def _fewer_nodes(setting: Setting) -> Iterator[Change]:
    gating = [bound for bound in BOUNDS.values() if bound.gate == "error"]
    allowed = [n for n in most_nodes(setting, [b.id for b in gating]).values() if n is not None]
    zones = len(setting.shape.zones)
    nodes = min(allowed, default=0)
    if 0 < nodes < setting.shape.nodes:
        group_size = setting.facts.quota("nodes-per-node-group").default
        fewer = scale_nodes(setting.shape, nodes // zones, group_size)
        yield Change(words=f"remove {setting.shape.nodes - nodes:,} nodes", shape=fewer)


def _together(setting: Setting) -> Iterator[Change]:
    """Raise what may be raised, remove nodes for the rest, and raise no more than is left."""
    for raised in _raise_quotas(setting):
        for fewer in _fewer_nodes(replace(setting, shape=raised.shape)):
            left = replace(fewer.shape, quotas=setting.shape.quotas)
            for enough in _raise_quotas(replace(setting, shape=left)):
                yield Change(words=f"{fewer.words}; and {enough.words}", shape=enough.shape)
