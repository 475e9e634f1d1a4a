"""What a stack of `bootstrap` would make, and that is in AWS already: made by hand, or half made.

All of it has a name that is known beforehand, so that it can be asked for. What hangs on it, such
as a bucket's versioning, is put and not made: it need not be imported.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from cellfactory.credentials import Session, asking_aws
from cellfactory.naming import TAG_STACK
from cellfactory.terraform.identify import Known, is_not_there

_Tags = list[Mapping[str, str]]
Find = Callable[["Inside", Mapping[str, Any]], tuple[str, _Tags] | None]
"""Says by which id Terraform imports what has the names of a resource, and which tags it bears."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Inside:
    """The inside of an account."""

    session: Session
    account: str  # twelve digits
    region: str

    def client(self, service: str) -> Any:
        """Make a client of a service."""
        return self.session.client(service, region_name=self.region)


@dataclass(frozen=True, slots=True, kw_only=True)
class Existing:
    """What is in AWS and in no state."""

    known: Known
    is_ours: bool  # it bears the tag of the stack: a run that was killed has made it


def find_existing(
    inside: Inside, document: Mapping[str, Any], held: frozenset[str]
) -> Iterator[Existing]:
    """Yield what is there and in no state.

    Args:
        inside: the account of the stack.
        document: the synthesized stack.
        held: addresses that its state holds.

    Raises:
        TerraformError: when AWS does not answer (F622).
    """
    resources = _with_aliases(document.get("resource", {}))
    stack = document["provider"]["aws"][0]["default_tags"][0]["tags"][TAG_STACK]
    for kind, find in _FIND.items():
        for name, body in sorted(resources.get(kind, {}).items()):
            address = f"{kind}.{name}"
            if address in held:
                continue
            found = _asked(find, inside, body, address)
            if found is not None:
                yield Existing(
                    known=Known(address=address, id=found[0]),
                    is_ours={"Key": TAG_STACK, "Value": stack} in found[1],
                )


def _with_aliases(resources: Mapping[str, Any]) -> dict[str, Any]:
    """Say of each key which alias leads to it: a key has no name of its own."""
    keys = {
        _key_name(str(one["target_key_id"])): {"alias": one["name"]}
        for one in resources.get("aws_kms_alias", {}).values()
    }
    return {**resources, "aws_kms_key": keys}


def _key_name(expression: str) -> str:
    return expression.removeprefix("${aws_kms_key.").removesuffix(".key_id}")


def _asked(
    find: Find, inside: Inside, body: Mapping[str, Any], address: str
) -> tuple[str, _Tags] | None:
    from botocore.exceptions import ClientError

    with asking_aws("F622", f"AWS does not tell whether there is {address}"):
        try:
            return find(inside, body)
        except ClientError as error:
            if is_not_there(error):
                return None
            raise


def _bucket(inside: Inside, body: Mapping[str, Any]) -> tuple[str, _Tags]:
    from botocore.exceptions import ClientError

    s3, name = inside.client("s3"), str(body["bucket"])
    s3.head_bucket(Bucket=name)
    try:
        return name, list(s3.get_bucket_tagging(Bucket=name)["TagSet"])
    except ClientError as error:
        if is_not_there(error):  # NoSuchTagSet
            return name, []
        raise


def _role(inside: Inside, body: Mapping[str, Any]) -> tuple[str, _Tags]:
    role = inside.client("iam").get_role(RoleName=body["name"])["Role"]
    return str(body["name"]), list(role.get("Tags", ()))


def _policy(inside: Inside, body: Mapping[str, Any]) -> tuple[str, _Tags]:
    arn = f"arn:aws:iam::{inside.account}:policy/{body['name']}"
    policy = inside.client("iam").get_policy(PolicyArn=arn)["Policy"]
    return arn, list(policy.get("Tags", ()))


def _provider(inside: Inside, body: Mapping[str, Any]) -> tuple[str, _Tags]:
    arn = f"arn:aws:iam::{inside.account}:oidc-provider/{body['url'].removeprefix('https://')}"
    told = inside.client("iam").get_open_id_connect_provider(OpenIDConnectProviderArn=arn)
    return arn, list(told.get("Tags", ()))


def _alias(inside: Inside, body: Mapping[str, Any]) -> tuple[str, _Tags] | None:
    """An alias bears no tags: it is whose the key is that it leads to."""
    key = _key(inside, {"alias": body["name"]})
    return None if key is None else (str(body["name"]), key[1])


def _key(inside: Inside, body: Mapping[str, Any]) -> tuple[str, _Tags] | None:
    kms = inside.client("kms")
    for page in kms.get_paginator("list_aliases").paginate():
        for one in page["Aliases"]:
            if one["AliasName"] == body["alias"] and "TargetKeyId" in one:
                key = str(one["TargetKeyId"])
                tags = kms.list_resource_tags(KeyId=key)["Tags"]
                return key, [{"Key": t["TagKey"], "Value": t["TagValue"]} for t in tags]
    return None


_FIND: Mapping[str, Find] = {
    "aws_s3_bucket": _bucket,
    "aws_iam_openid_connect_provider": _provider,
    "aws_iam_policy": _policy,
    "aws_iam_role": _role,
    "aws_kms_key": _key,
    "aws_kms_alias": _alias,
}
