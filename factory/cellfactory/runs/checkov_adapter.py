"""Checks of Checkov that ask our rules; exported, and run by the Python of Checkov.

Checkov hands a check one resource at a time. Our rules look at a stack, so each file is held
against all of them once, and every check then says what was found of its resource. A file that
cannot be read fails the run: what was not looked at has not passed.
"""

from __future__ import annotations

import sys
from functools import cache
from pathlib import Path
from typing import Any

from checkov.common.models.enums import CheckCategories, CheckResult
from checkov.terraform.checks.resource.base_resource_check import BaseResourceCheck

sys.path.insert(0, str(Path(__file__).resolve().with_name("cellfactory_policy.zip")))

from cellfactory.policy.catalogue import RULES
from cellfactory.policy.engine import check_stack
from cellfactory.policy.expected import NOTHING_EXPECTED
from cellfactory.policy.model import Rule
from cellfactory.tree.document import read_document

_FOLDERS = ("-d", "--directory")
_CATEGORIES = {
    "P1": CheckCategories.NETWORKING,
    "P2": CheckCategories.ENCRYPTION,
    "P3": CheckCategories.IAM,
    "P4": CheckCategories.KUBERNETES,
}


def _whole(scanned: str) -> Path:
    """Find the file that Checkov names from the top of the folder that it was given."""
    named = [arg for before, arg in zip(sys.argv, sys.argv[1:], strict=False) if before in _FOLDERS]
    for folder in (*named, "."):
        path = Path(folder, scanned.lstrip("/"))
        if path.is_file():
            return path
    return Path(scanned)


@cache
def _broken(scanned: str) -> frozenset[tuple[str, str]]:
    """Hold a file against every rule once: ids with the blocks that break them."""
    document = read_document(_whole(scanned).read_text("utf-8"), scanned)
    report = check_stack(document, NOTHING_EXPECTED, RULES.values())
    return frozenset((v.rule, v.address.partition("[")[0]) for v in report.violations)


class Adapter(BaseResourceCheck):  # type: ignore[misc]
    """One of our rules, for the resources that it is about."""

    def __init__(self, rule: Rule) -> None:
        """Register the check under the rule's own id."""
        super().__init__(
            name=rule.title,
            id=rule.id,
            categories=[_CATEGORIES.get(rule.id[:2], CheckCategories.GENERAL_SECURITY)],
            supported_resources=list(rule.types),
        )

    def scan_resource_conf(self, conf: dict[str, Any]) -> CheckResult:  # noqa: ARG002 - a file is asked
        """Say what was found of a resource."""
        scanned, kind, name = self.entity_path.rsplit(":", 2)
        is_broken = (self.id, f"{kind}.{name}") in _broken(scanned)
        return CheckResult.FAILED if is_broken else CheckResult.PASSED


CHECKS = [
    Adapter(rule)
    for rule in RULES.values()
    if any(t.startswith(("aws", "helm", "*")) for t in rule.types)
]
"""Those about resources: Checkov has no checks of backends and outputs in Terraform JSON."""
