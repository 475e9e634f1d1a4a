"""How it reads what a run is about to do: changes, what no plan can tell yet, and the question."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from cellfactory.diff.model import ABSENT, Path, ResourceChange, StackChange, Unknown
from cellfactory.layers import StackId
from cellfactory.runs.review import Review
from cellfactory.terraform.messages import Counts
from cellfactory.terraform.results import Result
from cellfactory.terraform.shown_values import HIDDEN
from cellfactory.views.style import PLAIN, Style, Tone
from cellfactory.words import counted

MOST_PLACES = 5  # accounts that a question names
MOST_OF_A_TYPE = 4  # new resources that are named, and not counted
LONGEST = 100  # characters of a value
_PLAIN_REASONS = ("cannot_update", "no_resource_config", "each_key")  # what an edit does anyway
_SIGNS = {
    "create": "+",
    "update": "~",
    "replace": "±",
    "delete": "-",
    "move": ">",
    "forget": "x",
    "import": "<",
}


def render_review(review: Review, style: Style = PLAIN) -> str:
    """Render all that is planned, what is foreseen, and a line of sums."""
    parts = [*_planned(review, style), *later_lines(review), render_plan_sums(review)]
    return "\n".join(part for part in parts if part)


def render_plan_sums(review: Review) -> str:
    """Say in a sentence how much a plan changes, and how much no plan can tell yet.

    >>> render_plan_sums(Review(results=()))
    'plan: nothing to do'
    """
    later = _later_words(review)
    if not review.counts and not later:
        rest = [f"{counted(len(review.waiting), 'stack')} deferred"] if review.waiting else []
        outputs = len(review.changes.stacks)
        rest += [f"outputs of {counted(outputs, 'stack')} change"] if outputs else []
        return f"plan: {', '.join(rest) or 'nothing to do'}"
    told = [render_counts(review.counts)] if review.counts else []
    return f"plan: {'; '.join([*told, *([later] if later else [])])}"


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


def stack_lines(review: Review, changed: StackChange, style: Style = PLAIN) -> Iterator[str]:
    """Render what becomes of one stack, a line for each resource and each value."""
    new = [one for one in changed.resources if one.action == "create"]
    for line in _folded(review, changed.stack, new):
        yield "  " + style.paint("good", line)
    for one in changed.resources:
        if one.action != "create":
            yield from _resource(review, changed.stack, one, style)


def _planned(review: Review, style: Style) -> Iterator[str]:
    for changed in review.changes.stacks:
        yield style.paint("strong", changed.stack.name)
        yield from stack_lines(review, changed, style)
    for stack, addresses in review.done_already:
        named = ", ".join(addresses[:MOST_PLACES])
        more = len(addresses) - MOST_PLACES
        rest = f" and {more:,} more" if more > 0 else ""
        yield f"{stack}: edited, and AWS has it already: {named}{rest}"


def _folded(review: Review, stack: StackId, new: Sequence[ResourceChange]) -> Iterator[str]:
    """Name new resources, or count those of a type where there are many."""
    by_type: dict[str, list[ResourceChange]] = {}
    for one in new:
        by_type.setdefault(one.resource_type, []).append(one)
    for name, found in by_type.items():
        if len(found) > MOST_OF_A_TYPE:
            yield f"+ {name} ({len(found):,})"
        else:
            yield from (f"+ {one.address}{_why(review, stack, one)}" for one in found)


def _resource(review: Review, stack: StackId, one: ResourceChange, style: Style) -> Iterator[str]:
    tone: Tone = "bad" if one.is_destructive else "warning"
    moved = f" (from {one.moved_from})" if one.moved_from else ""
    line = f"{_SIGNS[one.action]} {one.address}{moved}{_why(review, stack, one)}"
    yield "  " + style.paint(tone, line)
    if one.action not in ("update", "replace"):
        return
    for value in one.values:
        forces = "  # forces replacement" if value.replaces else ""
        yield f"      {_path(value.path)}: {_value(value.before)} -> {_value(value.after)}{forces}"


def _why(review: Review, stack: StackId, one: ResourceChange) -> str:
    """Say what explains a change, where that is not an edit."""
    if one.reason and one.reason not in _PLAIN_REASONS:
        return f" ({one.reason})"
    return " (not edited)" if review.is_beside(stack, one) else ""


def _path(path: Path) -> str:
    return ".".join(map(str, path))


def _value(value: object) -> str:
    if value is ABSENT:
        return "(none)"
    if isinstance(value, Unknown):
        return "(known after apply)"
    if value == HIDDEN:
        return HIDDEN
    text = json.dumps(value)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 3]}..."


def later_lines(review: Review) -> Iterator[str]:
    """Render what cannot be planned yet, a line for each stack."""
    for result in (*review.later, *review.waiting):
        number = made(result)
        what = f"will create {number}" if number else "will create nothing new"
        yield f"{result.stack}: not planned yet ({result.reason}); {what}, as its files say"


def _later_words(review: Review) -> str:
    if not review.later:
        return ""
    least = "at least " if any(_is_open(result) for result in review.later) else ""
    number = sum(len(result.foreseen) for result in review.later)
    stacks = counted(len(review.later), "stack")
    return f"{least}{number:,} more to add in {stacks} that cannot be planned yet"


def made(result: Result) -> str:
    """Say how many resources a deferred stack will create; empty for none."""
    if not result.foreseen:
        return ""
    least = "at least " if _is_open(result) else ""
    return f"{least}{counted(len(result.foreseen), 'resource')}"


def _is_open(result: Result) -> bool:
    """Whether the rows of some block are not known."""
    return any(address.endswith("[*]") for address in result.foreseen)
