"""The command lines that our messages name, each of which this program carries out as it stands."""

from __future__ import annotations

import shlex
from collections.abc import Collection, Iterable

from cellfactory.layers import StackId
from cellfactory.layers.order import layer_rank
from cellfactory.terraform.target import Mode

FORGET = "--forget-accounts"
GONE = "--gone"
SWEEP = "--sweep"


def terraform_line(stack: StackId, mode: Mode, *words: str) -> str:
    """Write the line that has Terraform itself do something to a stack.

    >>> terraform_line(StackId("a", "network"), "sandbox", "untaint", 'aws_route.x["b"]')
    'cellfactory terraform --sandbox --cell a --layer network -- untaint \\'aws_route.x["b"]\\''
    """
    named = f"--{stack.kind} {shlex.quote(stack.owner)} --layer {stack.layer}"
    return f"{command('terraform', mode)} {named} -- {shlex.join(words)}"


def destroy_line(chosen: Iterable[StackId], recorded: Collection[StackId], mode: Mode) -> str:
    """Write the line that destroys some recorded stacks and no other one.

    An owner whose every stack is chosen is named by itself; what is kept need not be chosen.

    >>> a, b = StackId("a", "network"), StackId("b", "network")
    >>> destroy_line([a, b], {a, b, StackId("b", "cluster")}, "aws")
    'cellfactory destroy --cell a --stack b-network'
    """
    words: dict[str, None] = {}
    wanted = sorted(set(chosen), key=layer_rank)
    for stack in wanted:
        own = {s for s in recorded if (s.kind, s.owner) == (stack.kind, stack.owner)}
        is_whole = all(s in wanted or s.row.kept_on_destroy for s in own)
        words[f"--{stack.kind} {stack.owner}" if is_whole else f"--stack {stack}"] = None
    if any(stack.row.kept_on_destroy for stack in wanted):
        words[FORGET] = None
    return f"{command('destroy', mode)} {' '.join(sorted(words))}"


def gone_line(mode: Mode) -> str:
    """Write the line that destroys all that has no place in the inventory."""
    return f"{command('destroy', mode)} {GONE}"


def orphans_line(mode: Mode) -> str:
    """Write the line that lists what is in AWS and in no state."""
    return command("orphans", mode)


def unlock_line(name: str, mode: Mode) -> str:
    """Write the line that releases a run or a stack."""
    return f"{command('unlock', mode)} {shlex.quote(name)}"


def apply_line(stacks: Iterable[StackId], mode: Mode) -> str:
    """Write the line that has stacks lose what they hold of others."""
    named = sorted(set(stacks), key=layer_rank)
    words = [f"--stack {stack}" for stack in named]
    words += [f"--allow-destroy {layer}" for layer in dict.fromkeys(s.layer for s in named)]
    return f"{command('apply', mode)} {' '.join(words)}"


def command(name: str, mode: Mode) -> str:
    """Write how one of our commands begins."""
    return f"cellfactory {name}{' --sandbox' if mode == 'sandbox' else ''}"
