"""What the results of a run have against its stacks, as findings."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from cellfactory.errors import Finding, Severity
from cellfactory.terraform.messages import Diagnostic
from cellfactory.terraform.results import Result, Status


def findings_of(results: Iterable[Result], fatal: Collection[Status] = ()) -> Iterator[Finding]:
    """Yield what is wrong with each stack, in the order of results; warnings included.

    What was skipped because of another stack is nothing of its own.

    Rules:
        F620: what Terraform said, an error or a warning.
        F621: a stack that waits for another one, where `fatal` says that it should not.
    """
    for result in results:
        if result.finding is not None:
            yield result.finding
        elif result.status in fatal:
            yield Finding(rule="F621", stack=result.stack.name, message=f"it {result.reason}")
        yield from result.warnings
        yield from dict.fromkeys(_told(result, d) for d in result.diagnostics)


def _told(result: Result, diagnostic: Diagnostic) -> Finding:
    severity: Severity = "warning" if diagnostic.severity == "warning" else "error"
    return Finding(
        rule="F620",
        stack=result.stack.name,
        address=diagnostic.address,
        message=diagnostic.summary,
        hint="\n".join(t for t in (diagnostic.detail, diagnostic.hint) if t),
        severity=severity,
    )
