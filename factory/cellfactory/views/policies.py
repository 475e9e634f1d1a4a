"""How a policy rule is explained."""

from __future__ import annotations

import json
from typing import Any

from cellfactory.errors import PolicyError
from cellfactory.policy.catalogue import AREAS
from cellfactory.policy.controls import CONTROLS
from cellfactory.policy.model import Body, Rule


def area_of(rule: Rule) -> str:
    """Say what the rules of its number are about."""
    return AREAS[rule.id[:2]]


def render_policy_rule(rule: Rule) -> str:
    """Explain a rule: what it asks for, why, what to do, what breaks it and what keeps it."""
    gate = f"an error (exit code {PolicyError.exit_code})"
    gate = gate if rule.severity == "error" else "a warning"
    lines = [f"{rule.id}: {area_of(rule)}, {gate}", "", f"{rule.title}.", rule.reason]
    lines += [f"Fix: {rule.remedy}"]
    if rule.key:
        lines.append(f"Decided by: {'.'.join(map(str, rule.key))} of a cell type")
    for id_ in rule.controls:
        lines.append(f"Matches: {id_}, {CONTROLS[id_].title}")
    for title, body in (("Broken by", rule.bad), ("Kept by", rule.good)):
        lines += ["", f"{title}:", *(f"    {line}" for line in example(body).splitlines())]
    return "\n".join(lines)


def example(body: Body) -> str:
    """Write an example as a document has it."""
    return json.dumps(body, indent=2, ensure_ascii=False)


def policy_rule_data(rule: Rule) -> dict[str, Any]:
    """Turn a rule into what a machine reads; keys as of other rules, and more."""
    return {
        "id": rule.id,
        "area": area_of(rule),
        "severity": rule.severity,
        "exit_code": PolicyError.exit_code if rule.severity == "error" else 0,
        "sentence": f"{rule.title}.",
        "rests_on": rule.reason,
        "remedy": rule.remedy,
        "types": list(rule.types),
        "controls": [
            {"id": id_, "title": CONTROLS[id_].title, "source": CONTROLS[id_].source}
            for id_ in rule.controls
        ],
        "bad": rule.bad,
        "good": rule.good,
    }
