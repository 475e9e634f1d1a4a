"""Resource Access Manager: invitations, organizations that share inside, and refusals."""

from __future__ import annotations

from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from cellfactory.sandbox.world import Member, Organization, World
from tests.sandbox.emulators import MEMBER_ROLE, Emulator, running
from tests.sandbox.gateways import make_owner, make_spoke

pytestmark = pytest.mark.sandbox

NETWORK, SISTER, STRANGER = "811111111111", "822222222222", "833333333333"


def organization(*, sharing: bool) -> Organization:
    members = tuple(Member(account=one, role=MEMBER_ROLE) for one in (NETWORK, SISTER))
    return Organization(
        management_account="800000000000", members=members, resource_sharing=sharing
    )


def test_a_stranger_has_a_gateway_only_after_it_has_accepted(
    emulator: Emulator, account: str, other_account: str
) -> None:
    owner = make_owner(emulator, account)
    spoke = make_spoke(emulator, other_account, "10.64.0.0/16")
    share = owner.share(other_account)
    assert spoke.ec2.describe_transit_gateways()["TransitGateways"] == []
    with pytest.raises(ClientError, match=r"InvalidTransitGatewayID\.NotFound.*was deleted or"):
        spoke.attach(owner.gateway)
    (invited,) = spoke.ram.get_resource_share_invitations(resourceShareArns=[share])[
        "resourceShareInvitations"
    ]
    assert (invited["senderAccountId"], invited["status"]) == (account, "PENDING")
    told = owner.ram.get_resource_share_associations(associationType="PRINCIPAL")
    (row,) = told["resourceShareAssociations"]
    assert (row["associatedEntity"], row["status"], row["external"]) == (
        other_account,
        "ASSOCIATING",
        True,
    )

    spoke.take()
    arn = invited["resourceShareInvitationArn"]
    with pytest.raises(ClientError, match="AlreadyAccepted"):
        spoke.ram.accept_resource_share_invitation(resourceShareInvitationArn=arn)
    (seen,) = spoke.ec2.describe_transit_gateways()["TransitGateways"]
    assert (seen["TransitGatewayId"], seen["OwnerId"]) == (owner.gateway, account)
    (shared,) = spoke.ram.get_resource_shares(resourceOwner="OTHER-ACCOUNTS")["resourceShares"]
    assert (shared["resourceShareArn"], shared["owningAccountId"]) == (share, account)
    found = spoke.ram.list_resources(resourceOwner="OTHER-ACCOUNTS", resourceShareArns=[share])
    assert [row["arn"] for row in found["resources"]] == [owner.arn]


def test_who_leaves_or_is_left_out_has_nothing_and_is_invited_anew(
    emulator: Emulator, account: str, other_account: str
) -> None:
    owner = make_owner(emulator, account)
    spoke = make_spoke(emulator, other_account, "10.64.0.0/16")
    share = owner.share(other_account)
    spoke.take()
    spoke.ram.disassociate_resource_share(resourceShareArn=share, principals=[other_account])
    assert spoke.ec2.describe_transit_gateways()["TransitGateways"] == []
    owner.ram.associate_resource_share(resourceShareArn=share, principals=[other_account])
    spoke.take()
    assert spoke.ec2.describe_transit_gateways()["TransitGateways"]
    owner.ram.disassociate_resource_share(resourceShareArn=share, principals=[other_account])
    assert spoke.ec2.describe_transit_gateways()["TransitGateways"] == []
    told = owner.ram.get_resource_share_associations(associationType="PRINCIPAL")
    assert told["resourceShareAssociations"] == []
    owner.ram.delete_resource_share(resourceShareArn=share)
    with pytest.raises(ClientError, match="UnknownResourceException"):
        owner.ram.delete_resource_share(resourceShareArn=share)


def test_a_share_that_is_for_the_organization_alone_refuses_strangers(
    emulator: Emulator, account: str, other_account: str
) -> None:
    owner = make_owner(emulator, account)
    with pytest.raises(ClientError, match=f"{other_account} is not in your AWS organization"):
        owner.share(other_account, external=False)
    assert owner.ram.get_resource_shares(resourceOwner="SELF")["resourceShares"] == []
    share = owner.share(external=False)
    with pytest.raises(ClientError, match="InvalidParameterException"):
        owner.ram.associate_resource_share(resourceShareArn=share, principals=[other_account])
    owner.ram.update_resource_share(resourceShareArn=share, allowExternalPrincipals=True)
    owner.ram.associate_resource_share(resourceShareArn=share, principals=[other_account])
    with pytest.raises(ClientError, match="OperationNotPermittedException"):
        owner.ram.update_resource_share(resourceShareArn=share, allowExternalPrincipals=False)


def test_nobody_shares_what_is_not_theirs(
    emulator: Emulator, account: str, other_account: str
) -> None:
    owner, other = make_owner(emulator, account), make_owner(emulator, other_account)
    share = owner.share()
    with pytest.raises(ClientError, match="UnknownResourceException"):
        owner.ram.associate_resource_share(resourceShareArn=share, resourceArns=[other.arn])
    with pytest.raises(ClientError, match="UnknownResourceException"):
        other.ram.associate_resource_share(resourceShareArn=share, resourceArns=[other.arn])
    with pytest.raises(ClientError, match="MalformedArnException"):
        owner.ram.associate_resource_share(resourceShareArn=share, resourceArns=["tgw-1"])


@pytest.mark.parametrize("sharing", [True, False])
def test_an_organization_shares_inside_without_invitations_if_it_has_that_enabled(
    tmp_path: Path, *, sharing: bool
) -> None:
    world = World(organizations=(organization(sharing=sharing),))
    with running(tmp_path, world) as emulator:
        owner = make_owner(emulator, NETWORK)
        sister = make_spoke(emulator, SISTER, "10.64.0.0/16")
        share = owner.share(SISTER, STRANGER)
        told = sister.ram.get_resource_share_invitations()["resourceShareInvitations"]
        assert [row["status"] for row in told] == ([] if sharing else ["PENDING"])
        assert bool(sister.ec2.describe_transit_gateways()["TransitGateways"]) == sharing
        rows = owner.ram.get_resource_share_associations(associationType="PRINCIPAL")
        states = {
            row["associatedEntity"]: (row["external"], row["status"])
            for row in rows["resourceShareAssociations"]
        }
        assert states == {
            SISTER: (False, "ASSOCIATED" if sharing else "ASSOCIATING"),
            STRANGER: (True, "ASSOCIATING"),
        }
        with pytest.raises(ClientError, match="OperationNotPermittedException"):
            owner.ram.enable_sharing_with_aws_organization()
        if sharing:
            with pytest.raises(ClientError, match="OperationNotPermittedException"):
                sister.ram.disassociate_resource_share(resourceShareArn=share, principals=[SISTER])


def test_the_management_account_enables_sharing_inside(tmp_path: Path) -> None:
    with running(tmp_path, World(organizations=(organization(sharing=False),))) as emulator:
        emulator.client("ram", "800000000000").enable_sharing_with_aws_organization()
        owner = make_owner(emulator, NETWORK)
        owner.share(SISTER, external=False)
        seen = emulator.client("ec2", SISTER).describe_transit_gateways()["TransitGateways"]
        assert [row["TransitGatewayId"] for row in seen] == [owner.gateway]
