"""What is asked between two rings: clusters, and programs of one's own."""

from __future__ import annotations

import signal
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from cellfactory.cli.rings import read_bake, read_checks
from cellfactory.errors import Finding, UsageError
from cellfactory.layers import Stack
from cellfactory.runs.request import Request
from cellfactory.runs.ring_checks import checks_of
from cellfactory.runs.rings import Turn
from cellfactory.terraform.record import Record
from tests.unit.runs.conftest import recorded
from tests.unit.terraform.scene import Scene, cluster, network

CLUSTERS = {name: replace(cluster(name), outputs={"cluster_name": "string"}) for name in ("a", "b")}
TURN = Turn(
    ring="canary",
    stacks=(network("a"), CLUSTERS["a"], CLUSTERS["b"]),
    bake=None,
    is_followed=True,
    touched=3,
)


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return Scene(tmp_path)


def nothing(_stack: Stack, _record: Record) -> tuple[Finding, ...]:
    return ()


def python(code: str) -> tuple[str, ...]:
    return (sys.executable, "-c", code)


def check(
    scene: Scene, *programs: tuple[str, ...], turn: Turn = TURN, unwell: Mapping[str, str] = {}
) -> tuple[list[str], list[Finding]]:
    """What was asked of clusters, and what was found."""
    context, asked = scene.context(), []
    for name in ("a", "b"):
        context.registry.write(recorded(name, "cluster", outputs={"cluster_name": name}))

    def ask(stack: Stack, _: Record) -> tuple[Finding, ...]:
        asked.append(stack.id.owner)
        told = unwell.get(stack.id.owner)
        return (Finding(rule="F661", message=told),) if told else ()

    request = Request(mode="sandbox", home=scene.root, checks=programs)
    return asked, list(checks_of(context, request, ask)(turn))


def test_every_cluster_of_a_ring_is_asked(scene: Scene) -> None:
    asked, found = check(scene, unwell={"b": "ill"})
    assert sorted(asked) == ["a", "b"]
    assert [f.message for f in found] == ["ill"]


def test_nobody_counts_on_the_last_ring(scene: Scene) -> None:
    assert check(scene, turn=replace(TURN, is_followed=False)) == ([], [])


def test_a_cluster_that_is_not_there_is_not_asked(scene: Scene) -> None:
    context = scene.context()
    context.registry.write(replace(recorded("a", "cluster"), complete=False))
    asked: list[str] = []

    def ask(stack: Stack, _: Record) -> tuple[Finding, ...]:
        asked.append(stack.id.owner)
        return ()

    assert not checks_of(context, Request(mode="sandbox"), ask)(TURN)
    assert asked == []


def test_a_program_is_told_the_ring_and_its_cells_and_runs_beside_the_inventory(
    scene: Scene,
) -> None:
    code = (
        "import os, pathlib; pathlib.Path('told').write_text("
        "os.environ['CELLFACTORY_RING'] + ':' + os.environ['CELLFACTORY_CELLS'])"
    )
    assert check(scene, python(code))[1] == []
    assert (scene.root / "told").read_text("utf-8") == "canary:a b"


def test_a_program_that_fails_holds_the_ring_with_its_last_words(scene: Scene) -> None:
    late = python("open('never', 'w')")
    _, (found,) = check(scene, python("print('p99 is 4 s'); raise SystemExit(3)"), late)
    assert found.rule == "F662"
    assert found.message.endswith("ended with exit code 3")
    assert found.hint == "p99 is 4 s"
    assert not (scene.root / "never").exists()


def test_no_program_runs_where_a_cluster_does_not_do_well(scene: Scene) -> None:
    check(scene, python("open('never', 'w')"), unwell={"a": "ill"})
    assert not (scene.root / "never").exists()


@pytest.mark.parametrize("word", ["./not-there", "$(touch x)", "; true"])
def test_a_program_that_cannot_be_run_holds_the_ring_and_no_shell_reads_it(
    scene: Scene, word: str
) -> None:
    _, (found,) = check(scene, (word,))
    assert (found.rule, "cannot be run" in found.message) == ("F662", True)
    assert not (scene.root / "x").exists()


def test_an_interrupt_ends_a_program(scene: Scene) -> None:
    context = scene.context()
    request = Request(
        mode="sandbox", home=scene.root, checks=(python("import time; time.sleep(60)"),)
    )
    stop = threading.Timer(0.5, context.children.stop, [signal.SIGINT])
    stop.start()
    began = time.monotonic()
    assert checks_of(context, request, nothing)(TURN) == []
    assert time.monotonic() - began < 30
    stop.join()


def test_options_are_read_as_a_shell_would() -> None:
    assert read_checks(["./smoke.sh --for 'a b'"], no_check=False) == (
        ("./smoke.sh", "--for", "a b"),
    )
    assert (read_checks([], no_check=False), read_checks(None, no_check=True)) == (None, ())
    assert (read_bake("5m", no_bake=False), read_bake(None, no_bake=True)) == (300.0, 0.0)
    assert read_bake(None, no_bake=False) is None
    with pytest.raises(UsageError, match="name a program"):
        read_checks([" "], no_check=False)
    with pytest.raises(UsageError, match="give one of them"):
        read_checks(["true"], no_check=True)
    for wrong in ("", "5", "-5m", "5 m", "1.5h", "5M", "\uff15m", "m"):
        with pytest.raises(UsageError, match="--bake"):
            read_bake(wrong, no_bake=False)
