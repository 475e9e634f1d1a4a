"""The one door to AWS credentials: through the roles of a stack, one after the other.

Terraform walks the same roles by its provider's `assume_role`. Whatever else of ours talks to AWS
takes them here: the token that Helm shows a cluster, quotas, waits. Credentials are fetched anew
when they run out, so that no work is cut short by their age.
"""

from __future__ import annotations

import base64
import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol
from xml.etree.ElementTree import ParseError

from cellfactory.errors import Finding, TerraformError

TOKEN_PREFIX = "k8s-aws-v1."
_CLUSTER_HEADER = "x-k8s-aws-id"
_URL_SECONDS = 60  # the cluster looks at the URL within this time of its being shown
_TOKEN_LIFE = timedelta(minutes=14)  # EKS takes a token for 15 minutes from its signature


class Session(Protocol):
    """What is used of `boto3.Session`."""

    def client(self, service: str, **options: Any) -> Any:
        """Make a client of a service, in the session's Region unless told otherwise."""
        ...


Connect = Callable[[Mapping[str, str]], Session]
"""Makes a session of keys, as `boto3.Session` names them; of none, one of who runs this."""


def open_session(
    roles: Sequence[str],
    *,
    name: str,
    region: str,
    sts_region: str,
    connect: Connect | None = None,
) -> Session:
    """Go through roles, one after the other.

    Args:
        roles: ARNs in order; none to use the present credentials as they are.
        name: what CloudTrail shows of each session; 64 characters at most.
        region: Region of the session.
        sts_region: Region at whose endpoint the roles are assumed.
        connect: another way to AWS than boto3's own; its credentials are not fetched anew.

    Raises:
        TerraformError: when there are no credentials, or AWS refuses a role.
    """
    import boto3  # a fifth of a second, and only what talks to AWS needs it
    from botocore.credentials import RefreshableCredentials
    from botocore.session import Session as Core

    if connect is not None:
        keys = _walk(roles, name=name, sts_region=sts_region, connect=connect) if roles else {}
        return connect(keys)
    if not roles:
        return _boto3_session({"region_name": region})

    def fetch() -> Mapping[str, str]:
        keys = _walk(roles, name=name, sts_region=sts_region, connect=_boto3_session)
        return {
            "access_key": keys["aws_access_key_id"],
            "secret_key": keys["aws_secret_access_key"],
            "token": keys["aws_session_token"],
            "expiry_time": keys["expires"],
        }

    with asking_aws("F622", "no session of AWS can be opened"):
        core = Core()
        core._credentials = RefreshableCredentials.create_from_metadata(  # the library's way in
            metadata=fetch(), refresh_using=fetch, method="assume-role"
        )
        return boto3.Session(botocore_session=core, region_name=region)  # type: ignore[no-any-return]


def require_account(session: Session, account: str, sts_region: str) -> None:
    """Make sure that a session is in an account.

    Raises:
        TerraformError: when its credentials are of another one, or AWS does not answer.
    """
    with asking_aws("F622", "cannot identify the current credentials"):
        found = session.client("sts", region_name=sts_region).get_caller_identity()["Account"]
    if found != account:
        msg = f"the current credentials belong to account {found}, not {account}"
        raise TerraformError(Finding(rule="F622", message=msg))


def cluster_token(session: Session, cluster: str, sts_region: str) -> str:
    """Make the token that an EKS cluster takes for who the session is.

    It is the address of a call to STS, signed and not made, which the cluster makes.

    Source:
        https://docs.aws.amazon.com/eks/latest/userguide/cluster-auth.html

    Raises:
        TerraformError: when there are no credentials to sign with.
    """

    def add_header(request: Any, **_: Any) -> None:
        request.headers[_CLUSTER_HEADER] = cluster

    with asking_aws("F622", f"cannot sign a token for cluster {cluster}"):
        sts = session.client("sts", region_name=sts_region)
        sts.meta.events.register("before-sign.sts.GetCallerIdentity", add_header)
        url: str = sts.generate_presigned_url(
            "get_caller_identity", ExpiresIn=_URL_SECONDS, HttpMethod="GET"
        )
    return TOKEN_PREFIX + base64.urlsafe_b64encode(url.encode()).decode().rstrip("=")


def token_expiry(now: datetime) -> str:
    """When a token that is made now has to be made anew, as Kubernetes writes times."""
    return (now.astimezone(UTC) + _TOKEN_LIFE).strftime("%Y-%m-%dT%H:%M:%SZ")


def _boto3_session(keys: Mapping[str, str]) -> Session:
    import boto3

    named = {name: value for name, value in keys.items() if name != "expires"}
    with asking_aws("F622", "no session of AWS can be opened"):
        return boto3.Session(**named)  # type: ignore[no-any-return]


def _walk(
    roles: Sequence[str], *, name: str, sts_region: str, connect: Connect
) -> Mapping[str, str]:
    """Assume each role from the one before; the keys of the last, and when they run out."""
    held: dict[str, str] = {}
    for role in roles:
        with asking_aws("F622", f"cannot assume {role}"):
            sts = connect(held).client("sts", region_name=sts_region)
            keys = sts.assume_role(RoleArn=role, RoleSessionName=name)["Credentials"]
            held = {
                "aws_access_key_id": keys["AccessKeyId"],
                "aws_secret_access_key": keys["SecretAccessKey"],
                "aws_session_token": keys["SessionToken"],
                "expires": keys["Expiration"].isoformat(),
            }
    return held


def aws_faults() -> tuple[type[Exception], ...]:
    """All that a client of AWS can raise for what is the user's to mend.

    Beside what AWS refuses and what the library finds wrong: an answer that is none of AWS's, as
    of a proxy, and settings that it takes for what they are not, such as a URL without a scheme,
    a file that is not there, or an answer without the parts that it must have.
    """
    from botocore.exceptions import BotoCoreError, ClientError
    from botocore.parsers import ResponseParserError

    settings = (ValueError, OSError)
    answers = (ResponseParserError, ParseError, LookupError)
    return ClientError, BotoCoreError, *settings, *answers


@contextlib.contextmanager
def asking_aws(rule: str, what: str, hint: str = "") -> Iterator[None]:
    """Turn whatever keeps AWS from answering into a sentence: the one door for that.

    Args:
        rule: of the finding.
        what: what is asked, with which the sentence begins.
        hint: what to do about it.

    Raises:
        TerraformError: of that rule.
    """
    try:
        yield
    except aws_faults() as error:
        message = f"{what}: {in_one_line(error) or type(error).__name__}"
        raise TerraformError(Finding(rule=rule, message=message, hint=hint)) from error


def in_one_line(error: object) -> str:
    """What an error says, without the line breaks that a sentence cannot have."""
    return " ".join(str(error).split())
