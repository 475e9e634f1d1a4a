"""One cell as a picture: how full its bounds are, where they cross, how a rebuild goes.

matplotlib is the optional extra `plot`: it draws PNG and SVG alike, which an own drawing could
not, and nobody who only checks cells has to install it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from math import inf
from typing import TYPE_CHECKING, Literal

from cellfactory.errors import UsageError
from cellfactory.sizing.answers import Rebuilt
from cellfactory.sizing.bounds import BOUNDS
from cellfactory.sizing.curves import Curve, Curves
from cellfactory.sizing.rebuild import Rebuild
from cellfactory.sizing.rules import amount
from cellfactory.sizing.usage import Gate, Usage, fullest

if TYPE_CHECKING:
    from matplotlib.axes import Axes

PictureForm = Literal["png", "svg"]
MOST_BARS: Mapping[Gate, int] = {"error": 12, "warning": 5, "note": 5}
"""The fullest of each gate; more would not be read."""

LABEL_GAP = 0.07  # share of a limit between two labels
BEYOND = 1.6  # share of a limit up to which curves and bars are drawn
COLOURS = {"error": "#2f6f9f", "warning": "#c58a1d", "note": "#9a9a9a"}
OVER = "#b3372f"


@dataclass(frozen=True, slots=True, kw_only=True)
class CellPicture:
    """What is drawn of one cell."""

    cell: str
    nodes: int  # that it has
    usages: tuple[Usage, ...]
    curves: Curves
    rebuilt: tuple[Rebuilt, ...]
    rebuild_minutes: float  # that our policy gives a rebuild


def picture_form(name: str) -> PictureForm:
    """Tell by a file's name what to draw.

    Raises:
        UsageError: when it does not end in .png or .svg.
    """
    lower = name.lower()
    if lower.endswith(".png"):
        return "png"
    if lower.endswith(".svg"):
        return "svg"
    msg = f"{name}: a picture ends in .png or .svg"
    raise UsageError(msg)


def draw_cell(picture: CellPicture, form: PictureForm) -> bytes:
    """Draw one cell; the same cell gives the same picture, byte for byte in SVG.

    Raises:
        UsageError: when matplotlib is missing.
    """
    try:
        import matplotlib as mpl
        from matplotlib.figure import Figure
    except ImportError as error:
        msg = "--plot needs matplotlib: pip install matplotlib"
        raise UsageError(msg) from error
    drawn = BytesIO()
    with mpl.rc_context({"svg.hashsalt": "cellfactory", "svg.fonttype": "none", "font.size": 8.5}):
        figure = Figure(figsize=(12, 13), layout="constrained")
        bars, curves, timeline = figure.subplots(3, 1, height_ratios=[1.35, 1, 0.9])
        _bars(bars, picture.usages)
        draw_curves(curves, picture.curves, picture.nodes)
        _timeline(timeline, picture.rebuilt, picture.rebuild_minutes)
        figure.suptitle(f"{picture.cell}: {picture.nodes:,} nodes", fontsize=13)
        metadata = {"Date": None} if form == "svg" else {}
        figure.savefig(drawn, format=form, metadata=metadata, dpi=130)
    return drawn.getvalue()


def _bars(axes: Axes, usages: Sequence[Usage]) -> None:
    """Draw what stops the work on top, the fullest first; what is cut says how far it goes."""
    first = sorted(fullest(usages), key=lambda u: -u.share)
    shown = [
        usage
        for gate, most in MOST_BARS.items()
        for place, usage in enumerate(u for u in first if u.gate == gate)
        if place < most or (gate == "error" and not usage.fits)
    ][::-1]
    names = [f"{BOUNDS[u.bound].title}{'  (binds)' if u.binding else ''}" for u in shown]
    shares = [min(usage.share, BEYOND) for usage in shown]
    colours = [COLOURS[u.gate] if u.fits or u.gate == "note" else OVER for u in shown]
    axes.barh(names, shares, color=colours, height=0.72)
    for row, usage in enumerate(shown):
        words = f"{amount(usage.used)} of {amount(usage.limit)} {usage.unit}"
        if usage.share > BEYOND:
            axes.text(BEYOND - 0.01, row, "\u00bb", va="center", ha="right", color="white")
            words += f"  \u00bb {usage.share:,.0%}" if usage.share < inf else ""
        axes.text(BEYOND + 0.02, row, words, va="center", fontsize=7)
    axes.axvline(1, color="black", linewidth=1)
    axes.set_xlim(0, BEYOND + 0.4)
    axes.set_xticks([0, 0.25, 0.5, 0.75, 1, 1.25, 1.5])
    axes.set_xticklabels(["0", "25%", "50%", "75%", "100%", "125%", "150%"])
    axes.set_title(
        "How full each bound is (blue must hold, amber should, grey is advice; red does not fit)"
    )
    axes.spines[["top", "right"]].set_visible(False)


def draw_curves(axes: Axes, drawn: Curves, today: int) -> None:
    """Draw the share of each limit against the nodes, and where it is used up.

    Bounds with the same line share it and its label, which stands at its end.

    Args:
        axes: where to.
        drawn: the shares.
        today: what the cell has (nodes).
    """
    nodes = drawn.nodes
    ends: list[tuple[float, str, str]] = []
    for curves in _together(drawn.curves):
        colour = COLOURS["error" if any(_must_hold(c) for c in curves) else "warning"]
        shares = curves[0].shares
        axes.plot(nodes, shares, linewidth=1.6, color=colour)
        for crossing in {c.crossing for c in curves if c.crossing is not None}:
            if crossing <= nodes[-1]:
                at = _share_at(crossing, nodes, shares)
                axes.plot([crossing], [at], "o", color=colour, markersize=5)
        ends.append((shares[-1], _label(curves), colour))
    for height, words, colour in _spread(ends):
        axes.text(
            1.01, height / BEYOND, words, color=colour, fontsize=7, va="center",
            transform=axes.transAxes,
        )  # fmt: skip
    axes.axhline(1, color="black", linewidth=1)
    axes.axvline(today, color="grey", linewidth=1, linestyle="--")
    axes.set_ylim(0, BEYOND)
    axes.set_xlim(0, nodes[-1])
    axes.locator_params(axis="x", integer=True)
    axes.set_xlabel("nodes of the cell (dashed: today)")
    axes.set_ylabel("share of the limit")
    axes.set_title(
        "Nodes against bounds, and the most that each allows (blue must hold, amber should)"
    )
    axes.spines[["top", "right"]].set_visible(False)


def _must_hold(curve: Curve) -> bool:
    return BOUNDS[curve.bound].gate == "error"


def _together(curves: Sequence[Curve]) -> list[list[Curve]]:
    """Put curves together that nobody could tell apart."""
    groups: dict[tuple[float, ...], list[Curve]] = {}
    for curve in curves:
        groups.setdefault(tuple(round(share, 2) for share in curve.shares), []).append(curve)
    return list(groups.values())


def _label(curves: Sequence[Curve]) -> str:
    allowed = [c.crossing for c in curves if c.crossing is not None]
    end = f": {min(allowed):,}" if allowed else ""
    return f"{', '.join(BOUNDS[c.bound].title for c in curves)}{end}"


def _share_at(at: int, nodes: Sequence[int], shares: Sequence[float]) -> float:
    """Read a curve between two of its points, so that a dot lies on its line."""
    right = next(i for i, n in enumerate(nodes) if n >= at)
    if nodes[right] == at or right == 0:
        return shares[right]
    left = right - 1
    part = (at - nodes[left]) / (nodes[right] - nodes[left])
    return shares[left] + part * (shares[right] - shares[left])


def _spread(ends: Sequence[tuple[float, str, str]]) -> list[tuple[float, str, str]]:
    """Move labels apart, from the top down, so that none lies over another."""
    placed: list[tuple[float, str, str]] = []
    for height, words, colour in sorted(ends, reverse=True):
        top = placed[-1][0] - LABEL_GAP if placed else BEYOND
        placed.append((min(height, top), words, colour))
    return placed


def _timeline(axes: Axes, readings: Sequence[Rebuilt], minutes: float) -> None:
    """Draw how many nodes have their pod addresses, minute by minute."""
    for rebuilt in readings:
        colour = COLOURS["warning" if rebuilt.shared else "error"]
        _ready(axes, rebuilt.unpaced, f"{rebuilt.reading}, all at once", "-", colour)
        if rebuilt.paced:
            pace = f"{rebuilt.reading}, {rebuilt.pace:g} nodes/s"
            _ready(axes, rebuilt.paced, pace, "--", colour)
    axes.axvline(minutes, color=OVER, linewidth=1)
    words = f"{minutes:g} minutes, our policy "
    above = axes.get_xaxis_transform()  # x in minutes, y in parts of the height
    axes.text(minutes, 0.96, words, color=OVER, fontsize=7, transform=above, ha="right")
    axes.set_xlim(left=0)
    axes.set_ylim(bottom=0)
    axes.locator_params(axis="y", integer=True)
    axes.set_xlabel("minutes since the first launch")
    axes.set_ylabel("nodes with pod addresses")
    axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5), fontsize=7, frameon=False)
    axes.set_title("A rebuild, simulated (not measured on AWS)")
    axes.spines[["top", "right"]].set_visible(False)


def _ready(axes: Axes, run: Rebuild, label: str, style: str, colour: str) -> None:
    counts = range(1, len(run.ready) + 1)
    words = f"{label}: last at {run.last:.1f}"
    axes.plot(run.ready, list(counts), style, label=words, lw=1.4, color=colour)
