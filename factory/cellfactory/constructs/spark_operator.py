"""The Spark Operator of a cell, and the namespaces that its jobs run in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from cellfactory.constructs.cdk import (
    HelmProvider,
    HelmProviderKubernetes,
    HelmProviderKubernetesExec,
    ITerraformDependable,
    Release,
    TerraformStack,
)
from cellfactory.constructs.spark_placement import PRIORITY, SPREAD, guaranteed, placement_values
from cellfactory.constructs.spark_releases import add_own_release, add_release, release_values
from cellfactory.naming import JOB_ACCOUNT, OPERATOR_NAMESPACE
from cellfactory.specs.charts import NAMESPACES
from cellfactory.specs.layers import OperatorSpec, PlatformSpec

OPERATOR = "spark-operator"
"""Name of the chart and of the first release; those of further ones begin with it."""

WEBHOOK_CPU = 1  # vCPUs, as in the benchmark that `operator-jobs-per-core-minute` is from
WEBHOOK_GIB = 1  # ours: it holds the list of applications and starts no JVM

_IPV6 = [
    {"name": "_JAVA_OPTIONS", "value": "-Djava.net.preferIPv6Addresses=true"},
    {"name": "KUBERNETES_DISABLE_HOSTNAME_VERIFICATION", "value": "true"},
]
"""What submissions, which are JVMs, need where the Kubernetes API has an IPv6 address.

Source: https://github.com/kubeflow/spark-operator/pull/1825
"""


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
        NAMESPACES,
        charts=platform.charts,
        namespace=OPERATOR_NAMESPACE,
        values={"namespaces": list(platform.namespaces), "jobAccount": JOB_ACCOUNT},
    )


def add_spark_operators(
    stack: TerraformStack, platform: PlatformSpec, after: Sequence[ITerraformDependable]
) -> str:
    """Install the first release of the operator, and then the further ones.

    The first one lets a namespace go before another takes it: no job has two operators.

    Returns:
        The expression of the installed chart's version.
    """
    operator = platform.operator
    first = _add_release(
        stack, OPERATOR, operator_values(platform, operator.first), platform, after
    )
    for name, namespaces in operator.shards.items():
        values = operator_values(platform, namespaces)
        values = release_values({"hook": {"upgradeCrd": False}}, values)  # the first one did it
        _add_release(stack, f"{OPERATOR}-{name}", values, platform, [*after, first])
    return first.version


def _add_release(
    stack: TerraformStack,
    name: str,
    values: Mapping[str, Any],
    platform: PlatformSpec,
    after: Sequence[ITerraformDependable],
) -> Release:
    return add_release(
        stack,
        name,
        chart=OPERATOR,
        repository=platform.operator.chart_repository,
        version=platform.operator.chart_version,
        namespace=OPERATOR_NAMESPACE,
        values=values,
        after=after,
    )


def operator_values(platform: PlatformSpec, namespaces: Sequence[str]) -> dict[str, Any]:
    """The chart's values: no Service and no Ingress for each job, and limits as declared.

    Its CRDs are brought up to date by the chart's own job: Helm itself never does it. The service
    account of jobs and its rights are of the chart `spark-namespaces`, so that they stay when a
    namespace moves from one release to another.

    Source:
        https://github.com/kubeflow/spark-operator/blob/master/charts/spark-operator-chart/values.yaml
    """
    operator = platform.operator
    values: dict[str, Any] = {
        "controller": _controller(platform),
        "webhook": {"enable": True, "resources": guaranteed(WEBHOOK_CPU, WEBHOOK_GIB)}
        | _pods(operator),
        "hook": {"upgradeCrd": True, **placement_values(operator.placement)},
        "spark": {
            "jobNamespaces": list(namespaces),
            "serviceAccount": {"create": False, "name": JOB_ACCOUNT},
            "rbac": {"create": False},
        },
        "prometheus": _prometheus(platform),
    }
    if operator.image_registry:
        values["image"] = {"registry": operator.image_registry}
        values["hook"]["image"] = {"registry": operator.image_registry}
    return release_values(operator.values, values)


def _controller(platform: PlatformSpec) -> dict[str, Any]:
    """Every submission is a JVM in this pod: it has its processors for itself."""
    operator = platform.operator
    values: dict[str, Any] = {
        "workers": operator.workers,
        "uiService": {"enable": False},
        "uiIngress": {"enable": False},
        "resources": guaranteed(operator.cpu, operator.memory_gib),
    }
    if platform.ipv6_pods:
        values["env"] = _IPV6
    if platform.scheduler:
        values["batchScheduler"] = {"enable": True, "default": "yunikorn"}
    return values | _pods(operator)


def _pods(operator: OperatorSpec) -> dict[str, Any]:
    """What the pods of the controller and of its webhook have in common."""
    several = operator.replicas > 1
    return {
        "replicas": operator.replicas,
        "kubeAPIQPS": operator.kube_api_qps,
        "kubeAPIBurst": operator.kube_api_burst,
        "priorityClassName": PRIORITY,
        "podDisruptionBudget": {"enable": several, "minAvailable": 1},
        "topologySpreadConstraints": list(SPREAD) if several else [],
        **placement_values(operator.placement),
    }


def _prometheus(platform: PlatformSpec) -> dict[str, Any]:
    values: dict[str, Any] = {"metrics": {"enable": True}}
    if platform.monitoring:
        values["podMonitor"] = {"create": True, "labels": platform.monitoring.labels}
    return values
