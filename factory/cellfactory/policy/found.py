"""What rules find; nothing here knows how."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from cellfactory.errors import Finding, Severity


@dataclass(frozen=True, slots=True, kw_only=True)
class Violation:
    """One resource that breaks a rule; `rule` is ours, or one of Checkov's."""

    rule: str
    stack: str
    address: str  # in Terraform; a part of the document, such as `provider.aws`, where it is none
    message: str
    hint: str = ""
    severity: Severity = "error"

    @property
    def finding(self) -> Finding:
        """The same as every other command of ours tells it."""
        return Finding(
            rule=self.rule,
            message=self.message,
            stack=self.stack,
            address=self.address,
            hint=self.hint,
            severity=self.severity,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class StackReport:
    """What comes of one stack."""

    stack: str
    checks: Mapping[str, int]  # subjects looked at, by rule
    violations: tuple[Violation, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """How much was looked at."""

    stacks: int
    checks: int  # rule times subject
    by_rule: Mapping[str, int] = field(default_factory=dict)
