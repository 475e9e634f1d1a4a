"""The zones: the file is what its tool writes."""

from __future__ import annotations

from importlib import metadata
from pathlib import Path

import pytest

from cellfactory import facts as package
from cellfactory.facts.loader import load_facts
from tools import update_zones

REGIONS = load_facts().regions
TEXT = (Path(package.__file__).parent / "regions.yaml").read_text("utf-8")


def test_the_file_is_what_its_tool_writes() -> None:
    moto = metadata.version("moto")
    if f"version: moto {moto}\n" not in TEXT:
        pytest.skip(f"another moto is installed: {moto}")
    made = update_zones.render(update_zones.observed_zones(), update_zones.emulated_zones(), moto)
    assert made == TEXT


def test_every_zone_belongs_to_one_region() -> None:
    zones = [zone for region in REGIONS.values() for zone in region.zone_ids]
    assert len(zones) == len(set(zones))
    assert all(len(region.zone_ids) >= 2 for region in REGIONS.values())


@pytest.mark.parametrize(
    ("region", "zones"),
    [
        ("us-east-1", ("use1-az1", "use1-az2", "use1-az3", "use1-az4", "use1-az5", "use1-az6")),
        ("us-west-1", ("usw1-az1", "usw1-az3")),
        ("ap-northeast-1", ("apne1-az1", "apne1-az2", "apne1-az4")),
        ("eu-west-2", ("euw2-az1", "euw2-az2", "euw2-az3", "euw2-az4")),
    ],
)
def test_known_zones(region: str, zones: tuple[str, ...]) -> None:
    assert REGIONS[region].zone_ids == zones
    assert REGIONS[region].confirmed


def test_zones_that_only_follow_the_pattern_are_not_confirmed() -> None:
    assert not REGIONS["mx-central-1"].confirmed


@pytest.mark.parametrize(
    ("region", "refused"),
    [
        ("us-east-1", ("use1-az3",)),
        ("us-west-1", ("usw1-az2",)),
        ("ca-central-1", ("cac1-az3",)),
        ("us-west-2", ()),
        ("us-east-2", ()),
    ],
)
def test_zones_that_take_no_cluster(region: str, refused: tuple[str, ...]) -> None:
    assert REGIONS[region].refused == refused


def test_both_sources_of_zones_are_joined() -> None:
    text = update_zones.render(
        {"us-r-1": {"r1-az2"}}, {"us-r-1": {"r1-az1"}, "us-s-1": {"s1-az1"}}, "0"
    )
    assert "  us-r-1: [r1-az1, r1-az2]\n" in text
    assert text.index("patterned:") < text.index("  us-s-1: [s1-az1]")


@pytest.mark.parametrize(
    ("region", "partition"),
    [("us-east-1", "aws"), ("cn-northwest-1", "aws-cn"), ("us-gov-east-1", "aws-us-gov")],
)
def test_partitions(region: str, partition: str) -> None:
    assert REGIONS[region].partition == partition


@pytest.mark.parametrize("region", ["us-east-1", "ap-northeast-3", "eu-north-1", "sa-east-1"])
def test_regions_that_every_account_has(region: str) -> None:
    assert not REGIONS[region].opt_in


@pytest.mark.parametrize(
    "region", ["af-south-1", "ap-east-1", "ap-southeast-7", "eu-south-1", "il-central-1"]
)
def test_regions_that_an_account_has_to_enable(region: str) -> None:
    assert REGIONS[region].opt_in


def test_only_regions_of_the_partition_aws_are_enabled_one_by_one() -> None:
    assert {r.partition for r in REGIONS.values() if r.opt_in} == {"aws"}
    here = [r for r in REGIONS.values() if r.partition == "aws"]
    assert sum(not r.opt_in for r in here) == 17  # all that opened before 20 March 2019


def test_roles_are_assumed_where_every_account_is() -> None:
    facts = load_facts()
    assert facts.role_region("eu-west-1") == "eu-west-1"
    assert facts.role_region("eu-south-1") == "us-east-1"
    assert not any(REGIONS[facts.role_region(region)].opt_in for region in REGIONS)
