"""How it reads what a run is about to do: changes, what no plan can tell yet, and the question."""

from __future__ import annotations

from collections.abc import Iterator

from cellfactory.runs.review import Review
from cellfactory.terraform.messages import Counts
from cellfactory.terraform.results import Result
from cellfactory.views.style import PLAIN, Style, Tone
from cellfactory.words import counted

MOST_PLACES = 5  # accounts that a question names
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
    parts = [*_planned(review, style), *_later(review), render_plan_sums(review)]
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
    named = [f"{account} {', '.join(owners)}" for account, owners in places[:MOST_PLACES]]
    more = len(places) - MOST_PLACES
    named += [f"and {more:,} more"] if more > 0 else []
    return f"{verb} {', '.join(parts)} in {counted(len(places), 'account')} ({'; '.join(named)})?"


def _planned(review: Review, style: Style) -> Iterator[str]:
    for changed in review.changes.stacks:
        yield style.paint("strong", changed.stack.name)
        for one in changed.resources:
            tone: Tone = "good" if one.action == "create" else "warning"
            tone = "bad" if one.is_destructive else tone
            reason = f" ({one.reason})" if one.reason else ""
            yield "  " + style.paint(tone, f"{_SIGNS[one.action]} {one.address}{reason}")


def _later(review: Review) -> Iterator[str]:
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
