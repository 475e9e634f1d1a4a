"""One cell as a picture: how full its bounds are, where they cross, how a rebuild goes.

matplotlib is the optional extra `plot`: it draws PNG and SVG alike, which an own drawing could
not, and nobody who only checks cells has to install it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING, Literal

from factory.errors import UsageError
from factory.sizing.answers import Rebuilt
from factory.sizing.bounds import BOUNDS
from factory.sizing.curves import Curves
from factory.sizing.rebuild import Rebuild
from factory.sizing.rules import amount
from factory.sizing.usage import Usage, fullest

if TYPE_CHECKING:
    from matplotlib.axes import Axes

PictureForm = Literal["png", "svg"]
MOST_BARS = 22  # the fullest; more would not be read
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
        msg = "--plot draws with matplotlib: pip install 'cellfactory[plot]'"
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
    """Draw the fullest bounds, the fullest on top; none takes the place of one that is broken."""
    first = sorted(fullest(usages), key=lambda u: (u.fits or u.gate != "error", -u.share))
    shown = sorted(first[:MOST_BARS], key=lambda usage: usage.share)
    names = [f"{BOUNDS[u.bound].title}{'  (binds)' if u.binding else ''}" for u in shown]
    shares = [min(usage.share, BEYOND) for usage in shown]
    colours = [COLOURS[u.gate] if u.fits or u.gate == "note" else OVER for u in shown]
    axes.barh(names, shares, color=colours, height=0.72)
    for row, usage in enumerate(shown):
        axes.text(
            BEYOND + 0.02,
            row,
            f"{amount(usage.used)} of {amount(usage.limit)} {usage.unit}",
            va="center",
            fontsize=7,
        )
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

    Args:
        axes: where to.
        drawn: the shares.
        today: what the cell has (nodes).
    """
    nodes = drawn.nodes
    for curve in drawn.curves:
        crossing = curve.crossing
        label = BOUNDS[curve.bound].title + (
            f": {crossing:,} nodes" if crossing is not None else ""
        )
        (line,) = axes.plot(nodes, curve.shares, label=label, linewidth=1.6)
        if crossing is not None and crossing <= nodes[-1]:
            axes.plot([crossing], [1], "o", color=line.get_color(), markersize=5)
    axes.axhline(1, color="black", linewidth=1)
    axes.axvline(today, color="grey", linewidth=1, linestyle="--")
    axes.set_ylim(0, BEYOND)
    axes.set_xlim(0, nodes[-1])
    axes.locator_params(axis="x", integer=True)
    axes.set_xlabel("nodes of the cell (dashed: today)")
    axes.set_ylabel("share of the limit")
    axes.legend(loc="upper left", fontsize=7, frameon=False)
    axes.set_title("Nodes against bounds, and the most that each allows")
    axes.spines[["top", "right"]].set_visible(False)


def _timeline(axes: Axes, readings: Sequence[Rebuilt], minutes: float) -> None:
    """Draw how many nodes have their pod addresses, minute by minute."""
    for rebuilt in readings:
        _ready(axes, rebuilt.unpaced, f"{rebuilt.reading}, all at once", "-")
        if rebuilt.paced:
            _ready(axes, rebuilt.paced, f"{rebuilt.reading}, {rebuilt.pace:g} nodes/s", "--")
    axes.axvline(minutes, color=OVER, linewidth=1)
    words = f"{minutes:g} minutes, our policy "
    above = axes.get_xaxis_transform()  # x in minutes, y in parts of the height
    axes.text(minutes, 0.96, words, color=OVER, fontsize=7, transform=above, ha="right")
    axes.set_xlim(left=0)
    axes.set_ylim(bottom=0)
    axes.locator_params(axis="y", integer=True)
    axes.set_xlabel("minutes since the first launch")
    axes.set_ylabel("nodes with pod addresses")
    axes.legend(loc="upper left", fontsize=7, frameon=False)
    axes.set_title("A rebuild, simulated (not measured on AWS)")
    axes.spines[["top", "right"]].set_visible(False)


def _ready(axes: Axes, run: Rebuild, label: str, style: str) -> None:
    counts = range(1, len(run.ready) + 1)
    axes.plot(run.ready, list(counts), style, label=f"{label}: last at {run.last:.0f}", lw=1.4)
