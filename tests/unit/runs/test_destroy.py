"""Cells can be got rid of by the registry alone, whatever is wrong with the inventory."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cellfactory.credentials import Session
from cellfactory.errors import UsageError
from cellfactory.inventory.schema import State
from cellfactory.layers import Access, Layer, StackId
from cellfactory.runs.destroy import destroy_recorded
from cellfactory.runs.notices import (
    AccountLeft,
    Lying,
    NothingGone,
    NothingRecorded,
    NothingSelected,
    StackKept,
    Swept,
)
from cellfactory.runs.request import Request
from cellfactory.terraform.leftovers import Leftover
from cellfactory.terraform.record import Record
from cellfactory.terraform.selection import Selection
from cellfactory.terraform.sweep import Sweeper
from cellfactory.terraform.waiting import Stopping, Tell
from tests.unit.runs.conftest import Place, Watched

STATE = State(bucket="example-cells-tfstate", region="us-east-1")


def request(place: Place, *, forget: bool = False, **chosen: tuple[str, ...]) -> Request:
    return Request(
        mode="aws",
        registry=place.registry_folder,
        forget=forget,
        selection=Selection(**chosen),
    )


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


@pytest.mark.parametrize("recorded", [(), ("network",), ("network", "cluster")])
def test_a_layer_that_is_gone_already_leaves_nothing_to_do(
    place: Place, recorded: tuple[Layer, ...]
) -> None:
    for layer in recorded:
        place.remember("a", layer)
    watcher = Watched()
    outcome = destroy_recorded(STATE, request(place, layers=("routes",)), watcher)
    nothing = NothingSelected((), ("routes",)) if recorded else NothingRecorded()
    assert (outcome.results, outcome.failed, watcher.notices) == ((), False, [nothing])
    assert watcher.questions == []


ACCOUNT = "aws_organizations_account"


def remember_account(place: Place, cell: str = "gone") -> None:
    document = {"resource": {ACCOUNT: {"cell": {"email": f"{cell}@acme.example"}}}}
    outputs = {"account_id": "666666666666"}
    place.remember(cell, "account", document=document, outputs=outputs, account="111111111111")


@pytest.mark.parametrize("layers", [(), ("account",)])
def test_an_account_stays_unless_it_is_forgotten_on_an_explicit_word(
    place: Place, layers: tuple[str, ...]
) -> None:
    remember_account(place)
    watcher = Watched()
    outcome = destroy_recorded(STATE, request(place, layers=layers), watcher)
    assert (outcome.results, place.commands()) == ((), [])
    assert watcher.notices == [StackKept(StackId("gone", "account"))]
    assert place.registry.stacks() == {StackId("gone", "account")}


@pytest.mark.parametrize("held", [("aws_organizations_account.cell", 'x.y["a b"]'), ()])
def test_an_account_that_is_given_up_leaves_state_and_registry_and_stays_in_aws(
    place: Place, held: tuple[str, ...]
) -> None:
    remember_account(place)
    place.does("gone-account", state={"prints": list(held)})
    outcome = destroy_recorded(STATE, request(place, forget=True), Watched())
    assert [r.status for r in outcome.results] == ["forgotten"]
    assert outcome.notices == (AccountLeft("666666666666", "gone@acme.example", "111111111111"),)
    asked = [words for _, command, words in place.asked() if command != "init"]
    assert asked[0] == ["list"]
    assert asked[1:] == ([["rm", "-lock-timeout=60s", *held]] if held else [])
    assert {command for _, command, _ in place.asked()} == {"init", "state"}
    assert place.registry.stacks() == frozenset()


def test_an_account_that_cannot_be_forgotten_stays_in_the_registry(place: Place) -> None:
    remember_account(place)
    place.does("gone-account", state={"error": "Error acquiring the state lock"})
    outcome = destroy_recorded(STATE, request(place, forget=True), Watched())
    assert (outcome.failed, outcome.notices) == (True, ())
    assert place.registry.stacks() == {StackId("gone", "account")}
    (result,) = outcome.results
    assert "another run holds the state lock" in result.diagnostics[0].hint


def test_an_account_is_not_forgotten_while_its_cell_stands(place: Place) -> None:
    remember_account(place)
    place.remember("gone", waits_for=(StackId("gone", "account"),))
    outcome = destroy_recorded(STATE, request(place, layers=("account",), forget=True), Watched())
    (result,) = outcome.results
    assert result.reason == (
        "F606 gone-network still takes values from it\n"
        "    to destroy everything that takes values from it: "
        "cellfactory destroy --cell gone --forget-accounts"
    )


def mesh(place: Place, *cells: str) -> tuple[StackId, ...]:
    """Record a full mesh as `apply` leaves it, and return every stack of it."""
    for i, cell in enumerate(cells):
        own = StackId(cell, "network")
        remember_account(place, cell)
        place.remember(cell, "network", waits_for=(StackId(cell, "account"),))
        place.remember(cell, "cluster", waits_for=(own,))
        above, below = cells[i + 1 :], cells[:i]
        if above:
            takes = (own, *(StackId(c, "network") for c in above))
            place.remember(cell, "peering", waits_for=takes)
        if below:
            takes = tuple(StackId(c, "peering") for c in below)
            place.remember(cell, "accept", waits_for=takes)
        takes = (own, *(StackId(c, "accept") for c in above))
        place.remember(
            cell, "routes", waits_for=(*takes, *([StackId(cell, "accept")] * bool(below)))
        )
    return tuple(place.registry.stacks())


def test_a_platform_goes_before_the_routes_that_lead_to_its_cluster_and_never_holds_them(
    place: Place,
) -> None:
    routes, own = StackId("a", "routes"), StackId("a", "cluster")
    place.remember("a", "cluster")
    place.remember("a", "routes")
    place.remember("a", "platform", waits_for=(own,), after=(routes,))
    place.does("a-platform", destroy={"seconds": 0.5})
    outcome = destroy_recorded(STATE, request(place), Watched())
    assert {r.status for r in outcome.results} == {"destroyed"}
    assert place.commands()[0] == ("a-platform", "destroy")
    place.remember("a", "routes")
    place.remember("a", "platform", after=(routes,))
    outcome = destroy_recorded(STATE, request(place, stacks=("a-routes",)), Watched())
    assert [r.status for r in outcome.results] == ["destroyed"], "the hub may be gone for good"


@pytest.mark.parametrize("leaving", ["a", "b", "c"])
def test_what_is_gone_goes_by_one_command_whatever_its_name(place: Place, leaving: str) -> None:
    before = mesh(place, "a", "b", "c")
    rest = [cell for cell in "abc" if cell != leaving]
    standing = mesh(place, *rest)  # the peers are applied without it
    left = {s for s in standing if s.owner in rest} & wanted(*rest)
    gone = set(before) - left
    watcher = Watched()
    outcome = destroy_recorded(STATE, request(place), watcher, standing=left)
    assert {r.status for r in outcome.results} == {"destroyed"}
    assert {r.stack for r in outcome.results} == {s for s in gone if s.layer != "account"}
    assert watcher.notices == [StackKept(StackId(leaving, "account"))]
    assert place.registry.stacks() == left | {StackId(leaving, "account")}
    order = [name for name, command in place.commands() if command == "destroy"]
    assert order.index(f"{leaving}-routes") < order.index(f"{leaving}-network")
    pairs = [(f"{high}-accept", f"{low}-peering") for low, high in ("ab", "ac", "bc")]
    assert all(order.index(i) < order.index(j) for i, j in pairs if {i, j} <= set(order))


def wanted(*cells: str) -> set[StackId]:
    """The stacks that the inventory of a mesh of two has."""
    low, high = cells
    every = {
        StackId(c, layer) for c in cells for layer in ("account", "network", "cluster", "routes")
    }
    return every | {StackId(low, "peering"), StackId(high, "accept")}


def test_a_peer_that_was_not_applied_yet_is_named_with_its_command(place: Place) -> None:
    mesh(place, "a", "b", "c")
    outcome = destroy_recorded(STATE, request(place), Watched(), standing=wanted("a", "c"))
    reasons = {str(r.stack): r.reason for r in outcome.results if r.status == "refused"}
    assert reasons["b-peering"] == (
        "F606 c-accept still takes values from it\n"
        "    these are still in the inventory, so first: cellfactory apply --stack a-peering "
        "--stack c-accept --stack a-routes --allow-destroy peering --allow-destroy accept "
        "--allow-destroy routes"
    )
    assert [c for _, c in place.commands() if c == "destroy"] == []


def test_without_an_inventory_the_ways_on_are_all_named(place: Place) -> None:
    mesh(place, "a", "b")
    outcome = destroy_recorded(STATE, request(place, cells=("a",)), Watched())
    reason = next(r.reason for r in outcome.results if str(r.stack) == "a-peering")
    assert reason.splitlines()[1:] == [
        "    where other owners stay in the inventory, first: cellfactory apply --stack b-accept "
        "--allow-destroy accept",
        "    where they have left it, or no longer need that stack: cellfactory destroy --gone",
        "    to destroy everything that takes values from it: "
        "cellfactory destroy --cell a --stack b-accept --stack b-routes",
    ]
    done = destroy_recorded(
        STATE, request(place, cells=("a",), stacks=("b-accept", "b-routes")), Watched()
    )
    assert {r.status for r in done.results} == {"destroyed"}


def test_nothing_gone_is_told(place: Place) -> None:
    place.remember("a")
    watcher = Watched()
    standing = [StackId("a", "network")]
    assert destroy_recorded(STATE, request(place), watcher, standing=standing).results == ()
    assert (watcher.notices, watcher.questions) == ([NothingGone()], [])


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


LEAKED = Leftover("network interface", "eni-1", "VPC CNI: aws-K8S-i-1, available")


class Vpc(Sweeper):
    """A VPC in which something was left."""

    def look(self, record: Record) -> list[Leftover]:
        return [] if record.stack in self.swept else [LEAKED]

    def sweep(self, record: Record, tell: Tell, stopping: Stopping) -> None:
        assert not stopping()
        tell(f"deletes {LEAKED}")
        self.swept[record.stack] = (LEAKED,)


@pytest.fixture
def littered(monkeypatch: pytest.MonkeyPatch) -> None:
    def sessions(access: Access) -> Session:
        raise AssertionError(access)

    vpc = Vpc(session_of=sessions, seconds=9)
    monkeypatch.setattr("cellfactory.runs.context._sweeper", lambda _target: vpc)


@pytest.mark.usefixtures("littered")
def test_what_was_left_is_listed_before_anybody_agrees_and_told_in_the_end(place: Place) -> None:
    place.remember("gone")
    watcher = Watched(agree=False)
    swept = replace(request(place), sweep=True)
    with pytest.raises(UsageError, match="nothing was done"):
        destroy_recorded(STATE, swept, watcher)
    assert watcher.notices == [Lying(StackId("gone", "network"), (LEAKED,))]
    outcome = destroy_recorded(STATE, swept, Watched())
    assert [r.status for r in outcome.results] == ["destroyed"]
    assert outcome.notices == (Swept(StackId("gone", "network"), (LEAKED,)),)


@pytest.mark.usefixtures("littered")
def test_the_command_that_a_refused_destroy_names_is_the_one_that_ends_it(place: Place) -> None:
    place.remember("gone")
    place.remember("gone", "cluster", waits_for=(StackId("gone", "network"),))
    outcome = destroy_recorded(STATE, request(place, cells=("gone",)), Watched())
    assert [(str(r.stack), r.status) for r in outcome.results] == [
        ("gone-cluster", "destroyed"),
        ("gone-network", "refused"),
    ]
    assert outcome.failed
    *_, line = outcome.results[-1].reason.splitlines()
    assert line.endswith(": cellfactory destroy --cell gone --sweep")
    again = replace(request(place, cells=("gone",)), sweep=True)
    outcome = destroy_recorded(STATE, again, Watched())
    assert [r.status for r in outcome.results] == ["destroyed"]
