"""The cluster and its network plugin: P4xx."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from cellfactory.policy.model import policy, resources
from cellfactory.policy.subject import Subject, dig, is_true, is_unknown, listed
from cellfactory.tree.values import Value, decode_json

LOGS = ("api", "audit", "authenticator")
_CNI = "vpc-cni"
LOCKED = {
    "ENABLE_PREFIX_DELEGATION": "true",
    "AWS_VPC_K8S_CNI_CUSTOM_NETWORK_CFG": "true",
    "AWS_VPC_K8S_CNI_EXTERNALSNAT": "false",
    "WARM_IP_TARGET": "0",
}
"""What the CNI of a static cell is set to, whatever its size; see `specs.cni`."""
LOCKED_IPV6 = {"ENABLE_IPv4": "false", "ENABLE_IPv6": "true", "ENABLE_PREFIX_DELEGATION": "true"}
"""The same of a cell whose pods have IPv6 addresses; nothing there depends on its size."""
SIZED = ("MAX_ENI", "MINIMUM_IP_TARGET", "ENI_CONFIG_LABEL_DEF")
"""What it has to be set to by the size of the cell."""
_PREFIX = 16  # addresses of a /28


def _cluster(**changes: Any) -> Any:
    body = {
        "version": "1.34",
        "vpc_config": {"endpoint_private_access": True, "endpoint_public_access": False},
        "encryption_config": {"resources": ["secrets"], "provider": {"key_arn": "arn:aws:kms:…"}},
        "enabled_cluster_log_types": list(LOGS),
        "access_config": {
            "authentication_mode": "API",
            "bootstrap_cluster_creator_admin_permissions": False,
        },
    }
    return resources(aws_eks_cluster={"cell": {**body, **changes}})


def _cni(network_policy: str = "true", **env: str) -> Any:
    sized = {"MAX_ENI": "2", "MINIMUM_IP_TARGET": "96", "ENI_CONFIG_LABEL_DEF": "zone"}
    values = {"enableNetworkPolicy": network_policy, "env": {**LOCKED, **sized, **env}}
    return _addon(configuration_values=json.dumps(values, sort_keys=True))


def _addon(**changes: Any) -> Any:
    body = {"addon_name": _CNI, "addon_version": "v1.23.1-eksbuild.1", **changes}
    return resources(aws_eks_addon={"cni": body})


@policy(
    "P401",
    "The Kubernetes API has no public endpoint",
    types="aws_eks_cluster",
    reason="A public endpoint is found within hours; what guards it then is one token.",
    remedy="set endpoint_public_access to false and endpoint_private_access to true",
    controls=("FSBP EKS.1", "CIS EKS 1.8.0 5.4.2"),
    bad=_cluster(vpc_config={"endpoint_private_access": True}),
    good=_cluster(),
)
def public_endpoint(cluster: Subject) -> Iterator[str]:
    """It is public unless it says otherwise."""
    if cluster.get("vpc_config", "endpoint_public_access") not in (False, "false"):
        yield "its API has a public endpoint"
    if not is_true(cluster.get("vpc_config", "endpoint_private_access")):
        yield "its API has no private endpoint"


@policy(
    "P402",
    "Kubernetes secrets are encrypted with a key of the cell",
    types="aws_eks_cluster",
    reason="Who reads a copy of the cluster's database reads every secret; the key is what AWS "
    "cannot give along.",
    remedy="add encryption_config for secrets",
    controls=("FSBP EKS.3", "CIS EKS 1.8.0 5.3.1"),
    bad=_cluster(encryption_config=None),
    good=_cluster(),
)
def secrets_encrypted(cluster: Subject) -> Iterator[str]:
    """The key may be an expression."""
    has_key = cluster.get("encryption_config", "provider", "key_arn") is not None
    if not has_key or "secrets" not in listed(cluster.get("encryption_config", "resources")):
        yield "does not encrypt Kubernetes secrets with a key of its own"


@policy(
    "P403",
    "The control plane logs who did what",
    types="aws_eks_cluster",
    reason="Without audit and authenticator logs nobody can tell who read a secret.",
    remedy=f"enable {', '.join(LOGS)}",
    controls=("FSBP EKS.8", "CIS EKS 1.8.0 2.1.1"),
    bad=_cluster(enabled_cluster_log_types=["api"]),
    good=_cluster(),
)
def control_plane_logs(cluster: Subject) -> Iterator[str]:
    """The two others help to run it, not to guard it."""
    on = listed(cluster.get("enabled_cluster_log_types"))
    missing = [kind for kind in LOGS if kind not in on]
    if missing and not any(map(is_unknown, on)):
        yield f"does not log {', '.join(missing)}"


@policy(
    "P404",
    "Access to the cluster is by access entries alone",
    types="aws_eks_cluster",
    reason="aws-auth is a text in the cluster that whoever breaks it locks everybody out with, "
    "and the creator's rights stand nowhere.",
    remedy="set authentication_mode to API, bootstrap_cluster_creator_admin_permissions to false",
    controls=("CIS EKS 1.8.0 4.1.7",),
    bad=_cluster(access_config={"authentication_mode": "API_AND_CONFIG_MAP"}),
    good=_cluster(),
)
def access_by_entries(cluster: Subject) -> Iterator[str]:
    """Both are needed."""
    mode = cluster.get("access_config", "authentication_mode")
    if mode != "API":
        yield f"its authentication mode is {mode or 'the default'}, not API"
    creator = cluster.get("access_config", "bootstrap_cluster_creator_admin_permissions")
    if creator not in (False, "false"):
        yield "whoever creates it stays its administrator"


@policy(
    "P405",
    "Nobody is in system:masters",
    types="aws_eks_access_entry",
    reason="system:masters passes every check of Kubernetes, and no rule can take it away.",
    remedy="use an access policy, or a group of your own",
    controls=("CIS EKS 1.8.0 4.1.1",),
    bad=resources(aws_eks_access_entry={"deployer": {"kubernetes_groups": ["system:masters"]}}),
    good=resources(aws_eks_access_entry={"deployer": {"kubernetes_groups": ["submitters"]}}),
)
def masters(entry: Subject) -> Iterator[str]:
    """EKS refuses names that begin with system:, and says so only when it is applied."""
    for group in listed(entry.get("kubernetes_groups")):
        if isinstance(group, str) and group.startswith("system:"):
            yield f"puts its principal into {group}"


@policy(
    "P406",
    "The CNI is locked to what the cell was sized for",
    types="aws_eks_addon",
    reason="A CNI that takes addresses as it likes uses up the subnets that everything was "
    "sized for, and nodes then start without pods.",
    remedy="configure vpc-cni as the size of the cell asks",
    bad=_cni(ENABLE_PREFIX_DELEGATION="false"),
    good=_cni(),
)
def cni_locked(addon: Subject) -> Iterator[str]:
    """Settings that follow from the size have to be there, and whole prefixes."""
    if addon.get("addon_name") != _CNI:
        return
    env = dig(decode_json(addon.get("configuration_values")), "env")
    if not isinstance(env, dict):
        yield "does not set what the CNI takes"
        return
    if addon.stack.expected.ipv6_pods:
        yield from _not_locked(env, LOCKED_IPV6, ())
        return
    yield from _not_locked(env, LOCKED, SIZED)
    least = env.get("MINIMUM_IP_TARGET")
    if isinstance(least, str) and (not least.isdigit() or int(least) % _PREFIX):
        yield f"MINIMUM_IP_TARGET is {least}, and must be whole prefixes of {_PREFIX} addresses"


def _not_locked(
    env: dict[str, Value], locked: Mapping[str, str], sized: Iterable[str]
) -> Iterator[str]:
    for name, wanted in locked.items():
        if env.get(name) != wanted:
            yield f"{name} is {env.get(name, 'not set')}, and must be {wanted}"
    for name in sized:
        if env.get(name) is None:
            yield f"{name} is not set"


@policy(
    "P407",
    "Network policies are enforced",
    types="aws_eks_addon",
    reason="Without it, network policies are stored and nobody keeps them: every pod reaches "
    "every pod.",
    remedy='set enableNetworkPolicy to "true" in the configuration of vpc-cni',
    controls=("CIS EKS 1.8.0 4.3.1", "CIS EKS 1.8.0 5.4.4"),
    bad=_cni(network_policy="false"),
    good=_cni(),
)
def network_policies(addon: Subject) -> Iterator[str]:
    """It is text in the add-on's schema."""
    values = decode_json(addon.get("configuration_values"))
    if addon.get("addon_name") == _CNI and not is_true(dig(values, "enableNetworkPolicy")):
        yield "does not enforce network policies"


@policy(
    "P408",
    "The cluster and its add-ons have versions",
    types="aws_eks_cluster aws_eks_addon",
    reason="Without one, AWS chooses on the day of the apply, and two cells differ.",
    remedy="set version and addon_version",
    bad=_addon(addon_version=None),
    good=_addon(),
)
def versions(found: Subject) -> Iterator[str]:
    """Whether EKS still supports one, `check` knows (F131)."""
    key = "version" if found.type == "aws_eks_cluster" else "addon_version"
    if found.get(key) in (None, "", "latest"):
        yield f"has no {key}"


RULES = (
    *(public_endpoint, secrets_encrypted, control_plane_logs, access_by_entries, masters),
    *(cni_locked, network_policies, versions),
)
