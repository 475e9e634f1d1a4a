"""The ladder whose calls show what the layers of a transit gateway take.

Two cells of two organizations share a gateway, which is peered with that of another mesh in another
Region: both are made, read, changed and destroyed.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cellfactory.documents import load_data, render_data
from tests.terraform.ladder import ROOT, Ladder
from tools.actions_run import TO_JSON, begin_phase, run_ladder

LAYERS = ("account", "network", "gateway", "egress", "transit", "link", "linked", "segments")
CELLS = ("moka-use1-b", "moka-use1-c", "moka-usw2-a")
FIRST, SECOND = "moka-use1", "moka-usw2"
ACCOUNTS = {FIRST: "888888888888", SECOND: "999999999999"}
ZONES = ["usw2-az1", "usw2-az2", "usw2-az3"]  # of the second


def gateway_world() -> dict[str, Any]:
    """An inventory with two meshes that each have a gateway.

    The first has two organizations, the second a way out that its cell uses.
    """
    made = dict(load_data((ROOT / "cells.yaml").read_text("utf-8")))
    made["cells"] = {name: made["cells"][name] for name in CELLS}
    made["cell_types"] = {
        name: kind
        for name, kind in made["cell_types"].items()
        if name in {cell["type"] for cell in made["cells"].values()}
    }
    for kind in made["cell_types"].values():  # without a hub, nothing is let in
        kind["egress"] = "none"
        kind.pop("ingress", None)
        kind["spark"] = {"namespaces": ["jobs"], "operator": {"chart_version": "2.5.2"}}
    for mesh, owner, asn in ((FIRST, "legacy", 64512), (SECOND, "next", 64513)):
        gateway = {"account": ACCOUNTS[mesh], "organization": owner, "asn": asn}
        made["meshes"][mesh] |= {"interconnect": "gateway", "gateway": gateway, "hubs": []}
    made["meshes"][FIRST]["gateway"]["peers"] = [SECOND]
    out = {"block": "10.32.0.0/24", "zones": ZONES[:2]}
    made["meshes"][SECOND]["gateway"]["egress"] = out
    made["cell_types"][made["cells"][CELLS[2]]["type"]]["egress"] = "central"
    made["organizations"]["next"]["resource_sharing"] = True
    made["hubs"] = {}
    return made


def change_gateways(made: Mapping[str, Any]) -> None:
    """Change what is changed in place, and which route table an attachment has."""
    made["meshes"][SECOND]["gateway"]["egress"]["zones"] = ZONES
    made["meshes"][FIRST]["gateway"] |= {"route_tables": "mesh", "asn": 64520}


def run_gateways(folder: Path, mirror: Path, make: type[Ladder] = Ladder) -> None:
    """Run the ladder; its logs lie in the folder afterwards."""
    run_ladder(folder, mirror, gateway_world(), _climb, make)


def _climb(ladder: Ladder, folder: Path) -> None:
    chosen = [word for layer in LAYERS for word in ("--layer", layer)]
    begin_phase(folder, "create")
    ladder.run("apply", *chosen, *TO_JSON)
    begin_phase(folder, "read")
    ladder.run("plan", *chosen, *TO_JSON)
    begin_phase(folder, "update")
    file = folder / "cells.yaml"
    made = load_data(file.read_text("utf-8"))
    change_gateways(made)
    file.write_text(render_data(made), "utf-8")
    for word in ("lock", "synth"):
        ladder.run(word)
    allowed = ("--allow-destroy", "gateway", "--allow-destroy", "segments")
    ladder.run("apply", *chosen, *allowed, *TO_JSON)
    begin_phase(folder, "delete")
    ladder.run("destroy", "--forget-accounts", *chosen, *TO_JSON)
