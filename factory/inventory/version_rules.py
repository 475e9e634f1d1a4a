"""Kubernetes versions against those that EKS offers."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from factory.errors import Finding, KeyPath
from factory.facts.schema import Facts, KubernetesVersion
from factory.inventory.schema import CellType, Inventory
from factory.inventory.unreadable import as_far_as_readable


def check_versions(inventory: Inventory, facts: Facts) -> Iterator[Finding]:
    """Yield cell types whose Kubernetes version EKS does not offer, or only for more money.

    A rule has no clock: what has ended is what had ended on the day the facts were read.

    Rules:
        F130: a version that EKS does not know, or that no cluster can be made with any more.
        F131: a version in extended support (a warning).
        F133: a kube-proxy that is newer than the cluster, or too old for it.

    Source:
        https://docs.aws.amazon.com/eks/latest/userguide/kubernetes-versions.html
    """
    yield from _check_cell_types(inventory, facts)


@as_far_as_readable
def _check_cell_types(inventory: Inventory, facts: Facts) -> Iterator[Finding]:
    for name, cell_type in inventory.cell_types.items():
        yield from _check_version(cell_type, facts, ("cell_types", name, "kubernetes_version"))
        yield from _check_proxy(cell_type, facts, ("cell_types", name, "addons", "kube-proxy"))


@as_far_as_readable
def _check_version(cell_type: CellType, facts: Facts, path: KeyPath) -> Iterator[Finding]:
    wanted = cell_type.kubernetes_version
    version = facts.kubernetes.get(wanted)
    if version is None:
        message = f"EKS has no Kubernetes {wanted}"
        yield Finding(rule="F130", path=path, message=message, hint=_offered(facts))
    elif _is_past(version.extended_until, version):
        message = (
            f"EKS has no Kubernetes {wanted} any more: its support ended on "
            f"{version.extended_until}"
        )
        yield Finding(rule="F130", path=path, message=message, hint=_offered(facts))
    elif _is_past(version.standard_until, version):
        yield Finding(
            rule="F131",
            path=path,
            message=f"Kubernetes {wanted} is in extended support since {version.standard_until}, "
            "which costs extra for every cluster",
            hint=f"EKS ends it on {version.extended_until}, and then updates control planes by "
            "itself; take a later version",
            severity="warning",
        )


@as_far_as_readable
def _check_proxy(cell_type: CellType, facts: Facts, path: KeyPath) -> Iterator[Finding]:
    """Yield a kube-proxy that is newer than the API server, or too old for it.

    Source:
        https://kubernetes.io/releases/version-skew-policy/
    """
    proxy, cluster = cell_type.addons.get("kube-proxy"), cell_type.kubernetes_version
    if proxy is None or cluster not in facts.kubernetes:
        return
    most = round(facts.parameter("kube-proxy-skew"))
    older = _minor(cluster) - _minor(proxy)
    if not 0 <= older <= most:
        oldest = f"{cluster.partition('.')[0]}.{_minor(cluster) - most}"
        yield Finding(
            rule="F133",
            path=path,
            message=f"kube-proxy {proxy} does not go with Kubernetes {cluster}, "
            f"which takes {oldest} to {cluster}",
            hint=f"see {facts.parameters['kube-proxy-skew'].source}",
        )


def _minor(version: str) -> int:
    return int(version.split(".")[1])


def _offered(facts: Facts) -> str:
    known = [v for v in facts.kubernetes.values() if not _is_past(v.extended_until, v)]
    read = max(version.checked for version in known)
    return f"it has {', '.join(v.id for v in known)} (as of {read}; newer ones are not known here)"


def _is_past(day: date | None, version: KubernetesVersion) -> bool:
    """Tell whether a day had come when its page was read; that of an unknown day has not."""
    return day is not None and day <= version.checked
