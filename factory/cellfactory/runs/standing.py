"""What the outputs registry knows of stacks, or why nothing is known: for commands that only look.

Neither Terraform nor an emulator is needed for that, and no credentials where nobody has any.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Literal

from cellfactory.errors import FactoryError, TerraformError
from cellfactory.inventory.schema import State
from cellfactory.layers import StackId
from cellfactory.layers.access import ACCOUNT_VARIABLE
from cellfactory.runs.places import FOLDER
from cellfactory.runs.request import Request
from cellfactory.terraform.record import Record
from cellfactory.terraform.registry import PREFIX, Registry, open_registry
from cellfactory.terraform.target import Target

READERS = 16  # records that are read at a time
CONNECT_SECONDS, READ_SECONDS = 5, 15

Standing = Literal["applied", "unfinished", "unreadable", "not-applied", "not-known"]
"""What is known of a stack; `unfinished` is one whose last apply did not end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """Records by stack; without `is_known` there may be any."""

    is_known: bool
    why_not: str = ""  # a sentence, where nothing is known
    records: Mapping[StackId, Record] = field(default_factory=dict)
    unreadable: frozenset[StackId] = frozenset()

    def standing(self, stack: StackId) -> Standing:
        """Say what is known of a stack."""
        if not self.is_known:
            return "not-known"
        if stack in self.unreadable:
            return "unreadable"
        record = self.records.get(stack)
        if record is None:
            return "not-applied"
        return "applied" if record.complete else "unfinished"

    def output(self, owner: str, layer: Any, name: str) -> Any:
        """Return an output of an applied stack; None where there is none, or nobody knows."""
        record = self.records.get(StackId(owner, layer))
        return record.outputs.get(name) if record is not None else None

    def account(self, cell: str) -> str | None:
        """Return the id of an account that was made for a cell, as far as known."""
        found = self.output(cell, "account", ACCOUNT_VARIABLE)
        return found if isinstance(found, str) else None


NOT_ASKED = Known(is_known=False, why_not="the registry was not asked (--offline)")


def ask_registry(state: State, request: Request, stacks: Collection[StackId]) -> Known:
    """Read the records of stacks.

    Args:
        state: where the states are kept; the registry lies beside them.
        request: whose registry: that of real AWS, of the sandbox or of a named place.
        stacks: those that matter.

    Raises:
        UsageError: when the registry's place is none.
    """
    registry = _open(state, request)
    try:
        there = registry.stacks() & frozenset(stacks)
    except TerraformError as error:
        return Known(is_known=False, why_not=error.problems[0].finding.message)
    with ThreadPoolExecutor(READERS) as pool:
        read = dict(zip(there, pool.map(lambda one: _read(registry, one), there), strict=True))
    return Known(
        is_known=True,
        records={stack: record for stack, record in read.items() if record is not None},
        unreadable=frozenset(stack for stack, record in read.items() if record is None),
    )


def _read(registry: Registry, stack: StackId) -> Record | None:
    try:
        return registry.read(stack)
    except FactoryError:
        return None


def _open(state: State, request: Request) -> Registry:
    target = Target(mode=request.mode, folder=request.home / FOLDER / request.mode)
    in_aws = request.registry or f"s3://{state.bucket}/{PREFIX}"
    place = in_aws if request.mode == "aws" else str(target.registry_folder)
    return open_registry(place, state.region, state.kms_key, _impatient_client)


def _impatient_client(service: str, **settings: Any) -> Any:
    """Make a client that does not keep a person waiting for minutes."""
    import boto3  # a fifth of a second, and only real AWS needs it
    from botocore.config import Config

    config = Config(
        connect_timeout=CONNECT_SECONDS,
        read_timeout=READ_SECONDS,
        retries={"total_max_attempts": 2},
        max_pool_connections=READERS,
    )
    return boto3.Session().client(service, config=config, **settings)
