"""A complete SparkApplication for a node group: it lands there, logs, and shows its page.

What a job has to say so that it runs where it should is all in here: node labels, tolerations,
service account, event log and how S3A finds its credentials.
"""

from __future__ import annotations

import re
from typing import Any

from cellfactory.constructs.spark_placement import tolerations
from cellfactory.facts.schema import Facts, InstanceType
from cellfactory.inventory.schema import CellType, ExistingAccount, Inventory, NodeGroup
from cellfactory.naming import EVENT_LOG_FOLDER, JOB_ACCOUNT, event_log_bucket

S3A_PROVIDER = "org.apache.hadoop.fs.s3a.auth.IAMInstanceCredentialsProvider"
"""Hadoop's own provider: it asks the Pod Identity agent, and every Hadoop 3.4 can make one."""

NO_IMAGE = "registry.example.com/spark:4.0.1"
NO_ACCOUNT = "<account>"
_MIB_PER_GIB = 1024
_MOST_CORES = 4  # of an executor: several share a node
_HEAP_SHARE = 0.8  # of its share of the node's memory; Spark adds a tenth, the node needs some


def example_job(
    inventory: Inventory, facts: Facts, cell: str, pool: str, namespace: str | None = None
) -> dict[str, Any]:
    """Make a job whose executors run on a node group of a cell.

    Its driver runs on a node group without taints: where those are all that there is, on the same.

    Args:
        inventory: the whole one.
        facts: of AWS.
        cell: name of the cell.
        pool: name of the node group.
        namespace: one of the cell type's namespaces; the first when unset.
    """
    cell_type = inventory.type_of(cell)
    executors = cell_type.node_groups[pool]
    image = cell_type.spark.history.image if cell_type.spark.history else NO_IMAGE
    return {
        "apiVersion": "sparkoperator.k8s.io/v1beta2",
        "kind": "SparkApplication",
        "metadata": {
            "name": f"example-on-{pool}",
            "namespace": namespace or cell_type.spark.namespaces[0],
        },
        "spec": {
            "type": "Scala",
            "mode": "cluster",
            "image": image,
            "sparkVersion": _spark_version(image),
            "mainClass": "org.apache.spark.examples.SparkPi",
            "mainApplicationFile": "local:///opt/spark/examples/jars/spark-examples.jar",
            "arguments": ["1000"],
            "restartPolicy": {"type": "Never"},
            "sparkConf": {**_configuration(inventory, cell), **_family(cell_type)},
            "driver": {
                "cores": 1,
                "memory": "2g",
                "serviceAccount": JOB_ACCOUNT,
                **_placement(_driver_pool(cell_type, executors)),
            },
            "executor": {
                "instances": 2,
                **_size(facts.instance(executors.instance_type)),
                **_placement(executors),
            },
        },
    }


def _configuration(inventory: Inventory, cell: str) -> dict[str, str]:
    """Write the event log, where there is a History Server to read it."""
    history = inventory.type_of(cell).spark.history
    if history is None:
        return {"spark.eventLog.enabled": "false"}
    account = inventory.cells[cell].account
    number = account.id if isinstance(account, ExistingAccount) else NO_ACCOUNT
    return {
        "spark.eventLog.enabled": "true",
        "spark.eventLog.dir": f"s3a://{event_log_bucket(cell, number)}/{EVENT_LOG_FOLDER}",
        "spark.eventLog.rolling.enabled": str(history.rolling_logs).lower(),
        "spark.hadoop.fs.s3a.aws.credentials.provider": S3A_PROVIDER,
        "spark.hadoop.fs.s3a.endpoint.region": inventory.region_of(cell),
    }


def _family(cell_type: CellType) -> dict[str, str]:
    """Say what jobs of IPv6 pods need besides: the service of a driver, and Java.

    Source:
        https://issues.apache.org/jira/browse/SPARK-39490
        https://github.com/kubeflow/spark-operator/pull/1825
    """
    if cell_type.has_pod_blocks:
        return {}
    java = "-Djava.net.preferIPv6Addresses=true"
    return {
        "spark.kubernetes.driver.service.ipFamilies": "IPv6",
        "spark.kubernetes.driver.service.ipFamilyPolicy": "SingleStack",
        "spark.driver.extraJavaOptions": java,
        "spark.executor.extraJavaOptions": java,
        "spark.kubernetes.driverEnv.KUBERNETES_DISABLE_HOSTNAME_VERIFICATION": "true",
    }


def _driver_pool(cell_type: CellType, executors: NodeGroup) -> NodeGroup:
    """Take the node group without taints that is smallest: drivers are few and must not wait."""
    if not executors.taints:
        return executors
    open_to_all = [group for group in cell_type.node_groups.values() if not group.taints]
    return min(open_to_all, key=lambda group: group.nodes_per_zone, default=executors)


def _placement(group: NodeGroup) -> dict[str, Any]:
    placement: dict[str, Any] = {}
    if group.labels:
        placement["nodeSelector"] = dict(group.labels)
    if group.taints:
        placement["tolerations"] = tolerations(group.taints)
    return placement


def _size(instance: InstanceType) -> dict[str, Any]:
    """Take a share of a node that has room for several."""
    cores = max(1, min(_MOST_CORES, instance.vcpu - 1))
    share = instance.memory_mib / _MIB_PER_GIB / instance.vcpu * cores * _HEAP_SHARE
    return {"cores": cores, "memory": f"{max(1, int(share))}g"}


def _spark_version(image: str) -> str:
    """Read the version of the tag: the operator only shows it.

    >>> _spark_version("r.example.com/spark:4.1.0-java21@sha256:0f"), _spark_version("r/spark:x")
    ('4.1.0', '4.0.1')
    """
    found = re.search(r":(\d+\.\d+\.\d+)", image)
    return found[1] if found else "4.0.1"
