"""EKS managed node groups, each with an Auto Scaling group that holds no instances.

The Auto Scaling group has the node group's sizes, so that other resources can be
attached to it; emulating thousands of instances would only cost memory.

Source:
    https://docs.aws.amazon.com/eks/latest/APIReference/API_CreateNodegroup.html
    https://docs.aws.amazon.com/eks/latest/userguide/launch-templates.html
"""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from moto.autoscaling.models import FakeAutoScalingGroup, autoscaling_backends
from moto.core.utils import utcnow
from moto.ec2.exceptions import EC2ClientError

from cellfactory.sandbox.eks_clusters import (
    Cluster,
    ClusterBackend,
    Document,
    require_role,
    tell_update,
)
from cellfactory.sandbox.eks_errors import in_use, invalid, not_found
from cellfactory.sandbox.eks_families import require_assigned
from cellfactory.sandbox.leftovers import leak_interface

DISK_GIB = 20  # documented default of CreateNodegroup without a launch template
INSTANCE_TYPES = ["t3.medium"]  # the same


class NodeGroupBackend(ClusterBackend):
    """Node groups of the clusters of one account and Region."""

    def node_group(self, request: Document) -> tuple[Cluster, Document]:
        cluster = self.cluster(request["clusterName"])
        try:
            return cluster, cluster.node_groups[request["nodegroupName"]]
        except KeyError:
            message = f"No node group found for name: {request['nodegroupName']}."
            raise not_found(message) from None

    def create_nodegroup(self, request: Document) -> Document:
        cluster = self.cluster(request["clusterName"])
        name = request["nodegroupName"]
        if name in cluster.node_groups:
            message = f"NodeGroup already exists with name {name} and cluster name {cluster.name}"
            raise in_use(message)
        require_role(request["nodeRole"])
        self.require_active(cluster)
        self._require_subnets(cluster, request["subnets"])
        sizes = {
            "minSize": 1,
            "maxSize": 2,
            "desiredSize": 2,
            **(request.get("scalingConfig") or {}),
        }
        require_sizes(sizes)
        document = self._group_document(cluster, {**request, "scalingConfig": sizes})
        self._scale(cluster, document)
        cluster.node_groups[name] = document
        self.admit_nodes(cluster, request["nodeRole"])
        return {"nodegroup": self.shown(document)}

    def admit_nodes(self, cluster: Cluster, role: str) -> None:
        """Let the nodes of a role join; clusters with access entries get one."""

    def _require_subnets(self, cluster: Cluster, subnet_ids: list[str]) -> None:
        vpc = cluster.document["resourcesVpcConfig"]["vpcId"]
        if any(subnet.vpc_id != vpc for subnet in self.subnets(subnet_ids)):
            message = "Subnets are not in the same VPC as the cluster"
            raise invalid(message)
        if cluster.document["kubernetesNetworkConfig"]["ipFamily"] == "ipv6":
            require_assigned(self.subnets(subnet_ids))

    def _group_document(self, cluster: Cluster, request: Document) -> Document:
        name, uuid = request["nodegroupName"], str(uuid4())
        now = utcnow()
        document = {
            "nodegroupName": name,
            "nodegroupArn": self.arn(f"nodegroup/{cluster.name}/{name}/{uuid}"),
            "clusterName": cluster.name,
            "version": request.get("version") or cluster.document["version"],
            "createdAt": now,
            "modifiedAt": now,
            "status": "ACTIVE",
            "capacityType": request.get("capacityType") or "ON_DEMAND",
            "scalingConfig": request["scalingConfig"],
            "subnets": list(request["subnets"]),
            "nodeRole": request["nodeRole"],
            "labels": dict(request.get("labels") or {}),
            "taints": list(request.get("taints") or []),
            "resources": {"autoScalingGroups": [{"name": f"eks-{name}-{uuid}"}]},
            "health": {"issues": []},
            "updateConfig": request.get("updateConfig") or {"maxUnavailable": 1},
            "nodeRepairConfig": request.get("nodeRepairConfig") or {"enabled": False},
            "tags": dict(request.get("tags") or {}),
        }
        if request.get("launchTemplate"):
            return {**document, **self._from_template(request)}
        return {**document, **_without_template(request, document["version"])}

    def _template(self, specification: Document) -> tuple[Any, Any]:
        named = specification.get("name")
        try:
            template = (
                self.ec2.get_launch_template_by_name(named)
                if named
                else self.ec2.get_launch_template(specification["id"])
            )
            return template, template.get_version(specification.get("version") or "$Default")
        except (EC2ClientError, KeyError) as error:
            raise invalid(str(error)) from error

    def _from_template(self, request: Document) -> Document:
        template, version = self._template(request["launchTemplate"])
        if request.get("diskSize"):
            message = "Disk size must be specified within the launch template."
            raise invalid(message)
        if request.get("remoteAccess"):
            message = "Remote access configuration cannot be specified with a launch template."
            raise invalid(message)
        if version.instance_type and request.get("instanceTypes"):
            message = "Instance types are in the launch template and in the request: name them once"
            raise invalid(message)
        document = {
            "launchTemplate": {
                "name": template.name,
                "id": template.id,
                "version": str(version.number),
            },
            "amiType": request.get("amiType"),
            "instanceTypes": request.get("instanceTypes"),
        }
        if version.image_id:
            if request.get("amiType") not in (None, "CUSTOM") or request.get("version"):
                message = "AMI type and version cannot be set when the launch template has an image"
                raise invalid(message)
            document |= {"amiType": "CUSTOM", "releaseVersion": version.image_id}
        return {key: value for key, value in document.items() if value is not None}

    def _scale(self, cluster: Cluster, document: Document) -> None:
        backend: Any = autoscaling_backends[self.account_id][self.region_name]
        tags = {
            "eks:cluster-name": cluster.name,
            "eks:nodegroup-name": document["nodegroupName"],
            f"kubernetes.io/cluster/{cluster.name}": "owned",
        }
        name = document["resources"]["autoScalingGroups"][0]["name"]
        template = document.get("launchTemplate", {})
        make: Any = FakeAutoScalingGroup  # abstract to the type checker only
        group = make(
            name,
            availability_zones=[],
            desired_capacity=0,
            max_size=document["scalingConfig"]["maxSize"],
            min_size=0,
            launch_config_name="",
            launch_template=(
                {"LaunchTemplateId": template["id"], "Version": template["version"]}
                if template
                else {}
            ),
            vpc_zone_identifier=",".join(document["subnets"]),
            default_cooldown=None,
            health_check_period=None,
            health_check_type=None,
            load_balancers=[],
            target_group_arns=[],
            placement_group=None,
            termination_policies=[],
            autoscaling_backend=backend,
            ec2_backend=self.ec2,
            tags=[{"Key": key, "Value": value} for key, value in tags.items()],
            mixed_instances_policy=None,
            capacity_rebalance=False,
        )
        backend.autoscaling_groups[name] = group
        self._resize(document)

    def _scaling_group(self, document: Document) -> Any:
        name = document["resources"]["autoScalingGroups"][0]["name"]
        groups: Any = autoscaling_backends[self.account_id][self.region_name].autoscaling_groups
        return groups.get(name)

    def _resize(self, document: Document) -> None:
        group, sizes = self._scaling_group(document), document["scalingConfig"]
        group.min_size, group.max_size = sizes["minSize"], sizes["maxSize"]
        group.desired_capacity = sizes["desiredSize"]  # without starting instances

    def describe_nodegroup(self, request: Document) -> Document:
        return {"nodegroup": self.shown(self.node_group(request)[1])}

    def list_nodegroups(self, request: Document) -> Document:
        return {"nodegroups": sorted(self.cluster(request["clusterName"]).node_groups)}

    def update_nodegroup_config(self, request: Document) -> Document:
        cluster, document = self.node_group(request)
        if request.get("scalingConfig"):
            sizes = {**document["scalingConfig"], **request["scalingConfig"]}
            require_sizes(sizes)
            document["scalingConfig"] = sizes
            self._resize(document)
        labels = request.get("labels") or {}
        document["labels"] |= labels.get("addOrUpdateLabels") or {}
        for key in labels.get("removeLabels") or []:
            document["labels"].pop(key, None)
        document["taints"] = _changed_taints(document["taints"], request.get("taints") or {})
        for key in ("updateConfig", "nodeRepairConfig"):
            document[key] = request.get(key) or document[key]
        document["modifiedAt"] = utcnow()
        return tell_update(cluster, "ConfigUpdate", {"nodegroupName": request["nodegroupName"]})

    def update_nodegroup_version(self, request: Document) -> Document:
        cluster, document = self.node_group(request)
        if request.get("launchTemplate"):
            wanted = {
                "id": document.get("launchTemplate", {}).get("id"),
                **request["launchTemplate"],
            }
            template, version = self._template(wanted)
            document["launchTemplate"] = {
                "name": template.name,
                "id": template.id,
                "version": str(version.number),
            }
            if version.image_id:
                document["releaseVersion"] = version.image_id
        for key in ("version", "releaseVersion"):
            document[key] = request.get(key) or document.get(key)
        document["modifiedAt"] = utcnow()
        return tell_update(cluster, "VersionUpdate", {"nodegroupName": request["nodegroupName"]})

    def delete_nodegroup(self, request: Document) -> Document:
        cluster, document = self.node_group(request)
        name = document["resources"]["autoScalingGroups"][0]["name"]
        autoscaling_backends[self.account_id][self.region_name].autoscaling_groups.pop(name, None)
        del cluster.node_groups[request["nodegroupName"]]
        group = cluster.document["resourcesVpcConfig"]["clusterSecurityGroupId"]
        for _ in range(self.ec2.world.leaked_interfaces):
            leak_interface(self.ec2, cluster.name, document["subnets"][0], group)
        return {"nodegroup": {**document, "status": "DELETING"}}


def require_sizes(sizes: Document) -> None:
    """Refuse sizes that are out of order."""
    if (
        not 0 <= sizes["minSize"] <= sizes["desiredSize"] <= sizes["maxSize"]
        or not sizes["maxSize"]
    ):
        message = f"Minimum, desired and maximum size are out of order: {sizes}"
        raise invalid(message)


def _without_template(request: Document, version: str) -> Document:
    return {
        "amiType": request.get("amiType") or "AL2023_x86_64_STANDARD",
        "diskSize": request.get("diskSize") or DISK_GIB,
        "instanceTypes": request.get("instanceTypes") or INSTANCE_TYPES,
        "releaseVersion": request.get("releaseVersion") or f"{version}.0-00000000",
        **({"remoteAccess": request["remoteAccess"]} if request.get("remoteAccess") else {}),
    }


def _changed_taints(taints: list[Document], change: Document) -> list[Document]:
    added, removed = change.get("addOrUpdateTaints") or [], change.get("removeTaints") or []
    gone = {(taint["key"], taint.get("effect")) for taint in [*added, *removed]}
    return [taint for taint in taints if (taint["key"], taint.get("effect")) not in gone] + added
