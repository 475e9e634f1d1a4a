"""What a killed apply left of gateways and shares is found, with what it is imported by."""

from __future__ import annotations

from typing import Any

import pytest

from cellfactory.facts.importing import load_import_forms
from cellfactory.sandbox.client import session_for
from cellfactory.terraform.identify import Known, Wanted, identify
from tests.sandbox.emulators import REGION, Emulator
from tests.sandbox.gateways import make_owner, make_spoke

pytestmark = pytest.mark.sandbox


class Session:
    """A session of the emulator's, whose clients know where it listens."""

    def __init__(self, emulator: Emulator, account: str) -> None:
        self._endpoint = emulator.endpoint
        self._session = session_for(emulator.endpoint, account, REGION)

    def client(self, service: str, **options: Any) -> Any:
        return self._session.client(service, endpoint_url=self._endpoint, **options)


def found(emulator: Emulator, account: str, kind: str, **values: Any) -> str:
    """The id by which something is imported; empty where it is not found."""
    wanted = Wanted(address=f"{kind}.x", type=kind, values={"tags_all": {}, **values})
    session: Any = Session(emulator, account)
    told = identify(session, REGION, load_import_forms()[kind], wanted)
    assert told is None or isinstance(told, Known), told
    return told.id if told else ""


def test_each_part_of_a_gateway_is_found(
    emulator: Emulator, account: str, other_account: str
) -> None:
    owner, spoke = (
        make_owner(emulator, account),
        make_spoke(emulator, other_account, "10.64.0.0/16"),
    )
    share = owner.share(other_account)
    accepter = {"share_arn": share}
    assert found(emulator, other_account, "aws_ram_resource_share_accepter", **accepter) == ""
    spoke.take()
    assert found(emulator, other_account, "aws_ram_resource_share_accepter", **accepter) == share
    attachment = spoke.attach(owner.gateway)
    accepted = {"transit_gateway_attachment_id": attachment}
    accepts = "aws_ec2_transit_gateway_vpc_attachment_accepter"
    assert found(emulator, account, accepts, **accepted) == ""
    owner.accept(attachment)
    table = owner.table()
    owner.associate(attachment, table)
    owner.route(table, "10.64.0.0/16", attachment)
    of_table = {"transit_gateway_route_table_id": table}
    parts = {
        "aws_ec2_transit_gateway": ({}, owner.gateway),
        "aws_ec2_transit_gateway_route_table": ({"transit_gateway_id": owner.gateway}, table),
        accepts: (accepted, attachment),
        "aws_ec2_transit_gateway_route_table_association": (
            {**accepted, **of_table},
            f"{table}_{attachment}",
        ),
        "aws_ec2_transit_gateway_route": (
            {**of_table, "destination_cidr_block": "10.64.0.0/16"},
            f"{table}_10.64.0.0/16",
        ),
        "aws_ram_resource_share": ({"name": "hub"}, share),
        "aws_ram_resource_association": (
            {"resource_share_arn": share, "resource_arn": owner.arn},
            f"{share},{owner.arn}",
        ),
        "aws_ram_principal_association": (
            {"resource_share_arn": share, "principal": other_account},
            f"{share},{other_account}",
        ),
    }
    for kind, (values, id_) in parts.items():
        assert found(emulator, account, kind, **values) == id_, kind
    attached = {"vpc_id": spoke.vpc, "transit_gateway_id": owner.gateway}
    kind = "aws_ec2_transit_gateway_vpc_attachment"
    assert found(emulator, other_account, kind, **attached) == attachment
