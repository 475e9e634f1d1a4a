"""Account Management: which Regions an account has, and how it gets another.

A Region is there at once; with AWS that takes minutes. The account of another may be named by
the management account of its organization alone.

Source:
    https://docs.aws.amazon.com/accounts/latest/reference/API_EnableRegion.html
    https://docs.aws.amazon.com/accounts/latest/reference/API_GetRegionOptStatus.html
"""

from __future__ import annotations

from typing import Any

from moto.account.models import AccountBackend, account_backends
from moto.account.responses import AccountResponse
from moto.core.exceptions import ServiceException
from moto.core.responses import ActionResult, EmptyResult
from moto.organizations.models import organizations_backends

from cellfactory.facts.loader import load_facts
from cellfactory.facts.schema import Region

PATHS = ("enableRegion", "disableRegion", "getRegionOptStatus")


class Invalid(ServiceException):
    """The answer to a Region that is none, or that nobody can switch."""

    code = "ValidationException"


class Denied(ServiceException):
    """The answer to somebody who may not."""

    code = "AccessDeniedException"


class RegionsBackend(AccountBackend):
    """The Regions of one account."""

    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        self.enabled: set[str] = set()

    @property
    def _url_module(self) -> Any:
        import moto.account.urls

        return moto.account.urls

    def opt_status(self, region: str) -> str:
        """Say whether the account has a Region, in the API's words."""
        if not _known(region).opt_in:
            return "ENABLED_BY_DEFAULT"
        return "ENABLED" if region in self.enabled else "DISABLED"

    def switch(self, region: str, *, on: bool) -> None:
        """Enable a Region, or disable it."""
        if not _known(region).opt_in:
            message = f"The region {region} is enabled by default and cannot be changed."
            raise Invalid(message)
        (self.enabled.add if on else self.enabled.discard)(region)


class RegionsResponse(AccountResponse):
    """The calls about Regions, beside those about contacts that moto has."""

    def enable_region(self) -> EmptyResult:
        self._account().switch(self._get_param("RegionName"), on=True)
        return EmptyResult()

    def disable_region(self) -> EmptyResult:
        self._account().switch(self._get_param("RegionName"), on=False)
        return EmptyResult()

    def get_region_opt_status(self) -> ActionResult:
        region = self._get_param("RegionName")
        status = self._account().opt_status(region)
        return ActionResult({"RegionName": region, "RegionOptStatus": status})

    def _account(self) -> RegionsBackend:
        named = self._get_param("AccountId")
        if named is not None and named not in self._members():
            message = "User is not authorized to access or modify the account that it names."
            raise Denied(message)
        backend = account_backends[named or self.current_account][self.partition]
        assert isinstance(backend, RegionsBackend)
        return backend

    def _members(self) -> set[str]:
        """List the accounts that the caller may name: an organization's, but its own."""
        organization = organizations_backends[self.current_account][self.partition]
        return {account.id for account in organization.accounts} - {self.current_account}


def _known(region: str) -> Region:
    regions = load_facts().regions
    if region not in regions:
        message = f"There is no region {region}."
        raise Invalid(message)
    return regions[region]
