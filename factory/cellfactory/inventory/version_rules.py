"""Kubernetes versions, and the node images made for them, against those that EKS offers."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from cellfactory.errors import Finding, KeyPath
from cellfactory.facts.schema import Facts, KubernetesVersion
from cellfactory.inventory.schema import CellType, Inventory
from cellfactory.inventory.unreadable import as_far_as_readable


def check_versions(inventory: Inventory, facts: Facts) -> Iterator[Finding]:
    """Yield cell types whose Kubernetes version EKS does not offer, or only for more money.

    A rule has no clock: what has ended is what had ended on the day the facts were read.

    Rules:
        F130: a version that EKS does not know, or that no cluster can be made with any more.
        F131: a version in extended support (a warning).
        F140: a version whose standard support is over, where EKS is told to update it then.
        F141: a version that EKS will update by itself before long (a warning).
        F144: a node image that is none of the cell type's Kubernetes version.
        F133: a kube-proxy that is newer than the cluster, or too old for it.

    Source:
        https://docs.aws.amazon.com/eks/latest/userguide/kubernetes-versions.html
    """
    yield from _check_cell_types(inventory, facts)


@as_far_as_readable
def _check_cell_types(inventory: Inventory, facts: Facts) -> Iterator[Finding]:
    for name, cell_type in inventory.cell_types.items():
        yield from _check_version(cell_type, facts, ("cell_types", name, "kubernetes_version"))
        yield from _check_image(cell_type, facts, ("cell_types", name, "node_image"))
        yield from _check_proxy(cell_type, facts, ("cell_types", name, "addons", "kube-proxy"))


@as_far_as_readable
def _check_version(cell_type: CellType, facts: Facts, path: KeyPath) -> Iterator[Finding]:
    wanted = cell_type.kubernetes_version
    version = facts.kubernetes.get(wanted)
    if version is None:
        message = f"EKS does not offer Kubernetes {wanted}"
        yield Finding(rule="F130", path=path, message=message, hint=_offered(facts))
    elif _is_past(version.extended_until, version):
        message = (
            f"EKS no longer offers Kubernetes {wanted}: support ended on {version.extended_until}"
        )
        yield Finding(rule="F130", path=path, message=message, hint=_offered(facts))
    elif _is_past(version.standard_until, version):
        yield _after_standard(cell_type, version, path)
    if version is not None:
        yield from _check_end(cell_type, version, facts, path)


def _after_standard(cell_type: CellType, version: KubernetesVersion, path: KeyPath) -> Finding:
    """Say what a version costs after its standard support, or that it cannot stay."""
    if cell_type.support == "standard":
        return Finding(
            rule="F140",
            path=path,
            message=f"a control plane cannot stay at Kubernetes {version.id} with support: "
            f"standard: EKS has updated it automatically since {version.standard_until}",
            hint="use a later version, or support: extended, which costs extra",
        )
    return Finding(
        rule="F131",
        path=path,
        message=f"Kubernetes {version.id} has been in extended support since "
        f"{version.standard_until}, which costs extra per cluster",
        hint=f"as of {version.checked}, EKS ends it on {version.extended_until}, and then updates "
        "control planes by itself; use a later version",
        severity="warning",
    )


def _check_end(
    cell_type: CellType, version: KubernetesVersion, facts: Facts, path: KeyPath
) -> Iterator[Finding]:
    """Yield a version whose last day, by the support that is asked for, is near.

    Source:
        https://docs.aws.amazon.com/eks/latest/userguide/view-upgrade-policy.html
    """
    is_standard = cell_type.support == "standard"
    end = version.standard_until if is_standard else version.extended_until
    if end is None or _is_past(end, version):
        return
    warned = timedelta(days=round(facts.policy_value("version-warn-days")))
    if end - version.checked <= warned:
        yield Finding(
            rule="F141",
            path=path,
            message=f"EKS updates control planes of Kubernetes {version.id} by itself from {end} "
            f"on, {(end - version.checked).days} days after its calendar was read "
            f"({version.checked})",
            hint="use a later version"
            + (", or support: extended, which costs extra" if is_standard else ""),
            severity="warning",
        )


@as_far_as_readable
def _check_image(cell_type: CellType, facts: Facts, path: KeyPath) -> Iterator[Finding]:
    """Yield a node image of a day that no calendar has, or older than the cell's Kubernetes."""
    release = cell_type.node_image
    try:
        day = date.fromisoformat(release.removeprefix("v"))
    except ValueError:
        message = f"{release} is no day, and node images are named by the day of their release"
        yield Finding(rule="F144", path=path, message=message)
        return
    version = facts.kubernetes.get(cell_type.kubernetes_version)
    if version is not None and version.released is not None and day < version.released:
        yield Finding(
            rule="F144",
            path=path,
            message=f"no node image of {day} can hold Kubernetes {version.id}: EKS has it since "
            f"{version.released}",
            hint=f"the newest that is known here is {_newest_image(facts, version.id)}",
        )


def _newest_image(facts: Facts, kubernetes: str) -> str:
    rows = [row for row in facts.images.values() if row.kubernetes == kubernetes]
    newest = max(rows, key=lambda row: row.release, default=None)
    return f"{newest.release} (as of {newest.as_of})" if newest else "none"


@as_far_as_readable
def _check_proxy(cell_type: CellType, facts: Facts, path: KeyPath) -> Iterator[Finding]:
    """Yield a kube-proxy that is newer than the API server, or too old for it.

    Source:
        https://kubernetes.io/releases/version-skew-policy/
    """
    proxy, cluster = cell_type.addon_version("kube-proxy"), cell_type.kubernetes_version
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
    read = max(version.as_of for version in known)
    return f"it has {', '.join(v.id for v in known)} (as of {read}; newer ones are not known here)"


def _is_past(day: date | None, version: KubernetesVersion) -> bool:
    """Tell whether a day had come when its page was read; that of an unknown day has not."""
    return day is not None and day <= version.checked
