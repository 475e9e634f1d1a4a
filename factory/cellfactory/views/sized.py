"""How the answer of `size` and `what-if` looks as a whole: the ledger, and what else was asked."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Literal

from cellfactory.runs.size import Answer
from cellfactory.views.ledger import render_markdown, render_text, to_json, wrap
from cellfactory.views.solved import (
    growth_json,
    rebuilt_json,
    render_growth,
    render_rebuilt,
    render_solved,
    solved_json,
)

SizedForm = Literal["text", "json", "markdown", "github"]


def render_sized(answer: Answer, form: SizedForm, *, ascii_only: bool = False) -> str:
    """Render an answer; no newline at the end.

    Args:
        answer: what was sized, and what was asked of it.
        form: for people, for programs or for a pull request.
        ascii_only: the terminal knows no block characters.
    """
    renders: dict[SizedForm, Callable[[], str]] = {
        "json": lambda: _json(answer),
        "markdown": lambda: _markdown(answer),
        "text": lambda: _text(answer, ascii_only),
        "github": lambda: _text(answer, ascii_only),
    }
    return renders[form]()


def _json(answer: Answer) -> str:
    document = to_json(answer.sized.ledger)
    document["assumed"] = list(answer.sized.assumed)
    if answer.solved:
        document["solved"] = solved_json(answer.solved)
    if answer.growth:
        document["growth"] = growth_json(answer.growth)
    if answer.rebuilt:
        document["rebuild"] = rebuilt_json(answer.rebuilt, answer.lead_minutes)
    return json.dumps(document, indent=2)


def _text(answer: Answer, ascii_only: bool) -> str:
    sized = answer.sized
    parts = [*_beyond(answer)]  # what was asked for comes first
    parts.append(
        render_text(sized.ledger, sized.details, tight=answer.tight, ascii_only=ascii_only)
    )
    if sized.assumed:
        lines = [line for said in sized.assumed for line in wrap(said)]
        parts.append("\n".join(["assumed, since not set", *lines]))
    return "\n\n".join(parts)


def _markdown(answer: Answer) -> str:
    sized = answer.sized
    parts = [render_markdown(sized.ledger, sized.details or sized.ledger.owners())]
    parts += (f"```text\n{part}\n```" for part in _beyond(answer))
    if sized.assumed:
        lines = [f"- {said}" for said in sized.assumed]
        parts.append("\n".join(["**Assumed, since not set**", "", *lines]))
    return "\n\n".join(parts)


def _beyond(answer: Answer) -> Iterator[str]:
    """Render what was asked beyond the ledger."""
    if answer.solved:
        yield render_solved(answer.solved)
    if answer.growth:
        yield render_growth(answer.sized.require_cell().shape.name, answer.growth)
    if answer.rebuilt:
        cell = answer.sized.require_cell().shape.name
        yield render_rebuilt(cell, answer.rebuilt, answer.lead_minutes, answer.rebuild_minutes)
