"""Processes of other programs: what they print, how they end, and who may interrupt them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from cellfactory import processes
from cellfactory.processes import Children, Finished, forwarding_signals, run_process


def python(code: str, tmp_path: Path, **options: object) -> Finished:
    return run_process([sys.executable, "-c", code], cwd=tmp_path, env={}, **options)  # type: ignore[arg-type]


def test_streams_exit_code_folder_and_environment(tmp_path: Path) -> None:
    code = (
        "import os, sys; print(os.getcwd(), 'LEAK' in os.environ, os.environ['A']);"
        "print('err', file=sys.stderr); print(repr(sys.stdin.read())); sys.exit(7)"
    )
    finished = run_process([sys.executable, "-c", code], cwd=tmp_path, env={"A": "b"})
    assert finished.stdout == f"{tmp_path} False b\n''\n"
    assert (finished.stderr, finished.code, finished.timed_out) == ("err\n", 7, False)


def test_streams_can_be_merged(tmp_path: Path) -> None:
    code = "import sys; print(1, flush=True); print(2, file=sys.stderr, flush=True); print(3)"
    finished = python(code, tmp_path, merge_stderr=True)
    assert (finished.stdout, finished.stderr) == ("1\n2\n3\n", "")


def test_what_is_not_utf8_does_not_break_the_reader(tmp_path: Path) -> None:
    finished = python("import os; os.write(1, b'a\\xffb')", tmp_path)
    assert finished.stdout == "a\ufffdb"


def test_more_output_than_a_pipe_holds(tmp_path: Path) -> None:
    code = "import sys; sys.stderr.write('e' * 300_000); print('o' * 300_000)"
    finished = python(code, tmp_path)
    assert (len(finished.stdout), len(finished.stderr)) == (300_001, 300_000)


def test_a_program_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        run_process(["/no/such/program"], cwd=tmp_path, env={})


def test_a_child_has_a_process_group_of_its_own(tmp_path: Path) -> None:
    finished = python("import os; print(os.getpgid(0))", tmp_path)
    assert int(finished.stdout) != os.getpgid(0)


def test_out_of_time_a_child_is_interrupted_and_may_finish_its_work(tmp_path: Path) -> None:
    code = (
        "import signal, sys, time\n"
        "signal.signal(signal.SIGINT, lambda *_: sys.exit(print('saved', flush=True)))\n"
        "time.sleep(60)"
    )
    finished = python(code, tmp_path, timeout_seconds=1.0)
    assert (finished.stdout, finished.code, finished.timed_out) == ("saved\n", 0, True)


def test_a_child_that_does_not_listen_is_killed_with_its_own_children(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processes, "GRACE_SECONDS", 0.2)
    code = (
        "import signal, subprocess, sys, time\n"
        "signal.signal(signal.SIGINT, signal.SIG_IGN)\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
        "print(child.pid, flush=True); time.sleep(60)"
    )
    finished = python(code, tmp_path, timeout_seconds=1.0)
    assert (finished.code, finished.timed_out) == (-signal.SIGKILL, True)
    assert finished.seconds < 30
    grandchild = int(finished.stdout)
    late = time.monotonic() + 10
    while is_running(grandchild) and time.monotonic() < late:
        time.sleep(0.05)
    assert not is_running(grandchild)


@pytest.mark.parametrize("signum", [signal.SIGKILL, signal.SIGTERM])
def test_what_a_killed_child_has_left_ends_with_it(tmp_path: Path, signum: signal.Signals) -> None:
    code = (
        "import os, subprocess, sys\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
        f"print(child.pid, flush=True); os.kill(os.getpid(), {int(signum)})"
    )
    finished = python(code, tmp_path)
    assert finished.code == -signum
    late = time.monotonic() + 10
    while is_running(int(finished.stdout)) and time.monotonic() < late:
        time.sleep(0.05)
    assert not is_running(int(finished.stdout))


def test_what_a_child_has_left_that_ended_by_itself_goes_on(tmp_path: Path) -> None:
    code = (
        "import subprocess, sys\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
        "print(child.pid, flush=True)"
    )
    left = int(python(code, tmp_path).stdout)
    assert is_running(left)
    os.kill(left, signal.SIGKILL)


def is_running(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


COUNTING = (
    "import pathlib, signal, sys, time\n"
    "seen = []\n"
    "signal.signal(signal.SIGINT, lambda n, _: seen.append(n))\n"
    "signal.signal(signal.SIGTERM, lambda n, _: seen.append(n))\n"
    "pathlib.Path('ready').touch()\n"
    "end = time.monotonic() + 30\n"
    "while not seen and time.monotonic() < end: time.sleep(0.01)\n"
    "time.sleep(0.3)\n"
    "print(seen)"
)


@pytest.mark.parametrize(
    ("signum", "told"),
    [
        (signal.SIGINT, signal.SIGINT),
        (signal.SIGTERM, signal.SIGTERM),
        (signal.SIGHUP, signal.SIGTERM),
    ],
)
def test_a_signal_is_forwarded_once_however_often_it_comes(
    tmp_path: Path, signum: signal.Signals, told: signal.Signals
) -> None:
    children = Children()
    said: list[str] = []
    thread = threading.Thread(
        target=lambda: said.append(python(COUNTING, tmp_path, children=children).stdout)
    )
    before = signal.signal(signum, signal.SIG_DFL)  # who started these tests may ignore it
    try:
        with forwarding_signals(children):
            thread.start()
            while not (tmp_path / "ready").exists():
                time.sleep(0.01)
            os.kill(os.getpid(), signum)
            time.sleep(0.05)
            os.kill(os.getpid(), signum)
            thread.join()
            assert children.stopping
        assert signal.getsignal(signum) == signal.SIG_DFL
    finally:
        signal.signal(signum, before)
    assert said == [f"[{int(told)}]\n"]


def test_a_terminal_that_is_closed_under_nohup_changes_nothing() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        children = Children()
        with forwarding_signals(children):
            os.kill(os.getpid(), signal.SIGHUP)
            assert signal.getsignal(signal.SIGHUP) == signal.SIG_IGN
        assert not children.stopping
    finally:
        signal.signal(signal.SIGHUP, before)


TALKING = (
    "import os, pathlib, signal, time\n"
    "signal.signal(signal.SIGPIPE, signal.SIG_DFL)\n"  # as Go has it
    "parent = os.getppid()\n"
    "pathlib.Path('ready').touch()\n"
    "while os.getppid() == parent: time.sleep(0.01)\n"
    "print('still at work', flush=True)\n"
    "pathlib.Path('done').touch()\n"
)


def test_when_we_are_killed_a_child_goes_on_to_its_end(tmp_path: Path, project_root: Path) -> None:
    starting = (
        "import os, sys; from pathlib import Path; from cellfactory.processes import run_process\n"
        "run_process([sys.executable, '-c', sys.argv[1]], cwd=Path(sys.argv[2]), env=os.environ)"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", starting, TALKING, str(tmp_path)], cwd=project_root
    )
    late = time.monotonic() + 30
    while not (tmp_path / "ready").exists() and time.monotonic() < late:
        time.sleep(0.01)
    parent.kill()
    parent.wait()
    while not (tmp_path / "done").exists() and time.monotonic() < late:
        time.sleep(0.01)
    assert (tmp_path / "done").exists()


def test_a_child_that_starts_after_the_signal_is_told_at_once(tmp_path: Path) -> None:
    children = Children()
    children.stop(signal.SIGTERM)
    finished = python("import time; time.sleep(60)", tmp_path, children=children)
    assert finished.code == -signal.SIGTERM


def test_outside_of_the_main_thread_handlers_stay_as_they_are() -> None:
    before = signal.getsignal(signal.SIGINT)
    seen: list[object] = []

    def look() -> None:
        with forwarding_signals(Children()):
            seen.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=look)
    thread.start()
    thread.join()
    assert seen == [before]


def test_each_line_is_heard_while_it_runs_and_all_is_kept_in_the_log(tmp_path: Path) -> None:
    script = (
        "import sys, time\n"
        "for i in range(3):\n"
        "    print('line', i, flush=True); time.sleep(0.4)\n"
        "sys.stdout.write('no end')\n"
    )
    log = tmp_path / "apply.log"
    heard: list[tuple[bytes, float]] = []
    started = time.monotonic()
    finished = run_process(
        [sys.executable, "-c", script],
        cwd=tmp_path,
        env={},
        log=log,
        heard=lambda line: heard.append((line, time.monotonic() - started)),
    )
    took = time.monotonic() - started
    assert [line for line, _ in heard] == [b"line 0", b"line 1", b"line 2"]
    assert heard[0][1] < took - 0.6, "long before the end"
    assert finished.log == log
    assert log.read_bytes() == finished.output == b"line 0\nline 1\nline 2\nno end"


def test_people_are_told_of_each_signal_and_children_of_the_first_alone() -> None:
    told: list[str] = []
    children = Children(lambda: told.append("stopped"))
    children.stop(signal.SIGINT)
    children.stop(signal.SIGTERM)
    assert told == ["stopped", "stopped"]
