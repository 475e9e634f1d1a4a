"""Write `facts/instance_prices.txt`: what an On-Demand instance costs, from a table of AWS's own.

    python -m tools.update_prices pricing.go            # write the file
    python -m tools.update_prices pricing.go --check    # exit 1 when the file is stale

AWS keeps what its price list answers in the repository of its provider for Karpenter, in
pkg/providers/pricing/zz_generated.pricing_aws.go; fetch that file first. It tells one Region.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from pathlib import Path

from tools.made_file import write_or_check

FACTS = Path(__file__).resolve().parent.parent / "factory" / "cellfactory" / "facts"
TARGET = FACTS / "instance_prices.txt"
COMMIT = "6fc13b5236fd04fd16ff3f9dc7490d0813994099"
"""The commit whose file was read; set by hand."""
CHECKED = "2026-11-28"
"""The day a person last looked at it; set by hand."""
_MADE = re.compile(r"generated at (\d{4}-\d\d-\d\d)")
_REGION = re.compile(r'^\t"([a-z]+(?:-[a-z]+)+-\d)": \{$')
_PRICE = re.compile(r'"([a-z0-9-]+\.[a-z0-9-]+)": (\d+\.\d+)')


def read_prices(text: str) -> dict[str, dict[str, str]]:
    """Read the price of each type (USD per hour), by Region."""
    found: dict[str, dict[str, str]] = {}
    prices: dict[str, str] = {}
    for line in text.splitlines():
        if region := _REGION.match(line):
            prices = found.setdefault(region[1], {})
        for kind, price in _PRICE.findall(line):
            prices[kind] = price.rstrip("0").rstrip(".")
    return found


def read_day(text: str) -> str:
    """Read the day on which AWS answered."""
    made = _MADE.search(text)
    if made is None:
        msg = "the file does not say when it was generated"
        raise ValueError(msg)
    return made[1]


def render(prices: Mapping[str, Mapping[str, str]], day: str) -> str:
    """Make the whole text: a line for each Region and type, sorted."""
    lines = [
        "# Made by tools/update_prices.py; do not edit.",
        "# source: https://github.com/aws/karpenter-provider-aws/blob/"
        f"{COMMIT}/pkg/providers/pricing/zz_generated.pricing_aws.go",
        f"# copied: {day}",
        f"# checked: {CHECKED}",
        "# unit: USD per hour, On-Demand, Linux, shared tenancy",
    ]
    for region in sorted(prices):
        lines += [f"{region} {kind} {prices[region][kind]}" for kind in sorted(prices[region])]
    return "\n".join(lines) + "\n"


def main() -> int:
    """Write the file, or tell whether it is stale."""
    words = [word for word in sys.argv[1:] if not word.startswith("-")]
    sys.argv[1:] = [word for word in sys.argv[1:] if word.startswith("-")]

    def made() -> str:
        text = Path(words[0]).read_text("utf-8")
        return render(read_prices(text), read_day(text))

    return write_or_check(TARGET, made, __doc__)


if __name__ == "__main__":
    sys.exit(main())
