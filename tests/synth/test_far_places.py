"""Cells in Regions that an account has to enable first, and nodes with accelerators."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from tests import inventories
from tests.synth.conftest import Example, synthesize
from tests.synth.provider_schema import unknown_attributes

pytestmark = pytest.mark.synth

NEW = {"email": "aws+new@example.com", "ou": "ou-ab12-cdefgh34"}
IMAGES = {
    "plain": ("r6i.4xlarge", "x86_64-standard"),
    "graviton": ("r6gd.4xlarge", "arm64-standard"),
    "gpu": ("g6.12xlarge", "x86_64-nvidia"),
    "gpu-too": ("p5.48xlarge", "x86_64-nvidia"),
    "gpu-graviton": ("g5g.8xlarge", "arm64-nvidia"),
    "trainium": ("trn1.32xlarge", "x86_64-neuron"),
}


def far_inventory() -> dict[str, Any]:
    """Make cells in Milan, which has to be enabled, and one at home."""
    made = inventories.data(cells=1, nodes=1)
    made["meshes"]["milan"] = {"region": "eu-south-1"}
    milan = dict(inventories.CELL_TYPE, zones=["eus1-az1", "eus1-az2", "eus1-az3"])
    milan["node_groups"] = {"all": {"instance_type": "r6i.4xlarge", "nodes_per_zone": 1}}
    made["cell_types"]["milan"] = milan
    # The zones that offer all of these types.
    mixed = {**copy.deepcopy(inventories.CELL_TYPE), "zones": ["use1-az4", "use1-az6"]}
    mixed["node_groups"] = {
        name: {"instance_type": type_, "nodes_per_zone": 1} for name, (type_, _) in IMAGES.items()
    }
    made["cell_types"]["mixed"] = mixed
    made["cells"]["mixed"] = inventories.cell(4, type_="mixed")
    for number, name in enumerate(("milan-new", "milan-old"), start=1):
        made["cells"][name] = inventories.cell(number, mesh="milan", type_="milan")
    made["cells"]["milan-new"]["account"] = NEW
    made["cells"]["home-new"] = inventories.cell(3) | {"account": NEW | {"email": "a@example.com"}}
    return made


@pytest.fixture(scope="module")
def far(tmp_path_factory: pytest.TempPathFactory) -> Example:
    file = tmp_path_factory.mktemp("far") / "cells.yaml"
    file.write_text(inventories.render(far_inventory()), "utf-8")
    return synthesize(file)


def provider(far: Example, stack: str) -> dict[str, Any]:
    (found,) = far.documents[stack]["provider"]["aws"]
    return dict(found)


def test_a_new_account_enables_its_region_from_the_management_account(far: Example) -> None:
    document = far.documents["milan-new-account"]
    assert document["resource"]["aws_account_region"]["region"] == {
        "account_id": "${aws_organizations_account.cell.id}",
        "enabled": True,
        "region_name": "eu-south-1",
        "timeouts": {"create": "6h", "update": "6h"},
    }
    assert provider(far, "milan-new-account")["allowed_account_ids"] == ["111111111111"]


def test_no_other_stack_starts_before_the_region_is_enabled(far: Example) -> None:
    """The id that the other stacks wait for comes out of the resource that enables the Region."""
    output = far.documents["milan-new-account"]["output"]["account_id"]
    assert output == {"value": "${aws_account_region.region.account_id}"}
    network = next(s for s in far.stacks if s.id.name == "milan-new-network")
    assert [s.name for s in network.waits_for] == ["milan-new-account"]


def test_the_management_account_needs_no_region_but_its_own(far: Example) -> None:
    assert provider(far, "milan-new-account")["region"] == "us-east-1"
    for cell in ("milan-new", "milan-old"):
        for layer in ("network", "cluster"):
            found = provider(far, f"{cell}-{layer}")
            assert (found["region"], found["sts_region"]) == ("eu-south-1", "us-east-1")


def test_where_a_region_is_there_from_the_start_nothing_is_enabled(far: Example) -> None:
    document = far.documents["home-new-account"]
    assert list(document["resource"]) == ["aws_organizations_account"]
    assert document["output"]["account_id"] == {"value": "${aws_organizations_account.cell.id}"}
    for stack in ("home-new-account", "home-new-network"):
        assert provider(far, stack)["region"] == "us-east-1"
        assert "sts_region" not in provider(far, stack)


def test_an_account_that_exists_is_not_touched(far: Example) -> None:
    assert "milan-old-account" not in far.documents


@pytest.mark.parametrize("pool", IMAGES)
def test_nodes_run_the_image_with_the_drivers_of_their_accelerators(
    far: Example, pool: str
) -> None:
    document = far.documents["mixed-cluster"]
    _, build = IMAGES[pool]
    template = document["resource"]["aws_launch_template"][f"template-{pool}"]
    address = build.removesuffix("-standard")  # the first images there were keep their addresses
    assert template["image_id"] == f"${{data.aws_ami.image-{address}.id}}"
    (name,) = document["data"]["aws_ami"][f"image-{address}"]["filter"]
    assert name["values"] == [f"amazon-eks-node-al2023-{build}-1.34-v20251103"]


def test_an_image_is_looked_up_once(far: Example) -> None:
    images = far.documents["mixed-cluster"]["data"]["aws_ami"]
    assert len(images) == len({build for _, build in IMAGES.values()})


def test_every_attribute_exists_in_the_providers_of_the_bindings(far: Example) -> None:
    unknown = {name: unknown_attributes(document) for name, document in far.documents.items()}
    assert {name: found for name, found in unknown.items() if found} == {}
