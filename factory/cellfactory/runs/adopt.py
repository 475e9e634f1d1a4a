"""`orphans --import`: what killed runs have left in AWS becomes a part of its state again."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from cellfactory.design import Declared, Design
from cellfactory.errors import FactoryError
from cellfactory.layers import Stack, StackId, list_stacks
from cellfactory.processes import forwarding_signals
from cellfactory.runs.context import open_context
from cellfactory.runs.freshness import sources_of
from cellfactory.runs.orphans import Search, search_orphans
from cellfactory.runs.request import Outcome, Request
from cellfactory.runs.watcher import Watcher, listen, require_agreement
from cellfactory.terraform.adopting import Imports, apply_imports, find_imports
from cellfactory.terraform.orphans import Orphan, is_held
from cellfactory.terraform.planning import Job
from cellfactory.terraform.record import Deferred, resolve_inputs
from cellfactory.terraform.results import Result, Status
from cellfactory.terraform.runner import explained
from cellfactory.terraform.running import RunContext
from cellfactory.terraform.sessions import full_access, sessions
from cellfactory.terraform.workspace import Sources

SESSION = "cellfactory-import"


@dataclass(frozen=True, slots=True, kw_only=True)
class Unplaced:
    """An orphan that no block can be written for, and why."""

    orphan: Orphan
    why: str
    stack: StackId | None = None  # where somebody may import it by hand


@dataclass(frozen=True, slots=True, kw_only=True)
class Adoption:
    """What was found, stack by stack, before anything is imported."""

    search: Search
    imports: tuple[Imports, ...]
    unplaced: tuple[Unplaced, ...]
    failed: tuple[Result, ...] = ()  # of stacks that could not be planned


@dataclass(frozen=True, slots=True, kw_only=True)
class _Work:
    context: RunContext
    jobs: Mapping[StackId, Job]


def adopt(
    design: Design,
    request: Request,
    watcher: Watcher,
    show: Callable[[Adoption], None],
    *,
    applies: bool,
) -> Outcome:
    """Find what is in AWS and in no state, and import it where that is asked for.

    Args:
        design: of whose stacks.
        request: where; its selection is not read.
        watcher: is told, and asked.
        show: is handed what was found, before anybody is asked.
        applies: whether it is imported.

    Raises:
        FactoryError: as `find_orphans` and `sources_of`.
        UsageError: when the watcher does not agree.
    """
    context = open_context(design.inventory.state, request, watcher)
    declared = Declared(
        inventory=design.inventory, source=design.source, facts=design.facts, warnings=()
    )
    search = search_orphans(declared, context)
    stacks = {stack.id: stack for stack in list_stacks(design.inventory, design.facts)}
    chosen = [stacks[stack] for stack in _concerned(context, search, stacks)]
    work = _work(context, request, design, chosen)
    with forwarding_signals(context.children):
        found, failed = _find(work, watcher)
        unplaced = tuple(_unplaced(search.orphans, stacks, found))
        show(Adoption(search=search, imports=found, unplaced=unplaced, failed=failed))
        results = (*failed, *(_agreed(work, found, request, watcher) if applies else ()))
    return Outcome(results=results, stopped=context.children.stopping)


def import_found(
    design: Design, request: Request, stacks: Collection[StackId], watcher: Watcher
) -> Outcome:
    """Import what is in AWS of stacks that are not applied yet, or not wholly.

    Args:
        design: of whose stacks.
        request: where; its selection is not read.
        stacks: which; one whose inputs are not there yet is passed over.
        watcher: is told, and asked.

    Raises:
        FactoryError: as `adopt`.
        UsageError: when the watcher does not agree.
    """
    context = open_context(design.inventory.state, request, watcher)
    chosen = [s for s in list_stacks(design.inventory, design.facts) if s.id in stacks]
    work = _work(context, request, design, chosen)
    with forwarding_signals(context.children):
        found, failed = _find(work, watcher)
        results = (*failed, *_agreed(work, found, request, watcher))
    return Outcome(results=results, stopped=context.children.stopping)


def _work(context: RunContext, request: Request, design: Design, chosen: Sequence[Stack]) -> _Work:
    sources = sources_of(request, design, chosen)
    return _Work(context=context, jobs=dict(_jobs(context, chosen, sources)))


def _agreed(
    work: _Work, found: Iterable[Imports], request: Request, watcher: Watcher
) -> tuple[Result, ...]:
    """Import what was found, once the watcher agrees."""
    ready = [one for one in found if one.known]
    if not ready:
        return ()
    require_agreement(watcher, "import", [one.stack for one in ready], request.mode)
    return tuple(_import(work, ready, watcher))


def _concerned(
    context: RunContext, search: Search, stacks: Mapping[StackId, Stack]
) -> list[StackId]:
    """List the stacks that have an orphan, have lost their state, or whose last apply did not end.

    What bears no tag, and what the tagging API does not list, is found by the latter two.
    """
    named = {orphan.stack for orphan in search.orphans}
    broken = {
        stack for stack, record in context.registry.read_each()[0].items() if not record.complete
    }
    return [
        stack
        for stack in stacks
        if (stack.name in named or stack in {*broken, *search.stateless})
        and stack.row.provider == "aws"
    ]


def _jobs(
    context: RunContext, stacks: Sequence[Stack], sources: Mapping[StackId, Sources]
) -> Iterator[tuple[StackId, Job]]:
    for stack in stacks:
        found = {producer: context.registry.read(producer) for producer in stack.waits_for}
        inputs = resolve_inputs(stack, {i: r for i, r in found.items() if r is not None})
        if not isinstance(inputs, Deferred):
            yield stack.id, Job(stack=stack, sources=sources[stack.id], inputs=inputs)


def _find(work: _Work, watcher: Watcher) -> tuple[tuple[Imports, ...], tuple[Result, ...]]:
    enter = sessions(work.context.target, SESSION)
    found: list[Imports] = []
    failed: list[Result] = []
    listener = listen(watcher, tuple(work.jobs))
    for stack, job in work.jobs.items():
        listener.started(stack)
        told: Imports | Result
        try:
            session = enter(full_access(job.stack, job.inputs))
            told = find_imports(work.context, job, session)
        except FactoryError as error:
            told = _failed(stack, error, stopped=work.context.children.stopping)
        if isinstance(told, Result):
            told = explained(work.context, told)
            listener.finished(told)
            failed.append(told)
        else:
            found.append(told)
    return tuple(found), tuple(failed)


def _import(work: _Work, ready: Sequence[Imports], watcher: Watcher) -> Iterator[Result]:
    listener = listen(watcher, ready)
    for imports in ready:
        if work.context.children.stopping:
            yield Result(stack=imports.stack, status="skipped", reason="interrupted")
            continue
        listener.started(imports.stack)
        try:
            result = apply_imports(work.context, work.jobs[imports.stack], imports)
        except FactoryError as error:
            result = _failed(imports.stack, error, stopped=work.context.children.stopping)
        result = explained(work.context, result)
        listener.finished(result)
        yield result


def _failed(stack: StackId, error: FactoryError, *, stopped: bool) -> Result:
    finding = replace(error.problems[0].finding, stack=stack.name)
    status: Status = "interrupted" if stopped else "failed"
    return Result(stack=stack, status=status, reason=str(error), finding=finding)


def _unplaced(
    orphans: Sequence[Orphan], stacks: Mapping[StackId, Stack], found: Sequence[Imports]
) -> Iterator[Unplaced]:
    """Say of every orphan that gets no block why not."""
    ids = frozenset(one.held or one.id for imports in found for one in imports.known)
    named = {stack.name: stack for stack in stacks}
    looked = {imports.stack: imports for imports in found}
    for orphan in orphans:
        if is_held(orphan.arn, ids):
            continue
        stack = named.get(orphan.stack)
        yield Unplaced(orphan=orphan, why=_why(orphan, stack, looked), stack=stack)


def _why(orphan: Orphan, stack: StackId | None, looked: Mapping[StackId, Imports]) -> str:
    if stack is None:
        return f"{orphan.stack} is not in the inventory"
    if stack not in looked:
        return f"{stack} could not be planned"
    for one in looked[stack].untold:
        if any(is_held(orphan.arn, (id_,)) for id_ in one.ids):
            return f"{one.address}: {one.why}"
    return f"{stack} lacks nothing that it could be: its state has another one in that place"
