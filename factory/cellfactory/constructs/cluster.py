"""The EKS cluster of a cell, who may administer it, and its add-ons.

The add-ons come in an order that makes nodes useful the moment they join: the pod identity agent,
kube-proxy and the VPC CNI with its ENIConfigs first, node groups next, CoreDNS (which needs a node
to run on) last.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from cellfactory.constructs.cdk import (
    EksAccessEntry,
    EksAccessPolicyAssociation,
    EksAccessPolicyAssociationAccessScope,
    EksAddon,
    EksAddonPodIdentityAssociation,
    EksAddonTimeouts,
    EksCluster,
    EksClusterAccessConfig,
    EksClusterControlPlaneScalingConfig,
    EksClusterEncryptionConfig,
    EksClusterEncryptionConfigProvider,
    EksClusterKubernetesNetworkConfig,
    EksClusterUpgradePolicy,
    EksClusterVpcConfig,
    EksClusterZonalShiftConfig,
    IamRole,
    IamRolePolicy,
    ITerraformDependable,
    KmsAlias,
    KmsKey,
    TerraformLocal,
    TerraformStack,
)
from cellfactory.constructs.guards import kept
from cellfactory.constructs.policies import policy_document
from cellfactory.constructs.roles import POD_IDENTITY, add_service_role
from cellfactory.constructs.stack import for_each
from cellfactory.naming import cluster_name, key_alias, role_name
from cellfactory.specs.layers import ClusterSpec

_ADMIN_POLICY = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy"
_KEY_DELETION_DAYS = 30
_ADDON_TIMEOUT = "120m"  # a tenth of the nodes at a time, of more than a thousand
_OF_DAEMONS = ("eks-node-monitoring-agent",)  # as whole without nodes as with them
_IDENTITIES = {
    "aws-ebs-csi-driver": ("ebs-csi-controller-sa", "service-role/AmazonEBSCSIDriverPolicy"),
    "amazon-cloudwatch-observability": ("cloudwatch-agent", "CloudWatchAgentServerPolicy"),
}
"""Service account of an add-on that calls AWS, and the policy that it needs.

Source: https://docs.aws.amazon.com/eks/latest/userguide/workloads-add-ons-available-eks.html
"""


_FIND_INTERFACES = {
    "Effect": "Allow",
    "Action": [
        *("ec2:DescribeInstanceTypes", "ec2:DescribeInstances"),
        *("ec2:DescribeNetworkInterfaces", "ec2:DescribeTags"),
    ],
    "Resource": "*",
}
_CHANGE_INTERFACES = {
    "Effect": "Allow",
    "Action": ["ec2:AssignIpv6Addresses", "ec2:CreateTags"],
    "Resource": ["arn:aws:ec2:*:*:network-interface/*"],
}


class CellCluster:
    """The control plane of a cell; private, with secrets under the cell's own key."""

    def __init__(self, stack: TerraformStack, cell: ClusterSpec) -> None:
        self._stack = stack
        self._cell = cell
        key = KmsKey(
            stack,
            "secrets-key",
            description=f"Kubernetes secrets of cell {cell.name}",
            enable_key_rotation=True,
            deletion_window_in_days=_KEY_DELETION_DAYS,
            lifecycle=kept(),
        )
        KmsAlias(stack, "secrets-alias", name=key_alias(cell.name), target_key_id=key.key_id)
        role, attachments = add_service_role(
            stack,
            "cluster",
            name=role_name(cell.name, "cluster"),
            service="eks.amazonaws.com",
            boundary=cell.boundary,
            policies=["AmazonEKSClusterPolicy"],
        )
        self.cluster = self._add_cluster(key.arn, role.arn, attachments)
        self._add_admins()

    def _add_cluster(
        self, key_arn: str, role_arn: str, after: Sequence[ITerraformDependable]
    ) -> EksCluster:
        cell, plane = self._cell, self._cell.control_plane
        return EksCluster(
            self._stack,
            "cell",
            name=cluster_name(cell.name),
            role_arn=role_arn,
            version=plane.kubernetes_version,
            bootstrap_self_managed_addons=False,
            enabled_cluster_log_types=list(plane.logs),
            access_config=EksClusterAccessConfig(
                authentication_mode="API", bootstrap_cluster_creator_admin_permissions=False
            ),
            encryption_config=EksClusterEncryptionConfig(
                provider=EksClusterEncryptionConfigProvider(key_arn=key_arn),
                resources=["secrets"],
            ),
            kubernetes_network_config=_network_config(cell),
            upgrade_policy=EksClusterUpgradePolicy(support_type=plane.support.upper()),
            # What the oldest provider of our range does not know is written where it is asked for.
            deletion_protection=plane.deletion_protection or None,
            control_plane_scaling_config=(
                EksClusterControlPlaneScalingConfig(tier=f"tier-{plane.tier}")
                if plane.tier != "standard"
                else None
            ),
            zonal_shift_config=(
                EksClusterZonalShiftConfig(enabled=True) if plane.zonal_shift else None
            ),
            vpc_config=EksClusterVpcConfig(
                subnet_ids=[f'${{var.control_plane_subnet_ids["{z}"]}}' for z in cell.zones],
                security_group_ids=['${var.security_group_ids["control-plane"]}'],
                endpoint_private_access=True,
                endpoint_public_access=False,
            ),
            depends_on=list(after),
            lifecycle=kept(),
        )

    def _add_admins(self) -> None:
        self._add_admin(self._cell.deployer, "-deployer")
        rows = {arn: {"principal": arn} for arn in self._cell.admins}
        if rows:
            TerraformLocal(self._stack, "admins", rows)
            for element in self._add_admin("${each.value.principal}"):
                for_each(element, "${local.admins}")

    def _add_admin(
        self, principal: str, suffix: str = ""
    ) -> tuple[EksAccessEntry, EksAccessPolicyAssociation]:
        entry = EksAccessEntry(
            self._stack,
            f"admin{suffix}",
            cluster_name=self.cluster.name,
            principal_arn=principal,
        )
        policy = EksAccessPolicyAssociation(
            self._stack,
            f"admin-policy{suffix}",
            cluster_name=self.cluster.name,
            principal_arn=principal,
            policy_arn=_ADMIN_POLICY,
            access_scope=EksAccessPolicyAssociationAccessScope(type="cluster"),
            depends_on=[entry],
        )
        return entry, policy

    def add_boot_addons(self) -> list[EksAddon]:
        """Add what a node needs before it joins; node groups wait for all of it."""
        agent = self._addon("eks-pod-identity-agent")
        proxy = self._addon("kube-proxy")
        role, attachments = add_service_role(
            self._stack,
            "vpc-cni",
            name=role_name(self._cell.name, "vpc-cni"),
            service=POD_IDENTITY,
            boundary=self._cell.boundary,
            policies=["AmazonEKS_CNI_Policy"] if self._cell.service_block else [],
        )
        needed = [agent, *attachments, *self._allow_ipv6_prefixes(role)]
        cni = self._addon(
            "vpc-cni",
            after=needed,
            configuration=_cni_configuration(self._cell),
            identity=EksAddonPodIdentityAssociation(role_arn=role.arn, service_account="aws-node"),
        )
        for name in _OF_DAEMONS:
            if name in self._cell.addons:
                self._addon(name, after=[agent])
        return [agent, proxy, cni]

    def _allow_ipv6_prefixes(self, role: IamRole) -> list[IamRolePolicy]:
        """Let the VPC CNI of IPv6 pods attach prefixes: AWS manages no policy for that.

        Source: https://docs.aws.amazon.com/eks/latest/userguide/cni-iam-role.html
        """
        if self._cell.service_block is not None:
            return []
        policy = policy_document([_FIND_INTERFACES, _CHANGE_INTERFACES])
        return [
            IamRolePolicy(self._stack, "vpc-cni-ipv6", name="ipv6", role=role.name, policy=policy)
        ]

    def add_late_addons(self, after: Sequence[ITerraformDependable]) -> None:
        """Add what runs on nodes, once there are some."""
        for name in ("coredns", "metrics-server", *_IDENTITIES):
            if name in self._cell.addons:
                identity, attachments = self._identity(name)
                self._addon(name, after=[*after, *attachments], identity=identity)

    def _identity(
        self, addon: str
    ) -> tuple[EksAddonPodIdentityAssociation | None, Sequence[ITerraformDependable]]:
        """Add the role of an add-on that calls AWS."""
        if addon not in _IDENTITIES:
            return None, ()
        account, policy = _IDENTITIES[addon]
        role, attachments = add_service_role(
            self._stack,
            addon,
            name=role_name(self._cell.name, account),
            service=POD_IDENTITY,
            boundary=self._cell.boundary,
            policies=[policy],
        )
        identity = EksAddonPodIdentityAssociation(role_arn=role.arn, service_account=account)
        return identity, attachments

    def _addon(
        self,
        name: str,
        *,
        after: Sequence[ITerraformDependable] = (),
        configuration: str | None = None,
        identity: EksAddonPodIdentityAssociation | None = None,
    ) -> EksAddon:
        return EksAddon(
            self._stack,
            f"addon-{name}",
            cluster_name=self.cluster.name,
            addon_name=name,
            addon_version=self._cell.addons[name].version,
            resolve_conflicts_on_create="OVERWRITE",
            resolve_conflicts_on_update="OVERWRITE",
            configuration_values=configuration or _as_json(self._cell.addons[name].configuration),
            pod_identity_association=[identity] if identity else None,
            timeouts=EksAddonTimeouts(
                create=_ADDON_TIMEOUT, update=_ADDON_TIMEOUT, delete=_ADDON_TIMEOUT
            ),
            depends_on=list(after) or None,
        )


def _network_config(cell: ClusterSpec) -> EksClusterKubernetesNetworkConfig:
    """Choose the family of pods and services; EKS takes no block for services of IPv6."""
    if cell.service_block is None:
        return EksClusterKubernetesNetworkConfig(ip_family="ipv6")
    return EksClusterKubernetesNetworkConfig(
        ip_family="ipv4", service_ipv4_cidr=str(cell.service_block)
    )


def _cni_configuration(cell: ClusterSpec) -> str:
    """The add-on's JSON, made by Terraform: ENIConfigs are keyed by zone names.

    Zone names differ from account to account; the network layer reads them and hands them on.
    """
    configured = {
        name: json.dumps(value, sort_keys=True)
        for name, value in sorted(cell.addons["vpc-cni"].configuration.items())
    }
    if cell.service_block is None:
        return json.dumps(cell.addons["vpc-cni"].configuration, sort_keys=True)
    subnet = '{ id = id, securityGroups = [var.security_group_ids["pod"]] }'
    subnets = f"{{ for zone, id in var.pod_subnet_ids : var.zone_names[zone] => {subnet} }}"
    eni_config = f'{{ create = true, region = "{cell.region}", subnets = {subnets} }}'
    parts = {**configured, "eniConfig": eni_config}
    values = ", ".join(f"{_key(name)} = {value}" for name, value in parts.items())
    return f"${{jsonencode({{ {values} }})}}"


def _key(name: str) -> str:
    return name if name.isidentifier() else json.dumps(name)


def _as_json(configuration: Mapping[str, Any]) -> str | None:
    return json.dumps(configuration, sort_keys=True) if configuration else None
