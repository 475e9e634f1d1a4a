"""An apply in passes: what is applied again, what is told, and when it ends."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cellfactory.layers import Access, Input, Source, Stack, StackId
from cellfactory.terraform.messages import Counts
from cellfactory.terraform.passes import Tell, downstream, in_passes, joined
from cellfactory.terraform.results import Result

ACCESS = Access(account="444444444444", roles=(), region="us-east-1", sts_region="us-east-1")
A, B = StackId("a", "peering"), StackId("b", "peering")
ACCEPT, ROUTES, NETWORK = StackId("c", "accept"), StackId("c", "routes"), StackId("c", "network")


def stack(name: StackId, *takes: StackId) -> Stack:
    given = {f"v{n}": Input(type="string", sources=Source(stack=t, output="o")) for n, t in
             enumerate(takes)}  # fmt: skip
    return Stack(id=name, access=ACCESS, inputs=given)


STACKS = (stack(NETWORK), stack(A), stack(B), stack(ACCEPT, A, B), stack(ROUTES, ACCEPT))


class Cell:
    """An asker with edges left, of which it can ask so many in a pass."""

    def __init__(self, left: int, most: int) -> None:
        self.left, self.most = left, most
        self.log: list[list[str]] = []

    def once(self, todo: Sequence[Stack], _: Mapping[StackId, Result], tell: Tell) -> list[Result]:
        self.log.append([one.id.name for one in todo])
        made = [self._result(one.id) for one in todo]
        for result in made:
            tell(result)
        return made

    def _result(self, name: StackId) -> Result:
        if name == A:
            asked = min(self.left, self.most)
            self.left -= asked
            return Result(stack=A, status="applied", counts=Counts(add=asked), edges_left=self.left)
        if name == ROUTES and self.left:
            return Result(stack=name, status="deferred", waits_for=(ACCEPT,))
        return Result(stack=name, status="applied", counts=Counts(add=1))


def test_what_asks_in_rounds_and_what_follows_is_applied_until_nothing_is_left() -> None:
    cell = Cell(5, 2)
    told: list[Result] = []
    results = in_passes(STACKS, {A}, cell.once, told.append)
    assert cell.log == [
        ["c-network", "a-peering", "b-peering", "c-accept", "c-routes"],
        ["a-peering", "c-accept", "c-routes"],
        ["a-peering", "c-accept", "c-routes"],
    ]
    by_name = {result.stack: result for result in results}
    assert by_name[A].counts == Counts(add=5)
    assert (by_name[A].edges_left, by_name[ROUTES].status) == (0, "applied")
    assert by_name[ROUTES].counts == Counts(add=1)


def test_each_stack_is_told_once_and_by_its_last_word() -> None:
    told: list[Result] = []
    results = in_passes(STACKS, {A}, Cell(5, 2).once, told.append)
    assert sorted(result.stack for result in told) == sorted(one.id for one in STACKS)
    assert {result.stack: result for result in told} == {r.stack: r for r in results}


def test_a_run_without_such_a_cell_is_one_pass_told_as_it_goes() -> None:
    cell = Cell(0, 1)
    told: list[Result] = []
    results = in_passes(STACKS, (), cell.once, told.append)
    assert len(cell.log) == 1
    assert tuple(told) == results


def test_it_ends_where_a_pass_asks_for_nothing_more() -> None:
    cell = Cell(5, 0)
    results = in_passes(STACKS, {A}, cell.once, lambda _result: None)
    assert len(cell.log) == 2
    assert {result.stack: result for result in results}[A].edges_left == 5


def test_what_is_broken_is_not_tried_again() -> None:
    log: list[list[str]] = []

    def once(todo: Sequence[Stack], _: Mapping[StackId, Result], __: Tell) -> list[Result]:
        log.append([one.id.name for one in todo])
        left = 3 - len(log)
        return [
            Result(stack=A, status="applied", edges_left=left)
            if one.id == A
            else Result(stack=one.id, status="failed" if one.id == ACCEPT else "skipped")
            for one in todo
        ]

    results = in_passes((stack(A), stack(ACCEPT, A)), {A}, once, lambda _result: None)
    assert log == [["a-peering", "c-accept"], ["a-peering"], ["a-peering"]]
    assert [result.status for result in results] == ["applied", "failed"]


def test_downstream_goes_as_far_as_anything_waits() -> None:
    assert downstream(STACKS, {B}) == {B, ACCEPT, ROUTES}
    assert downstream(STACKS, {StackId("z", "peering")}) == frozenset()


def test_two_passes_are_one_result() -> None:
    first = Result(stack=A, status="applied", counts=Counts(add=2), edges_left=1, seconds=2)
    last = Result(stack=A, status="no-change", seconds=1)
    assert joined(first, last).status == "applied"
    assert joined(first, last).counts == Counts(add=2)
    assert joined(first, last).edges_left == 0
    assert joined(first, last).seconds == 3
    assert joined(first, Result(stack=A, status="failed")).status == "failed"
    assert joined(first, first) is first
