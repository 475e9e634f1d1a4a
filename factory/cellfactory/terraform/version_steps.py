"""Versions that a plan would change, held against what EKS does with them.

A control plane may be newer than the inventory: EKS updates it by itself at the end of its support,
or somebody did by hand. A plan would then take it back, and tells of it as of any other change.
Within days of an update EKS even does so. Nothing here goes back unasked.

Node images need no look: a plan finds them by the Kubernetes version of the inventory, and F144
holds their date against it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cellfactory.errors import Finding
from cellfactory.facts.schema import Facts
from cellfactory.inventory.addon_rules import numbers
from cellfactory.inventory.version_step import next_version, refusal
from cellfactory.terraform.messages import Change

CLUSTER, ADDON = "aws_eks_cluster", "aws_eks_addon"
_ATTRIBUTE = {CLUSTER: "version", ADDON: "addon_version"}


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionStep:
    """A version that a plan changes in place."""

    address: str
    resource_type: str
    name: str  # of the cluster, or of the add-on
    before: str  # what runs
    after: str  # what the inventory says

    @property
    def goes_back(self) -> bool:
        """Whether what runs is newer than what the inventory says."""
        return numbers(self.before) > numbers(self.after)


def changes_versions(planned: Iterable[Change]) -> bool:
    """Whether a plan may hold a step of a version, so that its values are worth a look."""
    return any(c.action == "update" and c.resource_type in _ATTRIBUTE for c in planned)


def version_steps(plan: Mapping[str, Any]) -> tuple[VersionStep, ...]:
    """List the versions that a plan changes, by address.

    Args:
        plan: as `parse_shown` returns it.
    """
    return tuple(sorted(_steps(plan), key=lambda step: step.address))


def _steps(plan: Mapping[str, Any]) -> Iterator[VersionStep]:
    for told in plan["resource_changes"]:
        kind, change = told.get("type", ""), told["change"]
        before, after = change.get("before") or {}, change.get("after") or {}
        attribute = _ATTRIBUTE.get(kind, "")
        was, will_be = before.get(attribute), after.get(attribute)
        if change.get("actions") == ["update"] and was and will_be and was != will_be:
            yield VersionStep(
                address=told["address"],
                resource_type=kind,
                name=before.get("name") or before.get("addon_name") or "",
                before=was,
                after=will_be,
            )


def check_steps(plan: Mapping[str, Any], facts: Facts) -> tuple[Finding, ...]:
    """Find what a plan may not do with versions, or should not do unseen.

    An add-on that goes back is a warning alone: EKS lets it, and going back is how a bad version is
    got rid of. Where the control plane is refused, its add-ons belong to its message.

    Rules:
        F616: a control plane would go back, or up by more than one minor version.
        F617: an add-on would go back (a warning).
    """
    steps = version_steps(plan)
    planes = [step for step in steps if step.resource_type == CLUSTER]
    refused = [found for step in planes for found in _check_plane(step, _addons(plan), facts)]
    return tuple(refused or [_warn(s) for s in steps if s.resource_type == ADDON and s.goes_back])


def _addons(plan: Mapping[str, Any]) -> list[str]:
    """Name the add-ons of the cluster that a plan is about."""
    bodies = (
        (told["change"].get("after") or {})
        for told in plan["resource_changes"]
        if told.get("type") == ADDON
    )
    return sorted({body["addon_name"] for body in bodies if body.get("addon_name")})


def _check_plane(step: VersionStep, addons: Sequence[str], facts: Facts) -> Iterator[Finding]:
    runs = f"the control plane of {step.name} runs Kubernetes {step.before}"
    said = f"{runs} and the inventory says {step.after}"
    if step.goes_back:
        days = facts.parameter("control-plane-rollback-days")
        yield Finding(
            rule="F616",
            address=step.address,
            message=f"{said}: a plan never takes a control plane back",
            hint=f"{_write(step.before, addons, facts)}\n"
            f"to go back on purpose, which EKS does for {days:.0f} days after an update and by one "
            "minor version: node groups first, then aws eks update-cluster-version --name "
            f"{step.name} --kubernetes-version {step.after}",
        )
    elif refusal(step.before, step.after) == "skips":
        yield Finding(
            rule="F616",
            address=step.address,
            message=f"{said}: EKS takes it up by one minor version at a time",
            hint=f"{_write(next_version(step.before), addons, facts)}\n"
            "apply the cluster layer, and go on with the next version",
        )


def _write(version: str, addons: Sequence[str], facts: Facts) -> str:
    """Say what to write for a Kubernetes version, as far as its add-ons are known."""
    known = [(name, facts.addons.get(f"{name}@{version}")) for name in addons]
    rows = [f"{name}: {row.version}" for name, row in known if row is not None]
    more = f", addons: {{{', '.join(rows)}}}" if rows else ""
    first = f'write kubernetes_version: "{version}"{more}'
    ring = f"in a cell type of their own, where other cells of the type do not run {version} yet"
    if version in facts.kubernetes:
        return f"{first}\n{ring}"
    return f"{first}\n{ring}\nthis release does not know Kubernetes {version}: take a newer one"


def _warn(step: VersionStep) -> Finding:
    return Finding(
        rule="F617",
        address=step.address,
        message=f"add-on {step.name} goes back from {step.before} to {step.after}",
        hint=f"where nobody meant it to: write {step.name}: {step.before} under addons",
        severity="warning",
    )
