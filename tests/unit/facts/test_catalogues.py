"""Long lists of AWS's: endpoint services, and which zone offers which instance type."""

from __future__ import annotations

from importlib import metadata

import moto.ec2.models.vpcs
import pytest

from cellfactory.facts.loader import load_facts
from tools import update_offerings

FACTS = load_facts()
OF_MOTO = {  # names of modules of moto's, which are no endpoint services
    *("ecr", "firehose", "iot", "kinesis", "redshiftdata", "route53resolver", "sagemaker"),
}


def test_every_service_of_the_source_is_in_the_catalogue() -> None:
    told = {*moto.ec2.models.vpcs.AWS_ENDPOINT_SERVICES}
    told |= {*moto.ec2.models.vpcs.COVERED_ENDPOINT_SERVICES} - OF_MOTO
    assert told - set(FACTS.endpoint_services.kinds) == set()


def test_what_a_cell_cannot_do_without_is_known_and_usual() -> None:
    for name in FACTS.endpoints:
        kind = FACTS.endpoint_services.kinds[name]
        assert (kind.gateway, kind.private_names, kind.zones_without) == (False, True, ())


def test_zones_without_a_service_exist() -> None:
    known = {zone for region in FACTS.regions.values() for zone in region.zone_ids}
    for kind in FACTS.endpoint_services.kinds.values():
        stems = {zone.rpartition("-")[0] for zone in known}
        assert {zone.rpartition("-")[0] for zone in kind.zones_without} <= stems


def test_offerings_are_those_of_the_source() -> None:
    made = update_offerings.read_offerings()
    assert {kind: set(zones) for kind, zones in FACTS.offerings.zones.items()} == made
    assert f"moto {metadata.version('moto')}" in update_offerings.render(
        made, metadata.version("moto")
    )


@pytest.mark.parametrize(
    ("kind", "zone", "lacks"),
    [
        ("r6gd.8xlarge", "euw2-az3", True),
        ("r6gd.8xlarge", "euw2-az1", False),
        ("no.such", "euw2-az1", False),
    ],
)
def test_a_zone_lacks_a_type_that_it_does_not_offer(kind: str, zone: str, lacks: bool) -> None:
    assert FACTS.offerings.lacks(kind, zone) is lacks


def test_zones_beside_are_of_the_same_region() -> None:
    assert FACTS.offerings.beside("r6gd.8xlarge", "euw2-az3") == ("euw2-az1", "euw2-az2")
