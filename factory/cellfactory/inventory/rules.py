"""What takes two values of an inventory, or a fact of AWS, to be wrong."""

from __future__ import annotations

from collections.abc import Iterator

from cellfactory.errors import Finding
from cellfactory.facts.schema import Facts
from cellfactory.inventory.access_rules import check_access
from cellfactory.inventory.account_rules import check_accounts
from cellfactory.inventory.addon_rules import check_addons
from cellfactory.inventory.block_rules import check_blocks
from cellfactory.inventory.central_rules import check_central
from cellfactory.inventory.endpoint_rules import check_endpoints
from cellfactory.inventory.family_rules import check_families
from cellfactory.inventory.guard_rules import check_guard
from cellfactory.inventory.hub_rules import check_hubs
from cellfactory.inventory.interconnect_rules import check_interconnects
from cellfactory.inventory.node_rules import check_node_groups
from cellfactory.inventory.offering_rules import check_offerings
from cellfactory.inventory.organization_rules import check_organizations
from cellfactory.inventory.owner_rules import check_owners
from cellfactory.inventory.pipeline_rules import check_bakes, check_pipeline
from cellfactory.inventory.platform_rules import check_platform
from cellfactory.inventory.reference_rules import check_references
from cellfactory.inventory.ring_rules import check_rings
from cellfactory.inventory.schema import Inventory
from cellfactory.inventory.spark_rules import check_spark
from cellfactory.inventory.text_rules import check_texts
from cellfactory.inventory.traffic_rules import check_traffic
from cellfactory.inventory.unreadable import as_far_as_readable
from cellfactory.inventory.user_data_rules import check_user_data
from cellfactory.inventory.version_rules import check_versions
from cellfactory.inventory.zone_rules import check_zones

RULES = {
    "F100": "The file is not YAML, or uses YAML that is not allowed here: anchors, aliases, tags,"
    " a second document, deep nesting, an unreasonable size, bytes that are not UTF-8.",
    "F101": "A key is duplicated in a mapping.",
    "F102": "A key is unknown.",
    "F103": "A required key is missing.",
    "F104": 'A value has the wrong type; `6` is a number, `"6"` is text.',
    "F105": "A value is out of range or malformed.",
    "F106": "A name used as a key is malformed.",
    "F110": "A name refers to something the inventory does not define.",
    "F111": "A Region or zone is unknown, or belongs to a Region other than the mesh's.",
    "F112": "An EC2 instance type is unknown.",
    "F113": "An instance type does not support prefix delegation, because its hypervisor is Xen; "
    "the VPC CNI would silently fall back to single addresses.",
    "F114": "The pod interface of an instance type holds fewer prefixes than each node needs.",
    "F115": "`max_pods` does not match the addresses that a node's prefixes hold.",
    "F116": "An account, or the e-mail address of one, is used twice.",
    "F117": "A hub is in a Region other than its mesh's.",
    "F118": "Blocks overlap.",
    "F119": "AWS does not allow a block in this place.",
    "F120": "A cell has the name of a hub, or a name that AWS rejects for a resource named after "
    "it.",
    "F121": "An entry is duplicated in a list.",
    "F122": "A cell without egress pulls a chart or an image from a public registry (a warning).",
    "F123": "A label or taint is one that nodes may not set themselves, or is duplicated.",
    "F124": "Live UIs have no ingress, or the gateway watches too many namespaces.",
    "F125": "Jobs would run in a namespace of the platform or of Kubernetes itself.",
    "F126": "A text contains the start of a Terraform expression.",
    "F127": "No node image runs on an instance type.",
    "F128": "A Region is in another AWS partition, or EKS does not allow cluster subnets in a "
    "zone.",
    "F129": "A node group has more labels or taints than EC2 or EKS allows, or one that is too "
    "long.",
    "F130": "EKS does not offer a Kubernetes version, or no longer does.",
    "F131": "A Kubernetes version is in extended support, which costs extra (a warning).",
    "F132": "Every node group of a cell type has a taint, so CoreDNS and the platform have no "
    "nodes.",
    "F133": "The kube-proxy version is incompatible with the Kubernetes version.",
    "F134": "An endpoint service is unknown (a warning).",
    "F135": "A requested endpoint is one that every cell already has.",
    "F136": "An endpoint service does not exist in a zone of the cell.",
    "F137": "A cell without egress pulls images from Amazon ECR in another Region; for charts "
    "this is a warning.",
    "F138": "An organization would exceed its account quota.",
    "F139": "An instance type is not offered in a zone.",
    "F150": "The platform's node group has no label that is unique to its nodes.",
    "F151": "A Helm value under `values` duplicates another key, or overrides a value the cell "
    "depends on.",
    "F152": "An operator release has no namespace, or a namespace belongs to two releases.",
    "F153": "Node groups have several architectures, and job images are not declared for all of "
    "them (a warning).",
    "F154": "A cell has a load balancer, but its mesh has no hub that could reach it (a warning).",
    "F155": "An endpoint service has no private names (a warning).",
    "F156": "A mesh has no hub, so nobody outside its VPCs can reach its clusters, and it does not "
    "say `hubs: []` (a warning).",
    "F157": "Traffic is declared between cells, but the cell has no peers (a warning).",
    "F159": "Traffic is declared with hubs, but the mesh has none (a warning).",
    "F161": "Traffic with the internet is declared, but the cell has no way there (a warning).",
    "F162": "Traffic through interface endpoints is declared, but the cell has none (a warning).",
    "F165": "`same_zone_percentage` is a share of no traffic (a warning).",
    "F166": "The traffic of a cell is more than its nodes can carry.",
    "F158": "The role of a namespace's jobs has more policies than IAM allows (a warning up to the "
    "most that AWS may raise it to).",
    "F163": "A ring has no cells (a warning).",
    "F164": "No ring with cells follows, so that a ring bakes for nothing (a warning).",
    "F140": "A Kubernetes version is past standard support, and `support: standard` lets EKS "
    "update the control plane automatically.",
    "F141": "EKS will soon update the control plane automatically (a warning).",
    "F142": "An EKS add-on is too old for a cell.",
    "F143": "An EKS add-on is newer than any known version (a warning).",
    "F144": "A node image release is not a date, or predates the Kubernetes version in EKS.",
    "F145": "An add-on's configuration sets a value that the cell sets, or has the wrong form.",
    "F146": "A principal is granted cluster access twice.",
    "F167": "The role that accepts for a hub is in another account than the hub.",
    "F169": "Route tables are named of a hub whose owner accepts by hand, so that nothing changes "
    "them.",
    "F168": "The quarantine of an organization is a unit that its cells are made in.",
    "F147": "Spot Instances are combined with capacity reservations, which EC2 does not allow.",
    "F160": "The guard limits the nodes that may be drained twice.",
}
"""What each rule says; a number is never used again for something else."""


def check_inventory(inventory: Inventory, facts: Facts) -> Iterator[Finding]:
    """Yield what is wrong between the values of an inventory, warnings included.

    Rules:
        F103, F110 to F169: see `RULES`; F730, F731 and F736: see `pipeline_rules.RULES`;
        F750 to F753: see `family_rules.RULES`; F755 to F758: see `central_rules.RULES`.
        F760 to F763 and F766 to F769: see `interconnect_rules.RULES`; F780: see
        `owner_rules.RULES`.
    """
    # Each part says how far it goes where something was refused; none may stop the others.
    yield from as_far_as_readable(check_references)(inventory, facts)
    for check in (
        check_accounts,
        check_rings,
        check_hubs,
        check_spark,
        check_texts,
        check_guard,
        check_pipeline,
        check_interconnects,
        check_owners,
    ):
        yield from as_far_as_readable(check)(inventory)
    for check_facts in (
        check_access,
        check_bakes,
        check_central,
        check_endpoints,
        check_families,
        check_offerings,
        check_zones,
        check_node_groups,
        check_user_data,
        check_versions,
        check_addons,
        check_blocks,
        check_platform,
        check_organizations,
        check_traffic,
    ):
        yield from as_far_as_readable(check_facts)(inventory, facts)
