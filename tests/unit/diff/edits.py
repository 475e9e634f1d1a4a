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
    made["cells"]["prod-3"]["account"] = {"email": "p3@example.com", "ou": "ou-ab12-cdefgh34"}
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


def rename_into_another_account(made: Data) -> None:
    rename_cell(made)
    made["cells"]["prod-9"]["account"] = {"id": "555555555555"}


def rename_group(made: Data) -> None:
    kind(made)["node_groups"] = {"other": group(made)}


def kubernetes(version: str, proxy: str) -> Edit:
    def edit(made: Data) -> None:
        kind(made)["kubernetes_version"] = version
        kind(made)["addons"]["kube-proxy"] = proxy

    return edit


def other_account(made: Data) -> None:
    made["cells"]["prod-2"]["account"] = {"id": "999999999999"}


EDITS: Mapping[str, Edit] = {
    "20 to 25 nodes a zone": lambda d: group(d).update(nodes_per_zone=25),
    "20 to 26 nodes a zone": lambda d: group(d).update(nodes_per_zone=26),
    "20 to 5 nodes a zone": lambda d: group(d).update(nodes_per_zone=5),
    "Kubernetes 1.34 to 1.35": kubernetes("1.35", "v1.35.0-eksbuild.2"),
    "Kubernetes 1.34 to 1.36": kubernetes("1.36", "v1.36.0-eksbuild.2"),
    "instance type": lambda d: group(d).update(instance_type="r6i.8xlarge"),
    "6 to 8 prefixes": lambda d: kind(d).update(prefixes_per_node=8),
    "6 to 3 prefixes": lambda d: kind(d).update(prefixes_per_node=3),
    "rename a cell": rename_cell,
    "remove a cell": lambda d: d["cells"].pop("prod-2"),
    "organization of a given account": lambda d: d["cells"]["prod-2"].update(organization="two"),
    "organization of a made account": lambda d: d["cells"]["prod-3"].update(organization="two"),
    "account": other_account,
    "mesh": lambda d: d["cells"]["prod-2"].update(mesh="other"),
    "3 to 2 zones": lambda d: kind(d)["zones"].pop(),
    "rename a node group": rename_group,
}
"""The edits of a running inventory, by what somebody would call them."""

MORE: Mapping[str, Edit] = {
    "a cell more": lambda d: d["cells"].update({"prod-4": inventories.cell(7)}),
    "rename a cell into another account": rename_into_another_account,
    "image": lambda d: kind(d).update(node_image="v20251103"),
    "tier": lambda d: kind(d).update(control_plane_tier="4xl"),
    "spot": lambda d: group(d).update(capacity="spot"),
    "labels": lambda d: group(d).update(labels={"team": "data"}),
    "taints": lambda d: group(d).update(taints=[{"key": "a", "effect": "PreferNoSchedule"}]),
    "root volume": lambda d: group(d).update(root_volume_gib=200),
    "reservations": lambda d: group(d).update(reservations="mine"),
    "pods": lambda d: kind(d).update(max_pods=90),
    "groups of one node less a time": lambda d: group(d).update(max_unavailable=2),
    "a group more": lambda d: kind(d)["node_groups"].update(
        {"more": {"instance_type": "r6i.4xlarge", "nodes_per_zone": 1}}
    ),
    "image and fewer nodes": lambda d: (
        kind(d).update(node_image="v20251103"),
        group(d).update(nodes_per_zone=15),
    ),
    "add-on back": lambda d: kind(d)["addons"].update({"coredns": "v1.13.2-eksbuild.18"}),
    "add-on more": lambda d: kind(d)["addons"].update({"metrics-server": "v0.8.0-eksbuild.1"}),
    "no edge": lambda d: d["meshes"]["east"].update(cell_to_cell="none"),
    "ring": lambda d: d["cells"]["prod-2"].update(ring="rest"),
    "max_unavailable with an image": lambda d: (
        kind(d).update(node_image="v20251103"),
        group(d).update(max_unavailable=4),
    ),
}


def side_by_side(edit: Edit, made: Data | None = None) -> tuple[Design, Design]:
    """Design both sides as if neither were locked: for edits that a lock refuses."""
    base = running() if made is None else made
    changed = inventories.changed(base, ("version",), lambda *_: None)
    edit(changed)
    return design(base), design(changed)
