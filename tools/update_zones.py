"""Write `facts/regions.yaml`: the zone ids of every Region, from the data that moto ships.

    python -m tools.update_zones            # write the file
    python -m tools.update_zones --check    # exit 1 when the file is stale

Two things in moto tell zone ids: AWS's answers to DescribeInstanceTypeOfferings by zone id, one
file a Region; and the zones that moto itself pretends, which for newer Regions only follow the
pattern of names. A Region of the first kind is `observed`, one of the second alone `patterned`.
Which Regions lie outside the partition `aws`, botocore knows.
"""

from __future__ import annotations

import gzip
import json
import sys
from collections.abc import Iterable, Mapping
from importlib import metadata, resources
from pathlib import Path

from botocore.session import Session
from moto.ec2.models.availability_zones_and_regions import RegionsAndZonesBackend

from tools.made_file import write_or_check

FACTS = Path(__file__).resolve().parent.parent / "factory" / "cellfactory" / "facts"
TARGET = FACTS / "regions.yaml"
CHECKED = "2026-11-22"
"""The day a person last looked at the list; set by hand."""

Zones = dict[str, set[str]]


def observed_zones() -> Zones:
    """Read in which zones EC2 offers anything, as AWS answered."""
    folder = resources.files("moto").joinpath("ec2/resources/instance_type_offerings")
    zones: Zones = {}
    for packed in folder.joinpath("availability-zone-id").iterdir():
        offers = json.loads(gzip.decompress(packed.read_bytes()))
        zones[packed.name.removesuffix(".json.gz")] = {offer["Location"] for offer in offers}
    return zones


def emulated_zones() -> Zones:
    """List the zones that moto answers with."""
    return {
        region: {zone.zone_id for zone in zones}
        for region, zones in RegionsAndZonesBackend.zones.items()
    }


def render(observed: Mapping[str, set[str]], emulated: Mapping[str, set[str]], version: str) -> str:
    """Make the whole text, sorted by Region and zone id."""
    seen = {name: ids | emulated.get(name, set()) for name, ids in observed.items()}
    rest = {name: ids for name, ids in emulated.items() if name not in observed}
    return "\n".join(
        [
            "# Made by tools/update_zones.py; do not edit.",
            f"source: https://github.com/getmoto/moto/tree/{version}/moto/ec2",
            f"version: moto {version}",
            f"checked: {CHECKED}",
            "observed:  # AWS answered with these",
            *_lines(seen),
            "patterned:  # follow the pattern of names; nobody asked AWS",
            *_lines(rest),
            "elsewhere:  # outside the partition aws, by partition; botocore tells it by the names",
            *_lines(_elsewhere({*seen, *rest})),
            "",
        ]
    )


def _elsewhere(regions: Iterable[str]) -> Zones:
    """Find the Regions of other partitions, by partition."""
    session = Session()
    homes = {region: session.get_partition_for_region(region) for region in regions}
    return {
        partition: {region for region, home in homes.items() if home == partition}
        for partition in set(homes.values()) - {"aws"}
    }


def _lines(zones: Mapping[str, set[str]]) -> list[str]:
    return [f"  {name}: [{', '.join(sorted(zones[name]))}]" for name in sorted(zones)]


def main() -> int:
    """Write the file, or tell whether it is stale."""
    return write_or_check(
        TARGET,
        lambda: render(observed_zones(), emulated_zones(), metadata.version("moto")),
        __doc__,
    )


if __name__ == "__main__":
    sys.exit(main())
