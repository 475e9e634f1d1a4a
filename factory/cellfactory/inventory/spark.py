"""What the platform layer of a cell runs, and the way in to it, as `cells.yaml` says it."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from cellfactory.inventory import patterns
from cellfactory.inventory.values import (
    GroupName,
    HelmValues,
    Image,
    LabelKey,
    LabelValue,
    Model,
    Namespace,
    PolicyName,
    ReleaseName,
)


class SparkOperator(Model):
    """The Spark Operator release of a cell."""

    chart_version: str = Field(
        pattern=patterns.CHART_VERSION, max_length=40, description="Version of its Helm chart."
    )
    chart_repository: str = Field(
        default="https://kubeflow.github.io/spark-operator",
        pattern=patterns.CHART_REPOSITORY,
        max_length=512,
        description="Helm repository, https or oci; a cell without egress needs one it can reach.",
    )
    image_registry: str | None = Field(
        default=None,
        pattern=patterns.REGISTRY,
        max_length=512,
        description="Registry that mirrors its image; the chart's own when unset.",
    )
    replicas: int = Field(
        default=2, ge=1, le=5, description="Controller pods of each release, one leads (pods)."
    )
    cpu: int = Field(
        default=2, ge=1, le=192, description="Processors of each controller pod (vCPUs)."
    )
    memory_gib: int = Field(
        default=4, ge=1, le=768, description="Memory of each controller pod (GiB)."
    )
    workers: int = Field(default=10, ge=1, le=500, description="Reconciling threads (threads).")
    kube_api_qps: int = Field(
        default=20, ge=1, le=10_000, description="Requests to the API (per second)."
    )
    kube_api_burst: int = Field(
        default=30, ge=1, le=10_000, description="Burst above it (requests)."
    )
    node_group: GroupName | None = Field(
        default=None,
        description="Node group of its pods; that of the platform (`spark.node_group`) when unset.",
    )
    shards: dict[ReleaseName, list[Namespace]] = Field(
        default={},
        description="Further releases, each with namespaces of its own: only the leader of a "
        "release works, so that several do more. What is in none stays with the first.",
    )
    jobs_per_minute: int | None = Field(
        default=None,
        ge=1,
        le=100_000,
        description="Most jobs submitted to the cell, sized against the processors above "
        "(jobs per minute).",
    )
    values: HelmValues = Field(default={}, description="More values of its Helm chart.")


class SparkUi(Model):
    """The gateway to the live UI of every driver; it answers on the node port of the ingress."""

    sidecar_image: Image = Field(description="Image built from modules/spark-ui-gateway/sidecar.")
    nginx_image: Image | None = Field(
        default=None,
        description="Official NGINX image with njs, in your registry; the public one when unset.",
    )
    replicas: int = Field(default=3, ge=2, le=3, description="Gateway pods (pods).")
    max_drivers: int = Field(
        default=10_000, ge=1, le=100_000, description="Most live drivers with a page (drivers)."
    )
    values: HelmValues = Field(default={}, description="More values of the gateway's chart.")


class SparkHistory(Model):
    """The History Server of a cell, and the bucket that its jobs write event logs to."""

    image: Image = Field(description="Spark image with S3A (hadoop-aws and the AWS SDK for Java).")
    retention_days: int = Field(
        default=30, ge=1, le=3650, description="Event logs are kept for (days)."
    )
    replicas: int = Field(default=1, ge=1, le=3, description="History Server pods (pods).")
    memory_gib: int = Field(default=4, ge=2, le=64, description="Memory of each pod (GiB).")
    disk_gib: int = Field(
        default=20, ge=5, le=500, description="Node disk for the pages it has read, each pod (GiB)."
    )
    logs_per_day: int | None = Field(
        default=None,
        ge=1,
        le=10_000_000,
        description="Event logs that jobs leave; the scan interval follows (logs per day).",
    )
    rolling_logs: bool = Field(
        default=False,
        description="Whether jobs write rolling logs, each a folder that every scan lists.",
    )
    values: HelmValues = Field(default={}, description="More values of the History Server's chart.")


class YuniKorn(Model):
    """The YuniKorn scheduler release of a cell."""

    chart_version: str = Field(
        pattern=patterns.CHART_VERSION, max_length=40, description="Version of its Helm chart."
    )
    chart_repository: str = Field(
        default="https://apache.github.io/yunikorn-release",
        pattern=patterns.CHART_REPOSITORY,
        max_length=512,
        description="Helm repository, https or oci; a cell without egress needs one it can reach.",
    )
    image_registry: str | None = Field(
        default=None,
        pattern=patterns.REGISTRY,
        max_length=512,
        description="Registry that mirrors its images; the chart's own when unset.",
    )
    values: HelmValues = Field(default={}, description="More values of its Helm chart.")


class Scheduler(Model):
    """What places the pods of jobs, in place of Kubernetes' own scheduler."""

    yunikorn: YuniKorn = Field(description="Apache YuniKorn, with gang scheduling.")


class Monitoring(Model):
    """Scrape objects of the Prometheus Operator, whose CRDs must be in the cluster before."""

    labels: dict[LabelKey, LabelValue] = Field(
        default={}, description="Labels by which a Prometheus chooses them."
    )
    namespace: Namespace = Field(
        default="monitoring", description="Namespace of the pods that scrape."
    )


class Spark(Model):
    """What the platform layer of a cell runs."""

    namespaces: list[Namespace] = Field(min_length=1, description="Namespaces that jobs run in.")
    node_group: GroupName | None = Field(
        default=None,
        description="Node group of the platform's own pods, chosen by its labels; any without "
        "taints when unset.",
    )
    image_architectures: list[Literal["arm64", "x86_64"]] = Field(
        default=[],
        description="What the images of jobs are made for, where the node groups are not of one "
        "kind.",
    )
    job_policies: list[PolicyName] = Field(
        default=[],
        max_length=10,
        description="IAM policies of all jobs, in the role of each namespace: names in the cell's "
        "account, or ARNs of policies that AWS manages.",
    )
    namespace_policies: dict[Namespace, list[PolicyName]] = Field(
        default={},
        description="IAM policies of the jobs in one namespace, besides `job_policies`.",
    )
    operator: SparkOperator = Field(description="The Spark Operator release.")
    ui: SparkUi | None = Field(default=None, description="The gateway to live UIs.")
    history: SparkHistory | None = Field(
        default=None, description="Event logs, and the History Server that shows them."
    )
    scheduler: Scheduler | None = Field(
        default=None, description="Another scheduler for jobs; Kubernetes' own when unset."
    )
    monitoring: Monitoring | None = Field(
        default=None, description="PodMonitors of the operator and of the gateway."
    )

    def policies_of(self, namespace: str) -> list[str]:
        """List the IAM policies of the jobs in a namespace."""
        return [*self.job_policies, *self.namespace_policies.get(namespace, [])]


class Ingress(Model):
    """The static way in: a network load balancer and its target group."""

    node_group: GroupName = Field(description="Node group whose nodes are the targets.")
    node_port: int = Field(
        default=30080, ge=30000, le=32767, description="NodePort that the nodes answer on."
    )
    listener_port: int = Field(default=80, ge=1, le=65535, description="Port that clients use.")
