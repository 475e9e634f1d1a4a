"""A world is a value that survives being written."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cellfactory.sandbox.images import image_id
from cellfactory.sandbox.world import (
    HubVpc,
    Image,
    Member,
    Organization,
    World,
    parse_world,
    render_world,
)

HUB = {"account": "333333333333", "vpc_id": "vpc-1", "region": "us-east-1"}
HUBS = st.builds(
    HubVpc,
    account=st.from_regex(r"[0-9]{12}", fullmatch=True),
    vpc_id=st.text(min_size=1),
    region=st.text(min_size=1),
    blocks=st.lists(st.ip_addresses(v=4).map("{}/32".format), min_size=1).map(tuple),
)
IMAGES = st.builds(
    Image, name=st.text(), architecture=st.text(), regions=st.lists(st.text()).map(tuple)
)
ORGANIZATIONS = st.builds(
    Organization,
    management_account=st.text(),
    units=st.lists(st.text()).map(tuple),
    members=st.lists(st.builds(Member, account=st.text(), role=st.text())).map(tuple),
    most_accounts=st.integers(1, 50),
    resource_sharing=st.booleans(),
)
WORLDS = st.builds(
    World,
    organizations=st.lists(ORGANIZATIONS, max_size=3).map(tuple),
    hubs=st.lists(HUBS, max_size=3).map(tuple),
    images=st.lists(IMAGES, max_size=3).map(tuple),
    blocks_per_vpc=st.none() | st.integers(1, 50),
    peering_requests=st.none() | st.integers(1, 50),
    account_ready_seconds=st.floats(0, 10),
    quotas=st.dictionaries(st.text(), st.integers(1, 50)),
    transit_seconds=st.floats(0, 10),
    enforce_iam=st.booleans(),
)


@given(WORLDS)
def test_a_world_survives_writing_and_reading(world: World) -> None:
    assert parse_world(render_world(world)) == world


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{",
        json.dumps({"moons": 1}),
        json.dumps({"hubs": [{"account": "333333333333"}]}),
        json.dumps({"images": [{"name": "one", "architecture": "arm64"}]}),
        json.dumps({"hubs": 7}),
        json.dumps({"organizations": [{"units": []}]}),
        json.dumps({"organizations": [{"management_account": "1", "members": [{"role": "A"}]}]}),
        json.dumps({"hubs": [HUB | {"blocks": []}]}),
        json.dumps({"hubs": [HUB | {"blocks": ["10.0.0.1/16"]}]}),
        json.dumps({"hubs": [HUB | {"blocks": ["fd00::/64"]}]}),
    ],
)
def test_what_is_no_world_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse_world(text)


def test_an_image_has_one_id_for_each_region() -> None:
    assert image_id("a", "us-east-1") == image_id("a", "us-east-1")
    assert len({image_id(n, r) for n in ("a", "b") for r in ("us-east-1", "eu-west-1")}) == 4
