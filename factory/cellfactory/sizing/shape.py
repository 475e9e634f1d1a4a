"""What the size of a cell depends on, gathered from the inventory, its addresses and the facts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Network
from math import ceil

from cellfactory.addressing.blocks import CellAddresses, ZoneBlocks
from cellfactory.errors import KeyPath
from cellfactory.facts.schema import CallCount, CallRetries, Facts, InstanceType
from cellfactory.inventory.endpoints import endpoint_services, gateway_services
from cellfactory.inventory.groups import group_size, groups_surge, least_surge, split_groups
from cellfactory.inventory.load import Load
from cellfactory.inventory.node_config import is_open, pods_per_node, prefixes_per_node
from cellfactory.inventory.schema import CellType, Inventory, NodeGroup
from cellfactory.inventory.spark import Spark

_surge = lru_cache(maxsize=1024)(groups_surge)  # cells of a type ask the same, and often
NEWEST_CNI = (999,)  # stands in for a version that the inventory does not pin


@dataclass(frozen=True, slots=True, kw_only=True)
class Pool:
    """A pool of equal nodes."""

    name: str
    instance: InstanceType
    per_zone: int  # nodes in each zone, or in the largest where they are uneven
    groups: tuple[int, ...]  # nodes of each EKS node group of one zone
    max_unavailable: int  # nodes of a group that an update replaces at a time
    least_surge: int  # nodes that an update adds to a group at least
    root_gib: int  # root volume (GiB)
    spot: bool
    path: KeyPath  # its `nodes_per_zone`
    is_open: bool = True  # pods that tolerate nothing may run on it
    missing: int = 0  # nodes that the other zones have less than the largest, together

    @property
    def surge(self) -> int:
        """Nodes that an update adds in each zone, all groups updated at once (nodes)."""
        return _surge(self.groups, self.max_unavailable, self.least_surge)

    @property
    def peak(self) -> int:
        """Nodes in each zone while all groups are updated at once (nodes)."""
        return self.per_zone + self.surge


@dataclass(frozen=True, slots=True, kw_only=True)
class Peers:
    """What a cell is peered with, as far as its own route tables and rules need it."""

    blocks: int  # routable blocks of all peers
    hub_blocks: int  # of these, blocks of hubs
    has_gateway: bool = False  # a transit gateway joins them, or is about to


@dataclass(frozen=True, slots=True, kw_only=True)
class CellShape:
    """A cell, as far as its size matters."""

    name: str
    region: str
    type_path: KeyPath
    zones: Mapping[str, ZoneBlocks]  # by zone id
    blocks: int  # blocks of the VPC
    pod_blocks: tuple[IPv4Network, ...]  # those of them that pods have
    pools: tuple[Pool, ...]
    prefixes: int  # /28 prefixes of each node; the one /80 of IPv6 pods
    max_pods: int  # pods that the kubelet admits
    interfaces: int  # interfaces that the CNI may use (MAX_ENI), the primary included
    calls: tuple[CallCount, ...]  # EC2 calls of one booting node
    retries: CallRetries  # of a call that EC2 throttles
    cni: str  # version of the VPC CNI, empty when not pinned
    endpoints: int  # interface endpoints
    gateways: int  # gateway endpoints
    nat_gateways: int
    ingress: str | None  # pool whose nodes are the load balancer's targets
    ceiling: int | None  # nodes that addresses are planned for, when the cell type says so
    peers: Peers
    quotas: Mapping[str, float]  # what AWS has raised, by quota code
    spark: Spark | None = None  # the platform of its type; None where nobody declared one
    load: Load | None = None  # what its jobs ask of it
    tier: str = "standard"  # of the control plane; `standard` scales by itself
    churn: float = 0  # pods that come and go on each node (per second)
    has_central_egress: bool = False  # its default route leads over the gateway of its mesh
    ipv6_pods: bool = False  # pods have addresses of one prefix of the node's primary interface

    @property
    def nodes(self) -> int:
        """Nodes of the cell (nodes)."""
        return sum(len(self.zones) * pool.per_zone - pool.missing for pool in self.pools)

    def peak_nodes(self, pool: Pool) -> int:
        """Nodes of a pool in all zones while all its groups are updated at once (nodes)."""
        return len(self.zones) * pool.peak - pool.missing

    @property
    def peak_per_zone(self) -> int:
        """Nodes in each zone while every group is updated at once (nodes)."""
        return sum(pool.peak for pool in self.pools)

    @property
    def main_pool(self) -> Pool:
        """The largest pool: the first a person would make smaller."""
        return max(self.pools, key=lambda pool: pool.per_zone)

    def pod_interfaces(self, pool: Pool) -> int:
        """Interfaces besides the primary one that hold a node's prefixes (interfaces)."""
        if self.ipv6_pods:
            return 0
        return ceil(self.prefixes / pool.instance.prefix_slots)


def shape_of(inventory: Inventory, cell: str, addresses: CellAddresses, facts: Facts) -> CellShape:
    """Gather what the size of a cell depends on.

    Raises:
        UnknownInstanceType: when a pool names one; the inventory's rules report it first.
    """
    peers, hubs = inventory.peers_of(cell), inventory.hubs_of(cell)
    hub_blocks = sum(len(inventory.hubs[hub].blocks) for hub in hubs)
    return shape_of_type(
        cell,
        inventory.type_of(cell),
        addresses,
        facts,
        region=inventory.region_of(cell),
        type_path=("cell_types", inventory.cells[cell].type),
        quotas=inventory.quotas_of(cell),
        peers=Peers(
            blocks=len(peers) + hub_blocks + len(inventory.linked_cells(cell)),
            hub_blocks=hub_blocks,
            has_gateway=inventory.mesh_of(cell).step.gateway,
        ),
    )


def shape_of_type(
    name: str,
    cell_type: CellType,
    addresses: CellAddresses,
    facts: Facts,
    *,
    region: str,
    type_path: KeyPath,
    quotas: Mapping[str, float],
    peers: Peers,
) -> CellShape:
    """Gather what the size of a cell of a type depends on, given its addresses and its peers."""
    cni, ipv6_pods = cell_type.addon_version("vpc-cni") or "", not cell_type.has_pod_blocks
    return CellShape(
        name=name,
        region=region,
        type_path=type_path,
        zones=addresses.zones,
        blocks=len(addresses.blocks),
        pod_blocks=addresses.pod_blocks,
        pools=_pools(cell_type, type_path, facts),
        prefixes=1 if ipv6_pods else prefixes_per_node(cell_type, facts),
        max_pods=pods_per_node(cell_type, facts),
        interfaces=1 if ipv6_pods else int(facts.policy_value("interfaces-per-node")),
        calls=facts.node_calls("ipv6" if ipv6_pods else "at-once", _version(cni)),
        retries=facts.call_retries(_version(cni)),
        cni=cni,
        endpoints=len(endpoint_services(cell_type, facts)),
        gateways=len(gateway_services(cell_type, facts)),
        nat_gateways=len(cell_type.zones) if cell_type.egress == "nat_gateway" else 0,
        ingress=cell_type.ingress.node_group if cell_type.ingress else None,
        ceiling=cell_type.node_ceiling,
        load=cell_type.load,
        tier=cell_type.control_plane_tier,
        peers=peers,
        quotas=quotas,
        spark=cell_type.spark,
        has_central_egress=cell_type.egress == "central",
        ipv6_pods=ipv6_pods,
    )


def _pools(cell_type: CellType, path: KeyPath, facts: Facts) -> tuple[Pool, ...]:
    def pool(name: str, group: NodeGroup) -> Pool:
        return Pool(
            name=name,
            instance=facts.instance(group.instance_type),
            per_zone=group.nodes_per_zone,
            groups=split_groups(group.nodes_per_zone, group_size(facts)),
            max_unavailable=group.max_unavailable,
            least_surge=least_surge(facts),
            root_gib=group.root_volume_gib,
            spot=group.capacity == "spot",
            is_open=is_open(group),
            path=(*path, "node_groups", name, "nodes_per_zone"),
        )

    return tuple(pool(name, group) for name, group in sorted(cell_type.node_groups.items()))


def _version(addon: str | None) -> tuple[int, ...]:
    """Read the numbers of an add-on's version, such as v1.20.4-eksbuild.1."""
    if not addon:
        return NEWEST_CNI
    return tuple(int(part) for part in addon.lstrip("v").split("-")[0].split(".") if part.isdigit())
