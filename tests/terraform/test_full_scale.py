"""A mesh of 126 VPCs, full and as a star: validated and planned for its lowest, middle and highest.

Nothing of it is applied. What its cells take of others stands in the registry, as their applies
would leave it: the networks of all, the requests, and the acceptances.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from cellfactory.layers import Layer, StackId
from cellfactory.terraform.messages import Value
from cellfactory.terraform.record import Record
from cellfactory.terraform.registry import Registry
from cellfactory.terraform.store import FolderStore
from cellfactory.terraform.workspace import digest_sources
from tests.inventories import data, render
from tests.terraform.ladder import Ladder

pytestmark = [
    pytest.mark.terraform,
    pytest.mark.sandbox,
    pytest.mark.timeout(1_500),
    pytest.mark.skipif(
        "CELLFACTORY_LONG" not in os.environ, reason="opt-in: `python3 dev.py long`"
    ),
]

CELLS = 126  # a VPC has 125 peerings at most
ZONES = ("use1-az1", "use1-az2", "use1-az4")
NAMES = tuple(f"cell-{number:03}" for number in range(CELLS))
LOWEST, MIDDLE, HIGHEST = NAMES[0], NAMES[CELLS // 2], NAMES[-1]
CHOSEN = [word for name in (LOWEST, MIDDLE, HIGHEST) for word in ("--cell", name)]
RAISED = {"L-1216C47A": 9_000, "L-7E9ECCDB": 125, "L-CD17FD4B": 512_000, "L-93826ACB": 1_000}
HUB = "shared"


def declared(mesh: str) -> dict[str, Any]:
    """Cells of a mesh, whose account may have no more requests waiting than AWS gives."""
    made = data(CELLS, nodes=3, quotas=RAISED)
    made["organizations"]["one"]["quotas"] = {"L-E619E033": 1_000}
    made["meshes"]["east"]["cell_to_cell"] = mesh
    if mesh == "none":
        made["meshes"]["east"]["hubs"] = [HUB]
        made["hubs"] = {
            HUB: {
                "account": "333333333333",
                "vpc": "vpc-0f00ba12",
                "region": "us-east-1",
                "blocks": ["10.0.0.0/16"],
                "dns_resolution": True,
                "accept": {"role": "arn:aws:iam::333333333333:role/accept", "via": "one"},
                "route_tables": ["rtb-0f00ba12"],
                "quotas": {"L-7E9ECCDB": 125, "L-CD17FD4B": 512_000},
            }
        }
        # 125 is the most that AWS gives: the hub of a star reaches one cell less
        del made["cells"][NAMES[1]]
    return made


def connection(one: str, other: str) -> str:
    return f"pcx-{one[-3:]}{other[-3:]}"


def recorded(names: list[str], mesh: str) -> Iterator[Record]:
    """What the applies of all cells leave behind, as far as other stacks take it."""
    for name in names:
        tables = {zone: f"rtb-{name[-3:]}{zone[-1]}" for zone in ZONES}
        yield record(
            name, "network", {"vpc_id": f"vpc-{name[-3:]}", "node_route_table_ids": tables}
        )
        higher = [peer for peer in names if peer > name] if mesh == "full" else [HUB]
        yield record(name, "peering", {"connection_ids": {p: connection(name, p) for p in higher}})
        if mesh == "full" and name != names[0]:
            lower = {peer: connection(peer, name) for peer in names if peer < name}
            yield record(name, "accept", {"accepted_ids": lower})
    if mesh != "full":
        yield record(HUB, "hub", {"accepted_ids": {name: connection(name, HUB) for name in names}})


def record(owner: str, layer: Layer, outputs: Mapping[str, Value]) -> Record:
    return Record(
        stack=StackId(owner, layer),
        account=f"{444444444444 + NAMES.index(owner)}" if owner in NAMES else "333333333333",
        region="us-east-1",
        complete=True,
        digest=digest_sources({}),
        sources={},
        inputs={},
        outputs=outputs,
    )


@pytest.fixture(scope="module", params=["full", "none"])
def mesh(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, terraform_mirror: Path
) -> Iterator[tuple[str, Ladder]]:
    folder = tmp_path_factory.mktemp("scale")
    made = declared(request.param)
    (folder / "cells.yaml").write_text(render(made), "utf-8")
    ladder = Ladder(folder=folder, mirror=terraform_mirror)
    ladder.run("lock")
    ladder.run("synth")
    ladder.start()
    ladder.results("plan", "--cell", LOWEST, "--layer", "network")  # claims the emulator's folder
    registry = Registry(FolderStore(folder / ".cellfactory/sandbox/registry"))
    for one in recorded(sorted(made["cells"]), request.param):
        registry.write(one)
    yield request.param, ladder
    ladder.stop()


def test_the_edges_of_three_cells_are_valid_and_plan_all_their_rows(
    mesh: tuple[str, Ladder],
) -> None:
    kind, ladder = mesh
    words = [*CHOSEN, "--layer", "peering", "--layer", "accept", "--layer", "routes"]
    told = ladder.results("plan", *words)
    added = {name: row["counts"]["add"] for name, row in told.items()}
    zones, names = len(ZONES), 1  # of whose requests the names are resolved
    if kind == "none":
        assert added == {
            f"{cell}-{layer}": {"peering": 1, "routes": zones + names}[layer]
            for cell in (LOWEST, MIDDLE, HIGHEST)
            for layer in ("peering", "routes")
        }
        return
    peers, half = CELLS - 1, CELLS // 2
    assert added == {
        f"{LOWEST}-peering": peers,
        f"{LOWEST}-routes": peers * zones + peers,
        f"{MIDDLE}-peering": peers - half,
        f"{MIDDLE}-accept": 2 * half,
        f"{MIDDLE}-routes": peers * zones + peers - half,
        f"{HIGHEST}-accept": 2 * peers,
        f"{HIGHEST}-routes": peers * zones,
    }


def test_the_hub_of_a_star_plans_a_row_for_each_cell(mesh: tuple[str, Ladder]) -> None:
    kind, ladder = mesh
    if kind != "none":
        pytest.skip("a full mesh has no hub here")
    told = ladder.results("plan", "--hub", HUB)
    assert told[f"{HUB}-hub"]["counts"]["add"] == 3 * (
        CELLS - 1
    )  # acceptance, names and route of each
