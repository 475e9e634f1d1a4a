"""What an apply may not do by itself, and which words let it."""

from __future__ import annotations

import pytest

from cellfactory.layers import StackId
from cellfactory.terraform.guard import (
    Allowed,
    dangers,
    describe,
    forbidden,
    is_tainted,
    lifted,
    tainted_warnings,
)
from cellfactory.terraform.messages import Change


def change(address: str, action: str, reason: str = "") -> Change:
    return Change(
        address=address,
        resource_type=address.partition(".")[0],
        key="",
        action=action,
        reason=reason,
    )


def refused(
    *planned: Change, lost: tuple[Change, ...] = (), words: tuple[str, ...] = ()
) -> list[str]:
    found = dangers(planned, lost)
    return [c.address for c in forbidden(found, "cluster", Allowed.of(words))]


@pytest.mark.parametrize("action", ["create", "update", "read", "move", "import", "forget"])
def test_what_destroys_nothing_is_free(action: str) -> None:
    assert refused(change("aws_vpc.cell", action)) == []


@pytest.mark.parametrize("action", ["delete", "replace"])
def test_what_destroys_needs_its_layer_or_its_address(action: str) -> None:
    rule = change('aws_ssm_parameter.of["a b"]', action)
    assert refused(rule) == ['aws_ssm_parameter.of["a b"]']
    assert refused(rule, words=("network",)) == ['aws_ssm_parameter.of["a b"]']
    assert refused(rule, words=("cluster",)) == []
    assert refused(rule, words=('aws_ssm_parameter.of["a b"]',)) == []
    assert refused(rule, words=("aws_ssm_parameter.of",)) == ['aws_ssm_parameter.of["a b"]']


def test_a_route_is_never_replaced_by_a_word_for_its_layer() -> None:
    route = change('aws_route.to-peer["a b"]', "replace")
    assert refused(route, words=("cluster",)) == [route.address]
    assert refused(route, words=(route.address,)) == []
    assert refused(change(route.address, "delete"), words=("cluster",)) == []
    assert refused(change(route.address, "update")) == []
    said, hint = describe([route], StackId("a", "routes"), "aws")
    assert said == "it would replace 1"
    assert hint.startswith("there is no way while")


@pytest.mark.parametrize(
    "kind",
    [
        *("aws_vpc", "aws_eks_cluster", "aws_kms_key", "aws_s3_bucket"),
        "aws_ec2_transit_gateway",
    ],
)
def test_what_cannot_be_made_again_needs_its_whole_address(kind: str) -> None:
    gone = change(f"{kind}.cell", "replace")
    assert refused(gone, words=("cluster",)) == [f"{kind}.cell"]
    assert refused(gone, words=(f"{kind}.cell",)) == []


@pytest.mark.parametrize("reason", ["", "tainted", "cannot_update"])
@pytest.mark.parametrize("action", ["delete", "replace"])
def test_nothing_covers_an_account(action: str, reason: str) -> None:
    account = change("aws_organizations_account.cell", action, reason)
    words = ("account", "cluster", "aws_organizations_account.cell")
    assert refused(account, words=words) == ["aws_organizations_account.cell"]


def test_what_broke_off_half_way_is_replaced_freely_where_little_hangs_on_it() -> None:
    assert refused(change("aws_eks_addon.addon-coredns", "replace", "tainted")) == []
    for address in ("aws_vpc.cell", "aws_eks_cluster.cell", "aws_eks_node_group.group-all-z1"):
        broken = change(address, "replace", "tainted")
        assert is_tainted(broken)
        assert refused(broken) == [address]
        assert refused(broken, words=("cluster",)) == [address], "a layer is too broad a word"
        assert refused(broken, words=(address,)) == []


def test_what_got_lost_is_not_made_anew_unasked() -> None:
    """A refresh that finds nothing may have looked in the wrong account."""
    vpc, subnet = change("aws_vpc.cell", "delete"), change("aws_subnet.node-z1", "delete")
    made = (change("aws_vpc.cell", "create"), change("aws_subnet.node-z1", "create"))
    assert refused(*made) == []
    assert refused(*made, lost=(vpc, subnet)) == ["aws_subnet.node-z1", "aws_vpc.cell"]
    assert refused(*made, lost=(vpc, subnet), words=("cluster",)) == ["aws_vpc.cell"]
    assert refused(lost=(vpc,)) == [], "what is wanted no more may be gone"


def test_a_request_that_nobody_accepted_is_asked_again() -> None:
    request = 'aws_vpc_peering_connection.peer["hub"]'
    assert refused(change(request, "create"), lost=(change(request, "delete"),)) == []


def test_dangers_come_by_address_once() -> None:
    found = dangers((change("b.b", "delete"), change("a.a", "replace")), ())
    assert [c.address for c in found] == ["a.a", "b.b"]


KEPT = {"lifecycle": {"prevent_destroy": True}}
DOCUMENT = {
    "resource": {
        "aws_vpc": {"cell": KEPT},
        "aws_s3_bucket": {"logs": {"lifecycle": {**KEPT["lifecycle"], "ignore_changes": ["x"]}}},
        "aws_subnet": {"node": {}},
        "aws_organizations_account": {"cell": KEPT},
    }
}


def test_a_destroy_lifts_what_is_kept_but_for_accounts() -> None:
    freed = {"lifecycle": {"prevent_destroy": False}}
    assert lifted(DOCUMENT) == {
        "resource": {"aws_vpc": {"cell": freed}, "aws_s3_bucket": {"logs": freed}}
    }
    assert lifted(DOCUMENT, ["aws_vpc.cell"]) == {"resource": {"aws_vpc": {"cell": freed}}}
    assert lifted(DOCUMENT, ["aws_vpc.other", "aws_vpc.cell2"]) == {}
    assert lifted({"resource": {"aws_subnet": {"node": {}}}}) == {}


def test_a_row_lifts_its_block() -> None:
    """An override is of a whole block; the guard has let nothing else of it through."""
    assert "aws_vpc" in lifted(DOCUMENT, ['aws_vpc.cell["x"]'])["resource"]


def test_a_group_that_was_filled_late_is_untainted_by_a_command_that_is_here() -> None:
    group = change('aws_eks_node_group.group["a b"]', "replace", "tainted")
    _, hint = describe([group], StackId("moka", "cluster"), "sandbox")
    assert hint.splitlines() == [
        "its creation was interrupted; if AWS has completed it: cellfactory terraform --sandbox "
        "--cell moka --layer cluster -- untaint 'aws_eks_node_group.group[\"a b\"]'",
        "to replace it: --allow-destroy 'aws_eks_node_group.group[\"a b\"]'",
    ]


@pytest.mark.parametrize("kind", ["aws_vpc", "aws_kms_key", "aws_eks_node_group", "aws_eks_addon"])
def test_a_plan_warns_of_what_is_tainted_and_an_apply_would_refuse(kind: str) -> None:
    stack = StackId("moka", "cluster")
    planned = [change(f"{kind}.one", "replace", "tainted"), change(f"{kind}.two", "replace")]
    found = list(tainted_warnings(planned, stack, "aws"))
    if kind == "aws_eks_addon":
        assert found == [], "little hangs on it"
        return
    (warning,) = found
    assert (warning.rule, warning.severity) == ("F682", "warning")
    line = f"cellfactory terraform --cell moka --layer cluster -- untaint {kind}.one"
    assert line in warning.hint


def test_what_terraform_only_forgets_is_no_danger() -> None:
    """The provider does nothing in AWS: options go with their connection."""
    names = change('aws_vpc_peering_connection_options.names["b"]', "delete")
    assert refused(names) == []
    assert refused(change(names.address, "replace")) == [names.address]
