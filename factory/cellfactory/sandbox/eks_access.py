"""EKS access entries and the access policies associated with them.

Whoever creates a cluster gets no entry, whatever the request says of its creator.

Source:
    https://docs.aws.amazon.com/eks/latest/userguide/access-entries.html
    https://docs.aws.amazon.com/eks/latest/userguide/access-policies.html
"""

from __future__ import annotations

import re
from uuid import uuid4

from moto.core.utils import utcnow

from cellfactory.sandbox.eks_clusters import Cluster, Document
from cellfactory.sandbox.eks_errors import in_use, invalid, not_found, not_possible
from cellfactory.sandbox.eks_nodes import NodeGroupBackend

PRINCIPAL = re.compile(
    r"arn:aws[a-z-]*:(?:iam|sts)::(\d{12}):(user|role|assumed-role)/(?:.*/)?(.+)"
)
POLICY = "arn:aws:eks::aws:cluster-access-policy/"
POLICIES = (
    "AmazonEKSAdminPolicy",
    "AmazonEKSAdminViewPolicy",
    "AmazonEKSClusterAdminPolicy",
    "AmazonEKSEditPolicy",
    "AmazonEKSSecretReaderPolicy",
    "AmazonEKSViewPolicy",
)
NODE_TYPES = ("EC2", "EC2_LINUX", "EC2_WINDOWS", "FARGATE_LINUX", "HYBRID_LINUX")
RESERVED_GROUPS = ("system:", "eks:", "aws:", "amazon:", "iam:")


class AccessBackend(NodeGroupBackend):
    """Access entries of the clusters of one account and Region."""

    def _entry(self, request: Document) -> tuple[Cluster, Document]:
        cluster = self._with_entries(request)
        try:
            return cluster, cluster.entries[request["principalArn"]]
        except KeyError:
            message = (
                "The specified principalArn could not be found. You can view your available "
                "access entries with 'list-access-entries'."
            )
            raise not_found(message) from None

    def _with_entries(self, request: Document) -> Cluster:
        cluster = self.cluster(request["clusterName"])
        if cluster.document["accessConfig"]["authenticationMode"] == "CONFIG_MAP":
            message = (
                "The cluster's authentication mode must be set to one of "
                "[API, API_AND_CONFIG_MAP] to perform this operation."
            )
            raise not_possible(message)
        return cluster

    def admit_nodes(self, cluster: Cluster, role: str) -> None:
        """Make the entry that EKS makes for the role of a managed node group."""
        mode = cluster.document["accessConfig"]["authenticationMode"]
        if mode != "CONFIG_MAP" and role not in cluster.entries:
            self.create_access_entry(
                {"clusterName": cluster.name, "principalArn": role, "type": "EC2_LINUX"}
            )

    def create_access_entry(self, request: Document) -> Document:
        cluster = self._with_entries(request)
        principal = request["principalArn"]
        if principal in cluster.entries:
            message = "The specified access entry resource is already in use on this cluster."
            raise in_use(message)
        entry = self._entry_document(cluster, request)
        cluster.entries[principal] = entry
        cluster.policies[principal] = {}
        return {"accessEntry": entry}

    def _entry_document(self, cluster: Cluster, request: Document) -> Document:
        principal, kind = request["principalArn"], request.get("type") or "STANDARD"
        match = PRINCIPAL.fullmatch(principal)
        if not match:
            message = f"The specified principalArn is invalid: invalid principal {principal}."
            raise invalid(message)
        account, sort, name = match.groups()
        groups = _groups(kind, request.get("kubernetesGroups") or [])
        now = utcnow()
        return {
            "clusterName": cluster.name,
            "principalArn": principal,
            "kubernetesGroups": groups,
            "accessEntryArn": self.arn(
                f"access-entry/{cluster.name}/{sort}/{account}/{name}/{uuid4()}"
            ),
            "createdAt": now,
            "modifiedAt": now,
            "tags": dict(request.get("tags") or {}),
            "username": request.get("username") or _user_name(kind, principal, account, sort, name),
            "type": kind,
        }

    def describe_access_entry(self, request: Document) -> Document:
        return {"accessEntry": self._entry(request)[1]}

    def list_access_entries(self, request: Document) -> Document:
        cluster = self._with_entries(request)
        wanted = request.get("associatedPolicyArn")
        return {
            "accessEntries": [
                principal
                for principal in sorted(cluster.entries)
                if wanted is None or wanted in cluster.policies[principal]
            ]
        }

    def update_access_entry(self, request: Document) -> Document:
        _, entry = self._entry(request)
        if "kubernetesGroups" in request:
            entry["kubernetesGroups"] = _groups(entry["type"], request["kubernetesGroups"] or [])
        entry["username"] = request.get("username") or entry["username"]
        entry["modifiedAt"] = utcnow()
        return {"accessEntry": entry}

    def delete_access_entry(self, request: Document) -> Document:
        cluster, entry = self._entry(request)
        del cluster.entries[entry["principalArn"]]
        del cluster.policies[entry["principalArn"]]
        return {}

    def associate_access_policy(self, request: Document) -> Document:
        cluster, entry = self._entry(request)
        if entry["type"] in NODE_TYPES:
            message = f"Access policies cannot be associated with an entry of type {entry['type']}"
            raise not_possible(message)
        arn, scope = request["policyArn"], request["accessScope"]
        if arn.removeprefix(POLICY) not in POLICIES:
            message = f"The policyArn {arn} could not be found"
            raise not_found(message)
        if (scope["type"] == "namespace") != bool(scope.get("namespaces")):
            message = "Namespaces are named for the scope type namespace, and only for it"
            raise invalid(message)
        known = cluster.policies[entry["principalArn"]]
        now = utcnow()
        known[arn] = {
            "policyArn": arn,
            "accessScope": {"type": scope["type"], "namespaces": scope.get("namespaces") or []},
            "associatedAt": known.get(arn, {}).get("associatedAt", now),
            "modifiedAt": now,
        }
        return {
            "clusterName": cluster.name,
            "principalArn": entry["principalArn"],
            "associatedAccessPolicy": known[arn],
        }

    def disassociate_access_policy(self, request: Document) -> Document:
        cluster, entry = self._entry(request)
        if cluster.policies[entry["principalArn"]].pop(request["policyArn"], None) is None:
            message = "The specified policy is not associated with the access entry"
            raise not_found(message)
        return {}

    def list_associated_access_policies(self, request: Document) -> Document:
        cluster, entry = self._entry(request)
        return {
            "clusterName": cluster.name,
            "principalArn": entry["principalArn"],
            "associatedAccessPolicies": list(cluster.policies[entry["principalArn"]].values()),
        }

    def list_access_policies(self, _request: Document) -> Document:
        return {"accessPolicies": [{"name": name, "arn": POLICY + name} for name in POLICIES]}


def _groups(kind: str, groups: list[str]) -> list[str]:
    if kind in NODE_TYPES:
        if groups:
            message = f"Kubernetes groups cannot be set for an entry of type {kind}"
            raise invalid(message)
        return ["system:nodes"]
    for group in groups:
        if group.startswith(RESERVED_GROUPS):
            message = (
                f"The kubernetes group name {group} is invalid, it begins with a reserved word"
            )
            raise invalid(message)
    return list(groups)


def _user_name(kind: str, principal: str, account: str, sort: str, name: str) -> str:
    if kind in NODE_TYPES:
        return "system:node:{{EC2PrivateDNSName}}"
    if sort == "user":
        return principal
    return f"arn:aws:sts::{account}:assumed-role/{name}/{{{{SessionName}}}}"
