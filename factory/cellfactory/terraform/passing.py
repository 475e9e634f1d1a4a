"""Terraform itself for one stack, for what we have no command of our own for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cellfactory.errors import UsageError
from cellfactory.layers import StackId
from cellfactory.processes import run_attached
from cellfactory.terraform.messages import Value
from cellfactory.terraform.results import Result
from cellfactory.terraform.running import RunContext, open_stack, start
from cellfactory.terraform.turns import stack_lock
from cellfactory.terraform.workspace import Sources

REFUSED: Mapping[str, str] = {
    "apply": "it would skip our checks; use cellfactory apply --{kind} {owner} --layer {layer}",
    "destroy": "it would skip our checks; use cellfactory destroy --{kind} {owner} --layer {layer}",
    "init": "it runs automatically when needed",
    "workspace": "a stack has one state and no workspaces",
}
"""What is not passed through, and what to do in its place."""
READING = frozenset(
    {
        *("console", "fmt", "get", "graph", "help", "metadata", "modules", "output", "plan"),
        *("providers", "show", "validate", "version", "state list", "state show", "state pull"),
    }
)
"""What changes neither a state nor AWS; all else is taken to change both."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Passed:
    """A stack that Terraform is to be run for."""

    stack: StackId
    sources: Sources
    inputs: Mapping[str, Value] | None  # None where they are not known yet


def check_words(stack: StackId, words: Sequence[str]) -> None:
    """Refuse what we have a command of our own for, or what would leave the stack's folder.

    Raises:
        UsageError: with what to do in its place.
    """
    if not words:
        msg = "give Terraform's arguments after --, such as: -- state list"
        raise UsageError(msg)
    first, *more = words
    why = REFUSED.get(first, "").format(kind=stack.kind, owner=stack.owner, layer=stack.layer)
    if first.startswith("-"):
        why = "start with a Terraform command, such as: -- state list"
    elif first == "plan" and any(w.lstrip("-").partition("=")[0] == "out" for w in more):
        why = "a saved plan contains the state and cannot be applied here; drop -out"
    if why:
        msg = f"terraform {first} is not passed through: {why}"
        raise UsageError(msg)


def writes(words: Sequence[str]) -> bool:
    """Whether a command changes a state, or may: then no other run works on the stack meanwhile.

    >>> writes(["state", "list"]), writes(["state", "-x", "rm"]), writes(["untaint", "a.b"])
    (False, True, True)
    """
    return not {words[0], " ".join(words[:2])} & READING


def pass_through(context: RunContext, asked: Passed, words: Sequence[str]) -> int | Result:
    """Run Terraform with our own standard streams.

    Returns:
        Terraform's exit code, or what became of an init that failed.

    Raises:
        TerraformError: when another process works on the stack (F610), or it cannot be started.
    """
    with stack_lock(context.target.locks_folder, asked.stack, lambda: context.children.stopping):
        space = open_stack(context, asked.stack, asked.sources, asked.inputs)
        if isinstance(space, Result):
            return space
        return start(
            context,
            lambda program: run_attached(
                [*program, *words],
                cwd=space.folder,
                env=context.environment,
                children=context.children,
            ),
        )
