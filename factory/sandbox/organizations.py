"""Organizations: e-mail addresses are used once, units exist when they are asked for.

The id of a root or an organizational unit comes from the user's inventory, so the emulator
cannot know it beforehand: the first root asked for is the organization's, and a well-formed
unknown unit is created below it when an account is moved into it. A malformed one is refused,
as Organizations does.

Source:
    https://docs.aws.amazon.com/organizations/latest/APIReference/API_CreateAccount.html
    https://docs.aws.amazon.com/organizations/latest/APIReference/API_MoveAccount.html
"""

from __future__ import annotations

import re
from typing import Any

from moto.core.utils import unix_time
from moto.organizations import utils
from moto.organizations.exceptions import InvalidInputException
from moto.organizations.models import (
    FakeOrganizationalUnit,
    OrganizationsBackend,
    organizations_backends,
)

UNIT_ID = re.compile(r"ou-[0-9a-z]{4,32}-[a-z0-9]{8,32}")
ROOT_ID = re.compile(r"r-[0-9a-z]{4,32}")


class AccountsBackend(OrganizationsBackend):
    """The organization of one management account."""

    def _reset(self) -> None:
        super()._reset()
        self.refused: dict[str, dict[str, Any]] = {}
        self.former_emails: set[str] = set()
        self.other_names: dict[str, str] = {}

    @property
    def _url_module(self) -> Any:
        import moto.organizations.urls

        return moto.organizations.urls

    def create_account(self, **kwargs: Any) -> dict[str, Any]:
        if _email_is_taken(kwargs["Email"]):
            return self._refuse(kwargs["AccountName"], "EMAIL_ALREADY_EXISTS")
        return super().create_account(**kwargs)

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
        return known or super().describe_create_account_status(**kwargs)

    def remove_account_from_organization(self, **kwargs: str) -> None:
        """Let an account go; it lives on by itself, so its e-mail stays taken."""
        account = self.get_account_by_id(kwargs["AccountId"])
        super().remove_account_from_organization(**kwargs)
        self.former_emails.add(account.email)

    def validate_parent_id(self, parent_id: str) -> str:
        if not (UNIT_ID.fullmatch(parent_id) or ROOT_ID.fullmatch(parent_id)):
            message = "You provided a value that does not match the required pattern."
            raise InvalidInputException(message)
        if parent_id not in {unit.id for unit in self.ou} | self.other_names.keys():
            if UNIT_ID.fullmatch(parent_id):
                self._found_unit(parent_id)
            else:
                self._learn_root(parent_id)
        return super().validate_parent_id(self.other_names.get(parent_id, parent_id))

    def _learn_root(self, root_id: str) -> None:
        """Take a root's id from who asks first; an organization has one root, so others fail."""
        if self.org is None or self.other_names:
            return
        former, self.org.root_id = self.org.root_id, root_id
        self.other_names[former] = root_id  # a caller may have read it before
        for unit in self.ou:
            unit.id = root_id if unit.id == former else unit.id
            unit.parent_id = root_id if unit.parent_id == former else unit.parent_id
        for account in self.accounts:
            account.parent_id = root_id if account.parent_id == former else account.parent_id

    def _found_unit(self, unit_id: str) -> None:
        if self.org is None:
            return
        unit = FakeOrganizationalUnit(self.org, Name=unit_id, ParentId=self.org.root_id)
        unit.id = unit_id
        self.ou.append(unit)
        for policy in self.policies:
            if policy.aws_managed:
                unit.attached_policies.append(policy)
                policy.attachments.append(unit)


def _email_is_taken(email: str) -> bool:
    for _, _, backend in list(organizations_backends.iter_backends()):
        if isinstance(backend, AccountsBackend):
            if email in backend.former_emails:
                return True
            if any(account.email == email for account in backend.accounts):
                return True
    return False
