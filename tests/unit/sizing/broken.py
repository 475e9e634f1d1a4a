"""Inventories that break a rule whose hint names an edit, one for each way to break it."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from typing import Any

from tests import inventories

Data = dict[str, Any]
ENOUGH = {
    "L-BB24F6E5": 256_000,
    "L-CD17FD4B": 512_000,
    "L-1216C47A": 400_000,
    "L-7A658B76": 900,
    "L-E619E033": 10_000,
}


def base(cells: int = 1, nodes: int = 10, **changes: Any) -> Data:
    """Make an inventory that fits; keys with two underscores reach into its sections."""
    made = inventories.data(cells, nodes, **changes)
    made["cell_types"]["plain"]["quotas"] = dict(ENOUGH)
    made["organizations"]["one"]["quotas"] = {"L-E619E033": 1000}
    return made


def plain(made: Data) -> Data:
    found: Data = made["cell_types"]["plain"]
    return found


def group(made: Data) -> Data:
    found: Data = plain(made)["node_groups"]["all"]
    return found


def with_quotas(made: Data, **quotas: int) -> Data:
    plain(made)["quotas"] |= {code.replace("_", "-"): value for code, value in quotas.items()}
    return made


def with_group(made: Data, **changes: Any) -> Data:
    group(made).update(changes)
    return made


def with_hub(made: Data, blocks: int = 1, **changes: Any) -> Data:
    made["hubs"] = {
        "hub": {
            "account": "333333333333",
            "vpc": "vpc-0f00ba12",
            "region": "us-east-1",
            "blocks": [f"10.{n // 16}.{n % 16 * 16}.0/20" for n in range(blocks)],
            **changes,
        }
    }
    made["meshes"]["east"]["hubs"] = ["hub"]
    return made


def with_spark(made: Data, **changes: Any) -> Data:
    spark = plain(made)["spark"]
    for key, value in changes.items():
        spark[key] = {**spark.get(key, {}), **value} if isinstance(value, dict) else value
    return made


def with_pools(made: Data, node: str, pod: str) -> Data:
    return made | {"address_pools": {"node": [node], "pod": [pod]}}


def with_provider(made: Data, tier: str) -> Data:
    plain(made)["control_plane_tier"] = tier
    return made


def with_gateway(made: Data, **quotas: int) -> Data:
    """Join the cells of a mesh by a transit gateway alone."""
    made["meshes"]["east"] |= {
        "interconnect": "gateway",
        "gateway": {
            "account": "888888888888",
            "organization": "one",
            "quotas": {code.replace("_", "-"): value for code, value in quotas.items()},
        },
    }
    return made


def with_two_gateways(made: Data, **quotas: int) -> Data:
    """Put the last cell into a mesh of its own, whose gateway lies in the same account."""
    with_gateway(made, **quotas)
    made["meshes"]["more"] = copy.deepcopy(made["meshes"]["east"])
    made["cells"][max(made["cells"])]["mesh"] = "more"
    return made


TWO = ["jobs", "more"]
IMAGE = "registry.example.com/spark:4.0.1"


# -- what is broken, by rule -----------------------------------------------------------------------

Broken = Callable[[], tuple[Data, Data | None]]
"""Makes an inventory that breaks a rule, and the one before it, that its lock was made for."""


def broken(made: Data, before: Data | None = None) -> Broken:
    return lambda: (made, before)


BROKEN: Mapping[str, Broken] = {
    "F118": broken(with_pools(with_hub(base()), "10.0.0.0/8", "100.64.0.0/10")),
    "F202": broken(with_pools(base(3, 400), "10.128.0.0/10", "100.64.0.0/15")),
    "F203 unavailable": broken(with_group(base(1, 600), max_unavailable=100)),
    "F203 nodes": broken(base(1, 900)),
    "F203 prefixes": broken(base(1, 650, prefixes_per_node=9)),
    "F203 hopeless": broken(base(1, 5000, prefixes_per_node=1)),
    "F204 unavailable": broken(with_group(base(1, 50), max_unavailable=40), base(1, 50)),
    "F204 nodes": broken(base(1, 60), base(1, 50)),
    "F204 prefixes": broken(base(1, 50, prefixes_per_node=12), base(1, 50)),
    "F204 ceiling": broken(base(1, 50, node_ceiling=400), base(1, 50)),
    "F206": broken(with_quotas(base(1, 400), L_83CA0A9D=3)),
    "F207": broken(base(1, 50, node_ceiling=100)),
    "F302": broken(base(1, 3)),
    "F310": broken(with_quotas(base(), L_407747CB=10)),
    "F311": broken(with_quotas(with_hub(base(), blocks=40), L_93826ACB=30)),
    "F312": broken(with_hub(base(), blocks=70)),
    "F318": broken(base(1, 10, prefixes_per_node=8)),
    "F320": broken(with_quotas(base(1, 400), L_BB24F6E5=10_000)),
    "F321": broken(with_quotas(base(1, 400), L_BB24F6E5=100_000)),
    "F322": broken(with_quotas(base(1, 400), L_BB24F6E5=36_000)),
    "F323": broken(with_quotas(base(1, 400), L_BB24F6E5=100_000)),
    "F330": broken(with_quotas(base(2, 400), L_CD17FD4B=20_000)),
    "F330 hub": broken(with_hub(base(2, 400), nau=110_000)),
    "F331": broken(with_quotas(base(2, 400), L_CD17FD4B=128_000)),
    "F332": broken(with_quotas(base(2, 400), L_CD17FD4B=40_000)),
    "F332 hub": broken(with_hub(base(1, 400), nau=110_000)),
    "F333": broken(with_quotas(base(2, 400), L_CD17FD4B=40_000)),
    "F345": broken(base(1, 440)),
    "F345 ceiling": broken(base(1, 10, node_ceiling=1400)),
    "F346": broken(with_quotas(base(1, 400), L_6D54EA21=10)),
    "F347": broken(with_quotas(base(1, 100), L_BD136A63=50)),
    "F349": broken(base(1, 430, prefixes_per_node=8)),
    "F352": broken(with_quotas(base(1, 400), L_CDE20ADC=10)),
    "F355": broken(with_quotas(base(), L_1216C47A=500)),
    "F357": broken(with_quotas(base(1, 100), L_7A658B76=20)),
    "F358": broken(with_quotas(base(1, 100), L_DF5E4CA3=150)),
    "F359": broken(with_quotas(base(1, 100), L_DF5E4CA3=300)),
    "F360": broken(with_quotas(base(1, 100, ingress={"node_group": "all"}), L_B211E961=50)),
    "F361": broken(with_quotas(base(1, 100, ingress={"node_group": "all"}), L_EEF1AD04=200)),
    "F362": broken(with_quotas(base(1, 400, ingress={"node_group": "all"}), L_A0D0B863=1000)),
    "F365": broken(
        with_quotas(base(1, 10, egress="none", endpoints=["kms", "glue"]), L_29B6F2EB=7)
    ),
    "F366": broken(with_quotas(base(), L_0263D0A3=2)),
    "F370": broken(with_quotas(base(4), L_7E9ECCDB=2)),
    "F370 hub": broken(with_hub(base(4), quotas={"L-7E9ECCDB": 3})),
    "F371": broken(with_quotas(with_hub(base(4)), L_DC9F7029=1)),
    "F374": broken(with_gateway(base(3), L_E0233F82=2)),
    "F375": broken(with_gateway(base(4), L_43872EB7=3)),
    "F376": broken(with_gateway(base(102), L_43872EB7=200)),
    "F379": broken(with_gateway(base(1, 400, traffic={"to_cells_gb": 110_000_000}))),
    "F378": broken(with_two_gateways(base(2), L_A2478D36=1)),
    "F380": broken(with_spark(base(), operator={"jobs_per_minute": 100, "cpu": 4}, namespaces=TWO)),
    "F381": broken(
        with_spark(base(), history={"image": IMAGE, "logs_per_day": 500, "rolling_logs": True})
    ),
    "F395": broken(base(1, 10, load={"needed_nodes": 25})),
    "F396": broken(base(1, 10, load={"s3_reads_per_second": 20_000, "s3_prefixes": 3})),
    "F397": broken(base(1, 10, load={"s3_writes_per_second": 20_000})),
    "F398": broken(with_provider(base(1, 10, load={"pods_per_minute": 12_000}), "xl")),
    "F391": broken(with_quotas(base(), L_CD17FD4B=600_000)),
    "F392": broken(with_quotas(base(), L_CD17FD4C=1)),
}  # fmt: skip

NOT_REACHED: Mapping[str, str] = {
    "pod-prefixes": "F203 and F204 come first: addresses are planned for every node",
    "pod-interface-addresses": "F203 and F204 come first",
    "node-addresses": "F203 and F204 come first",
    "endpoint-addresses": "F204 comes first",
    "control-plane-addresses": "the planner keeps more",
    "blocks-per-vpc": "F206 comes first",
    "pod-pool": "F202 comes first",
    "node-pool": "F202 comes first",
    "prefix-slots": "F114 comes first",
    "node-interfaces": "F114 comes first",
    "pods-per-node": "F115 comes first",
    "gateway-peerings": "its quota is beyond what a mesh may name",
    "pods-per-node-churn": "asked of `what-if` alone",
    "declared-ceiling": "F207 comes first",
    "kubernetes-nodes": "F345 comes first",
    "cluster-database": "F345 comes first",
    "rebuild-per-action": "F345 comes first",
    "pod-scheduling": "needs a provisioned control plane; its hint names the next tier",
    "rebuild-shared": "F345 comes first",
    "resolver-packets": "its hint names no number",
}
