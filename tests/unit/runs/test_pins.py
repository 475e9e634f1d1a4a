"""Where real AWS is at stake providers are pinned; elsewhere it is said once that they are not."""

from __future__ import annotations

import pytest

from cellfactory.errors import TerraformError
from cellfactory.inventory.schema import State
from cellfactory.runs.context import open_context
from cellfactory.runs.notices import Unpinned
from cellfactory.runs.request import Request
from tests.unit.runs.conftest import Place, Watched

FILE = "cells.providers.lock.hcl"


@pytest.fixture
def state() -> State:
    return State(bucket="b-state", region="us-east-1")


def test_real_aws_without_a_lock_is_refused_with_the_command(place: Place, state: State) -> None:
    (place.folder / FILE).unlink()
    asked = Request(mode="aws", registry=place.registry_folder)
    with pytest.raises(TerraformError, match=rf"F611 {FILE} is not there(.|\n)*lock-providers"):
        open_context(state, asked, Watched())
    assert place.commands() == []


def test_offline_without_a_lock_says_so_once(place: Place, state: State) -> None:
    (place.folder / FILE).unlink()
    watched = Watched()
    assert open_context(state, Request(mode="offline"), watched).pins is None
    assert watched.notices == [Unpinned(FILE)]


def test_a_lock_that_is_none_is_refused_everywhere(place: Place, state: State) -> None:
    (place.folder / FILE).write_text("<<<<<<< ours\n", "utf-8")
    with pytest.raises(TerraformError, match="F613"):
        open_context(state, Request(mode="offline"), Watched())
