"""The one door to Service Quotas: what an account really has, read with boto3."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from botocore.exceptions import BotoCoreError, ClientError

from factory.errors import TerraformError
from factory.facts.schema import Quota

NOT_THERE = "NoSuchResourceException"  # no value was ever applied, or AWS keeps none for the code


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
        raise TerraformError(msg) from error
    if found != account:
        msg = f"these credentials are of account {found}, not of {account}"
        raise TerraformError(msg)
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

    Raises:
        TerraformError: when AWS refuses for another reason, such as a missing permission.
    """
    client = session.client("service-quotas")
    values: dict[str, int] = {}
    unread: dict[str, str] = {}
    for quota in wanted:
        if not quota.code:
            continue
        try:
            answer = client.get_service_quota(ServiceCode=quota.service, QuotaCode=quota.code)
        except ClientError as error:
            if error.response["Error"]["Code"] != NOT_THERE:
                msg = f"Service Quotas does not tell {quota.code}: {error}"
                raise TerraformError(msg) from error
            unread[quota.code] = "Service Quotas has no value for it"
        except BotoCoreError as error:
            msg = f"Service Quotas cannot be reached: {error}"
            raise TerraformError(msg) from error
        else:
            values[quota.code] = int(answer["Quota"]["Value"])
    return LiveQuotas(values=values, unread=unread)
