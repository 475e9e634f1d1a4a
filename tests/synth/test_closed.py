"""What is closed in the network of a cell, and what stays open where it is asked for."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from tests import inventories
from tests.synth.conftest import Example, synthesize

pytestmark = pytest.mark.synth

PARTNER = "999999999999"


def cell_type(**changes: Any) -> dict[str, Any]:
    return {**copy.deepcopy(inventories.CELL_TYPE), **changes}


@pytest.fixture(scope="module")
def closed(tmp_path_factory: pytest.TempPathFactory) -> Example:
    """Three cells: one as it comes, one that trusts a partner, one that is open."""
    made = inventories.data(cells=3, nodes=1)
    services = ["dynamodb", "sts", "ecr.api", "glue", "dynamodb-streams"]
    types = {
        "usual": cell_type(endpoints=[*services]),
        "trusting": cell_type(endpoints=[*services], trusted_accounts=[PARTNER]),
        "open": cell_type(endpoints=[*services], endpoint_access="any"),
    }
    for cell, name in zip(sorted(made["cells"]), types, strict=True):
        made["cell_types"][name] = types[name]
        made["cells"][cell]["type"] = name
    file = tmp_path_factory.mktemp("closed") / "cells.yaml"
    file.write_text(inventories.render(made), "utf-8")
    return synthesize(file)


def resources(closed: Example, type_: str, kind: str) -> Any:
    cells = closed.design.inventory.cells
    (cell,) = (name for name, cell in cells.items() if cell.type == type_)
    return closed.documents[f"{cell}-network"]["resource"][kind], cell


def policies(closed: Example, type_: str) -> tuple[dict[str, Any], str]:
    """The policy of each endpoint that has one, by name, and the account of the cell."""
    endpoints, cell = resources(closed, type_, "aws_vpc_endpoint")
    account: Any = closed.design.inventory.cells[cell].account
    found = {n: json.loads(e["policy"]) for n, e in endpoints.items() if "policy" in e}
    return found, account.id


def test_nothing_uses_what_aws_makes_with_a_vpc_and_it_is_closed(closed: Example) -> None:
    (group,) = resources(closed, "usual", "aws_default_security_group")[0].values()
    assert "ingress" not in group
    assert "egress" not in group
    (table,) = resources(closed, "usual", "aws_default_route_table")[0].values()
    assert table["route"] == []


def test_dynamodb_is_a_gateway_in_every_table_and_takes_no_address(closed: Example) -> None:
    endpoints, _ = resources(closed, "usual", "aws_vpc_endpoint")
    gateways = {name for name, made in endpoints.items() if made["vpc_endpoint_type"] == "Gateway"}
    assert gateways == {"gateway-s3", "gateway-dynamodb"}
    s3, dynamodb = endpoints["gateway-s3"], endpoints["gateway-dynamodb"]
    assert dynamodb["route_table_ids"] == s3["route_table_ids"]
    assert "subnet_ids" not in dynamodb


def test_private_names_are_asked_for_where_there_are_some(closed: Example) -> None:
    endpoints, _ = resources(closed, "usual", "aws_vpc_endpoint")
    assert endpoints["interface-glue"]["private_dns_enabled"] is True
    assert endpoints["interface-dynamodb-streams"]["private_dns_enabled"] is False


@pytest.mark.parametrize(("type_", "more"), [("usual", []), ("trusting", [PARTNER])])
def test_endpoints_admit_principals_of_known_accounts_alone(
    closed: Example, type_: str, more: list[str]
) -> None:
    found, account = policies(closed, type_)
    assert set(found) == {"gateway-s3", "gateway-dynamodb", "interface-ecr-api", "interface-sts"}
    for name, policy in found.items():
        for statement in policy["Statement"]:
            if statement["Action"] == "*":
                equal = statement["Condition"]["StringEquals"]
                assert equal["aws:PrincipalAccount"] == [account, *more], name
                if name.startswith("gateway-"):
                    assert equal.keys() & {"aws:ResourceOrgID", "aws:ResourceAccount"}, name


def test_the_layers_of_images_are_there_for_everybody(closed: Example) -> None:
    found, _ = policies(closed, "usual")
    (read,) = (s for s in found["gateway-s3"]["Statement"] if s["Action"] == "s3:GetObject")
    assert "arn:aws:s3:::prod-us-east-1-starport-layer-bucket/*" in read["Resource"]
    assert "Condition" not in read
    assert all(s["Action"] == "*" for s in found["gateway-dynamodb"]["Statement"])


def test_where_everything_is_let_through_no_policy_is_written(closed: Example) -> None:
    assert policies(closed, "open")[0] == {}


def test_the_policy_of_flow_logs_comes_after_the_flow_log(closed: Example) -> None:
    (policy,) = resources(closed, "usual", "aws_s3_bucket_policy")[0].values()
    assert policy["depends_on"] == ["aws_flow_log.flow-log"]
    (log,) = resources(closed, "usual", "aws_flow_log")[0].values()
    assert "depends_on" not in log
    sids = [statement["Sid"] for statement in json.loads(policy["policy"])["Statement"]]
    assert sids == ["AWSLogDeliveryWrite", "AWSLogDeliveryAclCheck", "EncryptedTransportOnly"]


def test_names_of_hubs_wait_for_their_owners_and_those_of_peers_do_not(tmp_path: Path) -> None:
    made = inventories.data(cells=2, nodes=1)
    hub = {"account": "333333333333", "vpc": "vpc-0f00ba12", "region": "us-east-1"}
    made["hubs"] = {"shared": {**hub, "blocks": ["192.168.0.0/16"], "dns_resolution": True}}
    for mesh in made["meshes"].values():
        mesh["hubs"] = ["shared"]
    file = tmp_path / "cells.yaml"
    file.write_text(inventories.render(made), "utf-8")
    example = synthesize(file)
    lower, _ = sorted(made["cells"])
    document = example.documents[f"{lower}-routes"]
    each = document["resource"]["aws_vpc_peering_connection_options"]["names"]["for_each"]
    assert each.startswith("${merge(local.resolving, ")
    assert 'data.aws_vpc_peering_connection.hub[hub].status == "active"' in each
    assert list(document["locals"]["resolving_hubs"]) == ["shared"]
    assert "shared" not in document["locals"]["resolving"]
