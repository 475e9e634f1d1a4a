"""What waits for what, as text and as the languages that draw it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Literal

from cellfactory.layers import Stack, StackId
from cellfactory.views.style import PLAIN, Style

GraphForm = Literal["text", "dot", "mermaid", "json", "github"]


def render_graph(stacks: Sequence[Stack], form: GraphForm, style: Style = PLAIN) -> str:
    """Render stacks with those that they wait for.

    Args:
        stacks: in the order of work; what one waits for need not be among them.
        form: how; what is not drawn is text.
        style: of text.
    """
    if form not in _DRAWN:
        return "\n".join(_text(stacks, style))
    return "\n".join(_DRAWN[form](stacks))


def _text(stacks: Sequence[Stack], style: Style) -> Iterator[str]:
    width = max((len(stack.id.name) for stack in stacks), default=0)
    for stack in stacks:
        waits = ", ".join(before.name for before in stack.waits_for)
        line = f"{stack.id.name:<{width}}  after {waits}" if waits else stack.id.name
        yield from style.wrap(line, " " * (width + 4))


def graph_json(stacks: Sequence[Stack]) -> list[dict[str, Any]]:
    """Turn stacks into what a machine reads."""
    return [
        {"stack": stack.id.name, "waits_for": [before.name for before in stack.waits_for]}
        for stack in stacks
    ]


def _dot(stacks: Sequence[Stack]) -> Iterator[str]:
    """Draw for Graphviz: an arrow leads to what comes after."""
    yield "digraph stacks {"
    yield "  rankdir=LR"
    yield "  node [shape=box]"
    yield from (f'  "{stack.id.name}"' for stack in stacks)
    for before, after in _arrows(stacks):
        yield f'  "{before.name}" -> "{after.name}"'
    yield "}"


def _mermaid(stacks: Sequence[Stack]) -> Iterator[str]:
    """Draw for Mermaid, which GitHub and GitLab show in Markdown."""
    yield "flowchart LR"
    yield from (f'  {stack.id.name}["{stack.id.name}"]' for stack in stacks)
    for before, after in _arrows(stacks):
        yield f"  {before.name} --> {after.name}"


def _arrows(stacks: Sequence[Stack]) -> Iterator[tuple[StackId, StackId]]:
    for stack in stacks:
        for before in stack.waits_for:
            yield before, stack.id


_DRAWN: Mapping[str, Callable[[Sequence[Stack]], Iterator[str]]] = {
    "dot": _dot,
    "mermaid": _mermaid,
}
