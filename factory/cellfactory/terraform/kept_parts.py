"""What a cell leaves behind on purpose: log buckets and the key of its secrets.

What is kept is taken out of the state before the rest of its stack is destroyed, so that AWS keeps
it as it is: private, encrypted, and emptied by age. What is given up is emptied, as S3 deletes no
bucket that holds an object, and then destroyed with the rest.

Source:
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/delete-bucket.html
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from cellfactory.credentials import Session, asking_aws
from cellfactory.errors import Finding, StoppedError, TerraformError
from cellfactory.terraform.messages import Report
from cellfactory.terraform.record import Record
from cellfactory.terraform.results import Result
from cellfactory.terraform.running import (
    LOCK_TIMEOUT,
    RunContext,
    failed_result,
    open_stack,
    push_kept,
    run_terraform,
)
from cellfactory.terraform.turns import stack_lock
from cellfactory.terraform.workspace import Sources, Workspace

BUCKETS = "aws_s3_bucket"
"""A bucket, and, as a beginning, every type of what is set on one."""

KEYS = "aws_kms_key"
NO_STATE = "No state file was found"
"""What Terraform says where an apply broke off before it wrote one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptParts:
    """Which parts of a cell stay in AWS."""

    buckets: bool = True
    keys: bool = True

    def keeps(self, address: str) -> bool:
        """Whether a resource stays, by its Terraform address."""
        kind = address.partition(".")[0]
        is_of_bucket = kind == BUCKETS or kind.startswith(f"{BUCKETS}_")
        return (self.buckets and is_of_bucket) or (self.keys and kind == KEYS)


def leave_parts(context: RunContext, record: Record, parts: KeptParts) -> Result | None:
    """Take what is kept out of a state; AWS is asked nothing, and keeps it.

    Doing so again finds nothing left to do.

    Returns:
        What became of the stack where Terraform refused; None where all is well.
    """
    stack = record.stack
    with stack_lock(context.target.locks_folder, stack, lambda: context.children.stopping):
        space = open_stack(context, stack, record.sources, record.inputs)
        if isinstance(space, Result):
            return space
        if failed := push_kept(context, space):
            return failed
        addresses = addresses_in(context, record, space)
        if isinstance(addresses, Result):
            return addresses
        kept = [address for address in addresses if parts.keeps(address)]
        if not kept:
            return None
        removed = run_terraform(context, space, "state", "rm", LOCK_TIMEOUT, *kept)
        return failed_result(context, stack, Report(), removed) if removed.code != 0 else None


def addresses_in(context: RunContext, record: Record, space: Workspace) -> list[str] | Result:
    """List what the state of a stack holds; an apply that broke off early has left none."""
    listed = run_terraform(context, space, "state", "list")
    if listed.code != 0 and NO_STATE not in listed.stderr:
        return failed_result(context, record.stack, Report(), listed)
    lines = listed.stdout.split("\n") if listed.code == 0 else []
    return [line.strip() for line in lines if line.strip()]


def bucket_names(record: Record) -> Iterator[str]:
    """Name the buckets that a stack was last applied with; what is an expression is filled in."""
    account = record.inputs.get("account_id", record.account)
    for bucket in buckets_in(record.sources):
        yield str(bucket["bucket"]).replace("${var.account_id}", str(account))


def buckets_in(sources: Sources) -> Iterator[Mapping[str, Any]]:
    """Yield the buckets that the Terraform of a stack declares."""
    for source in sources.values():
        try:
            buckets = json.loads(source).get("resource", {}).get(BUCKETS, {})
        except (ValueError, AttributeError, RecursionError):
            continue
        yield from buckets.values()


def empty_buckets(
    session: Session,
    names: Collection[str],
    region: str,
    stopping: Callable[[], bool],
    tell: Callable[[str], None],
) -> None:
    """Delete every object, every version and every unfinished upload of buckets.

    Raises:
        TerraformError: F647, when S3 refuses.
        StoppedError: when the run is to end meanwhile.
    """
    with asking_aws("F647", "the buckets cannot be emptied"):
        s3 = session.client("s3", region_name=region)
        standing = {row["Name"] for row in s3.list_buckets()["Buckets"]}
        for name in sorted(standing & set(names)):
            tell(f"empties {name}")
            _empty(s3, name, stopping)


def _empty(client: Any, name: str, stopping: Callable[[], bool]) -> None:
    for page in client.get_paginator("list_object_versions").paginate(Bucket=name):
        if stopping():
            msg = f"{name} is not empty yet"
            raise StoppedError(msg)
        rows = [*page.get("Versions", ()), *page.get("DeleteMarkers", ())]
        objects = [{"Key": row["Key"], "VersionId": row["VersionId"]} for row in rows]
        if objects:
            told = client.delete_objects(Bucket=name, Delete={"Objects": objects, "Quiet": True})
            if errors := told.get("Errors"):
                first = f"{errors[0]['Code']}: {errors[0]['Key']}"
                message = f"S3 does not delete {len(errors):,} objects of {name} ({first})"
                raise TerraformError(Finding(rule="F647", message=message))
    uploads = client.get_paginator("list_multipart_uploads").paginate(Bucket=name)
    for page in uploads:
        for row in page.get("Uploads", ()):
            client.abort_multipart_upload(Bucket=name, Key=row["Key"], UploadId=row["UploadId"])
