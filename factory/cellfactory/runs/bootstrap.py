"""`bootstrap`: makes what has to exist before the first cell, and keeps it as the inventory says.

The first run keeps the state of the bucket's own stack in a file, makes the bucket, moves the
state there, and goes on. Every later run finds it there. Either can be interrupted anywhere.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from cellfactory.design import Declared
from cellfactory.errors import TerraformError
from cellfactory.layers import Stack
from cellfactory.layers.bootstrap import KEY_OUTPUT, PIPELINE
from cellfactory.processes import ending_in_order, forwarding_signals
from cellfactory.runs.apply import fatal_of
from cellfactory.runs.bootstrap_ground import Ground, find_ground, look_for_existing
from cellfactory.runs.bootstrap_narrow import require_other_ways
from cellfactory.runs.bootstrap_ways import Keys
from cellfactory.runs.meeting import joined, pace_of, run_id
from cellfactory.runs.notices import KeyToName, NothingToDo, Notice, StateMoved
from cellfactory.runs.prepare import Prepared
from cellfactory.runs.request import Outcome, Request
from cellfactory.runs.review import Review
from cellfactory.runs.reviewing import make_review, reviewed_stacks
from cellfactory.runs.watcher import Watcher, listen, require_agreement
from cellfactory.terraform.guard import NOTHING, Allowed
from cellfactory.terraform.leave import Agreed
from cellfactory.terraform.moving import move_state
from cellfactory.terraform.results import Result
from cellfactory.terraform.reviewing import remove_kept, review_stacks
from cellfactory.terraform.runner import apply_stacks
from cellfactory.terraform.running import RunContext


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What somebody wants of `bootstrap`."""

    keys: Keys
    adopts: bool = False  # whether what exists is taken over
    plans: bool = False  # whether it is only planned
    narrows: bool = False  # whether another way is made where only a member role leads in
    allowed: Allowed = NOTHING


@dataclass(frozen=True, slots=True, kw_only=True)
class _Run:
    declared: Declared
    request: Request
    watcher: Watcher
    wish: Wish
    ground: Ground


def bootstrap(declared: Declared, request: Request, watcher: Watcher, wish: Wish) -> Outcome:
    """Plan what has to exist before the first cell, ask, and make it.

    Args:
        declared: an inventory; its addresses need not work out.
        request: where.
        watcher: is told, shown what is planned, and asked.
        wish: what is wanted, and by whose keys.

    Raises:
        FactoryError: as `find_ground`, `require_other_ways` and `look_for_existing`.
        UsageError: when the watcher does not agree.
    """
    ground = find_ground(declared, request, watcher, wish.keys)
    if not wish.plans:
        ground = require_other_ways(ground, declared.inventory, watcher, narrows=wish.narrows)
    ground = look_for_existing(ground, adopts=wish.adopts)
    run = _Run(declared=declared, request=request, watcher=watcher, wish=wish, ground=ground)
    context = ground.at(ground.place)
    ready = Prepared(context=context, stacks=ground.stacks, sources=ground.sources, left_out=())
    with forwarding_signals(context.children):
        results, kept = review_stacks(
            context,
            _all_at_once(ground.stacks),
            ground.sources,
            listen(watcher, ground.stacks),
            parallel=request.parallel,
            finished={},
            allowed=wish.allowed,
        )
    try:
        if context.children.stopping:
            return Outcome(results=results, stopped=True)
        review = make_review(ready, results)
        if wish.plans:
            return Outcome(results=review.results, review=review)
        with ending_in_order():
            _ask(run, review)
        agreed = Agreed(
            reviewed=reviewed_stacks(ready, review),
            kept={s: plan for s, plan in kept.items() if ground.place == "bucket" or s == PIPELINE},
            settled={result.stack: result for result in results if result.broken},
        )
        return _make(run, agreed, context)
    finally:
        remove_kept(kept)


def _all_at_once(stacks: Sequence[Stack]) -> tuple[Stack, ...]:
    """Have stacks planned whatever they come after: none takes a value from another."""
    return tuple(replace(stack, after=()) for stack in stacks)


def _ask(run: _Run, review: Review) -> None:
    run.watcher.reviewed(review)
    if review.is_done:
        run.watcher.noted(NothingToDo())
    elif not review.is_idle and (run.request.mode == "aws" or run.request.asks):
        require_agreement(run.watcher, "apply", review.touched, run.request.mode, review)


def _make(run: _Run, agreed: Agreed, context: RunContext) -> Outcome:
    """Make what was agreed to; the bucket first, where it is not there yet."""
    ground = run.ground
    results: tuple[Result, ...] = ()
    moved: tuple[Notice, ...] = ()
    if ground.place == "file":
        results = _apply(run, context, [ground.pipeline], agreed)
        if any(result.broken for result in results):
            return _outcome(run, context, (*results, *_skipped(ground)))
        failed = _move(run, context)
        if failed is not None:
            return _outcome(run, context, (failed, *_skipped(ground)))
        moved = (StateMoved(_bucket_place(run)),)
        context = ground.at("bucket")
    rest = [stack for stack in ground.stacks if all(r.stack != stack.id for r in results)]
    results += _apply(run, context, rest, agreed)
    return _outcome(run, context, results, moved)


def _apply(
    run: _Run, context: RunContext, stacks: Sequence[Stack], agreed: Agreed
) -> tuple[Result, ...]:
    if not stacks:
        return ()
    journal = context.target.runs_folder / f"{run_id()}.bootstrap"
    with (
        joined(context, journal, "bootstrap", pace_of(run.request.patience_seconds)) as met,
        forwarding_signals(context.children),
    ):
        results = apply_stacks(
            met.context,
            stacks,
            run.ground.sources,
            listen(run.watcher, stacks),
            parallel=run.request.parallel,
            journal=met.journal,
            finished={},
            allowed=run.wish.allowed,
            agreed=agreed,
        )
        met.results += results
    return results


def _move(run: _Run, context: RunContext) -> Result | None:
    """Bring the state of the bucket's own stack, and what is recorded of it, into the bucket.

    The first comes last: while the file is there, the next run does all of this again.
    """
    ground = run.ground
    try:
        if (record := context.registry.read_again(PIPELINE)) is not None:
            ground.at("bucket").registry.write(record)
        move_state(ground.session(ground.pipeline), ground.settings(PIPELINE), ground.file)
    except TerraformError as error:
        finding = replace(error.problems[0].finding, stack=PIPELINE.name)
        failed = Result(stack=PIPELINE, status="failed", reason=str(error), finding=finding)
        run.watcher.finished(failed)
        return failed
    return None


def _skipped(ground: Ground) -> Iterator[Result]:
    for stack in ground.stacks:
        if stack.id != PIPELINE:
            yield Result(stack=stack.id, status="skipped", reason=f"needs {PIPELINE}")


def _bucket_place(run: _Run) -> str:
    settings = run.ground.settings(PIPELINE)
    return f"s3://{settings['bucket']}/{settings['key']}"


def _outcome(
    run: _Run, context: RunContext, results: tuple[Result, ...], notices: tuple[Notice, ...] = ()
) -> Outcome:
    return Outcome(
        results=results,
        notices=(*notices, *_key_to_name(run, context)),
        stopped=context.children.stopping,
        fatal=fatal_of(results),
    )


def _key_to_name(run: _Run, context: RunContext) -> Iterator[Notice]:
    """Say which key the inventory is to name, where it does not."""
    record = context.registry.read(PIPELINE)
    arn = None if record is None else record.outputs.get(KEY_OUTPUT)
    if isinstance(arn, str) and run.declared.inventory.state.kms_key != arn:
        yield KeyToName(arn)
