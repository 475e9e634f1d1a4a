"""The Spark Operator of a cell, and the namespaces that its jobs run in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from factory.constructs.cdk import (
    HelmProvider,
    HelmProviderKubernetes,
    HelmProviderKubernetesExec,
    ITerraformDependable,
    Release,
    TerraformStack,
)
from factory.constructs.spark_releases import add_own_release, add_release
from factory.constructs.specs import PlatformSpec
from factory.naming import OPERATOR_NAMESPACE

JOB_ACCOUNT = "spark-operator-spark"
"""Service account of drivers, in each job namespace; the event logs' role is bound to it."""


def add_helm_provider(stack: TerraformStack, platform: PlatformSpec) -> None:
    """Reach the cluster by the roles that every stack of the cell goes through.

    The token is fetched by our own command when it is needed. Nothing of it is kept in the state,
    and it is renewed when it runs out: a chart may take longer than a token lives.
    """
    access = platform.access
    token = HelmProviderKubernetesExec(
        api_version="client.authentication.k8s.io/v1beta1",
        command="cellfactory",
        args=[
            *("token", "--cluster", "${var.cluster_name}"),
            *("--region", access.region, "--sts-region", access.sts_region),
            *(word for role in access.roles for word in ("--role", role)),
            *("--session-name", platform.name),
        ],
    )
    kubernetes = HelmProviderKubernetes(
        host="${var.cluster_endpoint}",
        cluster_ca_certificate="${base64decode(var.cluster_ca)}",
        exec=token,
    )
    HelmProvider(stack, "helm", kubernetes=kubernetes)


def add_namespaces(stack: TerraformStack, platform: PlatformSpec) -> Release:
    """Make the namespaces of jobs; whatever works in them waits for it."""
    return add_own_release(
        stack,
        "spark-namespaces",
        namespace=OPERATOR_NAMESPACE,
        values={"namespaces": list(platform.namespaces)},
    )


def add_spark_operator(
    stack: TerraformStack, platform: PlatformSpec, after: Sequence[ITerraformDependable]
) -> str:
    """Install the operator, once the namespaces that it watches are there.

    Returns:
        The expression of the installed chart's version.
    """
    operator = add_release(
        stack,
        "spark-operator",
        repository=platform.operator.chart_repository,
        version=platform.operator.chart_version,
        namespace=OPERATOR_NAMESPACE,
        values=operator_values(platform),
        after=after,
    )
    return operator.version


def operator_values(platform: PlatformSpec) -> dict[str, Any]:
    """The chart's values: no Service and no Ingress for each job, and limits as declared.

    Source:
        https://github.com/kubeflow/spark-operator/blob/master/charts/spark-operator-chart/values.yaml
    """
    operator = platform.operator
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
        "spark": {
            "jobNamespaces": list(platform.namespaces),
            "serviceAccount": {"create": True, "name": JOB_ACCOUNT},
        },
        "prometheus": {"metrics": {"enable": True}},
    }
    if platform.scheduler:
        values["controller"]["batchScheduler"] = {"enable": True, "default": "yunikorn"}
    if operator.image_registry:
        values["image"] = {"registry": operator.image_registry}
        values["hook"] = {"image": {"registry": operator.image_registry}}
    return values
