"""The Spark Operator of a cell, and the namespaces that its jobs run in."""

from __future__ import annotations

import json
from typing import Any

from factory.constructs.cdk import (
    HelmProvider,
    HelmProviderKubernetes,
    HelmProviderKubernetesExec,
    Release,
    TerraformStack,
)
from factory.constructs.cell import CellSpec
from factory.inventory.schema import Spark

OPERATOR_NAMESPACE = "spark-operator"
NAMESPACES_CHART = "spark-namespaces"
"""Our own chart; synth puts a copy of it beside the stack."""

_INSTALL_SECONDS = 900
_KEPT_REVISIONS = 5


def add_helm_provider(stack: TerraformStack, cell: CellSpec) -> None:
    """Reach the cluster with a short-lived token, fetched by role when it is needed.

    Nothing of it is kept in the state, and it is renewed when it runs out.
    """
    role = f"arn:aws:iam::{cell.account_id}:role/{cell.member_role}"
    token = HelmProviderKubernetesExec(
        api_version="client.authentication.k8s.io/v1beta1",
        command="aws",
        args=[
            *("eks", "get-token", "--output", "json"),
            *("--cluster-name", "${var.cluster_name}"),
            *("--region", cell.region, "--role-arn", role),
        ],
    )
    kubernetes = HelmProviderKubernetes(
        host="${var.cluster_endpoint}",
        cluster_ca_certificate="${base64decode(var.cluster_ca)}",
        exec=token,
    )
    HelmProvider(stack, "helm", kubernetes=kubernetes)


def add_spark_operator(stack: TerraformStack, spark: Spark) -> str:
    """Install the job namespaces and then the operator that watches them.

    Returns:
        The expression of the installed chart's version.
    """
    namespaces = Release(
        stack,
        "spark-namespaces",
        name=NAMESPACES_CHART,
        chart=f"${{path.module}}/charts/{NAMESPACES_CHART}",
        namespace=OPERATOR_NAMESPACE,
        create_namespace=True,
        values=[json.dumps({"namespaces": spark.namespaces}, sort_keys=True)],
        atomic=True,
        wait=True,
        timeout=_INSTALL_SECONDS,
        max_history=_KEPT_REVISIONS,
    )
    operator = Release(
        stack,
        "spark-operator",
        name="spark-operator",
        chart="spark-operator",
        repository=spark.operator.chart_repository,
        version=spark.operator.chart_version,
        namespace=OPERATOR_NAMESPACE,
        values=[json.dumps(operator_values(spark), sort_keys=True)],
        atomic=True,
        wait=True,
        timeout=_INSTALL_SECONDS,
        max_history=_KEPT_REVISIONS,
        depends_on=[namespaces],
    )
    return operator.version


def operator_values(spark: Spark) -> dict[str, Any]:
    """The chart's values: no Service and no Ingress for each job, and limits as declared.

    Source:
        https://github.com/kubeflow/spark-operator/blob/master/charts/spark-operator-chart/values.yaml
    """
    operator = spark.operator
    calls = {"kubeAPIQPS": operator.kube_api_qps, "kubeAPIBurst": operator.kube_api_burst}
    several = operator.replicas > 1
    values: dict[str, Any] = {
        "controller": {
            "replicas": operator.replicas,
            "workers": operator.workers,
            "uiService": {"enable": False},
            "uiIngress": {"enable": False},
            "podDisruptionBudget": {"enable": several, "minAvailable": 1},
            **calls,
        },
        "webhook": {
            "enable": True,
            "replicas": operator.replicas,
            "podDisruptionBudget": {"enable": several, "minAvailable": 1},
            **calls,
        },
        "spark": {"jobNamespaces": spark.namespaces},
        "prometheus": {"metrics": {"enable": True}},
    }
    if operator.image_registry:
        values["image"] = {"registry": operator.image_registry}
        values["hook"] = {"image": {"registry": operator.image_registry}}
    return values
