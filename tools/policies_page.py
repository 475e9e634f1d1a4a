"""`docs/policies.md`: every policy rule, why it is there and what it matches."""

from __future__ import annotations

from collections.abc import Iterator

from cellfactory.policy.catalogue import AREAS, RULES
from cellfactory.policy.checkov_checks import CURATED
from cellfactory.policy.controls import CHECKED, CONTROLS
from cellfactory.policy.model import Rule
from cellfactory.views.policies import example
from tools.markdown import table

HEAD = f"""\
<!-- Made by `python3 dev.py docs` from the rules themselves; do not edit. -->

# Policy rules

What `cellfactory policy` holds Terraform against; how it is run, and how a rule is waived, is in
[policy.md](policy.md). A rule keeps its number and its meaning for ever. The examples are
documents that tests hold the rules against. Controls of AWS Foundational Security Best Practices
(FSBP), of the CIS AWS Foundations Benchmark and of the CIS EKS Benchmark stand beside the rules
that look at the same; their numbers and titles were read on {CHECKED}.
"""


def render_policies() -> str:
    """Render a table of all, and a section for each."""
    return "\n".join(_lines()).rstrip("\n") + "\n"


def _lines() -> Iterator[str]:
    yield HEAD
    for digit, title in AREAS.items():
        rules = [rule for rule in RULES.values() if rule.id.startswith(digit)]
        yield from (f"## {digit}: {title}", "")
        yield from table(("Rule", "What it asks for", "Severity", "Matches"), map(_row, rules))
        for rule in rules:
            yield from _section(rule)


def _row(rule: Rule) -> tuple[str, ...]:
    return rule.id, rule.title, rule.severity, ", ".join(rule.controls) or "-"


def _section(rule: Rule) -> Iterator[str]:
    yield from (f"### {rule.id}", "", f"**{rule.title}.** {rule.reason}", "")
    yield f"- To do: {rule.remedy}."
    yield f"- Looks at: {', '.join(f'`{kind}`' for kind in rule.types)}"
    if rule.key:
        yield f"- The inventory decides: `{'.'.join(map(str, rule.key))}` of a cell type"
    for id_ in rule.controls:
        yield f"- [{id_}]({CONTROLS[id_].source}): {CONTROLS[id_].title}"
    checks = [check for check, ours in CURATED.items() if ours == rule.id]
    if checks:
        yield f"- Of Checkov's, these look at the same: {', '.join(sorted(checks))}"
    yield from ("", "Broken by:", "", "```json", example(rule.bad), "```", "")
    yield from ("Kept by:", "", "```json", example(rule.good), "```", "")
