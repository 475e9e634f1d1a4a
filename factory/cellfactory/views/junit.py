"""A judgement as JUnit XML, which CI systems show: a suite for each stack, a case for each rule."""

from __future__ import annotations

import re
from collections.abc import Sequence
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from cellfactory.errors import Problem
from cellfactory.policy.catalogue import RULES
from cellfactory.policy.judgement import Judgement, Result

_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def render_junit(judgement: Judgement) -> str:
    """Write a report; a warning fails no case, and a waived violation is a skipped one."""
    by_stack: dict[str, list[Result]] = {}
    for result in judgement.results:
        by_stack.setdefault(result.violation.stack, []).append(result)
    root = Element("testsuites", {"name": "cellfactory policy"})
    _add_rules(root, judgement)
    for stack, results in by_stack.items():
        _add_stack(root, stack, results)
    if judgement.problems:
        _add_problems(root, judgement.problems)
    for key in ("tests", "failures", "errors", "skipped"):
        root.set(key, str(sum(int(suite.get(key, "0")) for suite in root)))
    indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + tostring(root, encoding="unicode")


def _suite(root: Element, name: str) -> Element:
    return SubElement(root, "testsuite", {"name": _clean(name)})


def _case(suite: Element, name: str, group: str) -> Element:
    return SubElement(suite, "testcase", {"name": _clean(name), "classname": _clean(group)})


def _count(suite: Element) -> None:
    suite.set("tests", str(len(suite.findall("testcase"))))
    for key, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        suite.set(key, str(len(suite.findall(f"testcase/{tag}"))))


def _add_rules(root: Element, judgement: Judgement) -> None:
    """Add a case for each rule that found nothing, so that a report shows what was looked at."""
    broken = {result.violation.rule for result in judgement.results}
    suite = _suite(root, "rules")
    for rule in judgement.coverage.by_rule:
        if rule not in broken:
            _case(suite, f"{rule} {RULES[rule].title}", "rules")
    _count(suite)


def _add_stack(root: Element, stack: str, results: Sequence[Result]) -> None:
    suite = _suite(root, stack)
    for result in results:
        violation, waiver = result.violation, result.waiver
        case = _case(suite, f"{violation.rule} {violation.address}", stack)
        place = f"{result.file}:{result.line}" if result.line else result.file
        body = _clean(f"{violation.message}\n{violation.hint}\n{place}")
        if waiver:
            words = f"{waiver.reason} ({waiver.owner}, until {waiver.expires})"
            SubElement(case, "skipped", {"message": _clean(words)})
        elif result.fails:
            failure = {"message": _clean(violation.message), "type": violation.rule}
            SubElement(case, "failure", failure).text = body
        else:
            SubElement(case, "system-out").text = body
    _count(suite)


def _add_problems(root: Element, problems: Sequence[Problem]) -> None:
    suite = _suite(root, "waivers and documents")
    for problem in problems:
        finding = problem.finding
        case = _case(suite, f"{finding.rule} {problem.place}".strip(), "waivers and documents")
        if finding.severity == "error":
            told = {"message": _clean(finding.message), "type": finding.rule}
            SubElement(case, "error", told).text = _clean(finding.hint)
        else:
            SubElement(case, "system-out").text = _clean(finding.message)
    _count(suite)


def _clean(text: str) -> str:
    """Leave out what XML cannot hold."""
    return _NO_XML.sub("\ufffd", text)
