"""The edits that hints name, made on an inventory as data."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from cellfactory.errors import Finding
from tests import inventories
from tests.unit.sizing.broken import Data, group, plain

Edit = Callable[[Data, "re.Match[str]", Finding], None]


def number(text: str) -> int:
    return int(text.replace(",", ""))


def owner_of(made: Data, found: Finding) -> Data:
    """Find what a finding is about: a hub or a cell."""
    section, name = (found.about or found.path)[:2]
    place: Data = made[str(section)][name]
    if section == "cells" or section == "hubs":
        return place
    if section == "meshes":
        gateway: Data = place["gateway"]
        return gateway
    return plain(made)


def raise_quota(made: Data, match: re.Match[str], found: Finding) -> None:
    wanted = {match[1]: number(match[2])}
    place = owner_of(made, found)
    place.setdefault("quotas", {}).update(wanted)


def fewer_nodes(made: Data, match: re.Match[str], _: Finding) -> None:
    less = number(match[1])
    in_zone = "in each zone" in match[0]
    zones = len(plain(made)["zones"])
    group(made)["nodes_per_zone"] -= less if in_zone else -(-less // zones)


def fewer_prefixes(made: Data, match: re.Match[str], _: Finding) -> None:
    now = plain(made).get("prefixes_per_node") or 6
    plain(made)["prefixes_per_node"] = number(match[1]) if match[1] else now - 1
    plain(made)["max_pods"] = None


def over_zones(made: Data, match: re.Match[str], _: Finding) -> None:
    zones = ["use1-az1", "use1-az2", "use1-az4", "use1-az5", "use1-az6", "use1-az3"]
    wanted, now = number(match[1]), len(plain(made)["zones"])
    plain(made)["zones"] = zones[:wanted]
    group(made)["nodes_per_zone"] = -(-group(made)["nodes_per_zone"] * now // wanted)
    plain(made)["quotas"]["L-FE5A380F"] = 10
    plain(made)["quotas"]["L-0263D0A3"] = 10


def larger_cell(made: Data, _: re.Match[str], found: Finding) -> None:
    name = (found.about or found.path)[1]
    made["cells"]["larger"] = made["cells"].pop(name) | {"account": {"id": "999999999999"}}


def two_cells(made: Data, *_: Any) -> None:
    group(made)["nodes_per_zone"] = min(430, -(-group(made)["nodes_per_zone"] // 2))
    made["cells"]["second"] = inventories.cell(77)


def no_peers(made: Data, *_: Any) -> None:
    made["meshes"]["east"]["cell_to_cell"] = "none"


def fewer_members(made: Data, *_: Any) -> None:
    made["cells"].pop(max(made["cells"]))


def split_mesh(made: Data, *_: Any) -> None:
    made["meshes"]["other"] = {"region": "us-east-1"}
    if made.get("hubs"):
        made["hubs"]["second"] = made["hubs"]["hub"] | {
            "vpc": "vpc-0f00ba13", "blocks": ["10.20.0.0/20"],
        }  # fmt: skip
        made["meshes"]["other"]["hubs"] = ["second"]
    for name in sorted(made["cells"])[::2]:
        made["cells"][name]["mesh"] = "other"


def by_gateway(made: Data, *_: Any) -> None:
    network = {"account": "888888888888", "organization": "one", "route_tables": "mesh"}
    for name, mesh in made["meshes"].items():
        mesh |= {"interconnect": "gateway", "gateway": dict(network)}
        for hub in mesh.get("hubs", ()):
            attachments = made["hubs"][hub].setdefault("attachments", {})
            attachments[name] = "tgw-attach-0f00ba120f00ba120"


def block_for(made: Data, match: re.Match[str], _: Finding) -> None:
    made["address_pools"][match[1]].append(
        {"pod": "100.96.0.0/11", "node": "10.64.0.0/10"}[match[1]]
    )


def smaller_ingress(made: Data, *_: Any) -> None:
    plain(made)["node_groups"]["small"] = {**group(made), "nodes_per_zone": 1}
    plain(made)["ingress"]["node_group"] = "small"


def setting(section: str, key: str, value: Any) -> Edit:
    def edit(made: Data, match: re.Match[str], _: Finding) -> None:
        place = {"type": plain, "group": group}[section](made)
        place[key] = value(match, place) if callable(value) else value

    return edit


def given(match: re.Match[str], _: Data) -> int:
    return number(match[1])


def raised_by(match: re.Match[str], place: Data) -> int:
    return int(place["node_ceiling"]) + number(match[1])


def reserve(made: Data, match: re.Match[str], _: Finding) -> None:
    made["address_pools"].setdefault("reserved", []).append(match[1])


def most_quota(made: Data, _: re.Match[str], found: Finding) -> None:
    plain(made)["quotas"][found.path[-1]] = 512_000


def fewer_blocks(made: Data, *_: Any) -> None:
    made["hubs"]["hub"]["blocks"] = ["10.0.0.0/12"]


def more_cpu(made: Data, *_: Any) -> None:
    plain(made)["spark"]["operator"]["cpu"] = 28


def shards(made: Data, *_: Any) -> None:
    operator = plain(made)["spark"]["operator"]
    operator["cpu"] = 14
    operator["shards"] = {"more": ["more"]}


def fewer_days(made: Data, *_: Any) -> None:
    plain(made)["spark"]["history"]["retention_days"] = 1


def single_logs(made: Data, *_: Any) -> None:
    plain(made)["spark"]["history"]["rolling_logs"] = False


def nodes_in_zone(made: Data, match: re.Match[str], _: Finding) -> None:
    group(made)["nodes_per_zone"] = number(match[1])


def prefixes(made: Data, match: re.Match[str], _: Finding) -> None:
    plain(made)["load"]["s3_prefixes"] = number(match[1])


def larger_tier(made: Data, *_: Any) -> None:
    plain(made)["control_plane_tier"] = "2xl"


def drop_quota(made: Data, _: re.Match[str], found: Finding) -> None:
    plain(made)["quotas"].pop(found.path[-1])


def shared_tables(made: Data, *_: Any) -> None:
    made["meshes"]["east"]["gateway"]["route_tables"] = "mesh"


EDITS: tuple[tuple[str, Edit], ...] = (
    (r"raise (L-[0-9A-F]{8}) to ([\d,]+) and write it under quotas", raise_quota),
    (r"have (L-83CA0A9D) raised, up to (50), and write it under quotas", raise_quota),
    (r"remove ([\d,]+) nodes?(?: of \w+)?(?: in each zone)?", fewer_nodes),
    (r"lower prefixes_per_node(?: to (\d+))?, and max_pods with it", fewer_prefixes),
    (r"spread the nodes over (\d) zones", over_zones),
    (r"lower max_unavailable to (\d+)", setting("group", "max_unavailable", given)),
    (r"lower node_ceiling to ([\d,]+)", setting("type", "node_ceiling", given)),
    (r".*; raise it by ([\d,]+)", setting("type", "node_ceiling", raised_by)),
    (r"divide its nodes over two cells", two_cells),
    (r"add another cell", two_cells),
    (r"build a larger cell beside it under another name, then remove this one", larger_cell),
    (r"set cell_to_cell: none", no_peers),
    (r"remove cells or hubs from the mesh", fewer_members),
    (r"take cells off the hub", split_mesh),
    (r"split the mesh(?:, each part with a hub of its own)?", split_mesh),
    (r"join it by a gateway", by_gateway),
    (r"add a block to address_pools.(\w+)", block_for),
    (r"(?:no cell may use it: )?add (\S+) to address_pools.reserved",
     reserve),
    (r"choose a smaller pool under ingress.node_group", smaller_ingress),
    (r"set egress: none", setting("type", "egress", "none")),
    (r"lower root_volume_gib", setting("group", "root_volume_gib", 20)),
    (r"remove interface endpoints", setting("type", "endpoints", [])),
    (r"give hubs fewer, larger blocks", fewer_blocks),
    (r"raise spark.operator.cpu", more_cpu),
    (r"share the namespaces out \(spark.operator.shards\)", shards),
    (r"write the value that Service Quotas shows for the account",
     most_quota),
    (r"keep logs for fewer days", fewer_days),
    (r"let jobs write single logs \(rolling_logs: false\)", single_logs),
    (r"have ([\d,]+) nodes in each zone", nodes_in_zone),
    (r"spread the data over ([\d,]+) prefixes", prefixes),
    (r"take a larger control_plane_tier", larger_tier),
    (r"set gateway.route_tables: mesh", shared_tables),
    (r"did you mean L-.*", drop_quota),
)  # fmt: skip

NO_EDIT = (
    r"release the blocks of removed cells|keep the subnet reservations|"
    r"send half of its jobs to another cell|keep the mesh on peerings"
)
