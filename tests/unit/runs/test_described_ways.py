"""`show`: the hubs of a cell and the gateway of its mesh, on 80 columns and as data."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cellfactory.documents import load_data, render_data
from cellfactory.layers import StackId, list_stacks
from cellfactory.layers.rows import Layer
from cellfactory.runs import described, listing
from cellfactory.runs.described import describe_cell, find_stacks
from cellfactory.runs.reading import read_design
from cellfactory.runs.standing import NOT_ASKED, Known
from cellfactory.terraform.record import Record
from cellfactory.views.described import render_shown, to_json

ROOT = Path(__file__).resolve().parents[3]
CELL, OTHER, MESH, HUB = "moka-use1-b", "moka-use1-a", "moka-use1", "shared-services"
ROLE = "arn:aws:iam::333333333333:role/cellfactory-accept"
HUB_ATTACHED = "tgw-attach-0f00ba120f00ba120"
TGW, ATTACHED = "tgw-0f00ba120f00ba120", "tgw-attach-0f00ba120f00ba12"


def inventory(step: str = "both", **hub: Any) -> dict[str, Any]:
    made: dict[str, Any] = load_data((ROOT / "cells.yaml").read_text("utf-8"))
    made["hubs"][HUB] |= {"accept": {"role": ROLE, "via": "legacy"}, **hub}
    egress = {"block": "10.32.0.0/24", "zones": ["use1-az1"]}
    made["meshes"][MESH] |= {
        "interconnect": step,
        "gateway": {"account": "888888888888", "organization": "legacy", "egress": egress},
    }
    return made


def record(owner: str, layer: Layer, **outputs: Any) -> Record:
    return Record(
        stack=StackId(owner, layer),
        account="555555555555",
        region="us-east-1",
        complete=True,
        digest="",
        sources={},
        inputs={},
        outputs=outputs,
    )


APPLIED = (
    record(CELL, "peering", connection_ids={HUB: "pcx-0f00ba120f00ba120", "moka-use1-c": "pcx-1"}),
    record(CELL, "transit", attachment_ids={CELL: ATTACHED}),
    record(HUB, "hub", accepted_ids={CELL: "pcx-0f00ba120f00ba120"}),
    record(MESH, "gateway", gateway_id=TGW, share_arn="arn:aws:ram:…", shared_ids={}),
    record(MESH, "egress", egress_ids={MESH: "tgw-attach-0e"}),
)


def shown(folder: Path, made: dict[str, Any], known: Known, cell: str = CELL) -> Any:
    (folder / "cells.yaml").write_text(render_data(made), "utf-8")
    file = folder / "cells.yaml"
    design = read_design(file)
    stacks = find_stacks(design, cell)
    assert {one.stack for one in APPLIED} - {StackId(CELL, "transit")} <= stacks.wanted
    return describe_cell(design, cell, stacks, known)


def applied() -> Known:
    return Known(is_known=True, records={one.stack: one for one in APPLIED})


def section(text: str, name: str) -> list[str]:
    return text.partition(f"\n\n{name}\n")[2].partition("\n\n")[0].splitlines()


def test_all_that_is_known_of_both(tmp_path: Path) -> None:
    text = render_shown(shown(tmp_path, inventory(), applied()))
    assert section(text, "hubs") == [
        "  shared-services",
        "    VPC         vpc-0f00ba120f00ba120 of account 333333333333, us-east-1",
        "    blocks      10.0.0.0/16, 10.1.0.0/16",
        "    way         over the peering pcx-0f00ba120f00ba120",
        f"    accepted by {ROLE} (done)",
    ]
    assert section(text, "gateway") == [
        "  mesh          moka-use1, at both",
        "  account       888888888888 of legacy",
        f"  gateway       {TGW}",
        f"  attachment    {ATTACHED}",
        "  way out       10.32.0.0/24, tgw-attach-0e (not of this cell)",
    ]
    stacks = section(text, "stacks of its mesh and hubs")
    assert [line.split()[0] for line in stacks] == [
        *("moka-use1-gateway", "moka-use1-egress"),
        *("shared-services-hub", "moka-use1-segments"),
    ]
    assert all(len(line) <= 80 for name in ("hubs", "gateway") for line in section(text, name))


def test_over_the_gateway_once_the_hub_is_attached(tmp_path: Path) -> None:
    made = inventory("soak", attachments={MESH: HUB_ATTACHED})
    text = render_shown(shown(tmp_path, made, applied()))
    assert f"    way         over the gateway by {HUB_ATTACHED}" in section(text, "hubs")
    assert all(line.endswith("over the gateway") for line in section(text, "peers"))
    before = render_shown(shown(tmp_path, {**made, **_at(made, "both")}, applied()))
    (way,) = [line for line in section(before, "hubs") if line.startswith("    way")]
    assert "over the peering pcx-0f00ba120f00ba120; attached by" in way


def _at(made: dict[str, Any], step: str) -> dict[str, Any]:
    return {"meshes": {**made["meshes"], MESH: {**made["meshes"][MESH], "interconnect": step}}}


def test_what_nobody_knows_is_said(tmp_path: Path) -> None:
    text = render_shown(shown(tmp_path, inventory(), NOT_ASKED))
    assert "    way         over the peering (not known)" in section(text, "hubs")
    assert "  gateway       not known" in section(text, "gateway")
    assert section(text, "stacks of its mesh and hubs") == []
    nothing = Known(is_known=True)
    text = render_shown(shown(tmp_path, inventory(), nothing))
    assert "  attachment    not applied yet" in section(text, "gateway")


def test_a_mesh_at_peering_says_whose_gateway_it_will_be(tmp_path: Path) -> None:
    made = inventory("peering")
    told = {one.stack: one for one in APPLIED}
    (tmp_path / "cells.yaml").write_text(render_data(made), "utf-8")
    file = tmp_path / "cells.yaml"
    design = read_design(file)
    stacks = find_stacks(design, CELL)
    text = render_shown(describe_cell(design, CELL, stacks, Known(is_known=True, records=told)))
    assert section(text, "gateway") == [
        "  mesh          moka-use1, at peering",
        "  account       888888888888 of legacy",
    ]


def test_as_data(tmp_path: Path) -> None:
    told = to_json(shown(tmp_path, inventory(), applied()))
    (hub,) = told["hubs"]
    assert (hub["account"], hub["over"], hub["is_accepted"]) == ("333333333333", "peering", True)
    assert told["gateway"]["egress_attachment"] == "tgw-attach-0e"
    assert told["shared_outputs"]["moka-use1-gateway"]["gateway_id"] == TGW
    assert {row["stack"] for row in told["shared_stacks"]} >= {"shared-services-hub"}
    assert {row["name"]: row["over"] for row in told["peers"]}[OTHER] == "peering"
    assert HUB not in {row["name"] for row in told["peers"]}


def test_every_stack_of_a_large_mesh_is_listed_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "cells.yaml").write_text(render_data(inventory()), "utf-8")
    design, listed = read_design(tmp_path / "cells.yaml"), []

    def count(*given: Any) -> Any:
        listed.append(given)
        return list_stacks(*given)

    for module in (described, listing):
        monkeypatch.setattr(module, "list_stacks", count)
    describe_cell(design, CELL, find_stacks(design, CELL), NOT_ASKED)
    assert len(listed) == 1
