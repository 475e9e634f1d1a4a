"""Every bound of a cell and of a mesh, as data: what it is, how it gates, what mends it.

A row never changes the meaning of its rule. `gate` is our decision for each bound:

* `error` where AWS would refuse, or our policy forbids, the cell as it is designed; and where
  one misconfigured cell would break the mesh;
* `warning` where something that may well happen does not fit, or a guidance is passed;
* `note` where only the unlikely does not fit: it stands in the ledger and is not reported.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from cellfactory.sizing.usage import Gate, Scenario, Usage


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """One bound of the model."""

    id: str
    rule: str  # rule id of the finding
    title: str  # short enough for a table
    unit: str
    gate: Gate = "error"
    assumption: str = ""  # what makes the number true, and the knob that changes it
    remedy: str = ""  # what mends it besides fewer nodes or a raised quota
    hub_remedy: str = ""  # the same for a hub, where that is something else


_SURGE = "nodes include those that an update adds, in all groups at once (max_unavailable)"
_RESET = "as if an add-on update set the CNI's settings back to their defaults"
_WEIGHT = "a pod on a delegated prefix counts 1 NAU (nau-per-pd-pod, which AWS does not document)"
_TGW = "as if a transit gateway joined the VPCs"
_PEERS = "peers of a hub that are not cells of this inventory are not known (nau of the hub)"
_WEIGHTS = (
    "AWS does not document nau-per-pd-pod and nau-per-control-plane-interface (facts/nau.yaml)"
)
_LAUNCHES = (
    "AWS does not document whether Auto Scaling launches draw on the account's buckets: here "
    "they do (calls per node in facts/ec2_api.yaml)"
)
_FEWER_PODS = "lower prefixes_per_node, and max_pods with it"
_PLANE = "all interfaces of the control plane may stand in one zone"

_ROWS = (
    # addresses
    Bound(id="pod-prefixes", rule="F301", title="pod prefixes", unit="prefixes",
          assumption=f"all but the first part of a pod subnet is reserved for prefixes; {_SURGE}"),
    Bound(id="pod-prefixes-fragmented", rule="F302", title="pod prefixes, unreserved",
          unit="prefixes", gate="warning",
          assumption="without reservations, each pod interface spoils a whole /28",
          remedy="keep the subnet reservations"),
    Bound(id="pod-interface-addresses", rule="F303", title="pod interface addresses",
          unit="addresses", assumption=f"one single address for each pod interface; {_SURGE}"),
    Bound(id="node-addresses", rule="F304", title="node addresses", unit="addresses",
          assumption=_SURGE),
    Bound(id="endpoint-addresses", rule="F305", title="endpoint addresses", unit="addresses",
          assumption="an address for each interface endpoint and for the load balancer",
          remedy="remove interface endpoints"),
    Bound(id="control-plane-addresses", rule="F306", title="control plane addresses",
          unit="addresses", assumption="free addresses that EKS asks of each cluster subnet"),
    Bound(id="blocks-per-vpc", rule="F307", title="blocks of the VPC", unit="blocks"),
    Bound(id="pod-pool", rule="F308", title="pod address pool", unit="addresses",
          assumption="blocks of hubs and reserved ones are not there, those of removed cells are "
          "taken, until they are released",
          remedy="add a block to address_pools.pod"),
    Bound(id="node-pool", rule="F309", title="node address pool", unit="addresses",
          assumption="blocks of hubs and reserved ones are not there, those of removed cells are "
          "taken, until they are released",
          remedy="add a block to address_pools.node"),
    Bound(id="subnets-per-vpc", rule="F310", title="subnets of the VPC", unit="subnets"),
    Bound(id="routes-per-route-table", rule="F311", title="routes of a node table", unit="routes",
          assumption="local routes and the S3 gateway count; older accounts may still have 50 "
          "(L-93826ACB under quotas)",
          remedy="split the mesh, or give hubs fewer, larger blocks"),
    Bound(id="rules-per-security-group", rule="F312", title="rules of the API's group",
          unit="rules", assumption="one rule for each block of a hub, for nodes and for pods",
          remedy="give hubs fewer, larger blocks"),
    Bound(id="pod-prefixes-packed", rule="F313", title="pod prefixes, packed", unit="prefixes",
          gate="note", assumption="the best that luck could do without reservations"),
    Bound(id="pod-prefixes-blue-green", rule="F314", title="pod prefixes, blue/green",
          unit="prefixes", gate="note",
          assumption="the largest pool stands twice while a new one takes over"),
    # addresses, when something goes wrong
    Bound(id="pod-addresses-misconfigured", rule="F387", title="pod addresses, delegation off",
          unit="addresses", gate="note",
          assumption="single addresses come from the part of a pod subnet that is not reserved "
          "for prefixes: pods beyond get none"),
    Bound(id="node-addresses-reset", rule="F388", title="node addresses, settings reset",
          unit="addresses", gate="note", assumption=f"{_RESET}: pods then take addresses of the "
          "node subnet, and those beyond get none"),
    Bound(id="node-addresses-bare", rule="F389", title="node addresses, networking off",
          unit="addresses", gate="note", assumption="every address of every interface, all of the "
          "node subnet: pods beyond get none"),
    Bound(id="pod-addresses-attached", rule="F390", title="pod addresses, all full",
          unit="addresses", gate="note", assumption="every interface but the primary one full of "
          "single addresses, of the part of a pod subnet that is not reserved for prefixes"),
    # node
    Bound(id="prefix-slots", rule="F315", title="prefix slots of a node", unit="prefixes",
          assumption="all pod interfaces that MAX_ENI allows (policy interfaces-per-node)",
          remedy="take a larger instance type, or fewer prefixes_per_node"),
    Bound(id="node-interfaces", rule="F316", title="interfaces of a node", unit="interfaces",
          remedy="take a larger instance type"),
    Bound(id="pods-per-node", rule="F317", title="pods of a node", unit="pods",
          assumption="every pod is taken to need an address; host-network pods need none",
          remedy="lower max_pods, or raise prefixes_per_node: pods beyond get no address"),
    Bound(id="kubernetes-pods-per-node", rule="F318", title="pods of a node, guidance",
          unit="pods", gate="warning", remedy=_FEWER_PODS),
    Bound(id="pods-per-node-churn", rule="F319", title="pods of a node, churning", unit="pods",
          gate="warning",
          assumption="the address of a deleted pod rests for a while (IP_COOLDOWN_PERIOD)",
          remedy="lower max_pods"),
    # network address usage
    Bound(id="vpc-nau", rule="F320", title="NAU", unit="NAU",
          assumption=f"{_SURGE}; {_WEIGHTS}"),
    Bound(id="vpc-nau-pods", rule="F321", title="NAU, pods counted", unit="NAU", gate="warning",
          assumption=_WEIGHT),
    Bound(id="vpc-nau-misconfigured", rule="F322", title="NAU, delegation off", unit="NAU",
          assumption="prefix delegation lost, MINIMUM_IP_TARGET and MAX_ENI kept"),
    Bound(id="vpc-nau-reset", rule="F323", title="NAU, CNI settings reset", unit="NAU",
          gate="warning", assumption=_RESET),
    Bound(id="vpc-nau-attached", rule="F324", title="NAU, every interface full", unit="NAU",
          gate="note", assumption="custom networking on, nothing else holds"),
    Bound(id="vpc-nau-bare", rule="F325", title="NAU, custom networking off", unit="NAU",
          gate="note", assumption="every address of every interface"),
    Bound(id="peered-nau", rule="F330", title="NAU of the mesh", unit="NAU",
          assumption=f"{_SURGE}; {_WEIGHTS}; {_PEERS}",
          remedy="remove cells or hubs from the mesh, or set cell_to_cell: none",
          hub_remedy="take cells off the hub"),
    Bound(id="peered-nau-pods", rule="F331", title="NAU of the mesh, pods counted", unit="NAU",
          gate="warning", assumption=_WEIGHT),
    Bound(id="peered-nau-misconfigured", rule="F332", title="NAU of the mesh, one cell off",
          unit="NAU",
          assumption="the cell that costs most loses prefix delegation, the others hold",
          remedy="remove cells or hubs from the mesh, or set cell_to_cell: none",
          hub_remedy="take cells off the hub"),
    Bound(id="peered-nau-reset", rule="F333", title="NAU of the mesh, one cell reset", unit="NAU",
          gate="warning", assumption=f"the cell that costs most, {_RESET}"),
    Bound(id="peered-nau-all-misconfigured", rule="F334", title="NAU of the mesh, all cells off",
          unit="NAU", gate="note", assumption="every cell loses prefix delegation at once"),
    # EC2 throttles
    Bound(id="rebuild-per-action", rule="F340", title="rebuild, bucket per action",
          unit="minutes",
          assumption="from the first launch, EC2 calls alone, each action has its bucket (AWS's "
          "page of today); "
          f"{_LAUNCHES}"),
    Bound(id="rebuild-shared", rule="F341", title="rebuild, one shared bucket", unit="minutes",
          gate="warning",
          assumption="from the first launch, EC2 calls alone, all mutating ones share a bucket "
          "(the stricter reading); "
          f"{_LAUNCHES}"),
    # EKS and Kubernetes
    Bound(id="declared-ceiling", rule="F344", title="nodes, planned", unit="nodes",
          remedy="raise node_ceiling"),
    Bound(id="node-ceiling", rule="F345", title="nodes, policy", unit="nodes",
          remedy="add another cell"),
    Bound(id="node-groups-per-cluster", rule="F346", title="node groups", unit="node groups"),
    Bound(id="nodes-per-node-group", rule="F347", title="nodes of the largest group",
          unit="nodes", assumption="pools are split, so this never overflows at the default"),
    Bound(id="kubernetes-nodes", rule="F348", title="nodes, Kubernetes", unit="nodes",
          gate="warning"),
    Bound(id="kubernetes-pods", rule="F349", title="pods, Kubernetes", unit="pods",
          gate="warning", assumption="every node runs max_pods", remedy=_FEWER_PODS),
    Bound(id="eks-contact-nodes", rule="F350", title="nodes, ask AWS beyond", unit="nodes",
          gate="note"),
    Bound(id="eks-contact-pods", rule="F351", title="pods, ask AWS beyond", unit="pods",
          gate="note", assumption="every node runs max_pods"),
    Bound(id="group-update", rule="F394", title="update of a node group", unit="hours",
          gate="note", assumption="every node takes all the time that EKS gives it to drain and "
          "its successor to join; jobs that end sooner make it shorter"),
    Bound(id="auto-scaling-groups", rule="F352", title="Auto Scaling groups", unit="groups",
          assumption="one for each node group"),
    # EC2, EBS, load balancing, endpoints
    Bound(id="vcpus", rule="F355", title="vCPUs", unit="vCPUs", assumption=_SURGE),
    Bound(id="gp3-storage", rule="F357", title="gp3 volumes", unit="TiB",
          assumption=f"root volumes alone; {_SURGE}", remedy="lower root_volume_gib"),
    Bound(id="network-interfaces-per-zone", rule="F358", title="interfaces in a zone",
          unit="interfaces", assumption="AWS's page of 2026: enforced per zone "
          f"(L-DF5E4CA3 under quotas); {_PLANE}; {_SURGE}"),
    Bound(id="network-interfaces", rule="F359", title="interfaces in the Region",
          unit="interfaces", gate="warning",
          assumption="the stricter reading: enforced per Region"),
    Bound(id="network-interfaces-reset", rule="F363", title="interfaces in a zone, reset",
          unit="interfaces", gate="note",
          assumption=f"{_RESET}; {_PLANE}"),
    Bound(id="nlb-targets-per-zone", rule="F360", title="NLB targets in a zone", unit="targets",
          assumption="every node of the ingress pool is a target",
          remedy="choose a smaller pool under ingress.node_group"),
    Bound(id="nlb-targets", rule="F361", title="NLB targets", unit="targets",
          remedy="choose a smaller pool under ingress.node_group"),
    Bound(id="targets-per-target-group", rule="F362", title="targets of the group",
          unit="targets", remedy="choose a smaller pool under ingress.node_group"),
    Bound(id="interface-endpoints-per-vpc", rule="F365", title="interface endpoints",
          unit="endpoints", remedy="remove interface endpoints"),
    Bound(id="elastic-addresses", rule="F366", title="elastic addresses", unit="addresses",
          assumption="one for the NAT gateway of each zone", remedy="set egress: none"),
    # platform
    Bound(id="operator-submissions", rule="F380", title="jobs submitted", unit="jobs/min",
          gate="warning",
          assumption="each submission is a JVM in the leader of a release, which is bound by its "
          "processors; submissions spread evenly over the releases",
          remedy="raise spark.operator.cpu, or share the namespaces out (spark.operator.shards)"),
    Bound(id="history-lists", rule="F381", title="LIST requests of the history",
          unit="lists/s", gate="warning",
          assumption="all logs of the retention are listed again at each scan",
          remedy="keep logs for fewer days, or let jobs write single logs (rolling_logs: false)"),
    Bound(id="pod-scheduling", rule="F368", title="scheduling of all pods", unit="minutes",
          gate="warning", remedy="take a larger control_plane_tier"),
    Bound(id="cluster-database", rule="F382", title="cluster database", unit="GB",
          gate="warning",
          remedy="lower max_pods, or take a control_plane_tier above standard"),
    Bound(id="pods-per-second", rule="F383", title="pods scheduled, any tier", unit="pods/s",
          gate="note", remedy="take a control_plane_tier above standard"),
    Bound(id="resolver-packets", rule="F369", title="resolver packets of DNS",
          unit="packets/s", gate="warning",
          remedy="spread CoreDNS over more nodes without taints, or run NodeLocal DNSCache"),
    # what jobs ask of it
    Bound(id="zone-loss", rule="F395", title="nodes without a zone", unit="nodes",
          gate="warning",
          assumption="groups are static: no other zone grows when one is lost"),
    Bound(id="s3-reads", rule="F396", title="reads of S3", unit="requests/s", gate="warning",
          assumption="all requests spread evenly over the prefixes (s3_prefixes under load)"),
    Bound(id="s3-writes", rule="F397", title="writes to S3", unit="requests/s", gate="warning",
          assumption="all requests spread evenly over the prefixes (s3_prefixes under load)"),
    Bound(id="pod-starts", rule="F398", title="pods that start", unit="pods/min", gate="warning",
          assumption="AWS names a rate for provisioned control planes only",
          remedy="take a larger control_plane_tier"),
    # mesh
    Bound(id="peerings-per-vpc", rule="F370", title="peering connections", unit="connections",
          assumption=_PEERS,
          remedy="split the mesh, or set cell_to_cell: none, or join it by a gateway",
          hub_remedy="split the mesh, each part with a hub of its own, or join it by a gateway"),
    Bound(id="outstanding-peering-requests", rule="F371", title="peering requests at once",
          unit="requests",
          assumption="a cell asks its hubs first, then as many peers at a time as may wait"),
    Bound(id="transit-gateway-attachments", rule="F372", title="TGW attachments",
          unit="attachments", gate="note", assumption=_TGW),
    Bound(id="transit-gateway-bandwidth", rule="F373", title="TGW bandwidth", unit="Gbit/s",
          gate="note", assumption=f"every node sends out of the VPC at its baseline; {_TGW}"),
    # gateway
    Bound(id="gateway-attachments", rule="F374", title="attachments of the gateway",
          unit="attachments", assumption="every hub of the mesh counts, attached or not"),
    Bound(id="gateway-route-tables", rule="F375", title="tables of the gateway",
          unit="tables", remedy="set gateway.route_tables: mesh"),
    Bound(id="gateway-routes", rule="F376", title="routes of the gateway", unit="routes",
          assumption="over all of its route tables", remedy="set gateway.route_tables: mesh"),
    Bound(id="gateway-peerings", rule="F377", title="peerings of the gateway",
          unit="attachments"),
    Bound(id="gateway-bandwidth", rule="F379", title="rate over the gateway", unit="Gbit/s",
          assumption="mean of the declared traffic with cells and hubs, over the zones alike; "
          "peaks are higher",
          remedy="send half of its jobs to another cell, or keep the mesh on peerings"),
    Bound(id="gateway-packets", rule="F399", title="largest packet", unit="bytes", gate="note",
          assumption="as peering lets through; a gateway clamps TCP and drops larger UDP packets"),
    Bound(id="gateways-of-account", rule="F378", title="gateways of the account",
          unit="gateways", assumption="those of this inventory; others in the account are not "
          "known"),
)  # fmt: skip

BOUNDS: Mapping[str, Bound] = {row.id: row for row in _ROWS}

SCENARIOS: Mapping[Scenario, tuple[str, ...]] = {
    "designed": ("vpc-nau", "peered-nau"),
    "misconfigured": (
        "vpc-nau-misconfigured",
        "peered-nau-all-misconfigured",
        "pod-addresses-misconfigured",
    ),
    "reset": ("vpc-nau-reset", "peered-nau-reset", "node-addresses-reset"),
    "pods-counted": ("vpc-nau-pods", "peered-nau-pods"),
    "interfaces-full": ("vpc-nau-attached", "pod-addresses-attached"),
    "custom-networking-off": ("vpc-nau-bare", "node-addresses-bare"),
    "shared-throttle": ("rebuild-shared",),
}
"""The bounds that stop the work when a scenario is taken to happen."""


def stage(usages: Iterable[Usage], scenario: Scenario | None) -> tuple[Usage, ...]:
    """Let the bounds of a scenario stop the work, and those of all others be notes.

    Without a scenario, each bound gates as its row says.
    """
    if scenario is None:
        return tuple(usages)
    others = {bound for bounds in SCENARIOS.values() for bound in bounds}
    others.add("peered-nau-misconfigured")  # one cell off, the others hold: no scenario's own
    wanted = SCENARIOS[scenario]

    def gate(usage: Usage) -> Gate:
        if usage.bound in wanted:
            return "error"
        return "note" if usage.bound in others else usage.gate

    return tuple(replace(usage, gate=gate(usage)) for usage in usages)
