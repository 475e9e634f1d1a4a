"""Organizations: e-mail addresses are used once, accounts are few, slow to come, and stay.

The root and the organizational units are those of the world. An account is made in the time that
the world says, and for some time after that nobody gets in (see `readiness`). What has no way to
pay by itself, which is every account that CreateAccount made, cannot leave.

Source:
    https://docs.aws.amazon.com/organizations/latest/APIReference/API_CreateAccount.html
    https://docs.aws.amazon.com/organizations/latest/APIReference/API_MoveAccount.html
    https://docs.aws.amazon.com/organizations/latest/APIReference/API_RemoveAccountFromOrganization.html
    https://docs.aws.amazon.com/organizations/latest/userguide/orgs_reference_limits.html
"""

from __future__ import annotations

import time
from typing import Any

from moto.core.utils import unix_time
from moto.iam.models import iam_backends
from moto.organizations import utils
from moto.organizations.exceptions import (
    AccountAlreadyClosedException,
    ConstraintViolationException,
    InvalidInputException,
    OrganizationsClientError,
)
from moto.organizations.models import (
    FakeAccount,
    FakeOrganizationalUnit,
    OrganizationsBackend,
    organizations_backends,
)

from cellfactory.sandbox import readiness
from cellfactory.sandbox.accounts import ROOT_ID, UNIT_ID
from cellfactory.sandbox.authorization import add_entrance, open_entrance
from cellfactory.sandbox.world import Organization

DEFAULT_ROLE = "OrganizationAccountAccessRole"
AT_A_TIME = 5  # accounts that are being made
CLOSED_AT_LEAST, CLOSED_AT_MOST = 10, 1000  # accounts that may be closed in 30 days: a tenth


class AccountsBackend(OrganizationsBackend):
    """The organization of one management account."""

    def _reset(self) -> None:
        super()._reset()
        self.refused: dict[str, dict[str, Any]] = {}
        self.former_emails: set[str] = set()
        self.done_at: dict[str, float] = {}  # by request, while it is in progress
        self.creation_seconds = 0.0
        self.most_accounts = 10
        self.closed = 0
        self.resource_sharing = False  # by RAM, inside the organization without invitations

    @property
    def _url_module(self) -> Any:
        import moto.organizations.urls

        return moto.organizations.urls

    def found(self, told: Organization, creation_seconds: float) -> None:
        """Make the organization as the world has it: its root, its units, its members."""
        self.create_organization("us-east-1")
        assert self.org is not None
        self.creation_seconds, self.most_accounts = creation_seconds, told.most_accounts
        self.resource_sharing = told.resource_sharing
        for root in (unit for unit in told.units if ROOT_ID.fullmatch(unit)):
            self._name_root(root)
            break  # an organization has one
        for unit_id in (unit for unit in told.units if UNIT_ID.fullmatch(unit)):
            self._add_unit(unit_id)
        for member in told.members:
            account = self._join(member.account)
            add_entrance(account, member.role, trusted=told.management_account)

    def create_account(self, **kwargs: Any) -> dict[str, Any]:
        now = time.monotonic()
        if sum(done > now for done in self.done_at.values()) >= AT_A_TIME:
            code = "TooManyRequestsException"
            raise OrganizationsClientError(code, f"{AT_A_TIME} accounts are being made already")
        if _email_is_taken(kwargs["Email"]):
            return self._refuse(kwargs["AccountName"], "EMAIL_ALREADY_EXISTS")
        if len(self.accounts) >= self.most_accounts:
            return self._refuse(kwargs["AccountName"], "ACCOUNT_LIMIT_EXCEEDED")
        told = super().create_account(**kwargs)["CreateAccountStatus"]
        self.done_at[told["Id"]] = now + self.creation_seconds
        open_entrance(told["AccountId"], kwargs.get("RoleName") or DEFAULT_ROLE)
        readiness.made(told["AccountId"], self.creation_seconds)
        return self._so_far(told)

    def _so_far(self, told: dict[str, Any]) -> dict[str, Any]:
        """Show a request as it is now: while it is in progress, it has no account."""
        if time.monotonic() < self.done_at.get(told["Id"], 0):
            hidden = ("AccountId", "CompletedTimestamp")
            kept = {key: value for key, value in told.items() if key not in hidden}
            return {"CreateAccountStatus": {**kept, "State": "IN_PROGRESS"}}
        return {"CreateAccountStatus": told}

    def _refuse(self, name: str, reason: str) -> dict[str, Any]:
        status = {
            "Id": utils.make_random_create_account_status_id(),
            "AccountName": name,
            "State": "FAILED",
            "FailureReason": reason,
            "RequestedTimestamp": unix_time(),
            "CompletedTimestamp": unix_time(),
        }
        self.refused[str(status["Id"])] = {"CreateAccountStatus": status}
        return self.refused[str(status["Id"])]

    def describe_create_account_status(self, **kwargs: Any) -> dict[str, Any]:
        known = self.refused.get(kwargs["CreateAccountRequestId"])
        if known is not None:
            return known
        return self._so_far(super().describe_create_account_status(**kwargs)["CreateAccountStatus"])

    def remove_account_from_organization(self, **kwargs: str) -> None:
        """Refuse to let an account go that was made here: it has nobody who would pay for it.

        One that was invited may go; it lives on by itself, so its e-mail stays taken.
        """
        account = self.get_account_by_id(kwargs["AccountId"])
        if account.joined_method == "CREATED":
            message = (
                "The member account is missing one or more of the prerequisites required to "
                "operate as a standalone account. To leave an organization, complete the account "
                "sign-up, add a payment method and verify a phone number."
            )
            raise ConstraintViolationException(message)
        super().remove_account_from_organization(**kwargs)
        self.former_emails.add(account.email)

    def close_account(self, **kwargs: Any) -> None:
        account = self.get_account_by_id(kwargs["AccountId"])
        if self.org is not None and account.id == self.org.master_account_id:
            message = "You cannot close the management account of an organization."
            raise ConstraintViolationException(message)
        if account.status != "ACTIVE":
            raise AccountAlreadyClosedException
        if self.closed >= min(CLOSED_AT_MOST, max(CLOSED_AT_LEAST, len(self.accounts) // 10)):
            message = "You have exceeded close account quota for the past 30 days."
            raise ConstraintViolationException(message)
        super().close_account(**kwargs)
        self.closed += 1
        readiness.closed(account.id)

    def move_account(self, **kwargs: Any) -> None:
        """Move an account from where it is, and from nowhere else."""
        account = self.get_account_by_id(kwargs["AccountId"])
        source, target = kwargs["SourceParentId"], kwargs["DestinationParentId"]
        if all(unit.id != target for unit in self.ou):
            code = "DestinationParentNotFoundException"
            raise OrganizationsClientError(code, f"There is no root or unit {target}.")
        if account.parent_id == target:
            code = "DuplicateAccountException"
            message = "That account is already present in the specified destination."
            raise OrganizationsClientError(code, message)
        if account.parent_id != source:
            code = "SourceParentNotFoundException"
            raise OrganizationsClientError(code, f"{account.id} is not in {source}.")
        super().move_account(**kwargs)

    def validate_parent_id(self, parent_id: str) -> str:
        if not (UNIT_ID.fullmatch(parent_id) or ROOT_ID.fullmatch(parent_id)):
            message = "You provided a value that does not match the required pattern."
            raise InvalidInputException(message)
        return super().validate_parent_id(parent_id)

    def _name_root(self, root_id: str) -> None:
        assert self.org is not None
        former, self.org.root_id = self.org.root_id, root_id
        for unit in self.ou:
            unit.id = root_id if unit.id == former else unit.id
        for account in self.accounts:
            account.parent_id = root_id if account.parent_id == former else account.parent_id

    def _add_unit(self, unit_id: str) -> None:
        assert self.org is not None
        unit = FakeOrganizationalUnit(self.org, Name=unit_id, ParentId=self.org.root_id)
        unit.id = unit_id
        self.ou.append(unit)
        for policy in self.policies:
            if policy.aws_managed:
                unit.attached_policies.append(policy)
                policy.attachments.append(unit)

    def _join(self, account_id: str) -> str:
        """Have an account that was invited."""
        email = f"aws+{account_id}@invited.example"
        account = FakeAccount(self.org, AccountName=account_id, Email=email)  # type: ignore[arg-type]
        iam_backends.pop(account.id, None)  # the account that moto has made up
        account.id, account.joined_method = account_id, "INVITED"
        self.accounts.append(account)
        organizations_backends.master_accounts[account_id] = (self.account_id, self.partition)
        return account_id


def _email_is_taken(email: str) -> bool:
    for _, _, backend in list(organizations_backends.iter_backends()):
        if isinstance(backend, AccountsBackend):
            if email in backend.former_emails:
                return True
            if any(account.email == email for account in backend.accounts):
                return True
    return False
