"""The one door to Service Quotas: what an account really has, read with boto3."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from botocore.exceptions import BotoCoreError, ClientError

from factory.errors import Finding, TerraformError
from factory.facts.schema import Quota

NOT_THERE = "NoSuchResourceException"  # no value was ever applied: AWS's default holds
Action = Callable[..., Mapping[str, Any]]


class Session(Protocol):
    """What is used of `boto3.Session`."""

    def client(self, service: str) -> Any:
        """Make a client of a service in the session's Region."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveQuotas:
    """What Service Quotas says of one account and Region."""

    values: Mapping[str, int]  # by quota code
    unread: Mapping[str, str] = field(default_factory=dict)  # why a code has no value, by code


def open_session(
    region: str, account: str, roles: Sequence[str], *, sts_region: str | None = None
) -> Session:
    """Go into an account through the roles that Terraform takes, one after the other.

    Args:
        region: Region to ask.
        account: Twelve digits of the account one must end up in.
        roles: Role ARNs in order; none to use the present credentials as they are.
        sts_region: Region at whose endpoint they are taken; the one to ask when unset.

    Raises:
        TerraformError: when AWS refuses, or the credentials are of another account.
    """
    import boto3  # a fifth of a second, for this command alone

    try:
        session = boto3.Session(region_name=region)
        for role in roles:
            session = _assume(session, region, role, sts_region or region)
        sts = session.client("sts", region_name=sts_region or region)
        found = sts.get_caller_identity()["Account"]
    except (BotoCoreError, ClientError) as error:
        msg = f"cannot go into account {account}: {error}"
        raise TerraformError(Finding(rule="F622", message=msg)) from error
    if found != account:
        msg = f"these credentials are of account {found}, not of {account}"
        raise TerraformError(Finding(rule="F622", message=msg))
    return session  # type: ignore[no-any-return]


def _assume(session: Any, region: str, role: str, sts_region: str) -> Any:
    import boto3  # loaded already

    sts = session.client("sts", region_name=sts_region)
    answer = sts.assume_role(RoleArn=role, RoleSessionName="cellfactory")
    keys = answer["Credentials"]
    return boto3.Session(
        region_name=region,
        aws_access_key_id=keys["AccessKeyId"],
        aws_secret_access_key=keys["SecretAccessKey"],
        aws_session_token=keys["SessionToken"],
    )


def read_quotas(session: Session, wanted: Iterable[Quota]) -> LiveQuotas:
    """Ask Service Quotas for each quota that has a code; what it does not know is told apart.

    What was never raised may have no value of its own: then the default that AWS lists holds.

    Raises:
        TerraformError: when AWS refuses for another reason, such as a missing permission.
    """
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
    try:
        return action(**asked)
    except ClientError as error:
        if error.response["Error"]["Code"] == NOT_THERE:
            return {}
        msg = f"Service Quotas does not tell {quota.code}: {error}"
        raise TerraformError(Finding(rule="F623", message=msg)) from error
    except BotoCoreError as error:
        msg = f"Service Quotas cannot be reached: {error}"
        raise TerraformError(Finding(rule="F623", message=msg)) from error
