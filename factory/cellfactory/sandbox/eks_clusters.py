"""EKS clusters: what CreateCluster takes, DescribeCluster answers.

Requests and answers are documents in the API's own spelling. State changes are
immediate, but for what is CREATING for as long as the world says.

Source:
    https://docs.aws.amazon.com/eks/latest/APIReference/API_CreateCluster.html
    https://docs.aws.amazon.com/eks/latest/userguide/sec-group-reqs.html
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from moto.core.base_backend import BaseBackend
from moto.core.utils import utcnow
from moto.ec2.exceptions import EC2ClientError
from moto.ec2.models import ec2_backends
from moto.logs.models import logs_backends

from cellfactory.facts.loader import load_facts
from cellfactory.sandbox.eks_errors import in_use, invalid, not_found, not_possible
from cellfactory.sandbox.eks_families import require_dual_stack, service_network
from cellfactory.sandbox.leftovers import watch_vpc

Document = dict[str, Any]

CLUSTER_NAME = re.compile(r"[0-9A-Za-z][A-Za-z0-9_-]{0,99}")
ROLE_ARN = re.compile(r"arn:aws[a-z-]*:iam::\d{12}:role/.+")
LOG_TYPES = ("api", "audit", "authenticator", "controllerManager", "scheduler")
MERGED = {  # parts of UpdateClusterConfig, and the type of the update each makes
    "resourcesVpcConfig": "VpcConfigUpdate",
    "accessConfig": "AccessConfigUpdate",
    "upgradePolicy": "UpgradePolicyUpdate",
    "zonalShiftConfig": "ZonalShiftConfigUpdate",
    "kubernetesNetworkConfig": "ConfigUpdate",
    "computeConfig": "AutoModeUpdate",
    "storageConfig": "AutoModeUpdate",
    "remoteNetworkConfig": "RemoteNetworkConfigUpdate",
}
AS_GIVEN = ("zonalShiftConfig", "remoteNetworkConfig", "computeConfig", "storageConfig")


@dataclass(slots=True)
class Cluster:
    """A cluster and everything that lives and dies with it, by name or id."""

    document: Document
    network_interfaces: list[str]
    node_groups: dict[str, Document] = field(default_factory=dict)
    addons: dict[str, Document] = field(default_factory=dict)
    entries: dict[str, Document] = field(default_factory=dict)  # by principal ARN
    policies: dict[str, dict[str, Document]] = field(default_factory=dict)  # the same, then policy
    identities: dict[str, Document] = field(default_factory=dict)  # by association id
    updates: dict[str, Document] = field(default_factory=dict)
    came_from: str = ""  # version before the last update in place; empty where it cannot go back
    updated_at: datetime = field(default_factory=utcnow)

    @property
    def name(self) -> str:
        return str(self.document["name"])

    def resources(self) -> Iterator[Document]:
        """Yield the documents that can carry tags."""
        yield self.document
        for named in (self.node_groups, self.addons, self.entries, self.identities):
            yield from named.values()


def tell_update(cluster: Cluster, kind: str, request: Document) -> Document:
    """Record a finished update, as DescribeUpdate will show it."""
    update = {
        "id": str(uuid4()),
        "status": "Successful",
        "type": kind,
        "params": [
            {"type": key[:1].upper() + key[1:], "value": str(value)}
            for key, value in request.items()
        ],
        "createdAt": utcnow(),
        "errors": [],
    }
    cluster.updates[str(update["id"])] = update
    return {"update": update}


class ClusterBackend(BaseBackend):
    """Clusters of one account and Region."""

    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        self.clusters: dict[str, Cluster] = {}

    @property
    def _url_module(self) -> Any:
        import moto.eks.urls

        return moto.eks.urls

    @property
    def ec2(self) -> Any:
        return ec2_backends[self.account_id][self.region_name]

    @property
    def logs(self) -> Any:
        return logs_backends[self.account_id][self.region_name]

    def arn(self, resource: str) -> str:
        return f"arn:{self.partition}:eks:{self.region_name}:{self.account_id}:{resource}"

    def cluster(self, name: str) -> Cluster:
        try:
            return self.clusters[name]
        except KeyError:
            message = f"No cluster found for name: {name}."
            raise not_found(message) from None

    def create_cluster(self, request: Document) -> Document:
        name = request["name"]
        if name in self.clusters:
            message = f"Cluster already exists with name: {name}"
            raise in_use(message)
        if not CLUSTER_NAME.fullmatch(name):
            message = f"The cluster name is invalid: {name}"
            raise invalid(message)
        require_role(request["roleArn"])
        if not request.get("version"):
            message = "This emulator knows no default Kubernetes version: name one"
            raise invalid(message)
        services = service_network(request.get("kubernetesNetworkConfig") or {})
        network = self._network(name, request["resourcesVpcConfig"])
        if services["ipFamily"] == "ipv6":
            require_dual_stack(self.subnets(network["subnetIds"]))
        cluster = Cluster(
            document=self._document(request, network, services),
            network_interfaces=self._interfaces(name, network),
        )
        self.clusters[name] = cluster
        if self.ec2.world.guardduty:
            watch_vpc(self.ec2, network["vpcId"], network["subnetIds"])
        self._log(cluster)
        return self.describe_cluster(request)

    def is_made(self, document: Document) -> bool:
        """Whether what was begun is done."""
        made = (utcnow() - document["createdAt"]).total_seconds()
        return bool(made >= self.ec2.world.eks_seconds)

    def require_active(self, cluster: Cluster) -> None:
        """Refuse nodes for a cluster that is still being made.

        Source:
            https://github.com/eksctl-io/eksctl/issues/2244
        """
        if not self.is_made(cluster.document):
            message = f"Cluster '{cluster.name}' is not in ACTIVE status"
            raise not_possible(message)

    def shown(self, document: Document) -> Document:
        """What is told of a cluster, a node group or an add-on."""
        return document if self.is_made(document) else {**document, "status": "CREATING"}

    def _log(self, cluster: Cluster) -> None:
        if any(row["enabled"] for row in cluster.document["logging"]["clusterLogging"]):
            self.logs.write(cluster.name)

    def _network(self, name: str, config: Document) -> Document:
        subnets = self.subnets(config.get("subnetIds", []))
        if len({subnet.availability_zone for subnet in subnets}) < 2:
            message = "Subnets specified must be in at least two different AZs"
            raise invalid(message)
        if len({subnet.vpc_id for subnet in subnets}) > 1:
            message = "Subnets specified must be in one VPC"
            raise invalid(message)
        if not config.get("endpointPrivateAccess") and not config.get("endpointPublicAccess", True):
            message = "Private and public endpoint access cannot both be false"
            raise invalid(message)
        self._require_groups(config.get("securityGroupIds", []))
        return {
            "subnetIds": list(config["subnetIds"]),
            "securityGroupIds": list(config.get("securityGroupIds", [])),
            "clusterSecurityGroupId": self._cluster_group(name, subnets[0].vpc_id),
            "vpcId": subnets[0].vpc_id,
            "endpointPublicAccess": config.get("endpointPublicAccess", True),
            "endpointPrivateAccess": config.get("endpointPrivateAccess", False),
            "publicAccessCidrs": config.get("publicAccessCidrs")
            or (["0.0.0.0/0"] if config.get("endpointPublicAccess", True) else []),
        }

    def subnets(self, subnet_ids: list[str]) -> list[Any]:
        found = {subnet.id: subnet for subnet in self.ec2.describe_subnets()}
        for subnet_id in subnet_ids:
            if subnet_id not in found:
                message = f"The subnet ID '{subnet_id}' does not exist"
                raise invalid(message)
        return [found[subnet_id] for subnet_id in subnet_ids]

    def _require_groups(self, group_ids: list[str]) -> None:
        for group_id in group_ids:
            if self.ec2.get_security_group_from_id(group_id) is None:
                message = f"The security group '{group_id}' does not exist"
                raise invalid(message)

    def _cluster_group(self, name: str, vpc_id: str) -> str:
        group = self.ec2.create_security_group(
            f"eks-cluster-sg-{name}-{uuid4().int % 10**9}",
            "EKS created security group applied to ENI that is attached to EKS Control Plane "
            "master nodes, as well as any managed workloads.",
            vpc_id=vpc_id,
            tags={"aws:eks:cluster-name": name, f"kubernetes.io/cluster/{name}": "owned"},
        )
        self.ec2.authorize_security_group_ingress(
            group.id, "-1", None, None, [], source_groups=[{"GroupId": group.id}]
        )
        return str(group.id)

    def _interfaces(self, name: str, network: Document) -> list[str]:
        """Make the cross-account interfaces of the control plane, in two subnets."""
        groups = [network["clusterSecurityGroupId"], *network["securityGroupIds"]]
        return [
            self.ec2.create_network_interface(
                subnet, None, group_ids=groups, description=f"Amazon EKS {name}"
            ).id
            for subnet in self.subnets(network["subnetIds"])[:2]
        ]

    def _document(self, request: Document, network: Document, services: Document) -> Document:
        name, identity = request["name"], uuid4().hex.upper()
        region = self.region_name
        certificate = f"-----BEGIN CERTIFICATE-----\n{identity}\n-----END CERTIFICATE-----\n"
        access = request.get("accessConfig") or {}
        issuer = f"https://oidc.eks.{region}.amazonaws.com/id/{identity}"
        return {
            "name": name,
            "arn": self.arn(f"cluster/{name}"),
            "createdAt": utcnow(),
            "version": request["version"],
            "endpoint": f"https://{identity}.gr7.{region}.eks.amazonaws.com",
            "roleArn": request["roleArn"],
            "resourcesVpcConfig": network,
            "kubernetesNetworkConfig": services,
            "logging": _logging(request.get("logging")),
            "identity": {"oidc": {"issuer": issuer}},
            "status": "ACTIVE",
            "certificateAuthority": {"data": base64.b64encode(certificate.encode()).decode()},
            "platformVersion": "eks.1",
            "tags": dict(request.get("tags") or {}),
            "encryptionConfig": request.get("encryptionConfig") or [],
            "health": {"issues": []},
            "accessConfig": {"authenticationMode": "CONFIG_MAP", **access},
            "upgradePolicy": request.get("upgradePolicy") or {"supportType": "EXTENDED"},
            **{key: request[key] for key in AS_GIVEN if request.get(key)},
            "deletionProtection": request.get("deletionProtection", False),
        }

    def describe_cluster(self, request: Document) -> Document:
        told = self.shown(self.cluster(request["name"]).document)
        if told["status"] == "CREATING":  # there is no API to reach yet
            unknown = {"endpoint", "certificateAuthority"}
            told = {key: value for key, value in told.items() if key not in unknown}
        return {"cluster": told}

    def list_clusters(self, _request: Document) -> Document:
        return {"clusters": sorted(self.clusters)}

    def update_cluster_config(self, request: Document) -> Document:
        cluster = self.cluster(request["name"])
        change = {key: value for key, value in request.items() if key in MERGED and value}
        if len({*map(MERGED.get, change), *(("logging",) if request.get("logging") else ())}) > 1:
            message = "Only one type of update can be allowed."
            raise invalid(message)
        self._require_same_zones(cluster, change.get("resourcesVpcConfig", {}))
        for key, value in change.items():
            cluster.document[key] = {**cluster.document.get(key, {}), **value}
        if request.get("logging"):
            cluster.document["logging"] = _logging(request["logging"], cluster.document["logging"])
            self._log(cluster)
            return tell_update(cluster, "LoggingUpdate", {"clusterLogging": request["logging"]})
        if "deletionProtection" in request:
            cluster.document["deletionProtection"] = request["deletionProtection"]
        kind = next((MERGED[key] for key in change), "ConfigUpdate")
        return tell_update(cluster, kind, change)

    def _require_same_zones(self, cluster: Cluster, change: Document) -> None:
        """Refuse subnets in any other zones than those the cluster was made with.

        Source:
            https://docs.aws.amazon.com/eks/latest/userguide/network-reqs.html
        """
        if not change.get("subnetIds"):
            return
        before = cluster.document["resourcesVpcConfig"]["subnetIds"]
        zones, born = self._zones(change["subnetIds"]), self._zones(before)
        if zones != born:
            message = (
                f"Provided subnets belong to the AZs '{','.join(zones)}'. But they should belong "
                f"to the exact set of AZs '{','.join(born)}' in which subnets were provided "
                "during cluster creation."
            )
            raise invalid(message)

    def _zones(self, subnet_ids: list[str]) -> list[str]:
        return sorted({subnet.availability_zone for subnet in self.subnets(subnet_ids)})

    def update_cluster_version(self, request: Document) -> Document:
        cluster = self.cluster(request["name"])
        now, wanted = cluster.document["version"], request["version"]
        goes_back = wanted == cluster.came_from and _is_recent(cluster.updated_at)
        if wanted != next_minor(now) and not goes_back:
            message = f"Unsupported Kubernetes minor version update from {now} to {wanted}"
            raise invalid(message)
        cluster.document["version"] = wanted
        cluster.came_from, cluster.updated_at = ("" if goes_back else now), utcnow()
        kind = "VersionRollback" if goes_back else "VersionUpdate"
        return tell_update(cluster, kind, {"version": request["version"]})

    def associate_encryption_config(self, request: Document) -> Document:
        cluster = self.cluster(request["clusterName"])
        cluster.document["encryptionConfig"] = request["encryptionConfig"]
        return tell_update(cluster, "AssociateEncryptionConfig", {})

    def describe_update(self, request: Document) -> Document:
        cluster = self.cluster(request["name"])
        update = cluster.updates.get(request["updateId"])
        if update is None:
            message = f"No update found for ID: {request['updateId']}"
            raise not_found(message)
        return {"update": update}

    def list_updates(self, request: Document) -> Document:
        return {"updateIds": list(self.cluster(request["name"]).updates)}

    def delete_cluster(self, request: Document) -> Document:
        cluster = self.cluster(request["name"])
        if cluster.node_groups:
            message = "Cluster has nodegroups attached"
            raise in_use(message)
        if cluster.document["deletionProtection"]:
            message = "Cluster has deletion protection enabled"
            raise not_possible(message)
        del self.clusters[cluster.name]
        if any(row["enabled"] for row in cluster.document["logging"]["clusterLogging"]):
            self.logs.write_last(cluster.name)
        for interface in cluster.network_interfaces:
            self.ec2.enis.pop(interface, None)
        with suppress(EC2ClientError):  # still in use: EKS leaves the group behind, too
            self.ec2.delete_security_group(
                group_id=cluster.document["resourcesVpcConfig"]["clusterSecurityGroupId"]
            )
        return {"cluster": {**cluster.document, "status": "DELETING"}}


def require_role(arn: str) -> None:
    """Refuse what is not the ARN of a role."""
    if not ROLE_ARN.fullmatch(arn):
        message = f"Invalid Role Arn: '{arn}'"
        raise invalid(message)


def _logging(change: Document | None, before: Document | None = None) -> Document:
    enabled: set[str] = set()
    for row in (before or {}).get("clusterLogging", []):
        enabled |= set(row["types"]) if row["enabled"] else set()
    for row in (change or {}).get("clusterLogging", []):
        types = set(row.get("types", []))
        enabled = enabled | types if row.get("enabled") else enabled - types
    disabled = set(LOG_TYPES) - enabled
    rows = [(sorted(enabled), True), (sorted(disabled), False)]
    return {"clusterLogging": [{"types": types, "enabled": on} for types, on in rows if types]}


def _is_recent(moment: datetime) -> bool:
    """Whether EKS may still take a control plane back; which versions nodes run is not known here.

    Source:
        https://docs.aws.amazon.com/eks/latest/userguide/rollback-cluster.html
    """
    days = load_facts().parameter("control-plane-rollback-days")
    return utcnow() - moment <= timedelta(days=days)


def next_minor(version: str) -> str:
    """Name the only Kubernetes version that EKS updates a control plane to.

    Source:
        https://docs.aws.amazon.com/eks/latest/userguide/update-cluster.html

    >>> next_minor("1.34")
    '1.35'
    """
    major, _, minor = version.partition(".")
    return f"{major}.{int(minor) + 1}" if minor.isdecimal() else ""
