"""`orphans`: what is in the accounts of an inventory and in none of its states."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from cellfactory.design import Declared
from cellfactory.errors import FactoryError, Finding
from cellfactory.layers import Access, Stack, StackId, list_stacks
from cellfactory.layers.access import ACCOUNT_VARIABLE
from cellfactory.naming import state_key
from cellfactory.runs.context import open_context
from cellfactory.runs.request import Request
from cellfactory.runs.states import open_states
from cellfactory.runs.watcher import Watcher
from cellfactory.terraform.new_accounts import resolved_access
from cellfactory.terraform.orphans import Orphan, held_by, is_held, tagged
from cellfactory.terraform.registry import Registry
from cellfactory.terraform.running import RunContext
from cellfactory.terraform.sessions import sessions
from cellfactory.terraform.store import Store

SESSION = "cellfactory-orphans"


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """What was found, and where nobody could look."""

    orphans: tuple[Orphan, ...]  # sorted
    unasked: tuple[Finding, ...]
    asked: int  # accounts and Regions that did answer
    stateless: tuple[StackId, ...] = ()  # recorded stacks that have no state


def find_orphans(declared: Declared, request: Request, watcher: Watcher) -> Search:
    """Ask every account of an inventory for what is tagged, and hold it against all states.

    Raises:
        TerraformError: when the registry or a state cannot be read (F603, F605, F652).
    """
    return search_orphans(declared, open_context(declared.inventory.state, request, watcher))


def search_orphans(declared: Declared, context: RunContext) -> Search:
    """Do as `find_orphans`, with what a run works with.

    Raises:
        TerraformError: as `find_orphans`.
    """
    stacks = list_stacks(declared.inventory, declared.facts)
    states = open_states(declared.inventory.state, context.target)
    recorded = context.registry.stacks()
    found_states = {s: _state(states, s) for s in sorted({*(t.id for t in stacks), *recorded})}
    held = frozenset(name for told in found_states.values() for name in told or ())
    found: set[Orphan] = set()
    unasked: list[Finding] = []
    asked, enter = 0, sessions(context.target, SESSION)
    for access in _accesses(stacks, context.registry):
        try:
            borne = tagged(enter(access), access.account, access.region)
            found.update(orphan for orphan in borne if not is_held(orphan.arn, held))
            asked += 1
        except FactoryError as error:
            unasked += [problem.finding for problem in error.problems]
    return Search(
        orphans=tuple(sorted(found)),
        unasked=tuple(unasked),
        asked=asked,
        stateless=tuple(s for s, told in found_states.items() if told is None and s in recorded),
    )


def _accesses(stacks: Iterable[Stack], registry: Registry) -> Iterator[Access]:
    """Yield each account and Region once, with the roles that lead there; made ones by their id."""
    seen: set[tuple[str, str]] = set()
    for stack in stacks:
        access: Access | None = stack.access
        if "${" in stack.access.account:
            record = registry.read(StackId(stack.id.owner, "account"))
            made = record.outputs.get(ACCOUNT_VARIABLE) if record else None
            access = resolved_access(stack, {ACCOUNT_VARIABLE: made} if made else {})
        if access is not None and (access.account, access.region) not in seen:
            seen.add((access.account, access.region))
            yield access


def _state(states: Store, stack: StackId) -> frozenset[str] | None:
    """What the state of a stack holds; None where there is none."""
    key = state_key(stack.kind, stack.owner, stack.layer)
    text = states.read(key)
    return held_by(text, states.place(key)) if text else None
