"""What others write may have any shape: it is a sentence, or nothing, and never a traceback.

Terraform's own JSON, records and journals that lie where anybody can edit them, what an emulator
said of itself: valid ones, in which a part was exchanged for something else, and any JSON at all.
"""

from __future__ import annotations

import contextlib
import copy
import json
import tempfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cellfactory.errors import FactoryError
from cellfactory.layers import StackId
from cellfactory.runs.recorded import recorded_cell
from cellfactory.terraform.emulated import SERVER_FILE, is_alive, read_server
from cellfactory.terraform.journal import read_finished
from cellfactory.terraform.messages import parse_outputs, parse_report, parse_validation
from cellfactory.terraform.orphans import held_by
from cellfactory.terraform.record import Record, parse_record, render_record, told_waits_for
from cellfactory.terraform.workspace import digest_sources

HOOK = {
    "resource": {"addr": "a.b", "resource_type": "a", "resource_key": "k"},
    "action": "create",
    "id_key": "id",
    "id_value": "x",
}
MESSAGES = [
    *({"type": kind, "change": HOOK} for kind in ("planned_change", "resource_drift")),
    *({"type": kind, "hook": HOOK} for kind in ("apply_start", "apply_complete", "apply_errored")),
    {"type": "diagnostic", "diagnostic": {"severity": "error", "summary": "x", "detail": "y"}},
    {"type": "outputs", "outputs": {"a": {"sensitive": False, "value": "b"}}},
    {"type": "log", "state": {"serial": 1}},
]
DOCUMENT = {
    "resource": {
        "aws_vpc": {"cell": {"cidr_block": "10.0.0.0/16"}},
        "aws_vpc_ipv4_cidr_block_association": {"pods": {"cidr_block": "100.64.0.0/16"}},
        "aws_organizations_account": {"cell": {"email": "a@example.com"}},
    }
}
RECORD = {
    "version": 2,
    "owner": {"kind": "cell", "name": "a"},
    "layer": "network",
    "account": "444444444444",
    "region": "us-east-1",
    "complete": True,
    "digest": "",
    "inputs": {"a": "b"},
    "outputs": {"c": {"d": "e"}, "f": ["g"]},
    "waits_for": [["a", "account"]],
    "sources": {"cdk.tf.json": "{}"},
}
STATE = {"resources": [{"instances": [{"attributes": {"id": "x", "arn": "arn:a", "b": ["c"]}}]}]}
JOURNAL = [
    {"event": "begun", "command": "apply"},
    {"event": "started", "stack": "a-network", "key": "k"},
    {"event": "finished", "stack": "a-network", "key": "k", "status": "applied", "counts": "+1"},
]
SERVER = {"id": "x", "pid": 1, "endpoint": "http://127.0.0.1:9"}


def lines(told: Any) -> str:
    return "\n".join(map(json.dumps, told)) if isinstance(told, list) else json.dumps(told)


def in_file(read: Callable[[Path], object], name: str) -> Callable[[str], object]:
    def parse(text: str) -> object:
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / name).write_text(text, "utf-8")
            return read(Path(folder))

    return parse


def server(folder: Path) -> object:
    found = read_server(folder)
    return found and is_alive(found)


def told_cell(text: str) -> object:
    sources = {"cdk.tf.json": text}
    record = Record(
        stack=StackId("a", "network"),
        account="444444444444",
        region="us-east-1",
        complete=True,
        digest=digest_sources(sources),
        sources=sources,
        inputs={},
        outputs={},
    )
    both = [record, parse_record(render_record(record).replace('"network"', '"account"'), "x")]
    return recorded_cell("a", both)


READERS: dict[str, tuple[Callable[[str], object], Any]] = {
    "a report": (parse_report, MESSAGES),
    "a validation": (parse_validation, {"diagnostics": [{"severity": "error", "summary": "x"}]}),
    "outputs": (parse_outputs, {"a": {"value": "b"}}),
    "a record": (lambda text: parse_record(text, "x"), RECORD),
    "what a record waits for": (told_waits_for, RECORD),
    "a recorded cell": (told_cell, DOCUMENT),
    "a journal": (in_file(lambda f: read_finished(f / "x"), "x"), JOURNAL),
    "a state": (lambda text: held_by(text, "x"), STATE),
    "a server": (in_file(server, SERVER_FILE), SERVER),
}
numbers = st.integers() | st.integers(10**18, 10**40) | st.floats()
leaves = st.none() | st.booleans() | numbers | st.text(max_size=6)
json_values = st.recursive(
    leaves,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3)
    ),
    max_leaves=8,
)


def paths(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield path
    rows: Iterable[tuple[Any, Any]] = ()
    if isinstance(value, dict | list):
        rows = value.items() if isinstance(value, dict) else enumerate(value)
    for key, inner in rows:
        yield from paths(inner, (*path, key))


def exchanged(value: Any, path: tuple[Any, ...], other: Any, *, remove: bool) -> Any:
    if not path:
        return other
    changed = copy.deepcopy(value)
    holder = changed
    for key in path[:-1]:
        holder = holder[key]
    if remove:
        del holder[path[-1]]
    else:
        holder[path[-1]] = other
    return changed


def read(name: str, text: str) -> None:
    reader, _ = READERS[name]
    # Of these two, the callers make a sentence of a ValueError.
    told = (ValueError,) if name in ("a validation", "outputs") else ()
    with contextlib.suppress(FactoryError, *told):
        reader(text)


@pytest.mark.parametrize("name", READERS)
@given(data=st.data())
@settings(deadline=None)
def test_one_part_exchanged_is_no_traceback(name: str, data: st.DataObject) -> None:
    valid = READERS[name][1]
    path = data.draw(st.sampled_from(sorted(paths(valid), key=repr)))
    changed = exchanged(valid, path, data.draw(json_values), remove=data.draw(st.booleans()))
    read(name, lines(changed))


@pytest.mark.parametrize("name", READERS)
@given(text=st.text(max_size=30) | json_values.map(json.dumps))
@settings(deadline=None)
def test_anything_at_all_is_no_traceback(name: str, text: str) -> None:
    read(name, text)


@pytest.mark.parametrize("name", READERS)
@pytest.mark.parametrize("text", ["[" * 200_000, '{"a":' * 100_000, "", "\0", "1e999"])
def test_bombs_are_no_traceback(name: str, text: str) -> None:
    read(name, text)
