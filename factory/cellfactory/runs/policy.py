"""`policy`: holds synthesized Terraform against rules, and what breaks one against waivers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from cellfactory.design import Design
from cellfactory.errors import Finding, Problem, Span
from cellfactory.facts.loader import load_facts
from cellfactory.files import read_bytes
from cellfactory.policy.catalogue import RULES
from cellfactory.policy.engine import check_stack, cover
from cellfactory.policy.expected import NOTHING_EXPECTED, Expected
from cellfactory.policy.judgement import Judgement, Result, judge, nothing_checked
from cellfactory.policy.kept import read_judgement, write_judgement
from cellfactory.policy.lines import line_in, lines_of
from cellfactory.policy.model import StackReport, Violation
from cellfactory.policy.waivers import NO_WAIVERS, Waivers, parse_waivers
from cellfactory.runs.checkov import Checked, CheckovMode, checkov_version, run_checkov
from cellfactory.runs.documents import Source, design_sources, document_of, folder_sources
from cellfactory.runs.places import lock_file_of, output_of
from cellfactory.runs.reading import read_design
from cellfactory.stacks.report_store import read_report, report_key, write_report
from cellfactory.tree.document import DocumentError, read_document

UNREADABLE = "F725"
OURS = "cellfactory"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What is to be judged, and by whom."""

    inventory_file: Path | None  # None: no inventory says what is wanted
    output: Path | None  # a folder to look at, in place of what the inventory makes
    waiver_file: Path | None  # one that has to be there; else the one beside the inventory
    today: date
    checkov: CheckovMode = "off"
    cached: bool = True


def waiver_file_of(inventory_file: Path | None) -> Path:
    """The waivers beside an inventory: `cells.yaml` has `cells.waivers.yaml`."""
    lock = lock_file_of(inventory_file or Path("cells.yaml"))
    return lock.with_name(lock.name.replace(".lock.", ".waivers."))


def judge_policy(asked: Asked) -> Judgement:
    """Judge, or take what was judged before of the very same.

    Raises:
        UsageError: when a file cannot be read.
        InventoryError: when the inventory is not sound.
        SizingError: when it does not fit.
        SynthError: when the bindings refuse what they are given.
        PolicyError: when the waivers are not well formed (F720), or Checkov fails (F727).
    """
    waiver_file = asked.waiver_file or waiver_file_of(asked.inventory_file)
    waivers = _read_waivers(waiver_file, required=asked.waiver_file is not None)
    folder = () if asked.output is None else folder_sources(asked.output)
    key = report_key(_parts(asked, waiver_file, waivers, folder)) if asked.cached else ""
    kept = read_report(key) if key else b""
    if kept:
        return read_judgement(kept)
    made = _judge(
        asked, parse_waivers(waivers, str(waiver_file)) if waivers else NO_WAIVERS, folder
    )
    if key:
        write_report(key, write_judgement(made))
    return made


def _read_waivers(file: Path, *, required: bool) -> bytes:
    return read_bytes(file) if required or file.exists() else b""


def _parts(
    asked: Asked, waiver_file: Path, waivers: bytes, folder: Sequence[Source]
) -> Iterator[str | bytes]:
    """Yield all that a judgement depends on, but for our code."""
    yield from (asked.today.isoformat(), asked.checkov, str(waiver_file), waivers)
    if asked.checkov != "off":
        yield checkov_version()
    yield str(asked.output)
    for source in folder:
        for path, text in source.files.items():
            yield from (path, text)
    if asked.inventory_file is not None:
        lock = lock_file_of(asked.inventory_file)
        yield from (str(asked.inventory_file), read_bytes(asked.inventory_file))
        yield read_bytes(lock) if lock.exists() else b""


def _judge(asked: Asked, waivers: Waivers, folder: Sequence[Source]) -> Judgement:
    file = asked.inventory_file
    design = None if file is None else read_design(file).require_fit()
    sources: Sequence[Source] = folder
    if asked.output is None and design is not None and file is not None:
        sources = design_sources(design, output_of(file), cached=asked.cached)
    reports, broken = _check_all(sources, design)
    foreign = run_checkov(sources, asked.checkov) if asked.checkov != "off" else None
    coverage = cover(reports)
    wanted = [(OURS, coverage.checks), *([("Checkov", foreign.checks)] if foreign else ())]
    problems = [*broken, *(Problem(None, nothing_checked(name)) for name, n in wanted if not n)]
    results, told = judge(
        _all_violations(reports, foreign),
        waivers,
        asked.today,
        int(load_facts().policy_value("waiver-days")),
        has_foreign=foreign is not None,
    )
    return Judgement(
        coverage=replace(coverage, checks=coverage.checks + (foreign.checks if foreign else 0)),
        results=tuple(_placed(results, sources, design)),
        problems=tuple(sorted((*problems, *told), key=lambda problem: problem.rank)),
        engines=(OURS, *((f"Checkov {foreign.version}",) if foreign else ())),
    )


def _all_violations(reports: Iterable[StackReport], foreign: Checked | None) -> Iterator[Violation]:
    for report in reports:
        yield from report.violations
    yield from foreign.violations if foreign else ()


def _check_all(
    sources: Iterable[Source], design: Design | None
) -> tuple[list[StackReport], list[Problem]]:
    """Hold every stack against every rule; what cannot be read is a problem."""
    reports, problems = [], []
    for source in sources:
        try:
            document = read_document(document_of(source), source.name)
        except DocumentError as error:
            problems.append(_unreadable(source, error.problems[0].finding.message))
        except ValueError as error:
            problems.append(_unreadable(source, f"not JSON: {error}"))
        else:
            expected = expected_of(design, source.name)
            reports.append(check_stack(document, expected, RULES.values()))
    return reports, problems


def _unreadable(source: Source, why: str) -> Problem:
    finding = Finding(
        rule=UNREADABLE,
        stack=source.name,
        message=why.removeprefix(f"{source.name}: "),
        hint="nothing in it was checked; mend it, or leave it out of the folder",
    )
    return Problem(None, finding)


# -- what the inventory says -----------------------------------------------------------------------


def expected_of(design: Design | None, stack: str) -> Expected:
    """What the inventory says of a stack's owner; nothing where it does not know the stack."""
    cell = _cell_of(design, stack)
    if design is None or cell is None:
        return NOTHING_EXPECTED
    cell_type = design.inventory.type_of(cell)
    return Expected(
        internet=cell_type.egress == "nat_gateway",
        open_endpoints=cell_type.endpoint_access == "any",
        pod_blocks=tuple(map(str, design.inventory.address_pools.pod)),
    )


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
    results: Iterable[Result], sources: Iterable[Source], design: Design | None
) -> Iterator[Result]:
    """Add to each result where it stands: in which file, on which line, and in the inventory."""
    by_name = {source.name: source for source in sources}
    read: dict[str, Mapping[str, int]] = {}

    def lines(file: str, text: str | bytes) -> Mapping[str, int]:
        if file not in read:
            read[file] = lines_of(
                text if isinstance(text, str) else text.decode("utf-8", "replace")
            )
        return read[file]

    for result in results:
        file, line = _place(by_name[result.violation.stack], result.violation.address, lines)
        yield replace(result, file=file, line=line, span=_span(design, result.violation))


def _place(
    source: Source, address: str, lines: Callable[[str, str | bytes], Mapping[str, int]]
) -> tuple[str, int]:
    places = [(file, line_in(lines(file, text), address)) for file, text in source.files.items()]
    return next((place for place in places if place[1]), places[0])
