"""How notices of a run read: one sentence each, with what to do."""

from __future__ import annotations

from typing import assert_never

from factory.layers import LAYERS, StackId
from factory.runs.notices import (
    LayerLeftOut,
    NothingRecorded,
    NothingSelected,
    Notice,
    Orphaned,
    Pending,
    Resumable,
    SandboxWiped,
    StackKept,
)
from factory.runs.watcher import Question


def render_notice(notice: Notice) -> str:
    """Render a notice.

    >>> render_notice(LayerLeftOut("platform", "no Kubernetes API"))
    'platform is left out: no Kubernetes API'
    """
    match notice:
        case NothingSelected(cells, layers):
            text = f"{', '.join(cells)}: no layer {' or '.join(layers)} there, so nothing to do"
        case SandboxWiped():
            text = "the emulated AWS is a new one: what was kept of the earlier one is wiped"
        case LayerLeftOut(layer, reason):
            text = f"{layer} is left out: {reason}"
        case Orphaned(stack, mode):
            text = _orphaned(stack, sandbox=mode == "sandbox")
        case StackKept(stack):
            text = f"{stack} is kept: it is given up only by --layer {stack.layer}"
        case NothingRecorded():
            text = "the registry knows of no stack: nothing to destroy"
        case Pending(sentence):
            text = sentence
        case Resumable(run):
            text = f"run {run}: take it up again with --resume {run}"
        case _:
            assert_never(notice)
    return text


def _orphaned(stack: StackId, *, sandbox: bool) -> str:
    where = " --sandbox" if sandbox else ""
    return (
        f"{stack} is orphaned: it has a state, but is not in the inventory; "
        f"cellfactory destroy{where} --{stack.kind} {stack.owner} --layer {stack.layer}"
    )


def render_question(question: Question) -> str:
    """Render what is about to happen to real AWS, before it is asked about."""
    stacks = question.stacks
    owners = sorted({stack.owner for stack in stacks})
    by_layer = [(name, sum(s.layer == name for s in stacks)) for name in LAYERS]
    told = ", ".join(f"{count:,} {name}" for name, count in by_layer if count)
    return f"{question.verb} in real AWS: {len(stacks):,} stacks ({told}) of {', '.join(owners)}"
