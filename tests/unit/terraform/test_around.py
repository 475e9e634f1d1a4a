"""Selection, results, the journal, the emulator's whereabouts and what is left for people."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from factory.errors import TerraformError, UsageError
from factory.layers import Layer, StackId
from factory.terraform.emulated import (
    Server,
    claim_folder,
    find_server,
    forget_server,
    read_server,
    write_server,
)
from factory.terraform.journal import Journal, find_journal, read_finished, work_key
from factory.terraform.messages import Change, Counts, Diagnostic
from factory.terraform.pending import strangers
from factory.terraform.results import (
    Result,
    Status,
    render_dangers,
    render_errors,
    render_line,
    render_table,
    to_json,
)
from factory.terraform.selection import select_stacks


def stack(cell: str, layer: Layer = "network") -> StackId:
    return StackId(cell, layer)


ALL = [stack("a"), stack("a", "cluster"), stack("b"), stack("b", "cluster")]


def test_nothing_named_selects_everything() -> None:
    assert select_stacks(ALL, [], []) == tuple(ALL)


def test_cells_and_layers_narrow_each_other() -> None:
    assert select_stacks(ALL, ["b"], ["network", "cluster"]) == (ALL[2], ALL[3])
    assert select_stacks(ALL, ["a", "b"], ["cluster"]) == (ALL[1], ALL[3])


@pytest.mark.parametrize(
    ("cells", "layers", "hint"),
    [(["moka-use1-x"], [], "did you mean moka-use1-a?"), ([], ["net"], "did you mean network?")],
)
def test_a_name_that_fits_nothing_is_answered_with_the_nearest(
    cells: list[str], layers: list[str], hint: str
) -> None:
    with pytest.raises(UsageError) as caught:
        select_stacks([stack("moka-use1-a"), stack("zzz")], cells, layers)
    assert str(caught.value).endswith(hint)


def test_every_name_that_fits_nothing_is_told_of() -> None:
    with pytest.raises(UsageError) as caught:
        select_stacks(ALL, ["a", "x", "y", "x"], ["netwrk"])
    assert str(caught.value).splitlines()[::2] == [
        "there is no cell 'x' here",
        "there is no cell 'y' here",
        "there is no layer 'netwrk' here",
    ]


def test_a_line_of_what_broke_off_says_how_far_it_came() -> None:
    half = Result(stack=stack("a"), status="interrupted", counts=Counts(add=4), seconds=9)
    assert render_line(half) == "a-network  interrupted  +4 ~0 -0  9 s"
    none = Result(stack=stack("a"), status="interrupted", seconds=9)
    assert render_line(none) == "a-network  interrupted  9 s"


def test_a_line_of_progress() -> None:
    counts = Counts(add=43)
    applied = Result(stack=stack("moka-use1-a"), status="applied", counts=counts, seconds=38.2)
    assert render_line(applied) == "moka-use1-a-network  applied  +43 ~0 -0  38 s"
    skipped = Result(stack=stack("a", "cluster"), status="skipped", reason="needs a-network")
    assert render_line(skipped) == "a-cluster  skipped  needs a-network"


def test_the_same_error_is_shown_once_and_warnings_are_not() -> None:
    halted = Diagnostic(severity="error", summary="execution halted")
    warning = Diagnostic(severity="warning", summary="deprecated")
    result = Result(stack=stack("a"), status="failed", diagnostics=(halted, warning, halted))
    assert render_errors(result) == "    error: execution halted"


@pytest.mark.parametrize(("status", "shown"), [("planned", True), ("applied", False)])
def test_a_plan_names_what_it_would_destroy_or_replace(status: Status, shown: bool) -> None:
    planned = (
        Change(address="aws_vpc.a", resource_type="aws_vpc", key="", action="create"),
        Change(
            address="aws_vpc.b", resource_type="aws_vpc", key="", action="replace", reason="tainted"
        ),
        Change(address="aws_vpc.c", resource_type="aws_vpc", key="", action="delete"),
    )
    text = render_dangers(Result(stack=stack("a"), status=status, planned=planned))
    assert text == ("    replace aws_vpc.b (tainted)\n    delete aws_vpc.c" if shown else "")


def test_the_table_ends_with_the_sums() -> None:
    results = [
        Result(stack=stack("moka-use1-a"), status="applied", counts=Counts(add=1)),
        Result(stack=stack("b"), status="no-change"),
        Result(stack=stack("c"), status="skipped", reason="needs b-network"),
    ]
    assert render_table(results) == (
        "moka-use1-a-network  applied    +1 ~0 -0\n"
        "b-network            no change\n"
        "c-network            skipped    needs b-network\n"
        "3 stacks: 1 applied, 1 no change, 1 skipped"
    )
    assert render_table([]) == "0 stacks"


def test_results_for_machines() -> None:
    (row,) = to_json([Result(stack=stack("a"), status="planned", counts=Counts(change=2))])
    assert (row["stack"], row["status"], row["counts"]["change"]) == ("a-network", "planned", 2)
    json.dumps(row)


def test_a_journal_remembers_what_was_finished_and_by_which_work(tmp_path: Path) -> None:
    path = tmp_path / "runs" / "one.jsonl"
    journal = Journal(path, "apply")
    ended: dict[str, Status] = {"a": "applied", "b": "failed", "c": "no-change"}
    for cell, status in ended.items():
        journal.started(stack(cell), f"key-{cell}")
        journal.finished(Result(stack=stack(cell), status=status), f"key-{cell}")
    journal.started(stack("d"), "key-d")
    assert read_finished(path) == {"a-network": "key-a", "c-network": "key-c"}
    journal.started(stack("a"), "key-a2")  # taken up again, and cut off
    assert read_finished(path) == {"c-network": "key-c"}


def test_a_line_that_was_cut_off_is_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "one.jsonl"
    Journal(path, "apply").finished(Result(stack=stack("a"), status="applied"), "k")
    with path.open("a", encoding="utf-8") as stream:
        stream.write('{"event": "finished", "stack": "b-netw')
    assert read_finished(path) == {"a-network": "k"}
    path.write_text("[]\n3\n" + path.read_text("utf-8"), "utf-8")
    assert read_finished(path) == {"a-network": "k"}


def test_the_key_of_a_work_is_its_sources_and_its_inputs() -> None:
    keys = {work_key({"cdk.tf.json": text}, {"vpc_id": value}) for text in "ab" for value in "xy"}
    assert len(keys) == 4
    assert work_key({"a": "b"}, {"c": "d"}) == work_key({"a": "b"}, {"c": "d"})


def test_a_run_is_found_by_its_id_or_as_the_last_one(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no run 'last' to resume; the last ones are: none yet"):
        find_journal(tmp_path, "last")
    for name in ("20260101", "20260102"):
        Journal(tmp_path / f"{name}.jsonl", "apply")
    assert find_journal(tmp_path, "last").stem == "20260102"
    assert find_journal(tmp_path, "20260101").stem == "20260101"
    with pytest.raises(UsageError, match=r"no run '\.\./x' to resume; the last ones are: 20260101"):
        find_journal(tmp_path, "../x")


@pytest.fixture
def server() -> Iterator[Server]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        yield Server(id="one", pid=os.getpid(), endpoint=f"http://127.0.0.1:{port}")


def test_a_running_emulator_is_found(tmp_path: Path, server: Server) -> None:
    write_server(tmp_path, server)
    assert find_server(tmp_path) == server
    forget_server(tmp_path, Server(id="two", pid=1, endpoint="x"))
    assert read_server(tmp_path) == server
    forget_server(tmp_path, server)
    with pytest.raises(TerraformError, match="F608 no emulated AWS is running"):
        find_server(tmp_path)


def test_one_that_died_is_told_apart(tmp_path: Path, server: Server) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closing:
        port = closing.getsockname()[1]
    gone = Server(id="one", pid=os.getpid(), endpoint=f"http://127.0.0.1:{port}")
    write_server(tmp_path, gone)
    with pytest.raises(TerraformError, match=f"F608 the emulated AWS at {gone.endpoint} answers"):
        find_server(tmp_path)
    write_server(tmp_path, Server(id="one", pid=2**22 + 1, endpoint=server.endpoint))
    with pytest.raises(TerraformError, match="answers no more"):
        find_server(tmp_path)


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"id": 1, "pid": "x", "endpoint": ""}'])
def test_a_broken_server_file_is_none(tmp_path: Path, text: str) -> None:
    (tmp_path / "server.json").write_text(text, "utf-8")
    assert read_server(tmp_path) is None


def test_what_belongs_to_an_earlier_emulator_is_wiped_and_nothing_else(
    tmp_path: Path, server: Server
) -> None:
    assert not claim_folder(tmp_path, server)
    for name in ("state/a", "registry/a", "runs/a", "work/a", "world.json"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    assert not claim_folder(tmp_path, server)
    assert (tmp_path / "state" / "a").exists()
    assert claim_folder(tmp_path, Server(id="two", pid=1, endpoint="x"))
    assert sorted(p.name for p in tmp_path.iterdir()) == ["server-id", "world.json"]


def test_stacks_that_left_the_inventory() -> None:
    assert strangers([stack("gone"), stack("a")], [stack("a"), stack("b")]) == (stack("gone"),)
