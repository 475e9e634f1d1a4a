"""Selection, the journal, the emulator's whereabouts and what is left for people."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from cellfactory.errors import TerraformError, UsageError
from cellfactory.layers import Layer, StackId
from cellfactory.terraform.emulated import (
    Server,
    claim_folder,
    find_server,
    forget_server,
    read_server,
    write_server,
)
from cellfactory.terraform.journal import Journal, find_journal, read_finished, work_key
from cellfactory.terraform.pending import orphaned
from cellfactory.terraform.results import Result, Status
from cellfactory.terraform.selection import Selection, select_stacks


def stack(cell: str, layer: Layer = "network") -> StackId:
    return StackId(cell, layer)


ALL = [stack("a"), stack("a", "cluster"), stack("b"), stack("b", "cluster")]


def test_nothing_named_selects_everything() -> None:
    assert select_stacks(ALL, Selection()) == tuple(ALL)


def test_cells_and_layers_narrow_each_other() -> None:
    assert select_stacks(ALL, Selection(cells=("b",), layers=("network", "cluster"))) == (
        ALL[2],
        ALL[3],
    )
    assert select_stacks(ALL, Selection(cells=("a", "b"), layers=("cluster",))) == (ALL[1], ALL[3])


@pytest.mark.parametrize(
    ("cells", "layers", "hint"),
    [
        (["moka-use1-x"], [], "did you mean 'moka-use1-a'?"),
        ([], ["net"], "did you mean 'network'?"),
    ],
)
def test_a_name_that_fits_nothing_is_answered_with_the_nearest(
    cells: list[str], layers: list[str], hint: str
) -> None:
    with pytest.raises(UsageError) as caught:
        select_stacks(
            [stack("moka-use1-a"), stack("zzz")],
            Selection(cells=tuple(cells), layers=tuple(layers)),
        )
    assert str(caught.value).endswith(hint)


def test_every_name_that_fits_nothing_is_told_of() -> None:
    with pytest.raises(UsageError) as caught:
        select_stacks(ALL, Selection(cells=("a", "x", "y", "x"), layers=("netwrk",)))
    told = [line for line in str(caught.value).splitlines() if line.startswith("unknown")]
    assert told == [
        "unknown cell 'x'",
        "unknown cell 'y'",
        "unknown layer 'netwrk'; did you mean 'network'?",
    ]


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
    with pytest.raises(TerraformError, match="F608 no sandbox is running"):
        find_server(tmp_path)


def test_one_that_died_is_told_apart(tmp_path: Path, server: Server) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closing:
        port = closing.getsockname()[1]
    gone = Server(id="one", pid=os.getpid(), endpoint=f"http://127.0.0.1:{port}")
    write_server(tmp_path, gone)
    with pytest.raises(
        TerraformError, match=f"F608 the sandbox at {gone.endpoint} no longer answers"
    ):
        find_server(tmp_path)
    write_server(tmp_path, Server(id="one", pid=2**22 + 1, endpoint=server.endpoint))
    with pytest.raises(TerraformError, match="no longer answers"):
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


def test_stacks_that_left_the_inventory_are_orphaned() -> None:
    assert orphaned([stack("gone"), stack("a")], [stack("a"), stack("b")]) == (stack("gone"),)


OWNED = [StackId("a", "network"), StackId("east", "gateway"), StackId("main", "bootstrap")]


@pytest.mark.parametrize(
    ("wanted", "kept"),
    [
        (Selection(cells=("a",)), ["a-network"]),
        (Selection(meshes=("east",)), ["east-gateway"]),
        (Selection(organizations=("main",)), ["main-bootstrap"]),
        (Selection(cells=("a",), meshes=("east",)), ["a-network", "east-gateway"]),
        (Selection(meshes=("east",), layers=("network",)), []),
        (Selection(stacks=("east-gateway",)), ["east-gateway"]),
        (Selection(cells=("a",), stacks=("main-bootstrap",)), ["a-network", "main-bootstrap"]),
        (Selection(layers=("network",), stacks=("east-gateway",)), ["a-network", "east-gateway"]),
    ],
)
def test_stacks_of_every_kind_of_owner_are_chosen_by_name(
    wanted: Selection, kept: list[str]
) -> None:
    assert [str(s) for s in select_stacks(OWNED, wanted)] == kept


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        (Selection(meshes=("a",)), "unknown mesh 'a'\n    known: east"),
        (Selection(organizations=("man",)), "did you mean 'main'?"),
        (Selection(stacks=("a-netwrk",)), "unknown stack 'a-netwrk'; did you mean"),
    ],
)
def test_an_owner_of_another_kind_is_no_such_owner(wanted: Selection, said: str) -> None:
    with pytest.raises(UsageError) as told:
        select_stacks(OWNED, wanted)
    assert said in str(told.value)
