"""A review as Markdown, for a comment on a pull request: by the same renderer as `diff`."""

from __future__ import annotations

from cellfactory.runs.review import Review
from cellfactory.views.diff_markdown import MOST, WIDTH, render_sections
from cellfactory.views.review import render_plan_sums, review_sections


def render_review_markdown(review: Review, most: int = MOST) -> str:
    """Render a review; the same review gives the same bytes.

    Args:
        review: what to show.
        most: characters that it may have.
    """
    told = render_plan_sums(review).removeprefix("plan: ")
    head = ["### cellfactory plan", "", f"{told[0].upper()}{told[1:]}."]
    return render_sections(head, list(review_sections(review, WIDTH)), most, "plan")
