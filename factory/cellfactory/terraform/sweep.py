"""Sweeps what lies in the VPC of a cell: named always, deleted only on an explicit word."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from cellfactory.credentials import Session, aws_faults, in_one_line
from cellfactory.errors import Finding, StoppedError, TerraformError
from cellfactory.layers import Access, StackId
from cellfactory.naming import stack_tags
from cellfactory.terraform.leftovers import Leftover, Place
from cellfactory.terraform.look import find_vpc, look
from cellfactory.terraform.record import Record
from cellfactory.terraform.recorded_access import recorded_access
from cellfactory.terraform.sessions import SessionOf
from cellfactory.terraform.waiting import Rest, Stopping, Tell, rest

FIRST_PAUSE, LONGEST_PAUSE = 2.0, 20.0  # seconds; what AWS deletes takes up to minutes to go
HELD = "DependencyViolation"
VPC_OUTPUT = "vpc_id"
_Delete = Callable[[Session, str, str], Mapping[str, Any] | None]
"""Deletes what has an id in a Region; an error that AWS answers with instead of raising it."""


@dataclass(slots=True)
class Sweeper:
    """Looks into the VPCs of recorded networks, and deletes what was left there."""

    session_of: SessionOf
    seconds: float  # that the things of one VPC may take to go
    pause: Rest = rest
    now: Callable[[], float] = time.monotonic
    swept: dict[StackId, tuple[Leftover, ...]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def look(self, record: Record) -> list[Leftover]:
        """List what lies in the VPC of a recorded network and is not Terraform's.

        Nothing is found where no VPC is known.

        Raises:
            TerraformError: where the account cannot be entered, or does not tell (F622).
        """
        access = recorded_access(record)
        return [] if access is None else _look(self.session_of(access), access, record)

    def sweep(self, record: Record, tell: Tell, stopping: Stopping) -> None:
        """Delete the leftovers in the VPC of a recorded network, and wait until they are gone.

        Each is told before it is deleted. What is held by another one is tried again.

        Raises:
            TerraformError: F642, when some do not go in time or AWS refuses; F622 as `look`.
            StoppedError: when the run is to end.
        """
        access = recorded_access(record)
        if access is None:
            return
        session = self.session_of(access)
        began, pause, done = self.now(), FIRST_PAUSE, dict[str, Leftover]()
        while left := [one for one in _look(session, access, record) if one.certain]:
            if self.now() - began > self.seconds:
                raise TerraformError(_too_late(record.stack, left, self.seconds))
            if stopping():
                msg = f"{len(left)} leftovers of {record.stack} remain"
                raise StoppedError(msg)
            for one in left:
                if one.id not in done:
                    tell(f"deletes {one}")
                _delete(record.stack, session, access.region, one)
                done[one.id] = one
            self.pause(pause, stopping)
            pause = min(2 * pause, LONGEST_PAUSE)
        with self._lock:
            self.swept[record.stack] = tuple(done.values())


def _look(session: Session, access: Access, record: Record) -> list[Leftover]:
    try:
        place = _place(session, access.region, record)
        return look(session, access.region, place) if place else []
    except aws_faults() as error:
        message = f"{record.stack}: AWS does not tell what lies in its VPC: {in_one_line(error)}"
        raise TerraformError(Finding(rule="F622", message=message)) from error


def _delete(stack: StackId, session: Session, region: str, one: Leftover) -> None:
    """Delete one thing; what is held by another, or is gone, the next look tells."""
    from botocore.exceptions import ClientError

    try:
        refusal = _DELETES[one.kind](session, region, one.id)
    except ClientError as error:
        refusal = error.response.get("Error", {})
    code = str((refusal or {}).get("Code", ""))
    if code and code != HELD and "NotFound" not in code:
        words = in_one_line(f"{code}: {(refusal or {}).get('Message', '')}")
        message = f"AWS does not delete {one}: {words}"
        raise TerraformError(Finding(rule="F642", stack=stack.name, message=message))


def _place(session: Session, region: str, record: Record) -> Place | None:
    """The VPC of a network: as it handed it on, or, where its apply broke off, by its tags."""
    told = record.outputs.get(VPC_OUTPUT)
    stack = record.stack
    if not isinstance(told, str):
        told = find_vpc(session, region, stack_tags(stack.kind, stack.owner, stack.layer))
    return Place(vpc=told, cluster=stack.owner) if told else None


def _too_late(stack: StackId, left: Iterable[Leftover], seconds: float) -> Finding:
    return Finding(
        rule="F642",
        stack=stack.name,
        message=f"after {seconds / 60:.0f} minutes these are still there",
        hint="\n".join([*map(str, left), "run the same command again"]),
    )


def _delete_balancer(session: Session, region: str, arn: str) -> None:
    session.client("elbv2", region_name=region).delete_load_balancer(LoadBalancerArn=arn)


def _delete_classic(session: Session, region: str, name: str) -> None:
    session.client("elb", region_name=region).delete_load_balancer(LoadBalancerName=name)


def _delete_endpoint(session: Session, region: str, name: str) -> Mapping[str, Any] | None:
    ec2 = session.client("ec2", region_name=region)
    failed = ec2.delete_vpc_endpoints(VpcEndpointIds=[name]).get("Unsuccessful")
    return failed[0]["Error"] if failed else None  # it raises nothing


def _delete_interface(session: Session, region: str, name: str) -> None:
    session.client("ec2", region_name=region).delete_network_interface(NetworkInterfaceId=name)


def _delete_group(session: Session, region: str, name: str) -> None:
    session.client("ec2", region_name=region).delete_security_group(GroupId=name)


_DELETES: Mapping[str, _Delete] = {
    "load balancer": _delete_balancer,
    "classic load balancer": _delete_classic,
    "VPC endpoint": _delete_endpoint,
    "network interface": _delete_interface,
    "security group": _delete_group,
}
