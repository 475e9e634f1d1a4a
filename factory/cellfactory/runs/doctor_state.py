"""What `doctor` asks about the place of the states: the bucket, its key and the registry."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from cellfactory.inventory.schema import State
from cellfactory.runs.questions import Question, Unmet, Visit, error_code
from cellfactory.terraform.registry import PREFIX
from cellfactory.terraform.run_files import LOCKS, RUNS

FIRST_REGION = "us-east-1"
OLD_NAMES = {None: FIRST_REGION, "": FIRST_REGION, "EU": "eu-west-1"}
"""Places that S3 calls by another name than their Region's.

Source:
    https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketLocation.html
"""
_GONE = frozenset({"404", "NoSuchBucket", "NotFound"})
BUCKET_PAGE = "docs/prerequisites.md has the policy of the bucket"


def state_questions(state: State, visit: Visit) -> Iterator[Question]:
    """Ask by the credentials that Terraform's backend takes: those of who runs it, and no role."""
    bucket, at = state.bucket, ("bucket",)
    yield Question(
        claim=f"bucket {bucket} is there, in {state.region}",
        ask=visit.asks("s3", _place, state),
        path=at,
        bars=True,
    )
    yield Question(claim="it keeps versions", ask=visit.asks("s3", _versions, bucket), path=at)
    yield Question(
        claim="it is closed to the public", ask=visit.asks("s3", _closed, bucket), path=at
    )
    yield Question(
        claim="it encrypts by default", ask=visit.asks("s3", _encrypted, bucket), path=at
    )
    yield Question(
        claim=f"its registry can be read, below {PREFIX}/",
        ask=visit.asks("s3", _registry, bucket),
        path=at,
        fix=BUCKET_PAGE,
        is_needed=True,
    )
    yield Question(
        claim=f"its runs can be read, below {PREFIX}/{RUNS}",
        ask=visit.asks("s3", _runs, bucket),
        path=at,
        fix=BUCKET_PAGE,
        is_needed=True,
    )
    yield from _key_questions(state, visit)


def _key_questions(state: State, visit: Visit) -> Iterator[Question]:
    key = state.kms_key
    yield Question(
        claim="the key is named by its ARN",
        ask=lambda: _named(key),
        path=("kms_key",),
        is_alone=True,
    )
    if key is not None:
        yield Question(
            claim="the key can be used",
            ask=visit.asks("kms", _usable, key),
            path=("kms_key",),
            is_alone=True,
            fix="let the key's policy allow these credentials kms:DescribeKey, kms:Encrypt, "
            "kms:Decrypt and kms:GenerateDataKey",
        )


def _place(s3: Any, state: State) -> Unmet | None:
    from botocore.exceptions import ClientError

    try:
        s3.head_bucket(Bucket=state.bucket)
        told = s3.get_bucket_location(Bucket=state.bucket).get("LocationConstraint")
        place = OLD_NAMES.get(told, told)
    except ClientError as error:
        code = error_code(error)
        if code in _GONE:
            make = f"aws s3api create-bucket --bucket {state.bucket} --region {state.region}"
            if state.region != FIRST_REGION:
                make += f" --create-bucket-configuration LocationConstraint={state.region}"
            return Unmet(f"there is no bucket {state.bucket}", make)
        if code not in ("403", "AccessDenied"):
            raise
        seen = f"these credentials may not look at {state.bucket}, or it is somebody else's"
        return Unmet(seen, BUCKET_PAGE)
    if place != state.region:
        return Unmet(f"{state.bucket} is in {place}", f"write state.region: {place}")
    return None


def _versions(s3: Any, bucket: str) -> Unmet | None:
    if s3.get_bucket_versioning(Bucket=bucket).get("Status") == "Enabled":
        return None
    return Unmet(
        f"{bucket} keeps no versions: a broken state could not be brought back",
        f"aws s3api put-bucket-versioning --bucket {bucket} "
        "--versioning-configuration Status=Enabled",
    )


def _closed(s3: Any, bucket: str) -> Unmet | None:
    absent = "NoSuchPublicAccessBlockConfiguration"
    found = _unless(absent, s3.get_public_access_block, Bucket=bucket)
    settings = found.get("PublicAccessBlockConfiguration", {})
    if settings and all(settings.values()):
        return None
    every = "BlockPublicAcls=true,IgnorePublicAcls=true,BlockPublicPolicy=true"
    return Unmet(
        f"public access to {bucket} is not blocked; states hold secrets",
        f"aws s3api put-public-access-block --bucket {bucket} "
        f"--public-access-block-configuration {every},RestrictPublicBuckets=true",
    )


def _encrypted(s3: Any, bucket: str) -> Unmet | None:
    absent = "ServerSideEncryptionConfigurationNotFoundError"
    found = _unless(absent, s3.get_bucket_encryption, Bucket=bucket)
    if found.get("ServerSideEncryptionConfiguration", {}).get("Rules"):
        return None
    return Unmet(
        f"{bucket} has no default encryption",
        "docs/prerequisites.md has the command: aws s3api put-bucket-encryption",
    )


def _registry(s3: Any, bucket: str) -> Unmet | None:
    s3.list_objects_v2(Bucket=bucket, Prefix=f"{PREFIX}/", MaxKeys=1)
    return None


def _runs(s3: Any, bucket: str) -> Unmet | None:
    for part in (RUNS, LOCKS):
        s3.list_objects_v2(Bucket=bucket, Prefix=f"{PREFIX}/{part}", MaxKeys=1)
    return None


def _unless(code: str, call: Callable[..., dict[str, Any]], **parameters: str) -> dict[str, Any]:
    """Call S3; nothing where it says by a code that nothing was ever set."""
    from botocore.exceptions import ClientError

    try:
        return call(**parameters)
    except ClientError as error:
        if error_code(error) != code:
            raise
        return {}


def _named(key: str | None) -> Unmet | None:
    if key is None:
        seen = "no key is named: states are encrypted as the bucket does by default"
        return Unmet(seen, "write the ARN of a KMS key into state.kms_key", "warning")
    if key.startswith("arn:"):
        return None
    seen = f"{key} is looked up in the account of who asks, which may not be the bucket's"
    return Unmet(seen, "write the ARN of the key into state.kms_key", "warning")


def _usable(kms: Any, key: str) -> Unmet | None:
    from botocore.exceptions import ClientError

    try:
        found = kms.describe_key(KeyId=key)["KeyMetadata"]
    except ClientError as error:
        if error_code(error) != "NotFoundException":
            raise
        seen = f"there is no key {key} in the account and Region that was asked"
        return Unmet(seen, "make it, or write the ARN of another into state.kms_key")
    if found.get("KeyState") != "Enabled":
        fix = f"aws kms enable-key --key-id {found['KeyId']}"
        return Unmet(f"the key {key} is {found.get('KeyState')}", fix)
    if found.get("KeySpec", "SYMMETRIC_DEFAULT") != "SYMMETRIC_DEFAULT":
        return Unmet(f"S3 encrypts by symmetric keys; {key} is none", "name a symmetric key")
    return None
