"""How it reads what a run is about to do: changes, what no plan can tell yet, and the question."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import asdict, replace
from functools import partial
from typing import Any

from cellfactory.diff.model import StackChange
from cellfactory.layers import StackId
from cellfactory.runs.review import Review
from cellfactory.terraform.messages import Counts
from cellfactory.terraform.results import Result
from cellfactory.views.change_lines import say_names
from cellfactory.views.diff import WIDTH, Diff, Section, sections, styled
from cellfactory.views.style import PLAIN, Style
from cellfactory.words import counted

MOST_PLACES = 5  # accounts that a question names
MOST_LATER = 12  # stacks that are told one by one
NOT_EDITED = "not edited"
"""The reason of what no edit explains: what another stack hands on, or a default."""


def render_review(review: Review, style: Style = PLAIN, *, every: bool = False) -> str:
    """Render all that is planned, what is foreseen, and a line of sums.

    Args:
        review: what to show.
        style: of the screen; lines of values are broken at its width.
        every: whether to show each change of those that are alike.
    """
    told = []
    for section in review_sections(review, style.width or WIDTH, every=every):
        told += [style.paint("strong", section.title)]
        told += [line for raw in section.lines for line in styled(raw, style)]
        told.append("")
    return "\n".join([*told, render_plan_sums(review)])


def review_sections(
    review: Review, width: int, *, every: bool = False, notes: tuple[str, ...] = ()
) -> Iterator[Section]:
    """Yield what there is to say, as `diff` does, and what only a plan or a registry knows.

    Args:
        review: what to show.
        width: columns that a line of values may take.
        every: whether to show each change of those that are alike.
        notes: whole sentences of what the guard has to say.
    """
    stacks = tuple(map(partial(_marked, review), review.changes.stacks))
    new = () if every else tuple(one for one in stacks if one.action == "add")
    changes = replace(review.changes, stacks=tuple(one for one in stacks if one not in new))
    found = tuple(sections(Diff(base="", changes=changes, notes=notes, every=every), width))
    yield from (section for section in found if section.is_caution)
    if new:
        yield Section("New stacks", tuple(_new_lines(new)))
    yield from (section for section in found if not section.is_caution)
    if review.done_already:
        lines = (f"{stack}: {say_names(found)}" for stack, found in review.done_already)
        yield Section("Edited, and in AWS already", tuple(lines))
    if later := tuple(later_lines(review)):
        yield Section("Cannot be planned yet", later)


def _new_lines(new: Sequence[StackChange]) -> Iterator[str]:
    """Count what is new, owner by owner."""
    by_owner: dict[str, list[StackChange]] = {}
    for changed in new:
        by_owner.setdefault(changed.stack.owner, []).append(changed)
    for owner, found in by_owner.items():
        number = sum(len(changed.resources) for changed in found)
        layers = ", ".join(changed.stack.layer for changed in found)
        yield f"+ {owner}: {counted(number, 'resource')} in {layers}"


def _marked(review: Review, changed: StackChange) -> StackChange:
    """Give what no edit explains that for a reason."""
    marked = (
        replace(one, reason=NOT_EDITED)
        if not one.reason and review.is_beside(changed.stack, one)
        else one
        for one in changed.resources
    )
    return replace(changed, resources=tuple(marked))


def render_plan_sums(review: Review) -> str:
    """Say in a sentence how much a plan changes, and how much no plan can tell yet.

    >>> render_plan_sums(Review(results=()))
    'plan: nothing to do'
    """
    later, outputs = _later_words(review), len(review.changes.stacks)
    told = [render_counts(review.counts)] if review.counts else []
    if outputs and not told:
        told.append(f"outputs of {counted(outputs, 'stack')} change")
    if later:
        told.append(later)
    if not told and review.waiting:
        told.append(f"{counted(len(review.waiting), 'stack')} deferred")
    if failed := sum(result.broken for result in review.results):
        told.append(f"{counted(failed, 'stack')} could not be planned")
    return f"plan: {'; '.join(told) or 'nothing to do'}"


def render_counts(counts: Counts) -> str:
    """Write counts in words, as Terraform does; replacements stand for themselves.

    >>> render_counts(Counts(add=12, change=3, destroy=1, replace=0))
    '12 to add, 3 to change, 1 to destroy'
    """
    told = f"{counts.add:,} to add, {counts.change:,} to change, {counts.destroy:,} to destroy"
    return f"{told}, {counts.replace:,} to replace" if counts.replace else told


def render_review_question(verb: str, review: Review) -> str:
    """Render what is asked for: how much, and in which accounts."""
    later = _later_words(review)
    parts = [render_counts(review.counts), *([later] if later else [])]
    places = review.places
    named = [
        f"{account} {', '.join(owners)}" if account.isdecimal() else account
        for account, owners in places[:MOST_PLACES]
    ]
    more = len(places) - MOST_PLACES
    named += [f"and {more:,} more"] if more > 0 else []
    return f"{verb} {', '.join(parts)} in {counted(len(places), 'account')} ({'; '.join(named)})?"


def later_lines(review: Review) -> Iterator[str]:
    """Render what cannot be planned yet: a line for each stack, or for each layer of many."""
    results = (*review.later, *review.waiting)
    if len(results) <= MOST_LATER:
        for result in results:
            told = _will_create([result], review)
            yield f"{result.stack} {result.reason}; {told}"
        return
    by_layer: dict[str, list[Result]] = {}
    for result in results:
        by_layer.setdefault(result.stack.layer, []).append(result)
    for layer, found in by_layer.items():
        owners = counted(len(found), found[0].stack.kind)
        yield f"{layer} of {owners}: {_will_create(found, review)}"


def _will_create(results: Sequence[Result], review: Review) -> str:
    number = sum(len(result.foreseen) for result in results)
    least = "at least " if any(map(_is_open, results)) else ""
    what = f"{least}{counted(number, 'resource')}" if number else "nothing new"
    whose, who = ("its", "it") if len(results) == 1 else ("their", "they")
    edited = _edited(review, {result.stack for result in results})
    stand = "stands is" if edited == 1 else "stand are"
    rest = (
        f"; {counted(edited, 'resource')} that {stand} edited: refused until {who} can be planned"
        " (F653)"
        if edited
        else ""
    )
    return f"will create {what}, as {whose} files say{rest}"


def _edited(review: Review, stacks: Collection[StackId]) -> int:
    """Count the resources that stand and were edited, of stacks that cannot be planned yet."""
    return sum(
        one.is_resource and one.action != "create"
        for changed in review.unplanned
        if changed.stack in stacks
        for one in changed.resources
    )


def to_json(review: Review) -> dict[str, Any]:
    """Turn the sums of a review into what a machine reads; its stacks are told one by one."""
    return {
        **asdict(review.counts),
        "later": {
            "stacks": [result.stack.name for result in review.later],
            "add": sum(len(result.foreseen) for result in review.later),
            "edited": _edited(review, {result.stack for result in review.later}),
        },
        "waiting": [result.stack.name for result in review.waiting],
        "accounts": [account for account, _ in review.places if account.isdecimal()],
    }


def _later_words(review: Review) -> str:
    if not review.later:
        return ""
    least = "at least " if any(_is_open(result) for result in review.later) else ""
    number = sum(len(result.foreseen) for result in review.later)
    stacks = counted(len(review.later), "stack")
    return f"{least}{number:,} more to add in {stacks} that cannot be planned yet"


def _is_open(result: Result) -> bool:
    """Whether the rows of some block are not known."""
    return any(address.endswith("[*]") for address in result.foreseen)
