"""An account that was just made: until when it cannot be used, and how many are made at a time.

AWS sends no word when an account is ready. For minutes its roles cannot be taken, and then its EC2
and EKS do not know it. So the first stack that works in a new account asks, again and again, until
they answer; only then does Terraform start.

Source:
    https://github.com/hashicorp/terraform-provider-aws/issues/15654
    https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_accounts_create.html
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from cellfactory.credentials import Session, asking_aws
from cellfactory.errors import Finding, StoppedError, TerraformError
from cellfactory.layers import Access, Stack
from cellfactory.terraform.messages import Value
from cellfactory.terraform.sessions import full_access, sessions
from cellfactory.terraform.target import Target
from cellfactory.terraform.waiting import Rest, Stopping, Tell, rest

FIRST_PAUSE, LONGEST_PAUSE = 1.0, 20.0  # seconds between two questions
NOT_YET = frozenset(
    {
        *("AuthFailure", "InvalidClientTokenId", "OptInRequired", "PendingVerification"),
        *("SubscriptionRequiredException", "UnrecognizedClientException"),
    }
)
"""What services answer of an account that they do not know yet.

A missing permission is not among them: then the account is there, and Terraform will say the rest.
"""

Ask = Callable[[Access], str]
"""Goes into an account and asks its services; why it is not ready, or nothing when it is."""


@dataclass(slots=True)
class NewAccounts:
    """What runs have to know of accounts that they make."""

    ask: Ask
    seconds: float  # that an account may take until it can be used
    at_a_time: int  # accounts that an organization makes
    pause: Rest = rest
    now: Callable[[], float] = time.monotonic
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _making: dict[str, threading.BoundedSemaphore] = field(default_factory=dict)
    _waiting: dict[str, threading.Lock] = field(default_factory=dict)
    _ready: set[str] = field(default_factory=set)

    @contextmanager
    def turn(self, stack: Stack) -> Iterator[None]:
        """Let only so many stacks of an organization make their accounts at a time."""
        if not stack.id.row.makes_account:
            yield
            return
        with self._lock:
            fresh = threading.BoundedSemaphore(self.at_a_time)
            gate = self._making.setdefault(stack.access.account, fresh)
        with gate:
            yield

    def wait(self, access: Access, tell: Tell, stopping: Stopping) -> None:
        """Come back once an account can be used; each is waited for once.

        Args:
            access: the way into the account, without any expression of Terraform's left.
            tell: is told why it is not ready, at most once for each reason.
            stopping: whether the run is to end.

        Raises:
            TerraformError: F615, when it takes too long, or the way there is not open at all.
            StoppedError: when the run is to end.
        """
        with self._lock:
            turn = self._waiting.setdefault(access.account, threading.Lock())
        with turn:
            if access.account not in self._ready:
                self._wait(access, tell, stopping)
                self._ready.add(access.account)

    def _wait(self, access: Access, tell: Tell, stopping: Stopping) -> None:
        began, pause, told = self.now(), FIRST_PAUSE, ""
        while why := self.ask(access):
            if self.now() - began > self.seconds:
                raise TerraformError(_too_late(access, why, self.seconds))
            if stopping():
                msg = f"account {access.account} was not ready"
                raise StoppedError(msg)
            if why != told:
                tell(f"waits for account {access.account}: {why}")
                told = why
            self.pause(pause, stopping)
            pause = min(2 * pause, LONGEST_PAUSE)


def resolved_access(stack: Stack, inputs: Mapping[str, Value]) -> Access | None:
    """The way into the account that another stack makes, with its id; None for other accounts."""
    access = full_access(stack, inputs)
    return None if access.account == stack.access.account else access


def ask_aws(target: Target) -> Ask:
    """Make what asks AWS, or the emulated one, by the roles of a stack."""
    enter = sessions(target, "cellfactory-wait")

    def ask(access: Access) -> str:
        from botocore.exceptions import ClientError

        enter(replace(access, roles=access.roles[:-1]))  # this much has to be open already
        try:
            session = enter(access)
        except TerraformError as error:
            return str(error.__cause__)
        with asking_aws("F622", f"account {access.account} cannot be asked"):
            try:
                _use(session, access.region)
            except ClientError as error:
                refused = error.response.get("Error", {}).get("Code") in NOT_YET
                return str(error) if refused else ""
        return ""

    return ask


def _use(session: Session, region: str) -> None:
    """Call what a cell is made of, to no effect."""
    session.client("ec2", region_name=region).describe_vpcs(MaxResults=5)
    session.client("eks", region_name=region).list_clusters(maxResults=1)


def _too_late(access: Access, why: str, seconds: float) -> Finding:
    return Finding(
        rule="F615",
        message=f"account {access.account} cannot be used {seconds / 60:.0f} minutes after it was "
        f"asked for first: {why}",
        hint="apply again later, or see that the member role of the organization is the one that "
        "the account was made with",
    )
