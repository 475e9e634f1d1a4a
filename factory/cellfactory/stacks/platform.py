"""The layer `platform`: what Helm installs in the cluster of a cell."""

from __future__ import annotations

from cellfactory.constructs.cdk import TerraformStack
from cellfactory.constructs.spark_gateway import add_gateway
from cellfactory.constructs.spark_history import add_history_server
from cellfactory.constructs.spark_operator import (
    add_helm_provider,
    add_namespaces,
    add_spark_operators,
)
from cellfactory.constructs.yunikorn import add_yunikorn
from cellfactory.specs.layers import PlatformSpec
from cellfactory.stacks.frame import Outputs


def build(terraform: TerraformStack, spec: PlatformSpec) -> Outputs:
    """Install the namespaces first, and what works in them when they are there."""
    add_helm_provider(terraform, spec)
    namespaces = add_namespaces(terraform, spec)
    before = [namespaces]
    if spec.scheduler:
        before.append(add_yunikorn(terraform, spec, spec.scheduler))
    version = add_spark_operators(terraform, spec, before)
    shown = [namespaces]
    if spec.history:
        bucket = "${var.event_log_bucket}"
        shown.append(add_history_server(terraform, spec, spec.history, bucket))
    if spec.gateway:
        add_gateway(terraform, spec, spec.gateway, shown)
    return {"operator_version": version}
