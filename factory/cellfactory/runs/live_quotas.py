"""The one door to Service Quotas: what an account really has, read with boto3."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError

from cellfactory.credentials import Session, asking_aws
from cellfactory.facts.schema import Quota

NOT_THERE = "NoSuchResourceException"  # no value was ever applied: AWS's default holds
Action = Callable[..., Mapping[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveQuotas:
    """What Service Quotas says of one account and Region."""

    values: Mapping[str, int]  # by quota code
    unread: Mapping[str, str] = field(default_factory=dict)  # why a code has no value, by code


def read_quotas(session: Session, wanted: Iterable[Quota]) -> LiveQuotas:
    """Ask Service Quotas for each quota that has a code; what it does not know is told apart.

    What was never raised may have no value of its own: then the default that AWS lists holds.

    Raises:
        TerraformError: when AWS refuses for another reason, such as a missing permission.
    """
    with asking_aws("F623", "Service Quotas cannot be reached"):
        client = session.client("service-quotas")
    defaults: dict[str, Mapping[str, int]] = {}  # by service, then by quota code
    values: dict[str, int] = {}
    unread: dict[str, str] = {}
    for quota in wanted:
        if not quota.code:
            continue
        asked = {"ServiceCode": quota.service}
        answer = _ask(client.get_service_quota, quota, **asked, QuotaCode=quota.code)
        if answer:
            values[quota.code] = int(answer["Quota"]["Value"])
            continue
        if quota.service not in defaults:
            defaults[quota.service] = _defaults(client.list_aws_default_service_quotas, quota)
        if quota.code in defaults[quota.service]:
            values[quota.code] = defaults[quota.service][quota.code]
        else:
            unread[quota.code] = "Service Quotas has no value for it"
    return LiveQuotas(values=values, unread=unread)


def _defaults(action: Action, quota: Quota) -> dict[str, int]:
    """List the defaults of a quota's service, by quota code."""
    found: dict[str, int] = {}
    page: dict[str, str] = {}
    while answer := _ask(action, quota, ServiceCode=quota.service, **page):
        found |= {row["QuotaCode"]: int(row["Value"]) for row in answer["Quotas"]}
        if not answer.get("NextToken"):
            break
        page = {"NextToken": answer["NextToken"]}
    return found


def _ask(action: Action, quota: Quota, **asked: str) -> Mapping[str, Any]:
    """Ask one thing for a quota; nothing where no value is kept."""
    with asking_aws("F623", f"Service Quotas does not tell {quota.code}"):
        try:
            return action(**asked)
        except ClientError as error:
            if error.response["Error"]["Code"] == NOT_THERE:
                return {}
            raise
