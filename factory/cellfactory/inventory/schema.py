"""The shape of `cells.yaml`: frozen values that say their unit and their bounds.

`cells.schema.json`, which editors read, is made from these classes. They check one value at a
time; what takes two values to be wrong is in `cellfactory.inventory.rules`.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping
from functools import cached_property
from ipaddress import IPv4Network
from typing import Literal, Self, get_args

from pydantic import Field

from cellfactory.inventory import patterns
from cellfactory.inventory.accounts import EXISTING_ACCOUNT as EXISTING_ACCOUNT
from cellfactory.inventory.accounts import NEW_ACCOUNT as NEW_ACCOUNT
from cellfactory.inventory.accounts import Account as Account
from cellfactory.inventory.accounts import ExistingAccount as ExistingAccount
from cellfactory.inventory.accounts import NewAccount as NewAccount
from cellfactory.inventory.addons import ADDON_ENTRY as ADDON_ENTRY
from cellfactory.inventory.addons import ADDON_VERSION as ADDON_VERSION
from cellfactory.inventory.addons import Addon as Addon
from cellfactory.inventory.addons import AddonEntry, ControlPlaneLog, ControlPlaneTier
from cellfactory.inventory.guard import Guard as Guard
from cellfactory.inventory.hubs import HUB_BY_HAND as HUB_BY_HAND
from cellfactory.inventory.hubs import HUB_ROLE as HUB_ROLE
from cellfactory.inventory.hubs import Hub as Hub
from cellfactory.inventory.hubs import HubRole as HubRole
from cellfactory.inventory.interconnect import (
    ROWS,
    Interconnect,
    Over,
    StepRow,
    TransitGateway,
)
from cellfactory.inventory.load import Load as Load
from cellfactory.inventory.nodes import FlowLogs as FlowLogs
from cellfactory.inventory.nodes import NodeGroup as NodeGroup
from cellfactory.inventory.nodes import Taint as Taint
from cellfactory.inventory.pipeline import Pipeline as Pipeline
from cellfactory.inventory.rings import Ring, Rings
from cellfactory.inventory.spark import Ingress
from cellfactory.inventory.spark import Spark as Spark
from cellfactory.inventory.spark import SparkOperator as SparkOperator
from cellfactory.inventory.traffic import Traffic as Traffic
from cellfactory.inventory.values import (
    AccountId,
    Block,
    BucketName,
    CellName,
    FormatVersion,
    GroupName,
    IpFamily,
    Model,
    Name,
    Principal,
    Quotas,
    RegionName,
    RoleName,
    ServiceName,
    ZoneId,
)
from cellfactory.inventory.values import AddonName as AddonName
from cellfactory.inventory.values import CoreAddonName as CoreAddonName


class Organization(Model):
    """One AWS organization: where its member accounts are made, and by whom."""

    management_account: AccountId = Field(description="Account that owns the organization.")
    provisioning_role: RoleName = Field(
        description="Role in the management account that the pipeline assumes first."
    )
    member_role: RoleName = Field(
        default="OrganizationAccountAccessRole",
        description="Role in every member account that the provisioning role may assume.",
    )
    quarantine_ou: str | None = Field(
        default=None,
        pattern=patterns.UNIT,
        description="Organizational unit that `decommission --account quarantine` moves accounts "
        "into.",
    )
    resource_sharing: bool = Field(
        default=False,
        description="Whether AWS RAM may share inside the organization, so that its accounts need "
        "no invitation (`aws ram enable-sharing-with-aws-organization`).",
    )
    quotas: Quotas


class State(Model):
    """Where Terraform keeps its states."""

    bucket: BucketName = Field(description="S3 bucket of all states.")
    region: RegionName = Field(description="Region of the bucket.")
    kms_key: str | None = Field(
        default=None,
        pattern=patterns.KMS_KEY,
        max_length=512,
        description="KMS key or alias that encrypts them.",
    )


class AddressPools(Model):
    """The blocks that cells are given theirs from."""

    node: list[Block] = Field(
        min_length=1, max_length=100, description="Routable blocks for nodes and endpoints."
    )
    pod: list[Block] = Field(
        min_length=1, max_length=100, description="Unroutable (CGNAT) blocks for pods."
    )
    reserved: list[Block] = Field(
        default=[], max_length=1000, description="Blocks that no cell may ever get."
    )


class Mesh(Model):
    """Cells and hubs of one Region that reach each other."""

    region: RegionName = Field(description="Region of every cell and hub in the mesh.")
    interconnect: Interconnect = Field(
        default="peering",
        description="What joins the VPCs: `peering`, `gateway`, or a step of the way from one to "
        "the other, one at a time.",
    )
    canary: list[Name] = Field(
        default=[],
        max_length=100,
        description="The cells whose ways lead over the gateway at `interconnect: canary`, and "
        "there alone.",
    )
    gateway: TransitGateway | None = Field(
        default=None, description="The transit gateway; needed by all but `peering`."
    )
    cell_to_cell: Literal["full", "none"] = Field(
        default="full", description="`full`: each cell peers with each; `none`: with hubs only."
    )
    hubs: list[Name] = Field(
        default=[],
        max_length=100,
        description="Hubs that every cell of the mesh reaches; `[]` says that there are none.",
    )

    @property
    def step(self) -> StepRow:
        """What there is at the step that the mesh is at."""
        return ROWS[self.interconnect]


class CellType(Model):
    """What cells of one kind have in common."""

    kubernetes_version: str = Field(
        pattern=patterns.KUBERNETES_VERSION, description="EKS version, as 1.34."
    )
    support: Literal["extended", "standard"] = Field(
        default="extended",
        description="When EKS updates the control plane by itself: after the version's extended "
        "support, which costs extra, or already after its standard support.",
    )
    zones: list[ZoneId] = Field(min_length=2, max_length=6, description="Zone ids, not names.")
    node_groups: dict[GroupName, NodeGroup] = Field(min_length=1, description="Pools of nodes.")
    prefixes_per_node: int | None = Field(
        default=None,
        ge=1,
        le=49,
        description="/28 prefixes of each node; our policy prefixes-per-node when unset.",
    )
    max_pods: int | None = Field(
        default=None,
        ge=1,
        le=10_000,
        description="Pods per node; all the prefixes hold when unset (pods).",
    )
    node_ceiling: int | None = Field(
        default=None,
        ge=1,
        le=100_000,
        description="Nodes that addresses are planned for; those declared when unset (nodes).",
    )
    node_image: str = Field(
        pattern=patterns.NODE_IMAGE,
        description="Release of the EKS-optimized Amazon Linux 2023 image.",
    )
    addons: dict[AddonName, AddonEntry] = Field(
        description="Version of each EKS add-on, such as v1.20.4-eksbuild.1, or "
        "`{version: …, configuration: {…}}`; the first four are needed.",
        json_schema_extra={"required": [*get_args(CoreAddonName)]},
    )
    control_plane_tier: ControlPlaneTier = Field(
        default="standard",
        description="Provisioned capacity of the control plane; `standard` scales by itself. "
        "Others cost extra and need a 6.x AWS provider.",
    )
    control_plane_logs: list[ControlPlaneLog] = Field(
        default=["api", "audit", "authenticator"],
        description="Parts of the control plane that write to CloudWatch Logs.",
    )
    deletion_protection: bool = Field(
        default=False,
        description="EKS refuses to delete the cluster; needs a 6.x AWS provider.",
    )
    zonal_shift: bool = Field(
        default=False,
        description="Amazon Application Recovery Controller may move traffic out of a zone.",
    )
    session_manager: bool = Field(
        default=False, description="Nodes may be looked at through AWS Systems Manager."
    )
    egress: Literal["none", "nat_gateway", "central"] = Field(
        default="none",
        description="Way to the internet; `none`: VPC endpoints only; `central`: through the "
        "transit gateway of the mesh, and its `gateway.egress`.",
    )
    ip_family: IpFamily = Field(
        default="ipv4",
        description="What pods and services have; a cluster keeps it. `ipv6`: no pod block, and "
        "Spark from 3.4.",
    )
    ipv6_block: Literal["amazon", "none"] | None = Field(
        default=None,
        description="Block of IPv6 addresses that Amazon gives the VPC. No route and no rule leads "
        "to it before something uses it; `amazon` for `ip_family: ipv6`, else `none`.",
    )
    endpoints: list[ServiceName] = Field(
        default=[], description="Endpoints beyond the ones a cell needs to start."
    )
    endpoint_access: Literal["organization", "any"] = Field(
        default="organization",
        description="What its endpoints let through: principals of the cell's account and buckets "
        "of its organization, or everything.",
    )
    trusted_accounts: list[AccountId] = Field(
        default=[],
        max_length=50,
        description="Accounts whose principals and buckets pass its endpoints, too.",
    )
    service_block: Block = Field(
        default=IPv4Network("172.20.0.0/16"),
        description="Kubernetes service addresses, the same in every cell.",
    )
    admins: list[Principal] = Field(
        default=[], description="IAM principals (ARN) that administer the cluster."
    )
    submitters: list[Principal] = Field(
        default=[],
        description="IAM principals (ARN) that hand in jobs: members of the Kubernetes group "
        "`cellfactory:submitters`.",
    )
    viewers: list[Principal] = Field(
        default=[],
        description="IAM principals (ARN) that look at jobs: members of the Kubernetes group "
        "`cellfactory:viewers`.",
    )
    flow_logs: FlowLogs = Field(default=FlowLogs(), description="VPC flow logs.")
    ingress: Ingress | None = Field(default=None, description="The static way in.")
    spark: Spark = Field(description="The platform layer.")
    load: Load = Field(
        default=Load(), description="What its jobs ask of a cell, as far as you know."
    )
    traffic: Traffic = Field(
        default=Traffic(), description="What each cell sends and receives in a month."
    )
    quotas: Quotas

    @property
    def has_pod_blocks(self) -> bool:
        """Whether pods have IPv4 addresses, of unroutable blocks of the VPC."""
        return self.ip_family == "ipv4"

    @property
    def has_ipv6_block(self) -> bool:
        """Whether the VPC has a block of IPv6 addresses, used or only reserved."""
        return self.ipv6_block == "amazon" or self.ip_family == "ipv6"

    def addon_version(self, name: AddonName) -> str | None:
        """Return the version of an add-on, by its name; None where the cell has none of it."""
        entry = self.addons.get(name)
        return entry.version if isinstance(entry, Addon) else entry


class Routing(Model):
    """How many of the jobs that may run in several cells one cell gets."""

    weight: int = Field(
        default=100,
        ge=0,
        le=100,
        description="Share of the jobs, beside the weights of the other cells; 0 takes none. A "
        "cell with a new account takes none either until this is written, or a report names it.",
    )
    drain: bool = Field(default=False, description="Take no new job; those that run go on.")


class Cell(Model):
    """One account, one VPC, one EKS cluster, one node ceiling."""

    type: Name = Field(description="Cell type.")
    mesh: Name = Field(description="Mesh that the cell joins; it gives the Region.")
    organization: Name = Field(description="Organization that owns the account.")
    ring: Name = Field(description="Rollout ring; the canary goes first.")
    account: Account = Field(
        description="`{id: …}` for an account that exists, `{email: …, ou: …}` for a new one."
    )
    routing: Routing = Field(default=Routing(), description="Which jobs are sent to it.")
    traffic: Traffic | None = Field(
        default=None, description="Its own traffic, in place of that of its cell type."
    )
    quotas: Quotas


class Inventory(Model):
    """Every organization, mesh, cell type and cell, in one file."""

    version: FormatVersion = Field(description="Version of this format.")
    organizations: dict[Name, Organization] = Field(min_length=1, description="By name.")
    state: State = Field(description="Where Terraform keeps its states.")
    address_pools: AddressPools = Field(description="Where cells get their addresses from.")
    hubs: dict[Name, Hub] = Field(default={}, description="VPCs that exist already, by name.")
    meshes: dict[Name, Mesh] = Field(min_length=1, description="By name.")
    cell_types: dict[Name, CellType] = Field(min_length=1, description="By name.")
    rings: Rings = Field(
        default=["canary", "first", "rest"],
        description="Names in order of rollout, or `{<ring>: {bake: …}}` in that order.",
    )
    guard: Guard = Field(default=Guard(), description="How much one change may do.")
    pipeline: Pipeline | None = Field(
        default=None, description="Where plans and applies run; `pipeline render` writes it."
    )
    cells: dict[CellName, Cell] = Field(min_length=1, description="By name.")

    def type_of(self, cell: str) -> CellType:
        """Return the cell type of a cell, by the cell's name."""
        return self.cell_types[self.cells[cell].type]

    def mesh_of(self, cell: str) -> Mesh:
        """Return the mesh of a cell, by the cell's name."""
        return self.meshes[self.cells[cell].mesh]

    def region_of(self, cell: str) -> str:
        """Return the Region of a cell, by the cell's name."""
        return self.mesh_of(cell).region

    def organization_of(self, cell: str) -> Organization:
        """Return the organization of a cell, by the cell's name."""
        return self.organizations[self.cells[cell].organization]

    def traffic_of(self, cell: str) -> Traffic:
        """Return the traffic of a cell: its own, or that of its cell type."""
        return self.cells[cell].traffic or self.type_of(cell).traffic

    def quotas_of(self, cell: str) -> dict[str, int]:
        """Merge what AWS has raised for a cell: its own quotas over those of its cell type."""
        return {**self.type_of(cell).quotas, **self.cells[cell].quotas}

    @property
    def ring_names(self) -> tuple[str, ...]:
        """The rings in order of rollout."""
        return tuple(self.rings)

    @property
    def rings_in_use(self) -> tuple[str, ...]:
        """The rings that have cells, in order of rollout."""
        used = {cell.ring for cell in self.cells.values()}
        return tuple(ring for ring in self.ring_names if ring in used)

    def ring(self, name: str) -> Ring:
        """Return what a ring asks for, by its name."""
        return self.rings[name] if isinstance(self.rings, dict) else Ring()

    def peers_of(self, cell: str) -> tuple[str, ...]:
        """Return the cells that a cell peers with, by name, sorted."""
        mesh = self.cells[cell].mesh
        if self.meshes[mesh].cell_to_cell == "none":
            return ()
        members = self.members_of(mesh)
        place = bisect_left(members, cell)
        return members[:place] + members[place + 1 :]

    def hubs_of(self, cell: str) -> tuple[str, ...]:
        """Return the hubs that a cell peers with, by name, sorted."""
        return tuple(sorted(self.mesh_of(cell).hubs))

    def reached_from(self, cell: str) -> tuple[str, ...]:
        """Return the cells and hubs that a cell reaches in its mesh, cells first."""
        return (*self.peers_of(cell), *self.hubs_of(cell))

    def way_over(self, cell: str, peer: str) -> Over:
        """Return what the way from a cell to a cell or hub of its mesh leads over."""
        return "gateway" if self.leads_over_gateway(cell, peer) else "peering"

    def leads_over_gateway(self, cell: str, peer: str) -> bool:
        """Whether the way from a cell to a cell or hub of its mesh leads over the gateway.

        Both directions of a way lead over the same. A hub is reached so once it is attached.
        """
        mesh = self.mesh_of(cell)
        if peer not in self.cells and self.cells[cell].mesh not in self.hubs[peer].attachments:
            return False
        if mesh.step.routes == "canary":
            return cell in mesh.canary or peer in mesh.canary
        return mesh.step.routes == "gateway"

    def has_central_egress(self, cell: str) -> bool:
        """Whether the way of a cell to the internet leads over the gateway of its mesh."""
        return self.type_of(cell).egress == "central"

    def linked_meshes(self, mesh: str) -> tuple[str, ...]:
        """Return the meshes whose gateways are peered with that of a mesh, sorted.

        Either of two names the other. A mesh without cells, or whose cells are not attached, is
        not linked.
        """
        own = self.meshes[mesh]
        named = set(own.gateway.peers) if own.gateway is not None else set()
        named |= {n for n, m in self.meshes.items() if m.gateway and mesh in m.gateway.peers}
        return tuple(
            sorted(
                name
                for name in named - {mesh}
                if own.step.attached and self.meshes[name].step.attached and self.members_of(name)
            )
        )

    def linked_cells(self, cell: str) -> tuple[str, ...]:
        """Return the cells of other meshes that a cell reaches from gateway to gateway, sorted."""
        meshes = self.linked_meshes(self.cells[cell].mesh)
        return tuple(sorted(name for mesh in meshes for name in self.members_of(mesh)))

    def members_of(self, mesh: str) -> tuple[str, ...]:
        """Return the cells of a mesh, by the mesh's name, sorted."""
        return self._members.get(mesh, ())

    @cached_property
    def _members(self) -> Mapping[str, tuple[str, ...]]:
        """The cells of each mesh that has some, sorted: asked for once for each edge."""
        found: dict[str, list[str]] = {}
        for name in sorted(self.cells):
            found.setdefault(self.cells[name].mesh, []).append(name)
        return {mesh: tuple(names) for mesh, names in found.items()}

    def __copy__(self) -> Self:
        """Copy; what was worked out of the cells may not hold for those of the copy."""
        copied = super().__copy__()
        copied.__dict__.pop("_members", None)
        return copied

    def cells_of(self, hub: str) -> tuple[str, ...]:
        """Return the cells of all meshes that peer with a hub, by name, sorted."""
        return tuple(n for n in sorted(self.cells) if hub in self.mesh_of(n).hubs)
