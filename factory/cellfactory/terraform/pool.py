"""Do things side by side, each as soon as what it waits for is done."""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from graphlib import TopologicalSorter
from typing import TypeVar

K = TypeVar("K", bound=Hashable)
R = TypeVar("R")


def run_when_ready(
    waits_for: Mapping[K, Collection[K]],
    *,
    work: Callable[[K], R],
    skip: Callable[[K, K | None], R],
    broken: Callable[[R], bool],
    stopping: Callable[[], bool],
    parallel: int,
) -> Iterator[tuple[K, R]]:
    """Do every task, at most `parallel` of them at a time, and hand back results as they come.

    A broken result stops only the tasks that wait for it, however far down.

    Args:
        waits_for: what each task waits for; the order of keys is that of preference among
            those that are ready. What is waited for but is no key is taken to be done.
        work: does one task, in a thread.
        skip: makes the result of a task that is not done, because of another one or, with
            None, because we are stopping.
        broken: whether the tasks that wait for such a result must not start.
        stopping: whether nothing new may start.
        parallel: tasks at a time, at least 1.

    Raises:
        graphlib.CycleError: when tasks wait for each other in a ring.
    """
    rank = {key: i for i, key in enumerate(waits_for)}
    graph = {key: [w for w in waited if w in rank] for key, waited in waits_for.items()}
    sorter = TopologicalSorter(graph)
    sorter.prepare()
    lost: set[K] = set()
    ready: list[K] = []
    running: dict[Future[R], K] = {}
    with ThreadPoolExecutor(parallel) as threads:
        while sorter.is_active():
            ready.extend(sorter.get_ready())
            ready.sort(key=rank.__getitem__, reverse=True)
            finished: list[tuple[K, R]] = []
            while ready and len(running) < parallel:
                key = ready.pop()
                cause = next(
                    (w for w in sorted(graph[key], key=rank.__getitem__) if w in lost), None
                )
                if cause is not None or stopping():
                    finished.append((key, skip(key, cause)))
                else:
                    running[threads.submit(work, key)] = key
            if running and not finished:
                done, _ = wait(running, return_when=FIRST_COMPLETED)
                finished = [(running.pop(future), future.result()) for future in done]
            for key, result in finished:
                if broken(result):
                    lost.add(key)
                sorter.done(key)
                yield key, result
