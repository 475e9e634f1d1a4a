"""What a reviewed plan could not hold: stacks that no role can look at which only reads."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from cellfactory.cli import main
from cellfactory.layers import StackId
from cellfactory.runs.reviewed import agree_to
from cellfactory.terraform.guard import NOTHING
from cellfactory.terraform.reviewed import ReviewedStack
from cellfactory.terraform.reviewed_file import ReviewedPlan
from cellfactory.terraform.workspace import digest_sources

SEEN = StackId("a", "network")
UNSEEN = StackId("a", "platform")
FAILED = StackId("b", "platform")
OTHER = StackId("b", "network")
SOURCES: dict[str, str] = {"cdk.tf.json": "{}"}


def agreed(unseen: frozenset[StackId]) -> Any:
    stacks = (SEEN, UNSEEN, FAILED, OTHER)
    ready: Any = SimpleNamespace(ids=stacks, sources=dict.fromkeys(stacks, SOURCES))
    seen = ReviewedStack(stack=SEEN, standing="planned", sources=digest_sources(SOURCES))
    plan: Any = SimpleNamespace(stacks=(seen,), unplanned=(FAILED,))
    reviewed: ReviewedPlan = plan
    return agree_to(Path("plan.json"), reviewed, ready, unseen)


def test_without_a_word_nothing_is_done_that_was_not_reviewed() -> None:
    found = agreed(frozenset())
    assert {*found.settled} == {UNSEEN, FAILED, OTHER}
    assert found.touched == (SEEN,)


def test_what_could_not_be_looked_at_is_done_and_what_failed_or_was_left_out_is_not() -> None:
    found = agreed(frozenset({SEEN, UNSEEN, FAILED}))
    assert {*found.settled} == {FAILED, OTHER}
    assert found.touched == (SEEN, UNSEEN)
    assert found.leave(UNSEEN, NOTHING).reviewed is None
    assert found.leave(UNSEEN, NOTHING).allowed == NOTHING, "destroys are refused all the same"
    assert found.leave(SEEN, NOTHING).reviewed is not None, "a review is a limit wherever it is"


def test_the_word_alone_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        main(["apply", "--sandbox", "--unseen"])
    assert stop.value.code == 2
    assert "--unseen goes with --reviewed" in capsys.readouterr().err
