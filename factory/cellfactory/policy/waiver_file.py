"""`cells.waivers.yaml`: how waivers are written down, and read."""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from cellfactory.documents import parse_document
from cellfactory.errors import Finding, PolicyError
from cellfactory.inventory.reader import validate, yaml_problems
from cellfactory.inventory.source import SourceMap
from cellfactory.inventory.values import Model
from cellfactory.policy.waivers import Waiver, Waivers

MALFORMED = "F720"
LEAST_REASON = 10  # characters: less explains nothing
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def _told(text: str) -> str:
    if len(text.strip()) < LEAST_REASON:
        msg = f"must say why, in {LEAST_REASON} characters at least"
        raise ValueError(msg)
    return text


def _named(text: str) -> str:
    if not text.strip():
        msg = "must name somebody"
        raise ValueError(msg)
    return text


def _day(text: str) -> str:
    try:
        if not _DAY.fullmatch(text):
            raise ValueError
        date.fromisoformat(text)
    except ValueError:
        msg = f"must be a day such as 2027-03-31, not {text[:40]!r}"
        raise ValueError(msg) from None
    return text


class WaiverEntry(Model):
    """One waiver as it is written."""

    rule: str = Field(description="Rule that is broken: one of ours, or one of Checkov's.")
    stack: str = Field(default="*", min_length=1, description="Stacks; `*` is any letters.")
    address: str = Field(
        default="*", min_length=1, description="Terraform addresses; `*` is any letters."
    )
    reason: Annotated[str, AfterValidator(_told)] = Field(
        description="Why it is right to break it here.",
        json_schema_extra={"minLength": LEAST_REASON},
    )
    owner: Annotated[str, AfterValidator(_named)] = Field(
        description="Whose word that is: a team or a person.", json_schema_extra={"minLength": 1}
    )
    expires: Annotated[str, AfterValidator(_day)] = Field(
        description="Last day on which it counts.",
        json_schema_extra={"format": "date", "pattern": f"^{_DAY.pattern}$"},
    )


class WaiverFile(Model):
    """The shape of `cells.waivers.yaml`."""

    version: Literal[1] = Field(description="Version of this file's form.")
    waivers: list[WaiverEntry] = Field(
        max_length=1_000, description="Each with rule, reason, owner and last day."
    )


def parse_waivers(data: str | bytes, file: str) -> Waivers:
    """Read waivers from YAML.

    Args:
        data: the whole text, or the bytes of a file.
        file: the name to show in messages; nothing is opened.

    Raises:
        PolicyError: F720, with everything that is not as it must be.
    """
    document = parse_document(data)
    source = SourceMap.of(file, document)
    problems = yaml_problems(document, source, MALFORMED, MALFORMED)
    read, refused = (None, ()) if document.faults else validate(WaiverFile, document)
    problems += [source.locate(_as_ours(finding)) for finding in refused]
    if problems or read is None:
        raise PolicyError(problems)
    entries = tuple(_waiver(number, entry) for number, entry in enumerate(read.waivers))
    return Waivers(entries=entries, source=source)


def _as_ours(finding: Finding) -> Finding:
    message, hint = finding.message, finding.hint
    return Finding(rule=MALFORMED, path=finding.path, message=message, hint=hint)


def _waiver(number: int, entry: WaiverEntry) -> Waiver:
    return Waiver(
        number=number,
        rule=entry.rule,
        stack=entry.stack,
        address=entry.address,
        reason=" ".join(entry.reason.split()),
        owner=entry.owner,
        expires=date.fromisoformat(entry.expires),
    )
