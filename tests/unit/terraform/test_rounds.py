"""Whom a cell asks in a round: never more at once than may wait, and each peer once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st

from cellfactory.errors import TerraformError
from cellfactory.layers import Access, Stack, StackId
from cellfactory.layers.edges import PEER_VPCS
from cellfactory.terraform.messages import Value
from cellfactory.terraform.rounds import (
    Asker,
    Request,
    Rounds,
    ask_requests,
    narrowed,
    next_round,
)

OWN = "vpc-own"
ACCESS = Access(account="444444444444", roles=(), region="us-east-1", sts_region="us-east-1")


def vpcs(number: int) -> dict[str, str]:
    return {f"cell-{n:03}": f"vpc-{n:03}" for n in range(1, number + 1)}


def waiting(*asked: str) -> list[Request]:
    return [Request(OWN, vpc, "pending-acceptance") for vpc in asked]


def active(*asked: str) -> list[Request]:
    return [Request(OWN, vpc, "active") for vpc in asked]


def joined(peers: Mapping[str, str], asker: Asker, by_role: Sequence[str] = ()) -> list[int]:
    """Ask and accept until nothing is left; returns how many were asked in each round."""
    live: dict[str, str] = {}
    rounds = []
    for _ in range(300):
        told = next_round(peers, asker, OWN, [Request(OWN, v, s) for v, s in live.items()])
        asked = [v for v in (*told.peers.values(), *asker.hubs) if v not in live]
        live |= dict.fromkeys(asked, "pending-acceptance")
        assert sum(s == "pending-acceptance" for s in live.values()) == told.waiting <= asker.most
        rounds.append(len(asked))
        accepts = {*peers.values(), *by_role}
        live = {v: "active" if v in accepts else s for v, s in live.items()}
        if not told.left:
            assert set(live) == {*peers.values(), *asker.hubs}
            return rounds
        assert not told.is_idle
    raise AssertionError(rounds)


def test_the_lowest_cell_of_126_asks_125_peers_in_five_rounds() -> None:
    assert joined(vpcs(125), Asker(hubs=(), most=25)) == [25] * 5


def test_a_hub_that_accepts_by_hand_takes_room_for_as_long_as_it_waits() -> None:
    assert joined(vpcs(125), Asker(hubs=("vpc-hub",), most=25)) == [25, *[24] * 4, 5]


def test_a_hub_that_a_role_accepts_for_takes_room_in_the_first_round_alone() -> None:
    told = joined(vpcs(125), Asker(hubs=("vpc-hub",), most=25), by_role=["vpc-hub"])
    assert told == [25, *[25] * 4, 1]


@given(
    st.integers(1, 130),
    st.integers(0, 5),
    st.integers(1, 40),
)
def test_all_are_asked_at_last_and_never_too_many_at_once(peers: int, hubs: int, room: int) -> None:
    named = tuple(f"vpc-hub-{n}" for n in range(hubs))
    rounds = joined(vpcs(peers), Asker(hubs=named, most=hubs + room))
    assert sum(rounds) == peers + hubs


def test_what_is_there_is_never_left_out_of_a_round() -> None:
    """A row that a plan does not see any more is one that it destroys."""
    peers = vpcs(10)
    there = active("vpc-009", "vpc-010")
    told = next_round(peers, Asker(hubs=(), most=3), OWN, there)
    assert set(told.peers) == {"cell-001", "cell-002", "cell-003", "cell-009", "cell-010"}
    assert (told.left, told.waiting, told.is_idle) == (5, 3, False)


def test_without_room_only_what_is_there_stays() -> None:
    peers = vpcs(5)
    told = next_round(peers, Asker(hubs=(), most=2), OWN, waiting("vpc-001", "vpc-002"))
    assert (set(told.peers), told.left, told.is_idle) == ({"cell-001", "cell-002"}, 3, True)
    assert str(told) == (
        "2 of 5 connections are there or asked for; 3 more will be, once some of the 2 that wait "
        "are accepted"
    )


def test_what_other_vpcs_of_the_account_ask_for_counts_as_well() -> None:
    others = [Request("vpc-else", f"vpc-{n}", "pending-acceptance") for n in range(4)]
    told = next_round(vpcs(5), Asker(hubs=(), most=5), OWN, others)
    assert (len(told.peers), told.left) == (1, 4)


def test_a_request_that_expired_is_made_again() -> None:
    """AWS is asked for what has not ended, so that it is simply not there."""
    told = next_round(vpcs(3), Asker(hubs=(), most=2), OWN, active("vpc-002"))
    assert set(told.peers) == {"cell-001", "cell-002", "cell-003"}
    assert told.left == 0


def test_a_round_narrows_one_variable_and_no_other() -> None:
    told = next_round(vpcs(3), Asker(hubs=(), most=1), OWN, ())
    given: dict[str, Value] = {"vpc_id": OWN, PEER_VPCS: vpcs(3)}
    assert narrowed(given, told) == {"vpc_id": OWN, PEER_VPCS: {"cell-001": "vpc-001"}}


STACK = Stack(id=StackId("a", "peering"), access=ACCESS)


def test_a_cell_that_asks_all_at_once_asks_aws_nothing() -> None:
    def ask(_: Access) -> Sequence[Request]:
        raise AssertionError

    told = Rounds(askers={}, ask=ask).of(STACK, {"vpc_id": OWN, PEER_VPCS: vpcs(3)})
    assert told is None


class Ec2:
    """EC2 that knows some connections, or lets nobody look."""

    def __init__(self, rows: Sequence[Mapping[str, Any]], *, closed: bool = False) -> None:
        self.rows, self.closed = rows, closed
        self.filters: list[dict[str, Any]] = []

    def client(self, service: str, **_: Any) -> Any:
        assert service == "ec2"
        return self

    def get_paginator(self, operation: str) -> Ec2:
        assert operation == "describe_vpc_peering_connections"
        return self

    def paginate(self, **given: Any) -> list[dict[str, Any]]:
        self.filters = given["Filters"]
        if self.closed:
            raise ClientError({"Error": {"Code": "UnauthorizedOperation"}}, "Describe")
        return [{"VpcPeeringConnections": [row]} for row in self.rows]


def row(asked: str, status: str) -> dict[str, Any]:
    return {
        "RequesterVpcInfo": {"VpcId": OWN},
        "AccepterVpcInfo": {"VpcId": asked},
        "Status": {"Code": status},
    }


def test_aws_is_asked_for_what_the_account_asked_for_and_has_not_ended() -> None:
    ec2 = Ec2([row("vpc-1", "active"), row("vpc-2", "pending-acceptance")])
    told = ask_requests(lambda _access: ec2)(ACCESS)
    assert told == (Request(OWN, "vpc-1", "active"), Request(OWN, "vpc-2", "pending-acceptance"))
    assert [one.waits for one in told] == [False, True]
    by_name = {one["Name"]: one["Values"] for one in ec2.filters}
    assert by_name["requester-vpc-info.owner-id"] == ["444444444444"]
    assert not {"expired", "deleted", "failed", "rejected"} & set(by_name["status-code"])


def test_whoever_may_not_look_is_told_what_to_allow() -> None:
    with pytest.raises(TerraformError) as told:
        ask_requests(lambda _access: Ec2([], closed=True))(ACCESS)
    (problem,) = told.value.problems
    assert problem.finding.rule == "F649"
    assert "ec2:DescribeVpcPeeringConnections" in problem.finding.hint
