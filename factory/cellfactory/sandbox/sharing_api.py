"""The API of Resource Access Manager on top of `sharing`.

Source:
    https://docs.aws.amazon.com/ram/latest/APIReference/Welcome.html
"""

from __future__ import annotations

from collections.abc import Iterator

from moto.core.responses import ActionResult, BaseResponse

from cellfactory.sandbox import sharing
from cellfactory.sandbox.sharing import SHARES, Principal, Refusal, Share
from cellfactory.sandbox.sharing_views import (
    Row,
    association_rows,
    permission_row,
    principal_row,
    resource_rows,
    share_row,
)
from cellfactory.sandbox.transit import Place

_DONE = {"returnValue": True}


class SharingResponse(BaseResponse):
    """What a caller owns, what it is invited to, and what it has got."""

    def __init__(self) -> None:
        super().__init__(service_name="ram")
        self.automated_parameter_parsing = True

    @property
    def here(self) -> Place:
        """The account and the Region that are called."""
        return Place(self.current_account, self.region)

    def create_resource_share(self) -> ActionResult:
        external = self._get_param("allowExternalPrincipals")
        share = sharing.make_share(
            self.here,
            self._get_param("name"),
            external=True if external is None else bool(external),
            tags={row["key"]: row["value"] for row in self._get_param("tags", [])},
        )
        try:
            self._add(share)
        except Refusal:
            SHARES.pop(share.arn)
            raise
        return ActionResult({"resourceShare": share_row(share)})

    def update_resource_share(self) -> ActionResult:
        share = self._own()
        external = self._get_param("allowExternalPrincipals")
        if external is False and any(one.invitation for one in share.principals.values()):
            code = "OperationNotPermittedException"
            raise Refusal(code, "The resource share has external principals.")
        share.external = share.external if external is None else bool(external)
        share.name = self._get_param("name") or share.name
        return ActionResult({"resourceShare": share_row(share)})

    def delete_resource_share(self) -> ActionResult:
        share = self._own()
        share.is_deleted = True
        share.principals.clear()
        share.resources.clear()
        return ActionResult(_DONE)

    def get_resource_shares(self) -> ActionResult:
        found = self._of(self._get_param("resourceOwner"))
        wanted = self._get_param("resourceShareArns", [])
        for arn in wanted:
            if arn not in found:
                raise sharing.no_share(arn)
        status, name = self._get_param("resourceShareStatus"), self._get_param("name")
        rows = [share_row(found[arn]) for arn in wanted or found]
        return ActionResult(
            {
                "resourceShares": [
                    row
                    for row in rows
                    if status in (None, row["status"]) and name in (None, row["name"])
                ]
            }
        )

    def associate_resource_share(self) -> ActionResult:
        share = self._own()
        self._add(share)
        return ActionResult({"resourceShareAssociations": list(self._named_in(share))})

    def disassociate_resource_share(self) -> ActionResult:
        arn = self._get_param("resourceShareArn")
        share = SHARES.get(arn)
        if share is None or share.is_deleted:
            raise sharing.no_share(arn)
        if share.owner != self.here:
            return self._leave(share)
        rows = [{**row, "status": "DISASSOCIATING"} for row in self._named_in(share)]
        for principal in self._get_param("principals", []):
            sharing.remove_principal(share, principal)
        for resource in self._get_param("resourceArns", []):
            if share.resources.pop(resource, None) is None:
                raise sharing.no_resource(resource)
        return ActionResult({"resourceShareAssociations": rows})

    def get_resource_share_associations(self) -> ActionResult:
        kind = self._get_param("associationType")
        entity = self._get_param("principal" if kind == "PRINCIPAL" else "resourceArn")
        status = self._get_param("associationStatus")
        found = self._of("SELF")
        wanted = self._get_param("resourceShareArns", [])
        for arn in wanted:
            if arn not in found:
                raise sharing.no_share(arn)
        rows = (row for arn in wanted or found for row in association_rows(found[arn], kind))
        shown = [
            row
            for row in rows
            if entity in (None, row["associatedEntity"]) and status in (None, row["status"])
        ]
        return ActionResult({"resourceShareAssociations": shown})

    def get_resource_share_invitations(self) -> ActionResult:
        by_arn = self._get_param("resourceShareInvitationArns", [])
        by_share = self._get_param("resourceShareArns", [])
        rows = [
            self._invitation(share, principal)
            for share, principal in sharing.invitations_of(self.current_account, self.region)
            if not by_share or share.arn in by_share
            if not by_arn or principal.invitation in by_arn
        ]
        if by_arn and not rows:
            raise _no_invitation(by_arn[0])
        return ActionResult({"resourceShareInvitations": rows})

    def accept_resource_share_invitation(self) -> ActionResult:
        return self._answer("ACCEPTED")

    def reject_resource_share_invitation(self) -> ActionResult:
        return self._answer("REJECTED")

    def enable_sharing_with_aws_organization(self) -> ActionResult:
        if sharing.organization_of(self.current_account) != self.current_account:
            code = "OperationNotPermittedException"
            message = (
                "Unable to enable sharing with AWS Organizations. Received AccessDeniedException "
                "from AWSOrganizations with the following error message: You don't have "
                "permissions to access this resource."
            )
            raise Refusal(code, message)
        sharing.enable_sharing(self.current_account)
        return ActionResult(_DONE)

    def list_resources(self) -> ActionResult:
        wanted = self._get_param("resourceShareArns", [])
        shares = self._of(self._get_param("resourceOwner")).values()
        rows = [
            row
            for share in shares
            if not wanted or share.arn in wanted
            for row in resource_rows(share)
        ]
        return ActionResult({"resources": rows})

    def list_principals(self) -> ActionResult:
        wanted = self._get_param("resourceShareArns", [])
        rows = [
            {"id": one.id, "resourceShareArn": share.arn, "external": one.external}
            for share in self._of(self._get_param("resourceOwner")).values()
            if not wanted or share.arn in wanted
            for one in share.principals.values()
        ]
        return ActionResult({"principals": rows})

    def list_resource_share_permissions(self) -> ActionResult:
        arn = self._get_param("resourceShareArn")
        share = {**self._of("SELF"), **self._of("OTHER-ACCOUNTS")}.get(arn)
        if share is None:
            raise sharing.no_share(arn)
        has_gateway = any(":transit-gateway/" in one for one in share.resources)
        rows = [permission_row()] if has_gateway else []
        return ActionResult({"permissions": rows})

    def tag_resource(self) -> ActionResult:
        share = self._own()
        share.tags.update({row["key"]: row["value"] for row in self._get_param("tags", [])})
        return ActionResult({})

    def untag_resource(self) -> ActionResult:
        share = self._own()
        for key in self._get_param("tagKeys", []):
            share.tags.pop(key, None)
        return ActionResult({})

    def _own(self) -> Share:
        arn = self._get_param("resourceShareArn")
        share = SHARES.get(arn)
        if share is None or share.owner != self.here or share.is_deleted:
            raise sharing.no_share(arn)
        return share

    def _of(self, owner: str) -> dict[str, Share]:
        """Find the caller's own shares, or those of others that it has got."""
        if owner == "SELF":
            return {arn: share for arn, share in SHARES.items() if share.owner == self.here}
        return {
            arn: share
            for arn, share in SHARES.items()
            if share.owner.region == self.region
            and share.owner.account != self.current_account
            and share.reaches(self.current_account)
        }

    def _add(self, share: Share) -> None:
        for resource in self._get_param("resourceArns", []):
            sharing.add_resource(share, resource)
        for principal in self._get_param("principals", []):
            sharing.add_principal(share, principal)

    def _leave(self, share: Share) -> ActionResult:
        """Let who has been invited go; who has a share by its organization cannot."""
        known = share.principals.get(self.current_account)
        if known is None or self._get_param("principals", []) != [self.current_account]:
            raise sharing.no_share(share.arn)
        if not known.invitation:
            code = "OperationNotPermittedException"
            raise Refusal(code, "You cannot leave a resource share of your organization.")
        sharing.remove_principal(share, self.current_account)
        return ActionResult({"resourceShareAssociations": [principal_row(share, known)]})

    def _named_in(self, share: Share) -> Iterator[Row]:
        """Yield the associations of a share that a request names."""
        named = {*self._get_param("principals", []), *self._get_param("resourceArns", [])}
        rows = (*association_rows(share, "PRINCIPAL"), *association_rows(share, "RESOURCE"))
        yield from (row for row in rows if row["associatedEntity"] in named)

    def _answer(self, answer: str) -> ActionResult:
        arn = self._get_param("resourceShareInvitationArn")
        for share, principal in sharing.invitations_of(self.current_account, self.region):
            if principal.invitation == arn:
                if principal.answer != "PENDING":
                    told = principal.answer.capitalize()
                    code = f"ResourceShareInvitationAlready{told}Exception"
                    raise Refusal(code, f"The invitation {arn} was already {told.lower()}.")
                principal.answer = answer
                return ActionResult({"resourceShareInvitation": self._invitation(share, principal)})
        raise _no_invitation(arn)

    def _invitation(self, share: Share, principal: Principal) -> Row:
        return {
            "resourceShareInvitationArn": principal.invitation,
            "resourceShareName": share.name,
            "resourceShareArn": share.arn,
            "senderAccountId": share.owner.account,
            "receiverAccountId": self.current_account,
            "invitationTimestamp": principal.made,
            "status": principal.answer,
        }


def _no_invitation(arn: str) -> Refusal:
    code = "ResourceShareInvitationArnNotFoundException"
    return Refusal(code, f"ResourceShareInvitation {arn} could not be found.")
