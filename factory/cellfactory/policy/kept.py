"""A judgement as bytes, for a cache, and back."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from datetime import date
from typing import Any

from cellfactory.errors import Span, problem_of
from cellfactory.policy.found import Coverage, Violation
from cellfactory.policy.judgement import Judgement, Result
from cellfactory.policy.waivers import Waiver


def write_judgement(judgement: Judgement) -> bytes:
    """Write a judgement."""
    return json.dumps(asdict(judgement), default=_day).encode()


def _day(value: object) -> str:
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(value)


def read_judgement(body: bytes) -> Judgement:
    """Read what `write_judgement` wrote."""
    kept = json.loads(body)
    return Judgement(
        coverage=Coverage(**kept["coverage"]),
        results=tuple(_result(row) for row in kept["results"]),
        problems=tuple(map(problem_of, kept["problems"])),
        engines=tuple(kept["engines"]),
    )


def _span(row: Mapping[str, Any] | None) -> Span | None:
    return None if row is None else Span(**row)


def _result(row: Mapping[str, Any]) -> Result:
    waiver = row["waiver"]
    if waiver is not None:
        waiver = Waiver(**{**waiver, "expires": date.fromisoformat(waiver["expires"])})
    return Result(
        violation=Violation(**row["violation"]),
        file=row["file"],
        line=row["line"],
        span=_span(row["span"]),
        waiver=waiver,
    )
