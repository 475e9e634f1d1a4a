"""A review as Markdown, for a comment on a pull request: by the same renderer as `diff`."""

from __future__ import annotations

from collections.abc import Sequence

from cellfactory.errors import Finding
from cellfactory.runs.review import Review
from cellfactory.views.diff_markdown import MOST, WIDTH, render_sections
from cellfactory.views.notices import render_guard
from cellfactory.views.review import render_plan_sums, review_sections


def render_review_markdown(
    review: Review, most: int = MOST, *, beyond: Sequence[Finding] = (), every: bool = False
) -> str:
    """Render a review; the same review gives the same bytes.

    Args:
        review: what to show.
        most: characters that it may have.
        beyond: what the guard does not allow at once.
        every: whether to show each change of those that are alike.
    """
    told = render_plan_sums(review).removeprefix("plan: ")
    head = ["### cellfactory plan", "", f"{told[0].upper()}{told[1:]}."]
    notes = tuple(render_guard(beyond, ()))
    found = review_sections(review, WIDTH, every=every, notes=notes)
    return render_sections(head, list(found), most, "plan")
