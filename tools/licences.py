"""Which licence each package has, as an SPDX expression, and which of them need a reason.

`requirements/licences.found.yaml` is what the packages say of themselves, made by
`tools.update_licences`; `requirements/licences.yaml` is what a person wrote beside it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from email.message import Message
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from license_expression import LicenseExpression, Licensing, get_spdx_licensing

ROOT = Path(__file__).resolve().parent.parent
FOUND = ROOT / "requirements" / "licences.found.yaml"
EMBEDDED = ROOT / "requirements" / "embedded.yaml"
WRITTEN = ROOT / "requirements" / "licences.yaml"

UNKNOWN = "NOASSERTION"

# Classifiers that name one licence; `BSD License` names several and is none of them.
CLASSIFIERS = {
    "Apache Software License": "Apache-2.0",
    "ISC License (ISCL)": "ISC",
    "MIT License": "MIT",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "Python Software Foundation License": "PSF-2.0",
    "Zope Public License": "ZPL-2.1",
}
TEXTS = {
    "Apache License 2.0": "Apache-2.0",
    "Apache 2.0": "Apache-2.0",
    "BSD 2-Clause License": "BSD-2-Clause",
    "BSD 3-Clause License": "BSD-3-Clause",
    "ISC License": "ISC",
    "ZPL 2.1": "ZPL-2.1",
}


@dataclass(frozen=True, slots=True)
class Licences:
    """What is known of all packages."""

    found: Mapping[str, str]  # package: what its metadata says
    stated: Mapping[str, str]  # package: what a person read in its files, where that differs
    because: Mapping[str, str]  # package: where it was read, for each of `stated`
    permissive: frozenset[str]  # identifiers that ask for no more than their text to be kept
    accepted: Mapping[str, str]  # package: why its other licence is accepted

    def of(self, package: str) -> str:
        """The SPDX expression of a package, `NOASSERTION` when nobody knows."""
        return self.stated.get(package, self.found.get(package, UNKNOWN))

    def is_permissive(self, expression: str) -> bool:
        """Tell whether a licence is permissive: every part of an AND, one part of an OR.

        A part that is no SPDX identifier, `NOASSERTION` among them, is not.
        """
        parsed = licensing().parse(expression)
        return parsed is not None and self._holds(parsed)

    def _holds(self, part: LicenseExpression) -> bool:
        inner = getattr(part, "args", ())
        if not inner:
            return str(part) in self.permissive
        return (any if " OR " in part.operator else all)(map(self._holds, inner))


@cache
def licensing() -> Licensing:
    """The SPDX list of licences."""
    return get_spdx_licensing()


def from_metadata(metadata: Message) -> str:
    """Say what a package's metadata names, as SPDX; `NOASSERTION` when it names no one licence."""
    if expression := metadata.get("License-Expression"):
        return str(expression)
    first = str(metadata.get("License") or "").strip().partition("\n")[0].strip()
    if first in TEXTS:
        return TEXTS[first]
    if re.fullmatch(r"[A-Za-z0-9.+-]+", first) and not licensing().validate(first).errors:
        return first
    lines = [str(line).split(" :: ") for line in metadata.get_all("Classifier", [])]
    named = {line[-1] for line in lines if line[0] == "License"} - {"OSI Approved", "DFSG approved"}
    known = {CLASSIFIERS.get(name, UNKNOWN) for name in named}
    return known.pop() if len(known) == 1 else UNKNOWN


@cache
def read_licences() -> Licences:
    """Read both files."""
    written: Mapping[str, Any] = yaml.safe_load(WRITTEN.read_text("utf-8"))
    stated: Mapping[str, Mapping[str, str]] = written["stated"]
    return Licences(
        found=yaml.safe_load(FOUND.read_text("utf-8")),
        stated={name: row["licence"] for name, row in stated.items()},
        because={name: row["read"] for name, row in stated.items()},
        permissive=frozenset(written["permissive"]),
        accepted=written["accepted"],
    )


@cache
def read_embedded() -> Mapping[str, Sequence[Mapping[str, str]]]:
    """What lies inside which package, as `tools.update_embedded` found it.

    Each part has a name, a version, a package URL (purl) and, where it says one, a licence.
    """
    parts: Mapping[str, Sequence[Mapping[str, str]]] = yaml.safe_load(EMBEDDED.read_text("utf-8"))
    return parts
