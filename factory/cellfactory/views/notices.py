"""How notices of a run read: a sentence each, with what to do."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence
from typing import assert_never

from cellfactory.diff.guard import Override
from cellfactory.errors import Finding
from cellfactory.layers import LAYERS, ROWS, StackId
from cellfactory.runs.notices import (
    AccountLeft,
    BusyRun,
    GoesOnAs,
    Guarded,
    KeyToName,
    LayerLeftOut,
    Lying,
    NothingGone,
    NothingRecorded,
    NothingSelected,
    NothingToDo,
    Notice,
    Orphaned,
    Overridden,
    Pending,
    RecordUnread,
    Resumable,
    ReviewWritten,
    RingNotice,
    RunNotice,
    SandboxWiped,
    StackKept,
    StateMoved,
    Swept,
    Unlocking,
    Unpinned,
    Waiting,
)
from cellfactory.runs.watcher import Question
from cellfactory.terraform.advice import FORGET, command, gone_line
from cellfactory.terraform.leftovers import CLUSTER, Leftover
from cellfactory.terraform.target import Mode
from cellfactory.views.rings import render_ring

MOST_NAMED = 5  # stacks in a sentence


def render_notice(notice: Notice) -> str:
    """Render a notice.

    >>> render_notice(LayerLeftOut("platform", "no Kubernetes API"))
    'platform is skipped: no Kubernetes API'
    """
    return render_ring(notice) if isinstance(notice, RingNotice) else _render_run(notice)


def _render_run(notice: RunNotice) -> str:  # noqa: C901 - a case for each kind
    match notice:
        case Unpinned(file):
            text = (
                f"providers are not pinned: there is no {file}; to pin them: "
                "cellfactory lock-providers"
            )
        case NothingSelected(owners, layers):
            whose = f"{', '.join(owners)}: " if owners else ""
            text = f"{whose}no layer {' or '.join(layers)} to work on"
        case SandboxWiped() | NothingRecorded() | NothingGone() | NothingToDo():
            text = _TOLD[type(notice)]
        case LayerLeftOut(layer, reason):
            text = f"{layer} is skipped: {reason}"
        case Waiting() | Orphaned() | ReviewWritten() | Guarded() | Overridden():
            text = _of_plan(notice)
        case BusyRun() | Unlocking():
            text = _of_others(notice)
        case StackKept() | RecordUnread():
            text = _not_destroyed(notice)
        case AccountLeft() | Lying() | Swept():
            text = _in_aws(notice)
        case Pending(sentence):
            text = sentence
        case StateMoved() | KeyToName():
            text = _of_bootstrap(notice)
        case Resumable() | GoesOnAs():
            text = _of_resumed(notice)
        case _:
            assert_never(notice)
    return text


def _of_bootstrap(notice: StateMoved | KeyToName) -> str:
    if isinstance(notice, StateMoved):
        return f"the state of what was made first lies in {notice.place} now, and no longer here"
    return f"the states are encrypted with {notice.arn}: write it into state.kms_key"


def _of_resumed(notice: Resumable | GoesOnAs) -> str:
    if isinstance(notice, GoesOnAs):
        return f"run {notice.run} goes on as it was begun, with {' '.join(notice.words)}"
    named = "".join(f" --ring {ring}" for ring in notice.rings)
    return f"to resume: {command('apply', notice.mode)}{named} --resume {notice.run}"


def _not_destroyed(notice: StackKept | RecordUnread) -> str:
    if isinstance(notice, RecordUnread):
        return f"{notice.stack} cannot be destroyed from here: {notice.why}"
    return f"{notice.stack} is kept; {FORGET} removes it from Terraform's state"


def _of_others(notice: BusyRun | Unlocking) -> str:
    if isinstance(notice, BusyRun):
        return f"another run is at work on {_some(notice.stacks)}: {notice.who}"
    return _unlocking(notice)


_TOLD: Mapping[type[Notice], str] = {
    SandboxWiped: "this is a new sandbox: the state of the previous one was deleted",
    NothingRecorded: "nothing to destroy: the registry has no stacks",
    NothingToDo: "nothing to do: AWS holds what the inventory says",
    NothingGone: "nothing to destroy: every recorded stack is in the inventory",
}


def _of_plan(notice: Waiting | Orphaned | ReviewWritten | Guarded | Overridden) -> str:
    match notice:
        case Guarded(findings):
            return "\n".join(map(str, findings))
        case Overridden(what, reason):
            return _overridden(what, reason)
        case Orphaned(stacks, mode):
            return _orphaned(stacks, mode)
        case Waiting(stacks, waits_for):
            return _waiting(stacks, waits_for)
        case ReviewWritten(file, mode):
            apply = f"{command('apply', mode)} --reviewed {shlex.quote(file)}"
            return f"{file}: written; to do that and nothing beyond it: {apply}"


def render_guard(beyond: Sequence[Finding], overrides: Sequence[Override]) -> Iterator[str]:
    """Render what `apply` would refuse, with what to do, and what somebody lifted."""
    for finding in beyond:
        label = f"{finding.rule}{' warning:' if finding.severity == 'warning' else ''}"
        hints = "; ".join(finding.hint.splitlines())
        yield f"{label} {finding.message}{f': {hints}' if hints else ''}"
    for override in overrides:
        yield _overridden(override.what, override.reason)


def _overridden(what: str, reason: str) -> str:
    return f"guard: {what} is overridden: {reason}"


def _unlocking(notice: Unlocking) -> str:
    where = "the sandbox" if notice.mode == "sandbox" else "real AWS"
    last = (
        "a Terraform that outlives its run may still be at work on another machine: look there"
        " first"
    )
    return "\n    ".join([f"to be released in {where}:", *notice.lines, last])


def _waiting(stacks: Sequence[StackId], waits_for: Sequence[StackId]) -> str:
    """Tell what waits for whom."""
    verb = "waits" if len(stacks) == 1 else "wait"
    which = "which is" if len(waits_for) == 1 else "which are"
    return f"{_some(stacks)} {verb} for {_some(waits_for)}, {which} not part of this run"


def _some(stacks: Sequence[StackId | str]) -> str:
    """Name the first of many stacks."""
    named = ", ".join(map(str, stacks[:MOST_NAMED]))
    more = len(stacks) - MOST_NAMED
    return f"{named} and {more:,} more" if more > 0 else named


def _orphaned(stacks: Sequence[StackId], mode: Mode) -> str:
    """Tell of stacks without a place; what is kept is never proposed for a destroy."""
    gone = [str(stack) for stack in stacks if not stack.row.kept_on_destroy]
    kept = [str(stack) for stack in stacks if stack.row.kept_on_destroy]
    lines = []
    if gone:
        are, them = ("is", "it") if len(gone) == 1 else ("are", "them")
        lines.append(
            f"{', '.join(gone)} {are} no longer in the inventory; to "
            f"destroy {them}: {gone_line(mode)}"
        )
    if kept:
        verb = "is" if len(kept) == 1 else "are"
        lines.append(f"{', '.join(kept)} {verb} no longer in the inventory, but kept")
    return "\n".join(lines)


def _in_aws(notice: AccountLeft | Lying | Swept) -> str:
    """Tell what stays in AWS, or goes there without Terraform."""
    match notice:
        case AccountLeft():
            return _left(notice)
        case Lying(stack, found):
            return _lying(stack, found)
        case Swept(stack, deleted):
            return "\n    ".join([f"{stack}: deleted what was left in its VPC", *map(str, deleted)])


def _lying(stack: StackId, found: Sequence[Leftover]) -> str:
    """Tell what is about to be swept, and what will not be."""
    own = [one for one in found if (one.kind, one.id) == (CLUSTER, stack.owner)]
    lines = [f"to delete {one}" for one in found if one.certain]
    lines += [f"not to touch {one}" for one in found if not one.certain and one not in own]
    if own:
        lines.append("what its cluster leaves is told once that is gone, and deleted then")
    return "\n    ".join([f"{stack}, in its VPC:", *lines])


def _left(left: AccountLeft) -> str:
    """Tell which account stays, and what closing it takes.

    Source:
        https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_accounts_close.html
    """
    named = f"account {left.account_id or '(id unknown)'}"
    told = f"{named} ({left.email})" if left.email else named
    which = left.account_id or "ID"
    return (
        f"{told} stays open in its organization, and its resources are still billed\n"
        f'    to use it again: account: {{id: "{which}"}}\n'
        f"    to close it, in the management account {left.management}: aws organizations "
        f"close-account --account-id {which}\n"
        "    AWS suspends it first and closes it for good months later; its e-mail address is "
        "not free again"
    )


def render_question(question: Question) -> str:
    """Render what is about to happen to real AWS, before it is asked about."""
    stacks = question.stacks
    owners = sorted({stack.owner for stack in stacks})
    is_forgotten = question.verb == "destroy"
    by_layer = [
        (
            f"{name} to forget" if is_forgotten and ROWS[name].kept_on_destroy else name,
            sum(s.layer == name for s in stacks),
        )
        for name in LAYERS
    ]
    told = ", ".join(f"{count:,} {name}" for name, count in by_layer if count)
    return f"{question.verb} in real AWS: {len(stacks):,} stacks ({told}) of {', '.join(owners)}"
