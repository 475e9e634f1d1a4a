"""What takes two values of an inventory, or a fact of AWS, to be wrong."""

from __future__ import annotations

from collections.abc import Iterator

from factory.errors import Finding
from factory.facts.schema import Facts
from factory.inventory.access_rules import check_access
from factory.inventory.account_rules import check_accounts
from factory.inventory.addon_rules import check_addons
from factory.inventory.block_rules import check_blocks
from factory.inventory.endpoint_rules import check_endpoints
from factory.inventory.node_rules import check_node_groups
from factory.inventory.offering_rules import check_offerings
from factory.inventory.organization_rules import check_organizations
from factory.inventory.platform_rules import check_platform
from factory.inventory.reference_rules import check_references
from factory.inventory.schema import Inventory
from factory.inventory.spark_rules import check_spark
from factory.inventory.text_rules import check_texts
from factory.inventory.unreadable import as_far_as_readable
from factory.inventory.user_data_rules import check_user_data
from factory.inventory.version_rules import check_versions
from factory.inventory.zone_rules import check_zones

RULES = {
    "F100": "The file is not YAML, or YAML that is refused here: anchors, aliases, tags, a second "
    "document, deep nesting, a size beyond all reason, bytes that are not UTF-8.",
    "F101": "A key stands twice in one mapping.",
    "F102": "A key is not known.",
    "F103": "A key is missing.",
    "F104": 'A value has the wrong type; `6` is a number, `"6"` is text.',
    "F105": "A value is out of bounds, or not of the form it must have.",
    "F106": "A name that is a key is not well formed.",
    "F110": "A name refers to something that the inventory does not define.",
    "F111": "A Region or zone is not known, or belongs to another Region than the mesh.",
    "F112": "An EC2 instance type is not known.",
    "F113": "An instance type cannot have prefixes delegated: its hypervisor is Xen. The VPC CNI "
    "would fall back to single addresses without a word.",
    "F114": "The pod interface of an instance type holds fewer prefixes than each node takes.",
    "F115": "`max_pods` does not agree with the addresses that the prefixes of a node hold.",
    "F116": "An account, or the e-mail address of one, is used twice.",
    "F117": "A hub lies in another Region than its mesh.",
    "F118": "Blocks overlap.",
    "F119": "AWS does not take a block in that place.",
    "F120": "A cell bears the name of a hub, or one that AWS refuses for what is named after it.",
    "F121": "An entry stands twice in a list.",
    "F122": "A cell without egress takes a chart or an image from a public registry (a warning).",
    "F123": "A label or taint is one that nodes may not give themselves, or stands twice.",
    "F124": "The gateway to live UIs has no ingress to answer on, or more namespaces than it "
    "watches.",
    "F125": "Jobs are to run in a namespace of the platform or of Kubernetes itself.",
    "F126": "A text holds what begins an expression of Terraform.",
    "F127": "An instance type runs none of the node images.",
    "F128": "A Region lies in another partition of AWS, or EKS takes no cluster subnet in a zone.",
    "F129": "A node group has more labels or taints than EC2 or EKS takes, or a longer taint.",
    "F130": "EKS does not offer a Kubernetes version, or offers it no more.",
    "F131": "A Kubernetes version is in extended support, which costs extra (a warning).",
    "F132": "Every node group of a cell type has a taint: its DNS and platform have no node.",
    "F133": "The version of kube-proxy does not go with the Kubernetes version.",
    "F134": "An endpoint service is not known (a warning).",
    "F135": "An endpoint is asked for that every cell has already.",
    "F136": "An endpoint service is missing in a zone of the cell.",
    "F137": "A cell without egress takes images from Amazon ECR in another Region; charts from "
    "there are only a warning.",
    "F138": "An organization would have more accounts than its quota.",
    "F139": "An instance type is not offered in a zone.",
    "F150": "The platform is to run on a node group whose nodes no label tells from all others.",
    "F151": "A Helm value under `values` is one that another key says, or that the cell depends "
    "on.",
    "F152": "A release of the operator has no namespace, or a namespace belongs to two.",
    "F153": "Node groups are of several architectures, and the images of jobs are not said to be "
    "made for all of them (a warning).",
    "F154": "A cell has a load balancer, and its mesh no hub that could reach it (a warning).",
    "F155": "An endpoint service has no private names (a warning).",
    "F156": "A mesh has no hub, so that nobody outside of its VPCs reaches its clusters, and does "
    "not say `hubs: []` (a warning).",
    "F158": "The role of a namespace's jobs has more policies than IAM lets a role have (a warning "
    "up to what AWS may raise it to).",
    "F140": "A Kubernetes version is past its standard support, and `support: standard` lets EKS "
    "update the control plane by itself.",
    "F141": "EKS will update the control plane by itself before long (a warning).",
    "F142": "An EKS add-on is older than a cell needs it.",
    "F143": "An EKS add-on is newer than any that is known (a warning).",
    "F144": "A node image is of no day, or of one before EKS had the Kubernetes version.",
    "F145": "The configuration of an add-on sets what follows from the cell, or is not of the form "
    "that the add-on takes.",
    "F146": "A principal is let into the cluster twice.",
    "F147": "Spot instances are to be started from capacity reservations.",
}
"""What each rule says; a number is never used again for something else."""


def check_inventory(inventory: Inventory, facts: Facts) -> Iterator[Finding]:
    """Yield what is wrong between the values of an inventory, warnings included.

    Rules:
        F103, F110 to F155: see `RULES`.
    """
    # Each part says how far it goes where something was refused; none may stop the others.
    yield from as_far_as_readable(check_references)(inventory, facts)
    for check in (check_accounts, check_spark, check_texts):
        yield from as_far_as_readable(check)(inventory)
    for check_facts in (
        check_access,
        check_endpoints,
        check_offerings,
        check_zones,
        check_node_groups,
        check_user_data,
        check_versions,
        check_addons,
        check_blocks,
        check_platform,
        check_organizations,
    ):
        yield from as_far_as_readable(check_facts)(inventory, facts)
