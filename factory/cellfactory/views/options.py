"""How options look: best first, what decides against each, and with `--why` all that was said."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from cellfactory.options.answer import MeshOptions, Options, TypeOptions
from cellfactory.options.model import Effect, Judged, Reason, Verdict
from cellfactory.views.money import columns, exact, markdown_table, money
from cellfactory.views.style import PLAIN, Style, Tone
from cellfactory.words import counted

WORDS: Mapping[Effect, str] = {
    "refuses": "refused",
    "costs": "price",
    "favours": "for it",
    "notes": "note",
}
_TONES: Mapping[Verdict, Tone | None] = {
    "fits": "good",
    "fits at a price": "warning",
    "refused": "bad",
}
LEGEND = (
    "* chosen; without a number: refused; + and what is not priced; (not made): not by cellfactory"
)


def render_options(found: Options, *, why: bool = False, style: Style = PLAIN) -> str:
    """Render options for a terminal of 80 columns."""
    told: list[str] = []
    for title, options in _parts(found):
        told += [style.paint("strong", title), ""]
        rows = list(columns([_cells(option) for option in options], texts=2))
        for option, row in zip(options, rows, strict=True):
            told.append(_painted(f"  {row}", option, style))
            told += [line for said in _said(option, why) for line in style.wrap(said, " " * 10)]
        told.append("")
    return "\n".join([*told, *style.wrap(f"options: {LEGEND}", "    ")])


def _painted(row: str, option: Judged, style: Style) -> str:
    tone = _TONES[option.verdict]
    return style.paint(tone, row) if tone else row


def _parts(found: Options) -> Iterator[tuple[str, Sequence[Judged]]]:
    yield from ((_mesh_title(mesh), mesh.options) for mesh in found.meshes)
    yield from ((_type_title(kind), kind.options) for kind in found.types)


def _mesh_title(mesh: MeshOptions) -> str:
    parts = (
        counted(mesh.cells, "cell"),
        counted(mesh.hubs, "hub"),
        counted(len(mesh.organizations), "organization"),
    )
    return f"joining the VPCs of {mesh.mesh}  {mesh.region}  {', '.join(parts)}"


def _type_title(kind: TypeOptions) -> str:
    return f"pods of {kind.name}  {counted(kind.cells, 'cell')}"


def _cells(option: Judged) -> tuple[str, str, str]:
    mark = "*" if option.is_chosen else " "
    place = f"{option.rank}" if option.rank else "-"
    made = "" if option.is_built else " (not made)"
    return f"{mark} {place} {option.title}{made}", option.verdict, _price(option)


def _price(option: Judged) -> str:
    if not option.cost.dollars and not option.is_priced:
        return "not priced  "
    more = " +" if option.cost.lacking else "  "
    return f"{money(option.cost.dollars)}{more}"


def _said(option: Judged, why: bool) -> Iterator[str]:
    for reason in option.reasons if why else option.against:
        yield f"      {WORDS[reason.effect]}: {reason.text}"
        if why:
            yield f"          {reason.rule}, {reason.source}"


def render_options_markdown(found: Options, *, why: bool = False) -> str:
    """Render options as Markdown, for a comment or a page."""
    told: list[str] = []
    for title, options in _parts(found):
        rows = [[cell.strip() for cell in _cells(option)] for option in options]
        table = markdown_table(("option", "verdict", "USD a month"), rows)
        told += [f"### {title}", "", *table, ""]
        for option in options:
            told += [f"- **{option.title}**: {line}" for line in _markdown(option, why)]
        told.append("")
    return "\n".join([*told, LEGEND])


def _markdown(option: Judged, why: bool) -> Iterator[str]:
    for reason in option.reasons if why else option.against:
        rests = f" ({reason.rule}, {reason.source})" if why else ""
        yield f"{WORDS[reason.effect]}: {reason.text}{rests}"


def options_json(found: Options) -> dict[str, Any]:
    """Turn options into what a machine reads, every reason included."""
    return {
        "meshes": [
            {
                "mesh": mesh.mesh,
                "region": mesh.region,
                "cells": mesh.cells,
                "hubs": mesh.hubs,
                "organizations": list(mesh.organizations),
                "options": [_option(option) for option in mesh.options],
            }
            for mesh in found.meshes
        ],
        "cell_types": [
            {
                "cell_type": kind.name,
                "cells": kind.cells,
                "options": [_option(option) for option in kind.options],
            }
            for kind in found.types
        ],
    }


def _option(option: Judged) -> dict[str, Any]:
    return {
        "id": option.id,
        "title": option.title,
        "rank": option.rank or None,
        "verdict": option.verdict,
        "chosen": option.is_chosen,
        "made_by_cellfactory": option.is_built,
        "one_way": option.is_one_way,
        "dollars": exact(option.cost.dollars),
        "is_whole": option.cost.is_whole,
        "upkeep": exact(option.upkeep),
        "reasons": [_reason(reason) for reason in option.reasons],
    }


def _reason(reason: Reason) -> dict[str, Any]:
    return {
        "rule": reason.rule,
        "effect": reason.effect,
        "text": reason.text,
        "source": reason.source,
    }
