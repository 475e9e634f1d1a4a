"""What a run has against its stacks, as findings with their rule, stack and address."""

from __future__ import annotations

from cellfactory.errors import Finding, Problem
from cellfactory.layers import StackId
from cellfactory.terraform.findings import findings_of
from cellfactory.terraform.messages import Diagnostic
from cellfactory.terraform.results import Result, Status
from cellfactory.views.problems import render_problems

REFUSED = Finding(rule="F607", stack="a-network", message="it would delete 1")


def said(cell: str, severity: str = "error") -> Result:
    """Make a stack against which Terraform said something."""
    told = Diagnostic(
        severity=severity, summary="no credentials", detail="log in", address="aws_vpc.main"
    )
    status: Status = "failed" if severity == "error" else "planned"
    return Result(stack=StackId(cell, "network"), status=status, diagnostics=(told, told))


def test_each_finding_knows_its_rule_and_its_stack() -> None:
    refused = Result(
        stack=StackId("a", "network"), status="refused", reason=str(REFUSED), finding=REFUSED
    )
    waiting = Result(stack=StackId("b", "network"), status="deferred", reason="waits for b-account")
    skipped = Result(stack=StackId("b", "cluster"), status="skipped", reason="needs b-network")
    results = (refused, waiting, skipped, said("c"), said("d", "warning"))
    fatal: tuple[Status, ...] = ("deferred",)
    assert [(f.rule, f.stack, f.severity) for f in findings_of(results, fatal)] == [
        ("F607", "a-network", "error"),
        ("F621", "b-network", "error"),
        ("F620", "c-network", "error"),
        ("F620", "d-network", "warning"),
    ]
    assert "F621" not in {f.rule for f in findings_of(results)}


def test_what_terraform_says_of_many_stacks_is_said_once() -> None:
    findings = findings_of([said("c"), said("a"), said("b")])
    shown = render_problems(Problem(None, finding) for finding in findings)
    assert shown == (
        "a-network: aws_vpc.main: F620 no credentials (in 3 stacks, first a-network)\n    log in"
    )
