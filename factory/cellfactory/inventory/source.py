"""Where each value of an inventory was written, so that findings get a place late."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from cellfactory.documents import Document, Fault, Mark
from cellfactory.errors import Finding, KeyPath, Problem, Span

KEY_RULES = frozenset({"F102", "F106"})
"""Rules that blame a key and not the value that stands beside it."""


@dataclass(frozen=True, slots=True)
class SourceMap:
    """The places of one document's keys and values."""

    file: str
    marks: Mapping[KeyPath, Mark]
    key_marks: Mapping[KeyPath, Mark]
    containers: AbstractSet[KeyPath]

    @classmethod
    def of(cls, file: str, document: Document) -> SourceMap:
        """Take the places out of a parsed document."""
        return cls(file, document.marks, document.key_marks, document.containers)

    def locate(self, finding: Finding) -> Problem:
        """Place a finding at its value, or at the nearest parent of it that was written.

        A mapping or a list is placed at its key: what is below it begins on another line.
        """
        path = finding.path
        while path and path not in self.marks:
            path = path[:-1]
        by_key = finding.rule in KEY_RULES or path in self.containers
        mark = (self.key_marks.get(path) if by_key else None) or self.marks.get(path) or Mark()
        return Problem(self._span(mark if path else Mark()), finding)

    def locate_fault(self, rule: str, fault: Fault) -> Problem:
        """Place something that the YAML itself has wrong."""
        finding = Finding(rule=rule, path=(), message=fault.message, hint=fault.hint)
        return Problem(self._span(fault.mark), finding)

    def locate_all(self, findings: Iterable[Finding]) -> list[Problem]:
        """Place findings, errors first and then sorted by place."""
        return sorted(map(self.locate, findings), key=lambda p: p.rank)

    def _span(self, mark: Mark) -> Span:
        return Span(self.file, mark.line, mark.column)
