"""A run on a terminal, and in a log: what is shown of the work that is going on."""

from __future__ import annotations

import io
import subprocess
import sys
import time

import pytest
from rich.console import Console
from rich.text import Text

from cellfactory.cli.live import Board, LiveView, Ticker, open_display
from cellfactory.cli.screen import set_loudness
from cellfactory.cli.watching import Terminal
from cellfactory.layers import StackId
from cellfactory.terraform.messages import Phase, Step, parse_step
from cellfactory.terraform.results import Result
from cellfactory.views.progress import Work

NETWORK = StackId("moka-use1-a", "network")
LONG = 'aws_route.to-peer-with-a-name-that-is-long-enough-to-be-cut["use1-az1 10.0.0.0/14"]'


def steps(phase: Phase, *told: tuple[str, str, str]) -> list[Step]:
    return [Step(phase=phase, address=a, action=w, event=e) for a, w, e in told]  # type: ignore[arg-type]


def test_work_is_told_by_its_phase_its_counts_and_the_latest_resource() -> None:
    work = Work(stack=NETWORK, begun=0)
    assert work.words == "starting"
    work.take(Step(phase="init"))
    assert work.words == "getting providers ready"
    for step in steps("plan", ("aws_vpc.cell", "refresh", "started")):
        work.take(step)
    assert work.words == "planning: refreshing aws_vpc.cell"
    for step in steps(
        "apply",
        ("aws_vpc.cell", "create", "planned"),
        ("aws_subnet.a", "create", "planned"),
        ("aws_vpc.cell", "create", "started"),
        ("aws_vpc.cell", "create", "ongoing"),
    ):
        work.take(step)
    assert work.words == "applying 0 of 2: creating aws_vpc.cell"
    work.take(steps("apply", ("aws_vpc.cell", "create", "done"))[0])
    assert work.words == "applying 1 of 2"


def test_what_takes_long_is_named_with_its_time_and_the_rest_is_counted() -> None:
    work = Work(stack=NETWORK, begun=100.0)
    hook = '{"resource":{"addr":"aws_eks_cluster.cell"},"action":"create","elapsed_seconds":250}'
    told = parse_step(f'{{"type":"apply_progress","hook":{hook}}}'.encode(), "apply")
    assert told is not None
    work.take(told, 400.0)
    for name in ("a", "b"):
        work.take(steps("apply", (f"aws_route.{name}", "create", "started"))[0], 401.0)
    work.take(steps("apply", ("aws_route.a", "create", "ongoing"))[0], 402.0)
    assert work.told(402.0) == "applying: creating aws_eks_cluster.cell (4m12s) and 2 more"
    work.take(steps("apply", ("aws_eks_cluster.cell", "create", "done"))[0], 403.0)
    assert work.told(403.0) == "applying: creating aws_route.a and 1 more"


def test_what_terraform_says_is_read_line_by_line() -> None:
    hook = '"hook":{"resource":{"addr":"aws_vpc.a"},"action":"create","elapsed_seconds":10}'
    told = parse_step(f'{{"type":"apply_progress",{hook}}}'.encode(), "apply")
    assert told == Step(
        phase="apply", address="aws_vpc.a", action="create", event="ongoing", seconds=10
    )
    for line in (b"", b"panic: no JSON", b'{"type":"version"}', b'{"type":"apply_start"}', b"[1]"):
        assert parse_step(line, "apply") is None


@pytest.mark.parametrize("columns", [40, 80, 120])
def test_a_live_view_is_as_wide_as_the_terminal_and_leaves_nothing_behind(
    columns: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    shown = io.StringIO()
    console = Console(file=shown, force_terminal=True, width=columns, height=10, no_color=True)
    board = Board()
    board.total = 40
    for number in range(20):
        board.started(StackId(f"moka-use1-{number:02}", "network"))
    board.started(NETWORK)
    board.working(NETWORK, Step(phase="apply", address=LONG, action="create", event="started"))
    view = LiveView(board, console)
    with console.capture() as captured:
        console.print(view._picture())
    lines = [Text.from_ansi(line).plain for line in captured.get().splitlines()]
    assert len(lines) == 7, "as many as the terminal has room for"
    assert max(map(len, lines)) <= columns
    assert "0 of 40 s" in lines[-1]
    view.start()
    view.tell("[  1/40] moka-use1-a-network  applied")
    view.stop()
    assert "[  1/40] moka-use1-a-network  applied\n" in shown.getvalue()
    assert "\x1b[?25h" in shown.getvalue(), "the cursor is back"


def test_a_log_gets_a_line_a_minute(capsys: pytest.CaptureFixture[str]) -> None:
    board = Board()
    board.started(NETWORK)
    board.working(NETWORK, steps("apply", ("aws_vpc.a", "create", "started"))[0])
    ticker = Ticker(board, seconds=0.05)
    ticker.start()
    time.sleep(0.3)
    ticker.stop()
    told = capsys.readouterr().err.splitlines()
    assert told
    assert "moka-use1-a-network  still applying: creating aws_vpc.a, 0s in all" in told[0]


def test_where_there_is_no_terminal_each_stack_is_told_as_it_begins_and_ends(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert isinstance(open_display(Board()), Ticker)
    with Terminal() as watcher:
        watcher.begun(1)
        watcher.started(NETWORK)
        watcher.finished(Result(stack=NETWORK, status="applied", seconds=3))
    assert capsys.readouterr().err.splitlines() == [
        "         moka-use1-a-network  ...",
        "[  1/1] moka-use1-a-network  applied  +0 ~0 -0  3 s",
    ]


def test_quiet_shows_what_failed_alone(capsys: pytest.CaptureFixture[str]) -> None:
    set_loudness(quiet=True, verbose=False)
    try:
        with Terminal() as watcher:
            watcher.begun(2)
            watcher.started(NETWORK)
            watcher.finished(Result(stack=NETWORK, status="applied"))
            watcher.finished(Result(stack=NETWORK, status="failed", reason="no"))
    finally:
        set_loudness(quiet=False, verbose=False)
    assert capsys.readouterr().err.splitlines() == ["[  2/2] moka-use1-a-network  failed  no"]


def test_verbose_shows_each_resource(capsys: pytest.CaptureFixture[str]) -> None:
    done = Step(phase="apply", address="aws_vpc.a", action="create", event="done", seconds=80)
    set_loudness(quiet=False, verbose=True)
    try:
        with Terminal() as watcher:
            watcher.begun(1)
            watcher.working(NETWORK, done)
    finally:
        set_loudness(quiet=False, verbose=False)
    assert capsys.readouterr().err.strip() == "moka-use1-a-network  aws_vpc.a created (1m20s)"


def test_nothing_of_the_view_is_imported_where_nothing_is_watched() -> None:
    code = (
        "import sys, cellfactory.cli; print([m for m in sys.modules if m.split('.')[0] == 'rich'])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_ring_that_bakes_is_shown_with_the_time_left_until_it_is_over() -> None:
    board = Board()
    board.bakes("canary", 1800)
    assert board.rows() in ([("ring canary", "bakes", f"{t} left")] for t in ("30m", "29m59s"))
    board.bakes("canary", 0)
    assert board.rows() == []


def test_a_log_has_a_line_a_minute_of_a_ring_that_bakes(capsys: pytest.CaptureFixture[str]) -> None:
    board = Board()
    board.bakes("canary", 1800)
    ticker = Ticker(board, seconds=0.01)
    ticker.start()
    time.sleep(0.1)
    ticker.stop()
    assert "ring canary bakes, 29m59s left" in capsys.readouterr().err
