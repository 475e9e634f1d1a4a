"""Judges Terraform: ours and Checkov's rules, waivers, and where each result stands."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from ipaddress import IPv4Network, collapse_addresses

from cellfactory.design import Design
from cellfactory.errors import Finding, Problem, Span
from cellfactory.facts.loader import load_facts
from cellfactory.inventory.schema import AddressPools
from cellfactory.layers.gateway import central_egress, is_shared_outside
from cellfactory.policy.catalogue import RULES
from cellfactory.policy.engine import check_stack, cover
from cellfactory.policy.expected import NOTHING_EXPECTED, Expected
from cellfactory.policy.found import StackReport, Violation
from cellfactory.policy.judgement import Judgement, Result, judge, nothing_checked
from cellfactory.policy.waiver_file import parse_waivers
from cellfactory.policy.waivers import NO_WAIVERS
from cellfactory.runs.checkov import Checked, run_checkov
from cellfactory.runs.documents import Source, design_sources, document_of
from cellfactory.runs.judged import (
    Judged,
    Places,
    judged_key,
    judged_of,
    read_rows,
    write_rows,
)
from cellfactory.runs.places import output_of
from cellfactory.runs.policy_request import Asked
from cellfactory.runs.reading import read_design
from cellfactory.tree.document import DocumentError, read_document

UNREADABLE = "F725"
OURS = "cellfactory"


def judge_asked(
    asked: Asked, waiver_text: tuple[bytes, str], folder: Sequence[Source]
) -> Judgement:
    """Judge what is asked for.

    Args:
        asked: what, and by whom.
        waiver_text: the waivers and the name of their file; empty for none.
        folder: the stacks to look at, where a folder is judged.

    Raises:
        InventoryError: when the inventory is not sound.
        SizingError: when it does not fit.
        SynthError: when the bindings refuse what they are given.
        PolicyError: when the waivers are not well formed (F720), or Checkov fails (F727).
    """
    text, name = waiver_text
    waivers = parse_waivers(text, name) if text else NO_WAIVERS
    file = asked.inventory_file
    design = None if file is None else read_design(file).require_fit()
    sources: Sequence[Source] = folder
    if asked.output is None and design is not None and file is not None:
        sources = design_sources(design, output_of(file), cached=asked.cached)
    judged, broken = _check_all(sources, design, cached=asked.cached)
    reports = [one.report for one in judged]
    read = {report.stack for report in reports}
    readable = [source for source in sources if source.name in read]
    foreign = run_checkov(readable, asked.checkov) if asked.checkov != "off" else None
    coverage = cover(reports)
    wanted = [(OURS, coverage.checks), *([("Checkov", foreign.checks)] if foreign else ())]
    idle = [Problem(None, nothing_checked(name)) for name, count in wanted if not count]
    problems = broken or idle
    results, told = judge(
        _all_violations(reports, foreign),
        waivers,
        asked.today,
        int(load_facts().policy_value("waiver-days")),
        rules=RULES,
        has_foreign=foreign is not None,
    )
    return Judgement(
        coverage=replace(coverage, checks=coverage.checks + (foreign.checks if foreign else 0)),
        results=tuple(_placed(results, sources, judged, design)),
        problems=tuple(sorted((*problems, *told), key=lambda problem: problem.rank)),
        engines=(OURS, *((f"Checkov {foreign.version}",) if foreign else ())),
    )


def _all_violations(reports: Iterable[StackReport], foreign: Checked | None) -> Iterator[Violation]:
    for report in reports:
        yield from report.violations
    yield from foreign.violations if foreign else ()


def _check_all(
    sources: Iterable[Source], design: Design | None, *, cached: bool
) -> tuple[list[Judged], list[Problem]]:
    """Hold every stack against every rule; what cannot be read is a problem."""
    before = read_rows() if cached else {}
    now: dict[str, Judged] = {}
    problems = []
    pods = None if design is None else pod_blocks(design.inventory.address_pools)
    for source in sources:
        expected = expected_of(design, source.name, pods)
        key = judged_key(source, expected)
        try:
            now[key] = judged_of(before[key]) if key in before else _check(source, expected)
        except DocumentError as error:
            problems.append(_unreadable(source, error.problems[0].finding.message))
        except (ValueError, RecursionError) as error:
            problems.append(_unreadable(source, f"not JSON: {error}"))
    if cached:
        write_rows(before, now)
    return list(now.values()), problems


def _check(source: Source, expected: Expected) -> Judged:
    document = read_document(document_of(source), source.name)
    report = check_stack(document, expected, RULES.values())
    places = Places(source)
    return Judged(report, {one.address: places.of(one.address) for one in report.violations})


def _unreadable(source: Source, why: str) -> Problem:
    finding = Finding(
        rule=UNREADABLE,
        stack=source.name,
        message=why.removeprefix(f"{source.name}: "),
        hint="nothing in it was checked; mend it, or leave it out of the folder",
    )
    return Problem(None, finding)


# -- what the inventory says -----------------------------------------------------------------------


def expected_of(design: Design | None, stack: str, pods: tuple[str, ...] | None = None) -> Expected:
    """What the inventory says of a stack's owner; nothing where it does not know the stack.

    Args:
        design: None where no inventory speaks.
        stack: its name.
        pods: what `pod_blocks` gives, where it was asked already.
    """
    cell = _cell_of(design, stack)
    if design is None or cell is None:
        return _of_mesh(design, stack)
    cell_type = design.inventory.type_of(cell)
    return Expected(
        internet=cell_type.egress == "nat_gateway",
        central_egress=cell_type.egress == "central",
        ipv6_pods=not cell_type.has_pod_blocks,
        open_endpoints=cell_type.endpoint_access == "any",
        pod_blocks=pod_blocks(design.inventory.address_pools) if pods is None else pods,
    )


def _of_mesh(design: Design | None, stack: str) -> Expected:
    """What is expected of a stack of a mesh: the one of its way out alone leads to the internet."""
    owner, _, layer = stack.rpartition("-")
    if design is None or owner not in design.inventory.meshes:
        return NOTHING_EXPECTED
    has_gateway = design.inventory.meshes[owner].gateway is not None
    return Expected(
        internet=layer == "egress",
        way_out=central_egress(design.inventory, owner) is not None,
        shared_outside=has_gateway and is_shared_outside(design.inventory, owner),
        pod_blocks=pod_blocks(design.inventory.address_pools),
    )


def pod_blocks(pools: AddressPools) -> tuple[str, ...]:
    """Every address that a pod of some cell may have: the pools, without what is reserved."""
    free: list[IPv4Network] = list(pools.pod)
    for reserved in pools.reserved:
        free = [part for block in free for part in _without(block, reserved)]
    return tuple(map(str, collapse_addresses(free)))


def _without(block: IPv4Network, reserved: IPv4Network) -> Iterable[IPv4Network]:
    if not block.overlaps(reserved):
        return [block]
    return () if block.subnet_of(reserved) else block.address_exclude(reserved)


def _cell_of(design: Design | None, stack: str) -> str | None:
    """The cell that a stack belongs to, by its name; None for none of the inventory."""
    names = design.inventory.cells if design else ()
    owner = stack.rpartition("-")[0]
    return owner if owner in names else None


def _span(design: Design | None, violation: Violation) -> Span | None:
    """Find what decides a violation in the inventory: a key of the cell's type, or the cell."""
    cell = _cell_of(design, violation.stack)
    if design is None or cell is None:
        return None
    rule = RULES.get(violation.rule)
    by_key = ("cell_types", design.inventory.cells[cell].type, *(rule.key if rule else ()))
    path = by_key if rule and rule.key and by_key in design.source.marks else ("cells", cell)
    return design.source.locate(Finding(rule=violation.rule, message="", path=path)).span


def _placed(
    results: Iterable[Result],
    sources: Iterable[Source],
    judged: Iterable[Judged],
    design: Design | None,
) -> Iterator[Result]:
    """Add to each result where it stands: in which file, on which line, and in the inventory."""
    known = {one.report.stack: one.places for one in judged}
    places = {source.name: Places(source) for source in sources}
    for result in results:
        stack, address = result.violation.stack, result.violation.address
        file, line = known.get(stack, {}).get(address) or places[stack].of(address)
        yield replace(result, file=file, line=line, span=_span(design, result.violation))
