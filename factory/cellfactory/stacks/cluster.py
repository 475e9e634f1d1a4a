"""The layer `cluster`: EKS, its nodes, the way in and the event logs of a cell."""

from __future__ import annotations

from cellfactory.constructs.cdk import TerraformStack
from cellfactory.constructs.cluster import CellCluster
from cellfactory.constructs.ingress import add_ingress
from cellfactory.constructs.jobs import add_job_identities, add_people
from cellfactory.constructs.node_groups import CellNodeGroups
from cellfactory.constructs.spark_events import add_event_logs
from cellfactory.layers.cell import INGRESS_NAME
from cellfactory.specs.layers import ClusterSpec
from cellfactory.stacks.frame import Outputs

_CERTIFICATE = "${aws_eks_cluster.cell.certificate_authority[0].data}"


def build(terraform: TerraformStack, spec: ClusterSpec) -> Outputs:
    """Add the control plane, its add-ons and nodes in the order that makes nodes useful."""
    cluster = CellCluster(terraform, spec)
    addons = cluster.add_boot_addons()
    nodes = CellNodeGroups(terraform, spec, cluster.cluster, addons)
    cluster.add_late_addons(nodes.first_groups)
    outputs = {
        "cluster_name": cluster.cluster.name,
        "cluster_endpoint": cluster.cluster.endpoint,
        "cluster_ca": _CERTIFICATE,
    }
    if spec.ingress is not None:
        outputs[INGRESS_NAME] = add_ingress(terraform, spec, spec.ingress, "${var.vpc_id}")
    name = cluster.cluster.name
    add_people(terraform, spec.jobs, name)
    add_job_identities(terraform, spec.jobs, name, spec.boundary)
    if spec.jobs.event_logs is not None:
        logs = spec.jobs.event_logs
        bucket = add_event_logs(terraform, spec.name, logs, name, spec.boundary)
        outputs["event_log_bucket"] = bucket
    return outputs
