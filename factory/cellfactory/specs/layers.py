"""What each layer is made of: one frozen value, complete before the first resource.

Two stacks of one layer whose specs are equal are the same Terraform; a spec holds nothing that its
Terraform does not show. So a spec tells which stacks an edit of the inventory reaches, and why.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv4Network
from typing import Any, Literal

from cellfactory.addressing.blocks import Purpose
from cellfactory.facts.schema import ImageBuild
from cellfactory.inventory.schema import FlowLogs, NodeGroup, Taint
from cellfactory.inventory.spark import Ingress, Monitoring, SparkUi, YuniKorn
from cellfactory.inventory.values import HelmValues
from cellfactory.layers import Access
from cellfactory.layers.leaf import Leaf, Rows
from cellfactory.specs.central import EgressSpec
from cellfactory.specs.roles import PipelineSpec, RolesSpec


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountSpec:
    """An account that is made."""

    cell: Leaf
    email: Leaf
    unit: Leaf  # organizational unit, or root
    member_role: str
    opt_in_region: str | None  # the cell's, where a new account has to enable it first


@dataclass(frozen=True, slots=True, kw_only=True)
class IngressPorts:
    """Where the load balancer and the nodes behind it answer."""

    listener: int
    node: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkSpec:
    """The VPC of a cell."""

    name: Leaf
    region: str
    account_id: Leaf  # twelve digits, or the Terraform expression of the variable
    primary: Leaf  # first block of the VPC
    pod_blocks: tuple[Leaf, ...]  # further ones, in the order in which they came; none for IPv6
    subnets: Mapping[Purpose, Mapping[str, Leaf]]  # block by purpose and zone id
    pod_block_of: Mapping[str, int]  # by zone id: which of `pod_blocks` its pods are in
    egress: Literal["none", "nat_gateway"]
    ipv6_block: bool  # Amazon gives the VPC a block of IPv6 addresses
    ipv6_pods: bool  # pods have addresses of the nodes' part of it
    flow_logs: FlowLogs
    hub_blocks: Mapping[str, tuple[IPv4Network, ...]]  # by hub name
    endpoints: Mapping[str, bool]  # interface endpoints, as `ecr.api`: if they have private names
    gateways: tuple[str, ...]  # gateway endpoints, as `s3`
    endpoint_accounts: tuple[Leaf, ...] | None  # whose principals pass them; None lets all through
    ingress: IngressPorts | None  # None without a load balancer
    pod_reservations: Mapping[str, Mapping[int, Leaf]]  # block by zone id and prefix length

    @property
    def zones(self) -> tuple[str, ...]:
        """Zone ids of the cell, sorted."""
        return tuple(self.subnets["node"])


@dataclass(frozen=True, slots=True, kw_only=True)
class PeeringSpec:
    """The connections that a cell asks for.

    Where it asks in rounds, whom it asks in one of them is in its variable `peer_vpc_ids`: the rows
    of `edges` are peers without their VPCs, and those of `hubs` are asked in every round.
    """

    edges: Rows  # by the name of the peer or hub
    hubs: Rows | None = None  # by name, where it asks in rounds; None where all are in `edges`


@dataclass(frozen=True, slots=True, kw_only=True)
class AcceptSpec:
    """The connections that a cell accepts."""

    edges: Rows  # by the name of the peer
    in_rounds: bool = False  # whether some are asked for later than others


@dataclass(frozen=True, slots=True, kw_only=True)
class HubSpec:
    """The connections that a hub accepts, and the ways back to the cells."""

    edges: Rows  # by the name of the cell
    resolves: bool  # whether private names are resolved over them
    routes: Rows | None  # by table and destination; None where its owner makes them
    ways: Rows | None  # by cell, what the way leads over; None where only peerings are


@dataclass(frozen=True, slots=True, kw_only=True)
class TransitGatewaySpec:
    """The transit gateway of a mesh, and the accounts it is shared with."""

    name: Leaf  # of the mesh
    asn: int
    is_shared_outside: bool  # with accounts of other organizations, or of hubs
    members: Rows  # accounts, by cell
    hubs: Rows  # accounts, by id


@dataclass(frozen=True, slots=True, kw_only=True)
class TransitSpec:
    """The attachment of a cell to the gateway of its mesh."""

    name: Leaf
    has_invitation: bool  # its account has to take up the share
    zones: tuple[str, ...]  # zone ids
    attachments: Rows  # by the cell's name: one, or none as long as nothing is attached


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkSpec:
    """The gateways of other meshes that one of a mesh asks to peer with."""

    links: Rows  # by mesh


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkedSpec:
    """The gateways of other meshes whose requests one accepts."""

    links: Rows  # by mesh


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentsSpec:
    """Which attachments of a gateway reach each other."""

    attachments: Rows  # by cell and hub: the attachment, and the route table it goes by
    tables: Rows  # by name
    routes: Rows  # by table and destination
    defaults: Rows | None = None  # by table: where all else goes; None in a mesh without a way out
    closed: Rows | None = None  # by table and block: what must not go there; likewise
    links: Rows | None = None  # by mesh whose gateway is peered: the route table it goes by
    link_routes: Rows | None = None  # to cells of those meshes, by table and destination


@dataclass(frozen=True, slots=True, kw_only=True)
class RoutesSpec:
    """The ways of a cell to its peers and hubs, whatever joins them."""

    routes: Rows  # by table and destination
    ways: Rows | None  # by peer and hub, what the way leads over; None where only peerings are
    resolving: Rows  # peers whose private names are resolved from the requesting side
    resolving_hubs: Rows | None  # hubs likewise, once their owners have accepted


@dataclass(frozen=True, slots=True, kw_only=True)
class NodePool:
    """One pool of nodes, as EKS sees it."""

    declared: NodeGroup
    is_open: bool  # pods that tolerate nothing may run on it
    reservations: Leaf | None  # ARN of the resource group that its instances are started from
    image: ImageBuild  # which machine image its nodes run
    groups: Mapping[str, tuple[str, int]]  # by group name: its zone id and its nodes
    update_hours: Mapping[str, int]  # by group name: how long EKS may take to update it (hours)
    user_data: str  # raw; what EKS makes up of the cluster stands in it as expressions


@dataclass(frozen=True, slots=True, kw_only=True)
class EventLogsSpec:
    """Where jobs write their event logs."""

    account_id: Leaf
    retention_days: int


@dataclass(frozen=True, slots=True, kw_only=True)
class JobsSpec:
    """The AWS identity of jobs, and whoever hands them in or looks at them."""

    roles: Mapping[str, Leaf]  # name of the role of the jobs in each namespace
    policies: Rows | None  # IAM policies, by namespace and ARN
    submitters: tuple[str, ...]  # ARNs of IAM principals, sorted
    viewers: tuple[str, ...]  # likewise
    event_logs: EventLogsSpec | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AddonSpec:
    """One EKS add-on; of the VPC CNI without its ENIConfigs, which need ids of the network."""

    version: str
    configuration: Mapping[str, Any]  # empty: the add-on's own defaults


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlPlaneSpec:
    """What EKS runs for a cell."""

    kubernetes_version: str
    support: Literal["standard", "extended"]
    tier: str  # `standard`, or a provisioned one as `xl`
    logs: tuple[str, ...]  # sorted
    deletion_protection: bool
    zonal_shift: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterSpec:
    """The EKS cluster of a cell, its nodes and the way in."""

    name: Leaf
    region: str
    zones: tuple[str, ...]  # zone ids
    deployer: Leaf  # ARN of the role that deploys, or an expression of it
    boundary: Leaf | None  # ARN of the policy that bounds each of its roles
    control_plane: ControlPlaneSpec
    service_block: IPv4Network | None  # None for IPv6 services: EKS chooses their block
    admins: tuple[str, ...]  # ARNs of further IAM principals, sorted
    addons: Mapping[str, AddonSpec]  # by name
    node_image: str  # release
    pools: Mapping[str, NodePool]  # by pool name
    session_manager: bool  # nodes may be looked at
    ingress: Ingress | None
    target_group: Leaf  # name of what the load balancer leads to
    is_gateway_asked: bool  # whether the load balancer asks the gateway if it is ready
    jobs: JobsSpec
    tags: Mapping[str, Leaf]  # of what EC2 makes for a launch template, which no provider tags


@dataclass(frozen=True, slots=True, kw_only=True)
class Placement:
    """The nodes of one node group: what chooses them, and what keeps other pods away."""

    labels: Mapping[str, str]
    taints: tuple[Taint, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatorSpec:
    """The Spark Operator: one release, or several that share the namespaces out."""

    chart_repository: str
    chart_version: str
    image_registry: str | None
    replicas: int
    workers: int
    cpu: int
    memory_gib: int
    kube_api_qps: int
    kube_api_burst: int
    placement: Placement | None
    values: HelmValues
    first: tuple[str, ...]  # namespaces of the first release
    shards: Mapping[str, tuple[str, ...]]  # those of the further ones, by their names


@dataclass(frozen=True, slots=True, kw_only=True)
class HistorySpec:
    """The History Server."""

    image: str
    replicas: int
    memory_gib: int
    disk_gib: int
    scan_seconds: int  # from one look for new logs to the next
    values: HelmValues


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewaySpec:
    """The gateway to live UIs, and where its routes may lead."""

    ui: SparkUi
    node_port: int
    pod_blocks: tuple[Leaf, ...]  # none for IPv6 pods: the network tells their block


@dataclass(frozen=True, slots=True, kw_only=True)
class PlatformSpec:
    """What is installed in the cluster of a cell."""

    name: Leaf
    access: Access
    ipv6_pods: bool  # pods and services have IPv6 addresses
    charts: Mapping[str, str]  # of ours: their files, by name
    namespaces: tuple[str, ...]  # that jobs run in
    placement: Placement | None  # of the platform's own pods; None for any node without taints
    operator: OperatorSpec
    scheduler: YuniKorn | None
    history: HistorySpec | None
    gateway: GatewaySpec | None
    monitoring: Monitoring | None


LayerSpec = (
    PipelineSpec
    | RolesSpec
    | AccountSpec
    | NetworkSpec
    | PeeringSpec
    | AcceptSpec
    | HubSpec
    | EgressSpec
    | TransitGatewaySpec
    | TransitSpec
    | LinkSpec
    | LinkedSpec
    | SegmentsSpec
    | RoutesSpec
    | ClusterSpec
    | PlatformSpec
)
