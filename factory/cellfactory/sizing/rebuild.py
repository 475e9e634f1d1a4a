"""A cell built anew, call by call: how long until its nodes have their pod addresses.

A discrete-event simulation. Nodes are launched, boot, and call EC2 in the order that the VPC CNI
does; each call takes a token from its bucket or is throttled and tried again after a random wait.
A call that is given up on costs more calls: a pod interface that could not be attached is deleted,
and the CNI starts over. The random numbers come from the caller, so that the same ones give the
same rebuild. Not measured on AWS: `Boot` holds what is assumed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from heapq import heapify, heappop, heapreplace
from math import ceil

from cellfactory.facts.schema import CallCount, CallRetries, Facts, TokenBucket

Draw = Callable[[], float]
"""Gives a random number, at least 0 and below 1."""

SECONDS_PER_MINUTE = 60
PACES = 20  # paces that are tried between none and one node each second
MOST_DOUBLINGS = 30  # of a wait that is capped long before; keeps the number small
LAUNCH = "RunInstances"
CREATE, ATTACH, MODIFY = (
    "CreateNetworkInterface",
    "AttachNetworkInterface",
    "ModifyNetworkInterfaceAttribute",
)
DELETE = "DeleteNetworkInterface"
DETACH = "DetachNetworkInterface"


@dataclass(frozen=True, slots=True, kw_only=True)
class Boot:
    """What is assumed of a booting node; each is a knob, none is published by AWS."""

    seconds: float = 75  # from launch to the first call of the CNI
    spread_seconds: float = 15  # a node takes up to so much more or less
    call_seconds: float = 0.3  # a call that is let through
    round_seconds: float = 0.5  # between rounds of attempts at first; doubles
    longest_round_seconds: float = 60
    round_jitter: float = 0.3  # share of that wait that chance may add
    restart_seconds: float = 10  # first wait of a container that exited; doubles
    longest_restart_seconds: float = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class RebuildPlan:
    """A rebuild to simulate."""

    nodes: int
    steps: tuple[str, ...]  # EC2 actions of one node after its launch, in order
    buckets: Mapping[str, TokenBucket]  # by action; one and the same for a shared reading
    reads: frozenset[str]  # actions that change nothing, and are tried until they are let through
    retries: CallRetries  # of another throttled call; then the CNI gives up
    launches: TokenBucket  # tokens of RunInstances, one for each instance
    pace: float | None = None  # nodes launched each second; as fast as EC2 lets when None
    lead_seconds: float = 0  # network and control plane, before the first launch
    boot: Boot = Boot()


@dataclass(frozen=True, slots=True, kw_only=True)
class Rebuild:
    """How a rebuild went; minutes count from its very start."""

    nodes: int
    lead_minutes: float
    ready: tuple[float, ...]  # when each node had its pod addresses, sorted (minutes)
    launched: tuple[float, ...]  # when each node was launched, sorted (minutes)
    throttled: int  # calls that were refused
    wasted: int  # pod interfaces made and thrown away
    restarts: int  # times that the CNI of a node gave up

    def minutes(self, share: float) -> float:
        """Say when a share of the nodes was ready, such as 0.99; 0 without nodes (minutes)."""
        if not self.ready:
            return 0.0
        return self.ready[max(0, ceil(share * len(self.ready)) - 1)]

    @property
    def last(self) -> float:
        """When the last node was ready (minutes)."""
        return self.minutes(1)


def node_steps(calls: Sequence[CallCount], prefixes: int) -> tuple[str, ...]:
    """Write out the calls of one node after its launch, one by one."""
    return tuple(
        call.action for call in calls if call.counts == "requests" for _ in range(call.of(prefixes))
    )


def plan_rebuild(
    calls: Sequence[CallCount],
    nodes: int,
    prefixes: int,
    facts: Facts,
    *,
    retries: CallRetries,
    shared: TokenBucket | None = None,
    pace: float | None = None,
    lead_seconds: float = 0,
    boot: Boot | None = None,
) -> RebuildPlan:
    """Plan a rebuild in one of the two readings of the throttles.

    Args:
        calls: EC2 calls of one node.
        nodes: Nodes of the cell (nodes).
        prefixes: /28 prefixes of each node.
        facts: Token buckets.
        retries: How often a throttled call is tried.
        shared: The bucket that all mutating calls share; each action has its own when None.
        pace: Nodes to launch each second.
        lead_seconds: Time before the first launch (s).
        boot: What is assumed of a booting node.
    """
    followers = (CallCount(action=action, base=1) for action in (DELETE, DETACH))
    wanted = [call for call in (*calls, *followers) if call.counts == "requests"]
    launch = CallCount(action=LAUNCH, base=1, counts="resources")
    return RebuildPlan(
        nodes=nodes,
        steps=node_steps(calls, prefixes),
        buckets={c.action: shared if shared and c.mutating else facts.bucket(c) for c in wanted},
        reads=frozenset(call.action for call in calls if not call.mutating),
        retries=retries,
        launches=facts.bucket(launch),
        pace=pace,
        lead_seconds=lead_seconds,
        boot=boot or Boot(),
    )


def simulate_rebuild(plan: RebuildPlan, draw: Draw) -> Rebuild:
    """Run a rebuild to the end.

    Args:
        plan: What is rebuilt.
        draw: Random numbers; the same ones give the same rebuild.
    """
    run = _Run(plan, draw)
    run.to_the_end()
    minutes = [seconds / SECONDS_PER_MINUTE for seconds in sorted(run.ready)]
    return Rebuild(
        nodes=plan.nodes,
        lead_minutes=plan.lead_seconds / SECONDS_PER_MINUTE,
        ready=tuple(minutes),
        launched=tuple(second / SECONDS_PER_MINUTE for second in run.launched),
        throttled=run.throttled,
        wasted=run.wasted,
        restarts=run.restarts,
    )


def recommend_pace(plan: RebuildPlan, draw: Callable[[], Draw]) -> float | None:
    """Find the fastest launch at which no call is throttled (nodes each second).

    Args:
        plan: The rebuild; its own pace is ignored.
        draw: Makes the random numbers of one trial, the same each time.

    Returns:
        The pace to a twentieth of a node, or None where every pace is throttled.
    """
    slowest, fastest = 1, ceil(PACES * 2 * _sustained(plan))
    if _throttles(replace(plan, pace=slowest / PACES), draw()):
        return None
    while slowest < fastest:
        middle = (slowest + fastest + 1) // 2
        if _throttles(replace(plan, pace=middle / PACES), draw()):
            fastest = middle - 1
        else:
            slowest = middle
    return slowest / PACES


def _throttles(plan: RebuildPlan, draw: Draw) -> bool:
    """Tell whether a rebuild has a call throttled; the first one settles it."""
    run = _Run(plan, draw)
    run.to_the_end(until_throttled=True)
    return run.throttled > 0


def _sustained(plan: RebuildPlan) -> float:
    """Nodes each second that the buckets refill for."""
    taken: dict[str, int] = {}
    refills: dict[str, float] = {}
    for action in plan.steps:
        bucket = plan.buckets[action]
        taken[bucket.id] = taken.get(bucket.id, 0) + 1
        refills[bucket.id] = bucket.refill
    return min((refills[id_] / count for id_, count in taken.items()), default=1.0)


class _Bucket:
    """Tokens at a moment; a call takes one or is throttled."""

    __slots__ = ("_at", "_capacity", "_refill", "_tokens")

    def __init__(self, bucket: TokenBucket) -> None:
        self._capacity, self._refill = float(bucket.capacity), bucket.refill
        self._tokens = self._capacity
        self._at = 0.0

    def has_token(self, now: float) -> bool:
        return self._tokens + (now - self._at) * self._refill >= 1

    def take(self, now: float) -> bool:
        if not self.has_token(now):
            return False
        self._tokens = min(self._capacity, self._tokens + (now - self._at) * self._refill) - 1
        self._at = now
        return True


@dataclass(slots=True)
class _Node:
    """How far one node has come."""

    step: int = 0  # the next of the plan's steps
    attempt: int = 0  # refusals of the present round
    rounds: int = 0  # of the present call that ended in refusals
    restarts: int = 0
    cleanup: tuple[str, ...] = ()  # calls that undo a pod interface, before it starts over


class _Run:
    """The state of one simulation."""

    def __init__(self, plan: RebuildPlan, draw: Draw) -> None:
        self.plan = plan
        self.draw = draw
        by_id = {bucket.id: _Bucket(bucket) for bucket in plan.buckets.values()}
        self.buckets = {action: by_id[bucket.id] for action, bucket in plan.buckets.items()}
        self.nodes = [_Node() for _ in range(plan.nodes)]
        self.launched = list(_launches(plan))
        self.ready: list[float] = []
        retries = plan.retries
        doubled = (2.0 ** min(n, MOST_DOUBLINGS) for n in range(retries.attempts))
        self.waits = [min(retries.longest_wait, wait) for wait in doubled]
        self.throttled = self.wasted = self.restarts = 0

    def to_the_end(self, *, until_throttled: bool = False) -> None:
        """Run until every node is ready, or until a call is throttled."""
        boot = self.plan.boot
        queue = [
            (at + boot.seconds + boot.spread_seconds * (2 * self.draw() - 1), node)
            for node, at in enumerate(self.launched)
        ]
        heapify(queue)
        steps = [self.buckets[action] for action in self.plan.steps]
        nodes, waits, draw, last = self.nodes, self.waits, self.draw, len(self.plan.steps)
        while queue and not (until_throttled and self.throttled):
            now, index = queue[0]
            node = nodes[index]
            attempt = node.attempt + 1
            if (
                node.step < last
                and attempt < len(waits)
                and not node.cleanup
                and not steps[node.step].has_token(now)
            ):  # most events of a crowded rebuild by far, and so without a further call
                self.throttled += 1
                node.attempt = attempt
                heapreplace(queue, (now + draw() * waits[attempt], index))
                continue
            then = self._advance(node, now)
            if then is None:
                self.ready.append(now)
                heappop(queue)
            else:
                heapreplace(queue, (then, index))

    def _advance(self, node: _Node, now: float) -> float | None:
        """Make the node's next call; say when it goes on, or None when it is ready."""
        if not node.cleanup and node.step == len(self.plan.steps):
            return None
        action = node.cleanup[0] if node.cleanup else self.plan.steps[node.step]
        if not self.buckets[action].take(now):
            return self._refused(node, action, now)
        node.attempt = node.rounds = 0
        if not node.cleanup:
            node.step += 1
            return now + self.plan.boot.call_seconds
        node.cleanup = node.cleanup[1:]
        if node.cleanup:
            return now + self.plan.boot.call_seconds
        return now + self._restart(node)

    def _refused(self, node: _Node, action: str, now: float) -> float:
        boot = self.plan.boot
        self.throttled += 1
        node.attempt += 1
        if node.attempt < self.plan.retries.attempts:
            return now + self.draw() * self.waits[node.attempt]
        node.attempt = 0
        node.rounds += 1
        if action in self.plan.reads or node.rounds < self.plan.retries.rounds.get(action, 1):
            return now + self._between_rounds(node.rounds)
        node.rounds = 0
        if node.cleanup:  # the interface leaks; the CNI's own clean-up finds it later
            node.cleanup = ()
            return now + self._restart(node)
        if action in (ATTACH, MODIFY):
            self.wasted += 1
            node.cleanup = (DELETE,) if action == ATTACH else (DETACH, DELETE)
            node.step = self.plan.steps.index(CREATE) if CREATE in self.plan.steps else 0
            return now + boot.call_seconds
        return now + self._restart(node)

    def _between_rounds(self, rounds: int) -> float:
        """The CNI waits before it begins a call anew, twice as long each time (s)."""
        boot = self.plan.boot
        doubled = boot.round_seconds * 2.0 ** min(rounds - 1, MOST_DOUBLINGS)
        wait = min(boot.longest_round_seconds, doubled)
        return wait * (1 + boot.round_jitter * self.draw())

    def _restart(self, node: _Node) -> float:
        """The CNI exits and its container waits, twice as long each time (s)."""
        boot = self.plan.boot
        doublings = min(node.restarts, MOST_DOUBLINGS)
        wait = min(boot.longest_restart_seconds, boot.restart_seconds * 2.0**doublings)
        node.restarts += 1
        self.restarts += 1
        return wait


def _launches(plan: RebuildPlan) -> Iterator[float]:
    """Say when each node is launched: at the pace, and no sooner than EC2 lets it (s)."""
    bucket = plan.launches
    for index in range(plan.nodes):
        paced = index / plan.pace if plan.pace else 0.0
        allowed = max(0.0, (index + 1 - bucket.capacity) / bucket.refill)
        yield plan.lead_seconds + max(paced, allowed)
