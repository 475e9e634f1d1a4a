"""A mesh of 126 VPCs: each with each, as a star, and over a gateway.

The stacks of its lowest, middle and highest cell are validated and planned, and those of the mesh
itself. Nothing of it is applied. What its cells take of others stands in the registry, as their
applies would leave it: the networks of all, the requests, the acceptances, and the attachments.
"""

from __future__ import annotations

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
from tests.inventories import data
from tests.terraform.ladder import Ladder, climbing

pytestmark = [
    pytest.mark.terraform,
    pytest.mark.sandbox,
    pytest.mark.timeout(1_500),
    pytest.mark.long,
]

CELLS = 126  # a VPC has 125 peerings at most
ZONES = ("use1-az1", "use1-az2", "use1-az4")
NAMES = tuple(f"cell-{number:03}" for number in range(CELLS))
LOWEST, MIDDLE, HIGHEST = NAMES[0], NAMES[CELLS // 2], NAMES[-1]
CHOSEN = [word for name in (LOWEST, MIDDLE, HIGHEST) for word in ("--cell", name)]
RAISED = {"L-1216C47A": 9_000, "L-7E9ECCDB": 125, "L-CD17FD4B": 512_000, "L-93826ACB": 1_000}
HUB, NETWORK = "shared", "999999999999"
LAYERS = {  # of a cell's edges
    "full": ("peering", "accept", "routes"),
    "none": ("peering", "routes"),
    "gateway": ("transit", "routes"),
}
OWNED = {  # by the mesh, or by its hub
    "full": (),
    "none": (f"{HUB}-hub",),
    "gateway": ("east-gateway", "east-segments"),
}


def declared(kind: str) -> dict[str, Any]:
    """Cells of a mesh, whose account may have no more requests waiting than AWS gives."""
    made = data(CELLS, nodes=3, quotas=RAISED)
    made["organizations"]["one"]["quotas"] = {"L-E619E033": 1_000}
    if kind == "gateway":
        made["organizations"]["one"]["resource_sharing"] = True
        gateway = {"account": NETWORK, "organization": "one", "route_tables": "mesh"}
        made["meshes"]["east"] |= {"interconnect": "gateway", "gateway": gateway}
    if kind == "none":
        made["meshes"]["east"] |= {"cell_to_cell": "none", "hubs": [HUB]}
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


def recorded(names: list[str], kind: str) -> Iterator[Record]:
    """What the applies of all cells leave behind, as far as other stacks take it."""
    for name in names:
        yield record(name, "network", network(name))
    if kind == "gateway":
        yield from joined(names)
        return
    for name in names:
        higher = [peer for peer in names if peer > name] if kind == "full" else [HUB]
        yield record(name, "peering", {"connection_ids": {p: connection(name, p) for p in higher}})
        if kind == "full" and name != names[0]:
            lower = {peer: connection(peer, name) for peer in names if peer < name}
            yield record(name, "accept", {"accepted_ids": lower})
    if kind == "none":
        yield record(HUB, "hub", {"accepted_ids": {name: connection(name, HUB) for name in names}})


def network(name: str) -> dict[str, Value]:
    number = name[-3:]
    return {
        "vpc_id": f"vpc-{number}",
        "node_route_table_ids": {zone: f"rtb-{number}{zone[-1]}" for zone in ZONES},
        "transit_subnet_ids": {zone: f"subnet-{number}{zone[-1]}" for zone in ZONES},
    }


def joined(names: list[str]) -> Iterator[Record]:
    """What a gateway, and the attachments of all cells to it, leave behind."""
    share = f"arn:aws:ram:us-east-1:{NETWORK}:resource-share/one"
    ids = dict.fromkeys(names, "tgw-0f00ba12")
    yield record(
        "east",
        "gateway",
        {"gateway_id": "tgw-0f00ba12", "share_arn": share, "shared_ids": ids},
    )
    for name in names:
        attachment = f"tgw-attach-{name[-3:]}"
        yield record(name, "transit", {"attachment_ids": {name: attachment}})
    yield record("east", "segments", {"gateway_ids": ids})


def account_of(owner: str) -> str:
    others = {HUB: "333333333333", "east": NETWORK}
    return others.get(owner) or f"{444444444444 + NAMES.index(owner)}"


def record(owner: str, layer: Layer, outputs: Mapping[str, Value]) -> Record:
    return Record(
        stack=StackId(owner, layer),
        account=account_of(owner),
        region="us-east-1",
        complete=True,
        digest=digest_sources({}),
        sources={},
        inputs={},
        outputs=outputs,
    )


@pytest.fixture(scope="module", params=sorted(LAYERS))
def mesh(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, terraform_mirror: Path
) -> Iterator[tuple[str, Ladder]]:
    folder = tmp_path_factory.mktemp("scale")
    made = declared(request.param)
    with climbing(folder, terraform_mirror, made) as ladder:
        ladder.results("plan", "--cell", LOWEST, "--layer", "network")  # claims its folder
        registry = Registry(FolderStore(folder / ".cellfactory/sandbox/registry"))
        for one in recorded(sorted(made["cells"]), request.param):
            registry.write(one)
        yield request.param, ladder


def words_of(kind: str, *layers: str) -> list[str]:
    """Choose three cells, and what the mesh or its hub owns."""
    chosen = [word for layer in (*layers, *LAYERS[kind]) for word in ("--layer", layer)]
    return [*CHOSEN, *chosen, *(word for name in OWNED[kind] for word in ("--stack", name))]


def added(cells: list[str], kind: str) -> dict[str, int]:
    """How many things the plan of each stack is to make."""
    peers, half, zones, names = CELLS - 1, CELLS // 2, len(ZONES), 1
    if kind == "full":
        return {
            f"{LOWEST}-peering": peers,
            f"{LOWEST}-routes": peers * zones + peers,
            f"{MIDDLE}-peering": peers - half,
            f"{MIDDLE}-accept": 2 * half,
            f"{MIDDLE}-routes": peers * zones + peers - half,
            f"{HIGHEST}-accept": 2 * peers,
            f"{HIGHEST}-routes": peers * zones,
        }
    if kind == "none":
        own = {"peering": 1, "routes": zones + names}
        # of each cell the hub has an acceptance, a route and its names
        owned = {f"{HUB}-hub": 3 * peers}
    else:
        own = {"transit": 1, "routes": peers * zones}
        # gateway, share, what it shares, with whom; table, and of each cell the attachment's
        # acceptance, its association, and a route
        owned = {"east-gateway": 3 + CELLS, "east-segments": 1 + 3 * CELLS}
    return owned | {f"{cell}-{layer}": count for cell in cells for layer, count in own.items()}


def test_what_joins_three_cells_is_valid(mesh: tuple[str, Ladder]) -> None:
    """All that they have but the chart of the platform, whose provider is not at hand."""
    kind, ladder = mesh
    told = ladder.validate(*words_of(kind, "network", "cluster"))
    assert {row["status"] for row in told.values()} == {"valid"}
    assert set(added([LOWEST, MIDDLE, HIGHEST], kind)) < set(told)
    assert {name.rpartition("-")[2] for name in told} >= {"network", "cluster"}


def test_three_cells_and_what_the_mesh_owns_plan_all_their_rows(mesh: tuple[str, Ladder]) -> None:
    kind, ladder = mesh
    told = ladder.results("plan", *words_of(kind))
    assert {name: row["counts"]["add"] for name, row in told.items()} == added(
        [LOWEST, MIDDLE, HIGHEST], kind
    )
    kept = ("change", "destroy", "replace")
    assert not any(row["counts"][count] for row in told.values() for count in kept)
