"""Holds stacks against rules."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from cellfactory.policy.expected import Expected
from cellfactory.policy.found import Coverage, StackReport, Violation
from cellfactory.policy.model import Rule
from cellfactory.policy.subject import StackView
from cellfactory.tree.document import Document


def check_stack(document: Document, expected: Expected, rules: Iterable[Rule]) -> StackReport:
    """Hold one stack against rules.

    Args:
        document: its Terraform.
        expected: what the inventory says of its owner.
        rules: those to hold it against.
    """
    stack = StackView(document, expected)
    checks: dict[str, int] = {}
    found: list[Violation] = []
    for rule in rules:
        subjects = [subject for kind in rule.types for subject in stack.of(kind)]
        if subjects:
            checks[rule.id] = len(subjects)
        for subject in subjects:
            for sentence in rule.check(subject):
                found.append(_violation(rule, stack.name, subject.address, sentence))
    return StackReport(stack=stack.name, checks=checks, violations=tuple(found))


def _violation(rule: Rule, stack: str, address: str, sentence: str) -> Violation:
    return Violation(
        rule=rule.id,
        stack=stack,
        address=address,
        message=sentence,
        hint=rule.remedy,
        severity=rule.severity,
    )


def cover(reports: Iterable[StackReport]) -> Coverage:
    """Count what was looked at."""
    counted: Counter[str] = Counter()
    stacks = 0
    for report in reports:
        stacks += 1
        counted.update(report.checks)
    return Coverage(stacks=stacks, checks=counted.total(), by_rule=dict(sorted(counted.items())))
