"""EKS add-ons and pod identity associations.

An add-on becomes ACTIVE with or without nodes. Where no version is asked for, the
emulator answers a version that no real add-on has, rather than guess AWS's default.

Source:
    https://docs.aws.amazon.com/eks/latest/APIReference/API_CreateAddon.html
    https://docs.aws.amazon.com/eks/latest/APIReference/API_CreatePodIdentityAssociation.html
"""

from __future__ import annotations

import json
from typing import Any
from uuid import uuid4

from moto.core.utils import utcnow

from cellfactory.documents import load_data
from cellfactory.facts.loader import load_facts
from cellfactory.sandbox.addon_versions import is_offered
from cellfactory.sandbox.eks_access import AccessBackend
from cellfactory.sandbox.eks_clusters import Cluster, Document, require_role, tell_update
from cellfactory.sandbox.eks_errors import in_use, invalid, not_found

SOME_VERSION = "v0.0.0-eksbuild.0"
ADDON_NAMESPACE = "kube-system"


class AddonBackend(AccessBackend):
    """Add-ons and pod identities of the clusters of one account and Region."""

    def _addon(self, request: Document) -> tuple[Cluster, Document]:
        cluster = self.cluster(request["clusterName"])
        try:
            return cluster, cluster.addons[request["addonName"]]
        except KeyError:
            message = f"No addon: {request['addonName']} found in cluster: {cluster.name}"
            raise not_found(message) from None

    def create_addon(self, request: Document) -> Document:
        cluster, name = self.cluster(request["clusterName"]), request["addonName"]
        if name in cluster.addons:
            message = "Addon already exists."
            raise in_use(message)
        self._require_version(cluster, name, request.get("addonVersion"))
        configuration = request.get("configurationValues")
        require_configuration(name, configuration)
        now = utcnow()
        addon = {
            "addonName": name,
            "clusterName": cluster.name,
            "status": "ACTIVE",
            "addonVersion": request.get("addonVersion") or SOME_VERSION,
            "health": {"issues": []},
            "addonArn": self.arn(f"addon/{cluster.name}/{name}/{uuid4()}"),
            "createdAt": now,
            "modifiedAt": now,
            "tags": dict(request.get("tags") or {}),
            "publisher": "eks",
            "owner": "aws",
            "podIdentityAssociations": [],
        }
        for key in ("serviceAccountRoleArn", "configurationValues"):
            if request.get(key):
                addon[key] = request[key]
        self._own_identities(cluster, addon, request.get("podIdentityAssociations") or [])
        cluster.addons[name] = addon
        return {"addon": self.shown(addon)}

    def _require_version(self, cluster: Cluster, name: str, version: str | None) -> None:
        if version and not is_offered(name, version, cluster.document["version"]):
            message = "Addon version specified is not supported"
            raise invalid(message)

    def _own_identities(self, cluster: Cluster, addon: Document, wanted: list[Document]) -> None:
        self._drop_identities(cluster, addon)
        addon["podIdentityAssociations"] = [
            self._new_identity(
                cluster,
                {**one, "namespace": ADDON_NAMESPACE, "ownerArn": addon["addonArn"]},
            )["associationArn"]
            for one in wanted
        ]

    def _drop_identities(self, cluster: Cluster, addon: Document) -> None:
        for key, identity in list(cluster.identities.items()):
            if identity.get("ownerArn") == addon["addonArn"]:
                del cluster.identities[key]

    def describe_addon(self, request: Document) -> Document:
        return {"addon": self.shown(self._addon(request)[1])}

    def list_addons(self, request: Document) -> Document:
        return {"addons": sorted(self.cluster(request["clusterName"]).addons)}

    def update_addon(self, request: Document) -> Document:
        cluster, addon = self._addon(request)
        self._require_version(cluster, addon["addonName"], request.get("addonVersion"))
        require_configuration(addon["addonName"], request.get("configurationValues"))
        for key in ("addonVersion", "serviceAccountRoleArn", "configurationValues"):
            if request.get(key) is not None:
                addon[key] = request[key]
        if request.get("podIdentityAssociations") is not None:
            self._own_identities(cluster, addon, request["podIdentityAssociations"])
        addon["modifiedAt"] = utcnow()
        return tell_update(cluster, "AddonUpdate", {"addonName": addon["addonName"]})

    def delete_addon(self, request: Document) -> Document:
        cluster, addon = self._addon(request)
        self._drop_identities(cluster, addon)
        del cluster.addons[addon["addonName"]]
        return {"addon": {**addon, "status": "DELETING"}}

    def describe_addon_versions(self, request: Document) -> Document:
        version, name = request.get("kubernetesVersion"), request.get("addonName")
        compatible = [{"clusterVersion": version, "defaultVersion": True}] if version else []
        published = [
            row.version
            for row in load_facts().addons.values()
            if row.addon == name and version in (None, row.kubernetes)
        ]
        rows = [
            {"addonVersion": each, "compatibilities": compatible}
            for each in published or [SOME_VERSION]
        ]
        owner = {"publisher": "eks", "owner": "aws"}
        return {"addons": [{"addonName": name, "addonVersions": rows, **owner}] if name else []}

    def describe_cluster_versions(self, request: Document) -> Document:
        asked = request.get("clusterVersions")
        return {
            "clusterVersions": [
                {"clusterVersion": name, "versionStatus": "STANDARD_SUPPORT"}
                for name in load_facts().kubernetes
                if not asked or name in asked
            ]
        }

    def create_pod_identity_association(self, request: Document) -> Document:
        cluster = self.cluster(request["clusterName"])
        return {"association": self._new_identity(cluster, request)}

    def _new_identity(self, cluster: Cluster, request: Document) -> Document:
        require_role(request["roleArn"])
        namespace, account = request["namespace"], request["serviceAccount"]
        for known in cluster.identities.values():
            if (known["namespace"], known["serviceAccount"]) == (namespace, account):
                message = (
                    f"Association already exists: {known['associationId']} "
                    f"for service account {namespace}/{account}"
                )
                raise in_use(message)
        key = "a-" + uuid4().hex[:17]
        now = utcnow()
        identity = {
            "clusterName": cluster.name,
            "namespace": namespace,
            "serviceAccount": account,
            "roleArn": request["roleArn"],
            "associationArn": self.arn(f"podidentityassociation/{cluster.name}/{key}"),
            "associationId": key,
            "tags": dict(request.get("tags") or {}),
            "createdAt": now,
            "modifiedAt": now,
            "disableSessionTags": request.get("disableSessionTags") or False,
        }
        for name in ("ownerArn", "targetRoleArn"):
            if request.get(name):
                identity[name] = request[name]
        cluster.identities[key] = identity
        return identity

    def _identity(self, request: Document) -> tuple[Cluster, Document]:
        cluster = self.cluster(request["clusterName"])
        try:
            return cluster, cluster.identities[request["associationId"]]
        except KeyError:
            message = f"No pod identity association found for ID: {request['associationId']}"
            raise not_found(message) from None

    def describe_pod_identity_association(self, request: Document) -> Document:
        return {"association": self._identity(request)[1]}

    def list_pod_identity_associations(self, request: Document) -> Document:
        wanted = [(key, request[key]) for key in ("namespace", "serviceAccount") if key in request]
        return {
            "associations": [
                identity
                for identity in self.cluster(request["clusterName"]).identities.values()
                if all(identity[key] == value for key, value in wanted)
            ]
        }

    def update_pod_identity_association(self, request: Document) -> Document:
        _, identity = self._identity(request)
        for key in ("roleArn", "disableSessionTags", "targetRoleArn"):
            if request.get(key) is not None:
                identity[key] = request[key]
        identity["modifiedAt"] = utcnow()
        return {"association": identity}

    def delete_pod_identity_association(self, request: Document) -> Document:
        cluster, identity = self._identity(request)
        del cluster.identities[identity["associationId"]]
        return {"association": identity}


def require_configuration(addon: str, text: str | None) -> None:
    """Refuse configuration values that the add-on's own schema would refuse.

    Checked for every add-on: JSON or YAML, and an object. Checked for vpc-cni, whose
    schema is closed there: `enableNetworkPolicy` and the values of `env` are strings, and
    `eniConfig` that creates has a Region and at least one subnet with an id.
    """
    if not text:
        return
    try:
        values = json.loads(text) if text.lstrip().startswith("{") else load_data(text)
    except ValueError:
        values = None
    if not isinstance(values, dict):
        message = "ConfigurationValue provided in request is not valid JSON or YAML"
        raise invalid(message)
    if addon == "vpc-cni" and (fault := _cni_fault(values)):
        message = (
            "ConfigurationValue provided in request is not supported: "
            f"Json schema validation failed with error: [$.{fault}]"
        )
        raise invalid(message)


def _cni_fault(values: dict[str, Any]) -> str | None:
    texts = {f"env.{key}": value for key, value in (values.get("env") or {}).items()}
    texts["enableNetworkPolicy"] = values.get("enableNetworkPolicy", "false")
    for key, value in texts.items():
        if not isinstance(value, str):
            return f"{key}: {type(value).__name__} found, string expected"
    if "eniConfig" not in values:
        return None
    config = values["eniConfig"]
    for key in ("create", "region", "subnets"):
        if key not in config:
            return f"eniConfig.{key}: is missing but it is required"
    if not config["subnets"]:
        return "eniConfig.subnets: should have a minimum of 1 properties"
    for name, subnet in config["subnets"].items():
        if "id" not in subnet:
            return f"eniConfig.subnets.{name}.id: is missing but it is required"
    return None
