"""Which versions of an add-on EKS takes, as far as the facts know.

They know the newest version for each Kubernetes version: a newer one does not exist, and what is
not written as EKS writes versions is none. Of older ones, and of other add-ons, nothing is known.

Source:
    https://docs.aws.amazon.com/eks/latest/APIReference/API_CreateAddon.html
"""

from __future__ import annotations

import re

from cellfactory.facts.loader import load_facts
from cellfactory.facts.schema import UnknownFact

_VERSION = re.compile(r"v(\d+)\.(\d+)\.(\d+)-eksbuild\.(\d+)")


def is_offered(addon: str, version: str, kubernetes: str) -> bool:
    """Whether EKS may have a version of an add-on for a cluster."""
    asked = _VERSION.fullmatch(version)
    try:
        newest = _VERSION.fullmatch(load_facts().addon(addon, kubernetes))
    except UnknownFact:
        return asked is not None
    return asked is not None and newest is not None and _numbers(asked) <= _numbers(newest)


def _numbers(found: re.Match[str]) -> tuple[int, ...]:
    return tuple(map(int, found.groups()))
