"""Write `facts/offerings.txt`: which zones offer which instance type, from moto's data.

    python -m tools.update_offerings            # write the file
    python -m tools.update_offerings --check    # exit 1 when the file is stale

moto keeps AWS's answers to DescribeInstanceTypeOfferings by zone id, one file a Region. A line is
a type and, for each Region that offers it, how its zone ids begin and the numbers of its zones.
"""

from __future__ import annotations

import gzip
import json
import sys
from collections.abc import Mapping
from importlib import metadata, resources
from pathlib import Path

from tools.made_file import write_or_check

FACTS = Path(__file__).resolve().parent.parent / "factory" / "cellfactory" / "facts"
TARGET = FACTS / "offerings.txt"
CHECKED = "2026-11-22"
"""The day a person last looked at the list; set by hand."""


def read_offerings() -> dict[str, set[str]]:
    """Read the zone ids that offer each type, as AWS answered."""
    folder = resources.files("moto").joinpath("ec2/resources/instance_type_offerings")
    zones: dict[str, set[str]] = {}
    for packed in folder.joinpath("availability-zone-id").iterdir():
        for offer in json.loads(gzip.decompress(packed.read_bytes())):
            zones.setdefault(offer["InstanceType"], set()).add(offer["Location"])
    return zones


def render(offered: Mapping[str, set[str]], version: str) -> str:
    """Make the whole text, sorted by type."""
    lines = [
        "# Made by tools/update_offerings.py; do not edit.",
        f"# source: https://github.com/getmoto/moto/tree/{version}/moto/ec2/resources",
        f"# version: moto {version}",
        f"# checked: {CHECKED}",
    ]
    for kind in sorted(offered):
        lines.append(f"{kind} {_packed(offered[kind])}")
    return "\n".join(lines) + "\n"


def _packed(zones: set[str]) -> str:
    """Write zone ids short.

    >>> _packed({"use1-az1", "use1-az4", "euw2-az2"})
    'euw2:2 use1:14'
    """
    numbers: dict[str, str] = {}
    for zone in sorted(zones):
        stem, _, number = zone.partition("-az")
        numbers[stem] = numbers.get(stem, "") + number
    return " ".join(f"{stem}:{told}" for stem, told in numbers.items())


def main() -> int:
    """Write the file, or tell whether it is stale."""
    return write_or_check(
        TARGET, lambda: render(read_offerings(), metadata.version("moto")), __doc__
    )


if __name__ == "__main__":
    sys.exit(main())
