"""Looking all the time, while something else is done, whether cells reach each other."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import permutations
from typing import Any

from cellfactory.addressing.lock_file import parse_lock
from cellfactory.facts.loader import load_facts
from tests.packets import Snapshot, Spot
from tests.terraform.ladder import Ladder

Look = Callable[[], Collection[str]]
"""Says what is wrong now, if anything is."""

PAUSE_SECONDS = 0.2


@dataclass(slots=True)
class Watch:
    """What was seen."""

    looks: int = 0
    found: list[str] = field(default_factory=list)


@contextmanager
def watched(look: Look) -> Iterator[Watch]:
    """Look again and again, and demand at the end that nothing was wrong at any time."""
    watch, done = Watch(), threading.Event()

    def again() -> None:
        while not done.is_set():
            try:
                # What moves between two questions is asked again: only what stays is wrong.
                if (why := look()) and (later := look()):
                    watch.found.extend(sorted({*why} & {*later}))
                watch.looks += 1
            except Exception as error:
                watch.found.append(repr(error))
            done.wait(PAUSE_SECONDS)

    thread = threading.Thread(target=again)
    thread.start()
    try:
        yield watch
    finally:
        done.set()
        thread.join()
    assert not watch.found, watch.found[:5]


@dataclass(slots=True)
class Ends:
    """Where packets of cells of a Region start, and where those of others go."""

    ladder: Ladder
    region: str
    accounts: Mapping[str, str]  # of each cell
    starts: dict[str, tuple[Spot, ...]] = field(default_factory=dict)  # of each cell
    addresses: dict[str, str] = field(default_factory=dict)  # one of each cell
    clients: dict[tuple[str, str], Any] = field(default_factory=dict)

    def find(self, *cells: str) -> None:
        """Learn the node subnets of these cells, and an address in each; forget all others."""
        text = (self.ladder.folder / "cells.lock.yaml").read_text("utf-8")
        locked = parse_lock(text, "", load_facts()).cells
        self.starts, self.addresses = {}, {}
        for cell in cells:
            told = self.ladder.outputs(cell, "network")
            place: dict[str, str] = {"account": self.accounts[cell], "region": self.region}
            self.starts[cell] = tuple(
                Spot(**place, vpc=told["vpc_id"], subnet=subnet)
                for subnet in told["node_subnet_ids"].values()
            )
            zones = locked[cell].zones
            self.addresses[cell] = str(zones[min(zones)]["node"][10])

    def now(self) -> Snapshot:
        """Ask EC2 anew."""
        return Snapshot(self._client)

    def blocked(self) -> list[str]:
        """Say what keeps a zone of a cell from another cell, or its answer from the zone."""
        now = self.now()
        ways = (
            now.way(start, self.addresses[other])
            for one, other in permutations(self.starts, 2)
            for start in self.starts[one]
        )
        return [way.blocker for way in ways if not way]

    def to(self, address: str, *, back: bool = True) -> list[str]:
        """Say what keeps zones of cells from an address, or its answer from them."""
        now = self.now()
        starts = (start for each in self.starts.values() for start in each)
        ways = (now.way(start, address, back=back) for start in starts)
        return [way.blocker for way in ways if not way]

    def _client(self, account: str, region: str) -> Any:
        place = account, region
        if place not in self.clients:
            self.clients[place] = self.ladder.client("ec2", account, region)
        return self.clients[place]
