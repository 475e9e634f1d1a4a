"""How it looks what `doctor` found: claims below whom they are about, and what to do below each."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Any

from cellfactory.runs.questions import Answer, count, finding_of

WIDTH = 80  # columns
_CLAIM = " " * 11
_BELOW = " " * 13
_COMMAND = "aws "


def render_answers(answers: Iterable[Answer]) -> str:
    """Render answers as a table of 80 columns at most, with a line of sums below it."""
    told = list(answers)
    lines: list[str] = []
    for subject, group in groupby(told, key=lambda answer: answer.subject):
        lines.append(str(subject))
        before = ""
        for answer in group:
            lines += _row(answer, with_reason=answer.seen != before)
            before = answer.seen
    return "\n".join([*lines, render_sums(told)])


def render_sums(answers: Iterable[Answer]) -> str:
    """Render how many claims hold, and how many do not.

    >>> from cellfactory.runs.questions import Subject
    >>> one = Answer(subject=Subject("state"), claim="it keeps versions", status="ok")
    >>> render_sums([one, one])
    '2 claims: 2 ok'
    """
    told = list(answers)
    parts = ", ".join(f"{n:,} {status}" for status, n in count(told).items() if n)
    noun = "claim" if len(told) == 1 else "claims"
    return f"{len(told):,} {noun}: {parts}" if told else "0 claims"


def to_json(answers: Iterable[Answer]) -> dict[str, Any]:
    """Turn answers into what a machine reads."""
    told = list(answers)
    return {
        "sums": count(told),
        "answers": [
            {
                "subject": {"kind": answer.subject.kind, "name": answer.subject.name or None},
                "claim": answer.claim,
                "status": answer.status,
                "rule": finding.rule if (finding := finding_of(answer)) else None,
                "seen": answer.seen,
                "fix": answer.fix,
            }
            for answer in told
        ],
    }


def _row(answer: Answer, *, with_reason: bool) -> Iterator[str]:
    yield from _wrapped(answer.claim, f"  {answer.status:<9}", _CLAIM)
    if answer.seen and with_reason:
        yield from _wrapped(answer.seen, _BELOW, _BELOW)
    for line in answer.fix.splitlines():
        yield from _fix(line)


def _fix(line: str) -> Iterator[str]:
    """Write what to do; a command is broken where a shell takes it, before an option."""
    if not line.startswith(_COMMAND):
        yield from _wrapped(line, f"{_BELOW}-> ", f"{_BELOW}   ")
        return
    shown = _BELOW + "$"
    for word in line.replace(" --", "\0--").split("\0"):
        if len(shown) + len(word) + 3 > WIDTH and shown.strip() != "$":
            yield f"{shown} \\"
            shown = f"{_BELOW}   "
        shown += f" {word}"
    yield shown


def _wrapped(text: str, first: str, rest: str) -> list[str]:
    return textwrap.wrap(
        text,
        WIDTH,
        initial_indent=first,
        subsequent_indent=rest,
        break_long_words=True,
        break_on_hyphens=False,
    )
