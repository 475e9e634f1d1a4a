"""Accounts that were just made: waited for, within bounds, and a few at a time."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest

from cellfactory.errors import StoppedError, TerraformError
from cellfactory.layers import Access, Stack, StackId
from cellfactory.terraform.new_accounts import LONGEST_PAUSE, NewAccounts, resolved_access

ACCESS = Access(
    account="${var.account_id}",
    roles=("arn:aws:iam::1:role/A", "arn:aws:iam::${var.account_id}:role/B"),
    region="us-east-1",
    sts_region="us-east-1",
)
MANAGEMENT = Access(account="1", roles=(), region="us-east-1", sts_region="us-east-1")
INPUTS = {"account_id": "7" * 12}


class Scene:
    """An account that answers after so many questions, and a clock that pauses move."""

    def __init__(self, *answers: str, seconds: float = 900) -> None:
        self.answers: Iterator[str] = iter(answers)
        self.asked: list[Access] = []
        self.pauses: list[float] = []
        self.told: list[str] = []
        self.accounts = NewAccounts(
            ask=self.ask,
            seconds=seconds,
            at_a_time=2,
            pause=lambda seconds, _stopping: self.pauses.append(seconds),
            now=lambda: sum(self.pauses),
        )

    def ask(self, access: Access) -> str:
        self.asked.append(access)
        return next(self.answers, "not yet")

    def wait(self, *, stopping: bool = False) -> None:
        access = resolved_access(Stack(id=StackId("a", "network"), access=ACCESS), INPUTS)
        assert access is not None
        self.accounts.wait(access, self.told.append, lambda: stopping)


def test_the_way_into_a_new_account_has_its_id() -> None:
    access = resolved_access(Stack(id=StackId("a", "network"), access=ACCESS), INPUTS)
    assert access is not None
    assert access.account == "7" * 12
    assert access.roles == ("arn:aws:iam::1:role/A", f"arn:aws:iam::{'7' * 12}:role/B")


def test_nobody_waits_for_an_account_that_exists() -> None:
    assert resolved_access(Stack(id=StackId("a", "account"), access=MANAGEMENT), {}) is None


def test_an_account_is_asked_until_it_answers_and_then_never_again() -> None:
    scene = Scene("AccessDenied", "AccessDenied", "OptInRequired", "")
    scene.wait()
    scene.wait()
    assert len(scene.asked) == 4
    assert scene.pauses == [1, 2, 4]
    assert [line.rpartition(" ")[2] for line in scene.told] == ["AccessDenied", "OptInRequired"]


def test_it_gives_up_in_the_end_and_says_why() -> None:
    scene = Scene(seconds=900)
    with pytest.raises(TerraformError, match="F615") as caught:
        scene.wait()
    assert "cannot be used 15 minutes" in str(caught.value)
    assert "not yet" in str(caught.value)
    assert max(scene.pauses) == LONGEST_PAUSE
    assert 900 < sum(scene.pauses) < 900 + 2 * LONGEST_PAUSE


def test_a_run_that_is_stopped_does_not_wait() -> None:
    with pytest.raises(StoppedError):
        Scene().wait(stopping=True)


def test_only_so_many_accounts_of_an_organization_are_made_at_a_time() -> None:
    accounts, lock = Scene().accounts, threading.Lock()
    now, most = 0, 0

    def make(number: int) -> None:
        nonlocal now, most
        with accounts.turn(Stack(id=StackId(f"c{number}", "account"), access=MANAGEMENT)):
            with lock:
                now += 1
                most = max(most, now)
            time.sleep(0.02)
            with lock:
                now -= 1

    threads = [threading.Thread(target=make, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == 2
