"""The state of the pipeline's stack: in a file until its bucket is there, and in that ever after.

It is copied, read back, and only then removed here. Whatever ends the program in between, the next
run finds both or one, and goes on from there: what is in the bucket is never put back by something
older, or by the state of something else.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from cellfactory.credentials import Session, asking_aws
from cellfactory.errors import Finding, TerraformError
from cellfactory.files import read_text
from cellfactory.layers import StackId
from cellfactory.terraform.messages import Report
from cellfactory.terraform.results import Result
from cellfactory.terraform.running import RunContext, failed_result, open_stack, run_terraform
from cellfactory.terraform.workspace import Sources

Place = Literal["file", "bucket"]
_NO_BUCKET, _NO_STATE = ("NoSuchBucket",), ("NoSuchKey", "404")


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """A state, as far as it tells which of two is the newer one."""

    lineage: str
    serial: int
    addresses: frozenset[str]

    @property
    def is_empty(self) -> bool:
        """Whether it holds nothing."""
        return not self.addresses


def read_state(text: str, place: str) -> State:
    """Read a state.

    Raises:
        TerraformError: when it is none (F718).
    """
    try:
        told = json.loads(text)
        return State(
            lineage=str(told["lineage"]),
            serial=int(told["serial"]),
            addresses=frozenset(
                f"{one['type']}.{one['name']}"
                for one in told["resources"]
                if one["mode"] == "managed"
            ),
        )
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        finding = Finding(
            rule="F718",
            message=f"{place} is not a state of Terraform's",
            hint="bring an earlier version of it back, or move it out of the way",
        )
        raise TerraformError(finding) from error


def state_in_file(file: Path) -> State | None:
    """Read the state of a file; None where there is none, or an empty one of no serial."""
    if not file.is_file() or not file.stat().st_size:
        return None
    return read_state(read_text(file), str(file))


def state_in_bucket(session: Session, settings: Mapping[str, Any]) -> State | None:
    """Read the state of the bucket; None where there is no such object, or no bucket yet.

    Args:
        session: in the account of the bucket.
        settings: of the synthesized backend `s3`.

    Raises:
        TerraformError: when S3 does not let it be read (F622), or it is none (F718).
    """
    from botocore.exceptions import ClientError

    place = f"s3://{settings['bucket']}/{settings['key']}"
    with asking_aws("F622", f"cannot read {place}"):
        s3 = session.client("s3", region_name=settings["region"])
        try:
            answer = s3.get_object(Bucket=settings["bucket"], Key=settings["key"])
        except ClientError as error:
            code = error.response["Error"]["Code"]
            if code in (*_NO_BUCKET, *_NO_STATE):
                return None
            raise
        text = answer["Body"].read().decode("utf-8")
    return read_state(text, place)


def place_of(local: State | None, remote: State | None, file: Path, place: str) -> Place:
    """Say which of two states is the one to go on from.

    Raises:
        TerraformError: when they are of different things (F718).
    """
    if local is None:
        return "file" if remote is None else "bucket"
    if remote is None:
        return "file"
    if local.lineage != remote.lineage and not local.is_empty:
        finding = Finding(
            rule="F718",
            message=f"{file} and {place} are two states, neither of which came from the other",
            hint="the one in the bucket is everybody's: where it holds what is in AWS, move the "
            "file out of the way",
        )
        raise TerraformError(finding)
    return "bucket" if local.is_empty or remote.serial >= local.serial else "file"


def move_state(
    context: RunContext, stack: StackId, sources: Sources, file: Path, in_bucket: State | None
) -> Result | None:
    """Bring a state into the bucket.

    Args:
        context: whose target has the stack in the bucket.
        stack: whose state it is.
        sources: its synthesized files.
        file: where the state lies; it is removed once the bucket has it.
        in_bucket: what the bucket has, where it has been looked at.

    Returns:
        What became of the stack where Terraform refused; None where all is well.
    """
    local = state_in_file(file)
    if local is None:
        return None
    space = open_stack(context, stack, sources, {})
    if isinstance(space, Result):
        return space
    if in_bucket is None or in_bucket.serial < local.serial:
        pushed = run_terraform(context, space, "state", "push", "-lock-timeout=60s", str(file))
        if pushed.code != 0:
            return failed_result(context, stack, Report(), pushed)
    pulled = run_terraform(context, space, "state", "pull")
    if pulled.code != 0:
        return failed_result(context, stack, Report(), pulled)
    there = read_state(pulled.stdout, "what the bucket holds")
    if (there.lineage, there.addresses) != (local.lineage, local.addresses):
        return Result(
            stack=stack, status="failed", finding=_not_there(file), reason=str(_not_there(file))
        )
    forget(file)
    return None


def forget(file: Path) -> None:
    """Remove a state that lies in the bucket by now, and what Terraform keeps beside it."""
    for one in (file, *file.parent.glob(f"{file.name}.*backup")):
        one.unlink(missing_ok=True)


def _not_there(file: Path) -> Finding:
    return Finding(
        rule="F718",
        message=f"the bucket does not hold what {file} holds, although Terraform has put it there",
        hint="nothing was removed: run bootstrap again, or look with terraform state pull",
    )
