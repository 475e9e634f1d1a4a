"""One cell as a picture: how full its bounds are, where they cross, how a rebuild goes.

matplotlib is the optional extra `plot`: it draws PNG and SVG alike, which an own drawing could
not, and nobody who only checks cells has to install it.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil
from pathlib import Path
from typing import TYPE_CHECKING

from factory.cli.size_answers import rebuild_all
from factory.cli.size_text import fullest
from factory.errors import UsageError
from factory.sizing.bounds import BOUNDS
from factory.sizing.rebuild import Rebuild
from factory.sizing.rules import amount
from factory.sizing.scale import scale_nodes
from factory.sizing.setting import Setting, size_setting
from factory.sizing.solve import most_nodes
from factory.sizing.usage import Usage

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FORMATS = (".png", ".svg")
MOST_BARS = 22  # the fullest; more would not be read
MOST_CURVES = 7  # those that bind first
POINTS = 60  # of each curve
PAST = 1.2  # curves go so far beyond the nodes at which the first bound that must hold is full
BEYOND = 1.6  # share of a limit up to which curves and bars are drawn
COLOURS = {"error": "#2f6f9f", "warning": "#c58a1d", "note": "#9a9a9a"}
OVER = "#b3372f"


def require_format(file: Path) -> None:
    """Refuse a file that cannot be drawn.

    Raises:
        UsageError: when its name does not end in .png or .svg.
    """
    if file.suffix.lower() not in FORMATS:
        msg = f"{file}: a picture ends in {' or '.join(FORMATS)}"
        raise UsageError(msg)


def draw_cell(usages: Sequence[Usage], setting: Setting, file: Path) -> None:
    """Draw one cell; the same cell gives the same picture, byte for byte in SVG.

    Raises:
        UsageError: when matplotlib is missing, or the file cannot be written.
    """
    require_format(file)
    try:
        import matplotlib as mpl
        from matplotlib.figure import Figure
    except ImportError as error:
        msg = "--plot draws with matplotlib: pip install 'cellfactory[plot]'"
        raise UsageError(msg) from error
    with mpl.rc_context({"svg.hashsalt": "cellfactory", "svg.fonttype": "none", "font.size": 8.5}):
        figure = Figure(figsize=(12, 13), layout="constrained")
        bars, curves, timeline = figure.subplots(3, 1, height_ratios=[1.35, 1, 0.9])
        _bars(bars, usages)
        _curves(curves, setting)
        _timeline(timeline, setting)
        figure.suptitle(f"{setting.shape.name}: {setting.shape.nodes:,} nodes", fontsize=13)
        metadata = {"Date": None} if file.suffix.lower() == ".svg" else {}
        try:
            figure.savefig(file, metadata=metadata, dpi=130)
        except OSError as error:
            msg = f"cannot write {file}: {error.strerror}"
            raise UsageError(msg) from error


def _bars(axes: Axes, usages: Sequence[Usage]) -> None:
    """Draw the fullest bounds, the fullest on top."""
    shown = sorted(fullest(usages), key=lambda usage: usage.share)[-MOST_BARS:]
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


def _curves(axes: Axes, setting: Setting) -> None:
    """Draw the share of each limit against the nodes, and where it is used up."""
    group_size = setting.facts.group_size
    zones = len(setting.shape.zones)
    gating = {u.bound for u in size_setting(setting) if u.gate == "error" and u.per_node}
    first = min((n for n in most_nodes(setting, gating).values() if n is not None), default=0)
    most = max(zones * 2, 2 * setting.shape.nodes, ceil(PAST * first))
    sizes = sorted({max(1, most * step // (POINTS * zones)) for step in range(1, POINTS + 1)})
    shares: dict[str, list[float]] = {}
    for per_zone in sizes:
        sized = fullest(size_setting(setting, scale_nodes(setting.shape, per_zone, group_size)))
        for usage in sized:
            if usage.per_node and usage.gate != "note":
                shares.setdefault(usage.bound, []).append(usage.share)
    nodes = [zones * per_zone for per_zone in sizes]
    drawn = sorted(shares, key=lambda bound: -shares[bound][-1])[:MOST_CURVES]
    allowed = most_nodes(setting, drawn)
    for bound in drawn:
        crossing = allowed[bound]
        label = BOUNDS[bound].title + (f": {crossing:,} nodes" if crossing is not None else "")
        (line,) = axes.plot(nodes, shares[bound], label=label, linewidth=1.6)
        if crossing is not None and crossing <= nodes[-1]:
            axes.plot([crossing], [1], "o", color=line.get_color(), markersize=5)
    axes.axhline(1, color="black", linewidth=1)
    axes.axvline(setting.shape.nodes, color="grey", linewidth=1, linestyle="--")
    axes.set_ylim(0, BEYOND)
    axes.set_xlim(0, nodes[-1])
    axes.locator_params(axis="x", integer=True)
    axes.set_xlabel("nodes of the cell (dashed: today)")
    axes.set_ylabel("share of the limit")
    axes.legend(loc="upper left", fontsize=7, frameon=False)
    axes.set_title("Nodes against bounds, and the most that each allows")
    axes.spines[["top", "right"]].set_visible(False)


def _timeline(axes: Axes, setting: Setting) -> None:
    """Draw how many nodes have their pod addresses, minute by minute."""
    for rebuilt in rebuild_all(setting):
        _ready(axes, rebuilt.unpaced, f"{rebuilt.reading}, all at once", "-")
        if rebuilt.paced:
            _ready(axes, rebuilt.paced, f"{rebuilt.reading}, {rebuilt.pace:g} nodes/s", "--")
    minutes = setting.facts.policy_value("rebuild-minutes")
    axes.axvline(minutes, color=OVER, linewidth=1)
    words = f"{minutes:g} minutes, our policy "
    above = axes.get_xaxis_transform()  # x in minutes, y in parts of the height
    axes.text(minutes, 0.96, words, color=OVER, fontsize=7, transform=above, ha="right")
    axes.set_xlim(left=0)
    axes.set_ylim(bottom=0)
    axes.locator_params(axis="y", integer=True)
    axes.set_xlabel("minutes since the first call")
    axes.set_ylabel("nodes with pod addresses")
    axes.legend(loc="upper left", fontsize=7, frameon=False)
    axes.set_title("A rebuild, simulated (not measured on AWS)")
    axes.spines[["top", "right"]].set_visible(False)


def _ready(axes: Axes, run: Rebuild, label: str, style: str) -> None:
    counts = range(1, len(run.ready) + 1)
    axes.plot(run.ready, list(counts), style, label=f"{label}: last at {run.last:.0f}", lw=1.4)
