"""What is being worked on, kept up to date: a live view on a terminal, a line a minute elsewhere.

The terminal's library is imported only where there is a terminal and something to watch.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from typing import TYPE_CHECKING, Any, Protocol

from cellfactory.cli.screen import is_quiet, say, style_of, wants_colour, warn
from cellfactory.layers import StackId
from cellfactory.terraform.messages import Step
from cellfactory.views.progress import Work, elapsed, render_still

if TYPE_CHECKING:
    from rich.console import RenderableType

MINUTE = 60.0  # seconds between two lines where there is no terminal
PER_SECOND = 4  # pictures of a live view


class Board:
    """The stacks that are being worked on; told from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._works: dict[StackId, Work] = {}
        self.begun = time.monotonic()
        self.total = self.done = 0
        self.stopping = False
        self._baking: tuple[str, float] | None = None  # a ring, and until when it bakes

    def bakes(self, ring: str, seconds: float) -> None:
        """Note that a ring bakes for so long from now on (s); 0 says that it is over."""
        self._baking = (ring, time.monotonic() + seconds) if seconds else None

    @property
    def baking(self) -> tuple[str, str] | None:
        """The ring that bakes, and for how much longer."""
        if (baking := self._baking) is None:
            return None
        ring, until = baking
        return f"ring {ring}", f"{elapsed(max(until - time.monotonic(), 0))} left"

    def started(self, stack: StackId) -> None:
        """Put a stack up."""
        with self._lock:
            self._works[stack] = Work(stack=stack, begun=time.monotonic())

    def working(self, stack: StackId, step: Step) -> None:
        """Take in what Terraform does for a stack."""
        with self._lock:
            if stack in self._works:
                self._works[stack].take(step, time.monotonic())

    def waiting(self, stack: StackId, why: str) -> None:
        """Note why a stack does not go on."""
        with self._lock:
            if stack in self._works:
                self._works[stack].waits = why

    def finished(self, stack: StackId) -> int:
        """Take a stack down; returns how many are done."""
        with self._lock:
            self._works.pop(stack, None)
            self.done += 1
            return self.done

    def rows(self) -> list[tuple[str, str, str]]:
        """List stack, what is done for it, and for how long; the longest first."""
        now = time.monotonic()
        with self._lock:
            works = sorted(self._works.values(), key=lambda work: work.begun)
            rows = [(str(w.stack), w.told(now), elapsed(now - w.begun)) for w in works]
        return rows if (told := self.baking) is None else [(told[0], "bakes", told[1]), *rows]

    def still(self, seconds: float) -> list[str]:
        """Say of each stack that was begun so long ago that it is being worked on."""
        now = time.monotonic()
        with self._lock:
            return [render_still(w, now) for w in self._works.values() if now - w.begun >= seconds]

    @property
    def sums(self) -> str:
        """Say how far the whole run is."""
        took = elapsed(time.monotonic() - self.begun)
        end = "; stopping, Terraform finishes what it has begun" if self.stopping else ""
        return f"{self.done:,} of {self.total:,} stacks, {took}{end}"


class Display(Protocol):
    """Shows a board for as long as a run lasts."""

    shows_running: bool  # so that nobody need say what begins

    def start(self) -> None:
        """Begin."""

    def stop(self) -> None:
        """End, and leave nothing behind on the screen."""

    def tell(self, text: str, *, always: bool = False) -> None:
        """Write a line that stays; `always` also where a person asked for quiet."""


def open_display(board: Board) -> Display:
    """Choose how to show a board."""
    is_screen = sys.stderr.isatty() and os.environ.get("TERM") != "dumb"
    return LiveView(board) if is_screen and not is_quiet() else Ticker(board)


class Ticker:
    """A line a minute for each stack that takes longer than that."""

    shows_running = False

    def __init__(self, board: Board, seconds: float = MINUTE) -> None:
        self._board, self._seconds = board, seconds
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End."""
        self._end.set()
        self._thread.join()

    def tell(self, text: str, *, always: bool = False) -> None:
        """Write a line."""
        if always:
            warn(text)
        else:
            say(text)

    def _run(self) -> None:
        while not self._end.wait(self._seconds):
            if (told := self._board.baking) is not None:
                say(f"         {' bakes, '.join(told)}")
            for line in self._board.still(self._seconds):
                say(f"         {line}")


class LiveView:
    """Below the lines that stay: each stack with what Terraform does for it, and the sums."""

    shows_running = True

    def __init__(self, board: Board, console: Any = None) -> None:
        from rich.console import Console
        from rich.live import Live

        no_colour = not wants_colour(sys.stderr, os.environ)
        self._board, self._style = board, style_of(sys.stderr)
        self._console = console or Console(stderr=True, no_color=no_colour, highlight=False)
        self._live = Live(
            console=self._console,
            get_renderable=self._picture,
            refresh_per_second=PER_SECOND,
            transient=True,
            redirect_stdout=False,
            redirect_stderr=False,
        )

    def start(self) -> None:
        """Begin."""
        self._live.start()

    def stop(self) -> None:
        """End."""
        self._live.stop()

    def tell(self, text: str, *, always: bool = False) -> None:  # noqa: ARG002 - is never quiet
        """Write lines above the view."""
        from rich.text import Text

        for line in text.splitlines():
            shown = [line] if "\x1b" in line else self._style.wrap(line)
            for part in shown:
                self._console.print(Text.from_ansi(part), soft_wrap=True)

    def _picture(self) -> RenderableType:
        from rich.table import Table
        from rich.text import Text

        rows = self._board.rows()
        most = max(self._console.height - 4, 1)
        table = Table.grid(padding=(0, 2), expand=True)
        table.add_column(no_wrap=True, overflow="ellipsis", style="bold", max_width=30)
        table.add_column(no_wrap=True, overflow="ellipsis", ratio=1)
        table.add_column(no_wrap=True, justify="right", style="dim", min_width=6)
        for stack, words, took in rows[:most]:
            table.add_row(Text(stack), Text(words), took)
        more = f" ({len(rows) - most:,} more at work)" if len(rows) > most else ""
        table.add_row(Text("total", style="dim"), Text(f"{self._board.sums}{more}", style="dim"))
        return table
