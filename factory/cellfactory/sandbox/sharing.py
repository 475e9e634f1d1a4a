"""Resource Access Manager: what an account shares, and who has got it.

moto knows shares but no invitation, no second account and no end of an association. Inside an
organization that has sharing enabled a share is there at once; everybody else is invited, and has
nothing before the invitation is accepted.

Source:
    https://docs.aws.amazon.com/ram/latest/userguide/getting-started-sharing.html
    https://docs.aws.amazon.com/ram/latest/userguide/working-with-shared-invitations.html
    https://docs.aws.amazon.com/ram/latest/userguide/tshoot-sharing-outside-org.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from moto.core.exceptions import ServiceException
from moto.core.utils import utcnow
from moto.organizations.models import organizations_backends

from cellfactory.sandbox.transit import FABRIC, Place

PARTITION = "aws"
_ACCOUNT = re.compile(r"\d{12}")
_ORGANIZATION = re.compile(r"arn:aws:organizations::\d{12}:organization/(o-[a-z0-9]+)")
_RESOURCE = re.compile(r"arn:aws:([a-z0-9-]+):([a-z0-9-]*):(\d{12}):([a-z-]+)[/:](.+)")


class Refusal(ServiceException):
    """An error of the RAM API, by its code there."""


@dataclass(slots=True, eq=False, kw_only=True)
class Principal:
    """Whom something is shared with."""

    id: str  # 12 digits, or the ARN of an organization
    external: bool
    invitation: str = ""  # ARN; empty inside an organization that has sharing enabled
    answer: str = "ACCEPTED"  # of the invitation
    made: Any = field(default_factory=utcnow)

    @property
    def status(self) -> str:
        """The state of the association, in the API's words."""
        told = {"PENDING": "ASSOCIATING", "REJECTED": "FAILED"}
        return told.get(self.answer, "ASSOCIATED")


@dataclass(slots=True, eq=False, kw_only=True)
class Share:
    """Resources of an account in a Region, and those it shares them with."""

    arn: str
    owner: Place
    name: str
    external: bool  # whether accounts outside the organization may have it
    tags: dict[str, str] = field(default_factory=dict)
    resources: dict[str, Any] = field(default_factory=dict)  # time of association by ARN
    principals: dict[str, Principal] = field(default_factory=dict)
    is_deleted: bool = False
    made: Any = field(default_factory=utcnow)

    def reaches(self, account: str) -> bool:
        """Whether an account has what is shared."""
        return not self.is_deleted and any(
            principal.status == "ASSOCIATED" and _means(principal.id, account)
            for principal in self.principals.values()
        )


SHARES: dict[str, Share] = {}  # by ARN; the emulator's state belongs to the process


def is_shared_with(resource: str, account: str) -> bool:
    """Whether a resource, by its ARN, is shared with an account that has accepted it."""
    return any(resource in share.resources and share.reaches(account) for share in SHARES.values())


def organization_of(account: str) -> str:
    """Name the management account of the organization that an account is in; "" for none."""
    told = organizations_backends.master_accounts.get(account)
    if told is not None:
        return told[0]
    return account if organizations_backends[account][PARTITION].org else ""


def shares_inside(management: str) -> bool:
    """Whether an organization has sharing inside it enabled."""
    backend: Any = organizations_backends[management][PARTITION]
    return bool(backend.resource_sharing)


def enable_sharing(management: str) -> None:
    """Have an organization share inside it without invitations."""
    backend: Any = organizations_backends[management][PARTITION]
    backend.resource_sharing = True


def make_share(owner: Place, name: str, *, external: bool, tags: dict[str, str]) -> Share:
    """Make a share that has nothing and nobody yet."""
    arn = f"arn:aws:ram:{owner.region}:{owner.account}:resource-share/{uuid4()}"
    share = Share(arn=arn, owner=owner, name=name, external=external, tags=tags)
    SHARES[arn] = share
    return share


def add_resource(share: Share, resource: str) -> None:
    """Share a resource of the owner's."""
    match = _RESOURCE.fullmatch(resource)
    if match is None:
        message = (
            f"The specified resource ARN {resource} is not valid. Verify the ARN and try again."
        )
        code = "MalformedArnException"
        raise Refusal(code, message)
    _, region, account, kind, name = match.groups()
    is_ours = account == share.owner.account and region in ("", share.owner.region)
    if not is_ours or (kind == "transit-gateway" and not FABRIC.owns(share.owner, name)):
        raise no_resource(resource)
    share.resources.setdefault(resource, utcnow())


def add_principal(share: Share, principal: str) -> None:
    """Share with an account, which is invited if need be, or with the own organization."""
    known = share.principals.get(principal)
    if known is not None and known.status != "FAILED":
        return
    home = organization_of(share.owner.account)
    enabled = bool(home) and shares_inside(home)
    if _ACCOUNT.fullmatch(principal):
        inside = bool(home) and organization_of(principal) == home
        invited = not (inside and enabled)
        if invited and not share.external:
            raise _outside(principal)
    elif _ORGANIZATION.fullmatch(principal):
        inside, invited = True, False
        if not enabled or principal != _arn_of(home):
            raise no_organization(principal)
    else:
        message = f"Principal ID {principal} is malformed. Verify the ID and try again."
        code = "InvalidParameterException"
        raise Refusal(code, message)
    made = Principal(id=principal, external=not inside)
    if invited:
        made.invitation = _invitation_arn(share)
        made.answer = "PENDING"
    share.principals[principal] = made


def remove_principal(share: Share, principal: str) -> Principal:
    """End sharing with somebody, who has nothing of it from now on."""
    if principal not in share.principals:
        raise no_principal(principal)
    return share.principals.pop(principal)


def invitations_of(account: str, region: str) -> Iterator[tuple[Share, Principal]]:
    """Yield the invitations that an account has got in a Region."""
    for share in SHARES.values():
        known = share.principals.get(account)
        if known is not None and known.invitation and share.owner.region == region:
            yield share, known


def no_share(arn: str) -> Refusal:
    """Say that a share is not there, or not for the caller."""
    return _unknown("ResourceShare", arn)


def no_resource(arn: str) -> Refusal:
    """Say that the caller has no such resource, or does not share it."""
    return _unknown("Resource", arn)


def no_principal(principal: str) -> Refusal:
    """Say that nothing is shared with somebody."""
    return _unknown("Principal", principal)


def no_organization(arn: str) -> Refusal:
    """Say that an organization is not the caller's, or does not share inside it."""
    return _unknown("Organization", arn.rpartition("/")[2])


def _unknown(kind: str, name: str) -> Refusal:
    return Refusal("UnknownResourceException", f"{kind} {name} could not be found.")


def _outside(principal: str) -> Refusal:
    message = (
        f"Principal {principal} is not in your AWS organization. You do not have permission to "
        "add external AWS accounts to a resource share."
    )
    return Refusal("InvalidParameterException", message)


def _invitation_arn(share: Share) -> str:
    at = f"{share.owner.region}:{share.owner.account}"
    return f"arn:aws:ram:{at}:resource-share-invitation/{uuid4()}"


def _means(principal: str, account: str) -> bool:
    if _ACCOUNT.fullmatch(principal):
        return principal == account
    home = organization_of(account)
    return bool(home) and principal == _arn_of(home)


def _arn_of(management: str) -> str:
    organization: Any = organizations_backends[management][PARTITION].org
    return str(organization.describe()["Organization"]["Arn"])
