"""An inventory of three cells, and the sixteen edits that somebody makes to a running one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from cellfactory.addressing.lock_file import render_lock
from cellfactory.design import Asked, Design, Texts, make_design
from cellfactory.facts.loader import load_facts
from tests import inventories

FACTS = load_facts()
Data = dict[str, Any]
Edit = Callable[[Data], object]
RINGS = ("canary", "first", "rest")


def running() -> Data:
    """Three cells of one type in one mesh, each in another ring, with 20 nodes in each zone."""
    made = inventories.data(
        cells=0,
        nodes=20,
        node_image="v20260714",
        addons={
            "vpc-cni": "v1.23.1-eksbuild.1",
            "kube-proxy": "v1.34.6-eksbuild.13",
            "eks-pod-identity-agent": "v1.3.10-eksbuild.2",
            "coredns": "v1.13.2-eksbuild.24",
        },
        quotas={"L-1216C47A": 20_000, "L-7A658B76": 200, "L-CD17FD4B": 512_000},
    )
    made["organizations"]["two"] = {
        "management_account": "222222222222",
        "provisioning_role": "CellFactory",
    }
    made["meshes"]["other"] = {"region": "us-east-1", "hubs": []}
    for number, ring in enumerate(RINGS, 1):
        made["cells"][f"prod-{number}"] = {**inventories.cell(number), "ring": ring}
    return made


def design(made: Mapping[str, Any], lock: str | None = None, *accepted: str) -> Design:
    texts = Texts(
        inventory=inventories.render(made),
        inventory_file="cells.yaml",
        lock=lock,
        lock_file="cells.lock.yaml",
    )
    return make_design(texts, FACTS, asked=Asked(accepted=accepted))


def edited(edit: Edit, made: Data | None = None) -> tuple[Design, Design]:
    """Design an inventory and what an edit makes of it; people vouch for what stands."""
    base = running() if made is None else made
    before = design(base)
    changed = inventories.changed(base, ("version",), lambda *_: None)
    edit(changed)
    return before, design(changed, render_lock(before.lock), "all")


def kind(made: Data) -> Data:
    found: Data = made["cell_types"]["plain"]
    return found


def group(made: Data) -> Data:
    found: Data = kind(made)["node_groups"]["all"]
    return found


def rename_cell(made: Data) -> None:
    made["cells"]["prod-9"] = made["cells"].pop("prod-2")


def rename_group(made: Data) -> None:
    kind(made)["node_groups"] = {"other": group(made)}


def kubernetes(version: str, proxy: str) -> Edit:
    def edit(made: Data) -> None:
        kind(made)["kubernetes_version"] = version
        kind(made)["addons"]["kube-proxy"] = proxy

    return edit
