"""A judgement as SARIF 2.1.0, which code scanning reads.

Source:
    https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
    https://docs.github.com/en/code-security/code-scanning/integrating-with-code-scanning/sarif-support-for-code-scanning
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from typing import Any

from cellfactory import __version__
from cellfactory.errors import Problem, Span
from cellfactory.policy.catalogue import RULES
from cellfactory.policy.controls import CONTROLS
from cellfactory.policy.judgement import Judgement, Result
from cellfactory.policy.model import Rule

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_SECURITY = {"error": "8.0", "warning": "4.0"}  # what code scanning calls high and medium


def render_sarif(judgement: Judgement) -> str:
    """Write a SARIF log with one run."""
    used = [result.violation.rule for result in judgement.results]
    used += [problem.finding.rule for problem in judgement.problems]
    ids = sorted({*RULES, *used})
    results = [
        *(_result(result, ids) for result in judgement.results),
        *(_problem(problem, ids) for problem in judgement.problems),
    ]
    driver = {
        "name": "cellfactory",
        "semanticVersion": __version__,
        "rules": [_rule(id_, judgement.results) for id_ in ids],
    }
    run = {
        "tool": {"driver": driver},
        "results": results,
        "columnKind": "unicodeCodePoints",
        "automationDetails": {"id": "cellfactory/policy/"},
    }
    return json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2)


def _rule(id_: str, results: Iterable[Result]) -> dict[str, Any]:
    rule = RULES.get(id_)
    if rule is None:
        told = (r.violation.message for r in results if r.violation.rule == id_)
        return {"id": id_, "shortDescription": {"text": next(told, id_)}}
    return {
        "id": id_,
        "shortDescription": {"text": rule.title},
        "fullDescription": {"text": rule.reason},
        "help": {"text": _help(rule)},
        "defaultConfiguration": {"level": rule.severity},
        "properties": {
            "tags": ["security", *rule.controls],
            "security-severity": _SECURITY[rule.severity],
        },
    }


def _help(rule: Rule) -> str:
    named = [f"{id_}: {CONTROLS[id_].title} ({CONTROLS[id_].source})" for id_ in rule.controls]
    return "\n".join([f"{rule.remedy}.", *named])


def _result(result: Result, ids: list[str]) -> dict[str, Any]:
    violation = result.violation
    made: dict[str, Any] = {
        "ruleId": violation.rule,
        "ruleIndex": ids.index(violation.rule),
        "level": violation.severity,
        "message": {"text": f"{violation.stack}: {violation.address}: {violation.message}"},
        "locations": [_location(result)],
        "partialFingerprints": {"cellfactory/v1": _fingerprint(result)},
    }
    if result.span:
        made["relatedLocations"] = [{"id": 1, **_physical(result.file, result.line)}]
    if result.waiver:
        waiver = result.waiver
        words = f"{waiver.reason} ({waiver.owner}, until {waiver.expires})"
        made["suppressions"] = [{"kind": "external", "status": "accepted", "justification": words}]
    return made


def _location(result: Result) -> dict[str, Any]:
    """What a person edits comes first: the inventory, where it decides; else the document."""
    violation, span = result.violation, result.span
    name = f"{violation.stack}/{violation.address}"
    logical = [{"fullyQualifiedName": name, "name": violation.address, "kind": "resource"}]
    place = _at(span) if span else _physical(result.file, result.line)
    return {**place, "logicalLocations": logical}


def _at(span: Span) -> dict[str, Any]:
    place = _physical(span.file, span.line)
    place["physicalLocation"]["region"]["startColumn"] = span.column
    return place


def _physical(file: str, line: int) -> dict[str, Any]:
    return {
        "physicalLocation": {
            "artifactLocation": {"uri": _uri(file)},
            "region": {"startLine": max(line, 1)},
        }
    }


def _uri(file: str) -> str:
    """Write a path as the reference that SARIF wants: spaces and the like are encoded."""
    safe = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/")
    return "".join(
        sign if sign in safe else "".join(f"%{byte:02X}" for byte in sign.encode()) for sign in file
    )


def _fingerprint(result: Result) -> str:
    """Name a violation so that it is the same one after lines moved."""
    violation = result.violation
    parts = (violation.rule, violation.stack, violation.address, violation.message)
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:32]


def _problem(problem: Problem, ids: list[str]) -> dict[str, Any]:
    finding = problem.finding
    made: dict[str, Any] = {
        "ruleId": finding.rule,
        "ruleIndex": ids.index(finding.rule),
        "level": finding.severity,
        "message": {"text": ": ".join(p for p in (finding.stack, finding.message) if p)},
    }
    if problem.span:
        made["locations"] = [_at(problem.span)]
    return made
