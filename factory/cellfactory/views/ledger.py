"""How a ledger looks: in a terminal of 80 columns, as Markdown and as JSON."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from math import inf
from typing import Any

from cellfactory.sizing.bounds import BOUNDS
from cellfactory.sizing.rules import amount, raise_to
from cellfactory.sizing.usage import Gate, Ledger, Usage, fullest
from cellfactory.views.problems import FORMAT_VERSION
from cellfactory.views.style import Tone

TITLE = 32  # characters of a bound's title and the zone or pool it is counted for
BAR = 6  # characters of a full bar
EIGHTHS = " ▏▎▍▌▋▊▉"
SECTIONS: tuple[tuple[Gate, str], ...] = (
    ("error", "must hold"),
    ("warning", "should hold"),
    ("note", "worst cases and advice"),
)
LEGEND = "* binds  ! does not fit  ~ does not fit (warning)  . (note only)  + from {:.0%} on"
OVER: dict[Gate, str] = {"error": "!", "warning": "~", "note": "."}
MARKS: Mapping[str, Tone] = {"! ": "bad", "~ ": "warning", "* ": "strong"}
"""What a line begins with that is to be seen first."""


def render_text(
    ledger: Ledger, details: Sequence[str], *, tight: float, ascii_only: bool = False
) -> str:
    """Write a line for each cell, hub and pool, and every bound of those named in `details`.

    Args:
        ledger: What was sized.
        details: Owners whose every bound is shown, in this order.
        tight: Share of a limit from which a usage is marked as tight (our policy).
        ascii_only: The terminal knows no block characters.
    """
    lines = list(_summary(ledger))
    shown: list[Usage] = []
    for owner in details:
        usages = fullest(ledger.of(owner))
        shown.extend(usages)
        lines += ["", *_detail(owner, usages, tight, ascii_only=ascii_only)]
    if shown:
        lines += ["", LEGEND.format(tight), "", *_assumptions(shown)]
    return "\n".join(lines)


def _summary(ledger: Ledger) -> Iterator[str]:
    yield f"{'':2}{'':24} {'binds':33} {'share':>6} {'errors':>6} {'warn':>5}"
    for owner in ledger.owners():
        usages = ledger.of(owner)
        broken = [u for u in usages if not u.fits and u.gate == "error"]
        binding = ledger.binding(owner) or max(usages, key=lambda u: (u.gate == "error", u.share))
        if broken and binding.fits:  # what stops the work grows with no node
            binding = max(broken, key=lambda u: u.share)
        errors = len(broken)
        warnings = sum(1 for u in usages if not u.fits and u.gate == "warning")
        mark = OVER["error"] if errors else OVER["warning"] if warnings else " "
        title = BOUNDS[binding.bound].title
        yield (
            f"{mark:2}{owner:24} {title:33} {_percent(binding):>6} "
            f"{errors or '-':>6} {warnings or '-':>5}"
        ).rstrip()


def _detail(
    owner: str, usages: Sequence[Usage], tight: float, *, ascii_only: bool
) -> Iterator[str]:
    yield f"{owner:{TITLE + 2}} {'used':>9} {'limit':>9} {'unit':11} share"
    for gate, heading in SECTIONS:
        rows = sorted((u for u in usages if u.gate == gate), key=lambda u: -u.share)
        if rows:
            yield heading
        for usage in rows:
            yield (
                f"{_mark(usage, tight):2}{_title(usage):{TITLE}} {amount(usage.used):>9} "
                f"{amount(usage.limit):>9} {usage.unit:11} {_percent(usage):>5} "
                f"{bar(usage.share, ascii_only=ascii_only)}"
            ).rstrip()


def _mark(usage: Usage, tight: float = inf) -> str:
    if not usage.fits:
        return OVER[usage.gate]
    if usage.binding:
        return "*"
    return "+" if usage.share >= tight and usage.gate != "note" else ""


def _title(usage: Usage) -> str:
    title = BOUNDS[usage.bound].title
    if usage.scope.kind not in ("zone", "pool"):
        return title
    full = f"{title} {usage.scope.name}"
    if len(full) <= TITLE:
        return full
    # Half the name of a zone says nothing; the fullest zone is shown.
    return title if usage.scope.kind == "zone" else f"{full[: TITLE - 1]}~"


def _percent(usage: Usage) -> str:
    if usage.share == inf:
        return "none"
    return f"{usage.share:.0%}" if usage.share < 10 else ">999%"


def bar(share: float, *, ascii_only: bool = False) -> str:
    """Draw a share of a limit; a full bar is a used-up limit, a + says that it goes on.

    >>> bar(0.5), bar(0.0), bar(1.2)
    ('███', '', '██████+')
    >>> bar(0.5, ascii_only=True)
    '###'
    """
    if share > 1:
        return ("#" if ascii_only else "█") * BAR + "+"
    whole, eighths = divmod(round(share * BAR * 8), 8)
    if ascii_only:
        return "#" * (whole + (eighths >= 4))
    return "█" * whole + (EIGHTHS[eighths] if eighths else "")


def _assumptions(usages: Iterable[Usage]) -> Iterator[str]:
    yield "assumed"
    for sentence in _sentences(usages):
        yield from wrap(sentence)


def _sentences(usages: Iterable[Usage]) -> Iterator[str]:
    """Say each assumption once, with the bounds that rest on it."""
    said: dict[str, dict[str, None]] = {}
    for usage in usages:
        for sentence in filter(None, usage.assumption.split("; ")):
            said.setdefault(sentence, {})[BOUNDS[usage.bound].title] = None
    for sentence, titles in said.items():
        yield f"{sentence}: {', '.join(titles)}"


def wrap(sentence: str, width: int = 80, indent: str = "  ") -> Iterator[str]:
    """Break a sentence into lines; all but the first are indented once more."""
    line = indent
    for word in sentence.split():
        if len(line) + 1 + len(word) > width and line.strip():
            yield line
            line = indent * 2
        line += word if line.endswith("  ") else f" {word}"
    yield line


def render_markdown(ledger: Ledger, details: Sequence[str]) -> str:
    """Write a Markdown table for each owner named and what it assumes, for a pull request."""
    lines: list[str] = []
    for owner in details:
        head = "| | bound | scope | used | limit | unit | share | gate | rule | quota |"
        lines += [f"### {owner}", "", head, "|---|---|---|--:|--:|---|--:|---|---|---|"]
        for usage in sorted(fullest(ledger.of(owner)), key=_by_gate_and_share):
            bound = BOUNDS[usage.bound]
            cells = (
                "**binds**" if usage.binding else _mark(usage),
                bound.title,
                str(usage.scope),
                amount(usage.used),
                amount(usage.limit),
                usage.unit,
                _percent(usage),
                usage.gate,
                bound.rule,
                usage.code,
            )
            lines.append(f"| {' | '.join(cells)} |")
        lines.append("")
    shown = [usage for owner in details for usage in fullest(ledger.of(owner))]
    lines += ["**Assumed**", "", *(f"- {sentence}" for sentence in _sentences(shown))]
    return "\n".join(lines)


def _by_gate_and_share(usage: Usage) -> tuple[int, float]:
    return [gate for gate, _ in SECTIONS].index(usage.gate), -usage.share


def to_json(ledger: Ledger) -> dict[str, Any]:
    """Make the stable form for machines: every usage, none left out."""
    return {
        "format_version": FORMAT_VERSION,
        "fits": ledger.fits,
        "usages": [_usage_json(usage) for usage in ledger],
    }


def _usage_json(usage: Usage) -> dict[str, Any]:
    return {
        "bound": usage.bound,
        "rule": BOUNDS[usage.bound].rule,
        "title": BOUNDS[usage.bound].title,
        "owner": usage.scope.owner,
        "scope": {"kind": usage.scope.kind, "name": usage.scope.name},
        "used": usage.used,
        "limit": _finite(usage.limit),
        "unit": usage.unit,
        "headroom": _finite(usage.headroom),
        "share": _finite(usage.share),
        "fits": usage.fits,
        "gate": usage.gate,
        "binding": usage.binding,
        "per_node": usage.per_node,
        "quota_code": usage.code or None,
        "quota_default": usage.allowed.default,
        "quota_raised": usage.allowed.raised,
        "quota_maximum": usage.allowed.maximum,
        "raise_to": raise_to(usage),
        "source": usage.source,
        "assumption": usage.assumption,
        "path": list(usage.path),
    }


def _finite(value: float) -> float | None:
    """JSON knows no infinity: a limit or a share without end is null."""
    return None if value == inf else value
