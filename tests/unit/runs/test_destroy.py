"""Cells can be got rid of by the registry alone, whatever is wrong with the inventory."""

from __future__ import annotations

import pytest

from factory.errors import UsageError
from factory.inventory.schema import State
from factory.layers import StackId
from factory.runs.destroy import destroy_recorded
from factory.runs.notices import NothingRecorded, StackKept
from factory.runs.request import Request
from tests.unit.runs.conftest import Place, Watched

STATE = State(bucket="example-cells-tfstate", region="us-east-1")


def request(place: Place, **asked: tuple[str, ...]) -> Request:
    return Request(mode="aws", registry=place.registry_folder, **asked)  # type: ignore[arg-type]


def test_what_is_recorded_is_destroyed_once_that_is_agreed_to(place: Place) -> None:
    place.remember("gone")
    place.remember("gone", "account")
    watcher = Watched()
    outcome = destroy_recorded(STATE, request(place), watcher)
    assert not outcome.failed
    assert [(str(r.stack), r.status) for r in outcome.results] == [("gone-network", "destroyed")]
    assert watcher.notices == [StackKept(StackId("gone", "account"))]
    (question,) = watcher.questions
    assert (question.verb, question.stacks) == ("destroy", (StackId("gone", "network"),))
    assert (watcher.total, len(watcher.results)) == (1, 1)
    assert place.commands() == [("gone-network", "destroy")]


def test_an_account_is_given_up_when_its_layer_is_named(place: Place) -> None:
    place.remember("gone", "account")
    outcome = destroy_recorded(STATE, request(place, layers=("account",)), Watched())
    assert [r.status for r in outcome.results] == ["destroyed"]


def test_who_does_not_agree_loses_nothing(place: Place) -> None:
    place.remember("gone")
    with pytest.raises(UsageError, match="destroy: not confirmed, nothing was done"):
        destroy_recorded(STATE, request(place), Watched(agree=False))
    assert place.commands() == []
    assert place.registry.stacks() == {StackId("gone", "network")}


def test_an_empty_registry_is_told_and_nobody_is_asked(place: Place) -> None:
    watcher = Watched()
    assert destroy_recorded(STATE, request(place), watcher).results == ()
    assert (watcher.notices, watcher.questions) == ([NothingRecorded()], [])
