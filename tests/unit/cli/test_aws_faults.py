"""Whatever is wrong with the settings of AWS, or with who answers for it: a sentence and exit 6.

Every command that makes a client is walked through; a new command has to say which kind it is.
"""

from __future__ import annotations

import json
import tempfile
import threading
from collections.abc import Iterator, Mapping
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from cellfactory.cli import main
from cellfactory.cli.commands import COMMANDS
from cellfactory.documents import render_data
from tests.aws_models import models_read_once
from tests.inventories import data
from tests.unit.runs.conftest import Place, place

__all__ = ["place"]

ROLE = "arn:aws:iam::444444444444:role/x"
TALKS = {
    "bootstrap": ["--yes"],
    "plan": [],
    "apply": ["--yes"],
    "destroy": ["--yes"],
    "drift": [],
    "decommission": ["cell-009", "--yes"],
    "orphans": [],
    "runs": [],
    "unlock": ["cell-000-network"],
    "terraform": ["--cell", "cell-000", "--layer", "network", "--", "state", "list"],
    "quotas": ["--account", "444444444444"],
    "doctor": [],
    "token": [
        "--cluster",
        "a",
        "--region",
        "us-east-1",
        "--role",
        "arn:aws:iam::444444444444:role/x",
    ],
}
SILENT = {
    *("check", "size", "what-if", "lock", "lock-providers", "synth", "validate", "route"),
    *("example-job", "sandbox", "schema", "explain", "waves", "graph", "diff", "policy"),
    *("cost", "options"),
    "pipeline",  # whose drill goes by apply
    *("list", "migrate", "show"),  # which say that it is not known, and go on
}
KEYS = {"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b", "AWS_MAX_ATTEMPTS": "1"}
SETTINGS: Mapping[str, Mapping[str, str]] = {
    "a profile of another machine": {"AWS_PROFILE": "nope"},
    "a config that is none": {"AWS_CONFIG_FILE": "bad-config"},
    "credentials that are none": {"AWS_SHARED_CREDENTIALS_FILE": "bad-config"},
    "no credentials": {},
    "half of the credentials": {"AWS_ACCESS_KEY_ID": "a"},
    "an endpoint without a scheme": {**KEYS, "AWS_ENDPOINT_URL": "localhost:4566"},
    "an endpoint that is none": {**KEYS, "AWS_ENDPOINT_URL": "http://[::1"},
    "nobody at the endpoint": {**KEYS, "AWS_ENDPOINT_URL": "http://127.0.0.1:9"},
    "no attempts": {**KEYS, "AWS_MAX_ATTEMPTS": "0"},
    "attempts that are no number": {**KEYS, "AWS_MAX_ATTEMPTS": "abc"},
    "a retry mode that is none": {**KEYS, "AWS_RETRY_MODE": "foo"},
    "an authority that is not there": {**KEYS, "AWS_CA_BUNDLE": "/no/such", "HTTPS_PROXY": ""},
    "a program that does not tell": {"AWS_CONFIG_FILE": "process-config"},
    "a program that tells something else": {"AWS_CONFIG_FILE": "chatty-config"},
    "a session that was never begun": {"AWS_CONFIG_FILE": "sso-config"},
    "a web identity that is not there": {
        "AWS_ROLE_ARN": ROLE,
        "AWS_WEB_IDENTITY_TOKEN_FILE": "/no/such",
    },
}
FILES = {
    "bad-config": "[default\nregion=us-east-1\n",
    "process-config": "[default]\ncredential_process = /bin/false\n",
    "chatty-config": "[default]\ncredential_process = /bin/echo hello\n",
    "sso-config": (
        "[default]\nsso_start_url = https://x.awsapps.com/start\nsso_region = us-east-1\n"
        "sso_account_id = 444444444444\nsso_role_name = x\n"
    ),
}
EXPIRED = (
    "<Error><Code>ExpiredToken</Code><Message>The provided token has expired.</Message></Error>"
)
ANSWERS = {
    "a page of a proxy": (200, "text/html", "<html><body>log in</body>"),
    "a fault of a proxy": (502, "text/html", "<html>bad gateway"),
    "an expired token": (403, "application/xml", EXPIRED),
    "nothing": (200, "text/plain", ""),
    "JSON of something else": (200, "application/json", "[1]"),
    "no text": (200, "application/octet-stream", "\udcff\udcfe"),
}


def test_each_command_is_of_one_kind() -> None:
    assert {*COMMANDS} == {*TALKS, *SILENT}


def inventory_text() -> str:
    inventory = data(nodes=1)
    inventory["cells"]["cell-000"]["quotas"] = {"L-1216C47A": 1000}
    ci = {"repository": "example-org/cells"}
    inventory["pipeline"] = {"account": "777777777777", "github": ci}
    return render_data(inventory)


@cache
def made_lock() -> str:
    """What `lock` writes for the inventory, made once."""
    with tempfile.TemporaryDirectory() as name:
        inventory = Path(name) / "cells.yaml"
        inventory.write_text(inventory_text(), "utf-8")
        with pytest.raises(SystemExit) as ended:
            main(["lock", "--inventory", str(inventory)])
        assert not ended.value.code
        return inventory.with_name("cells.lock.yaml").read_text("utf-8")


@pytest.fixture(autouse=True)
def models() -> Iterator[None]:
    with models_read_once():
        yield


@pytest.fixture
def folder(place: Place, monkeypatch: pytest.MonkeyPatch) -> Path:
    (place.folder / "cells.yaml").write_text(inventory_text(), "utf-8")
    (place.folder / "cells.lock.yaml").write_text(made_lock(), "utf-8")
    for name, text in FILES.items():
        (place.folder / name).write_text(text, "utf-8")
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, "/dev/null")
    return place.folder


def told(command: str, capsys: pytest.CaptureFixture[str]) -> str:
    """Run a command that AWS keeps from its work; what it says on either stream."""
    capsys.readouterr()
    with pytest.raises(SystemExit) as ended:
        main([command, *TALKS[command]])
    out, err = capsys.readouterr()
    assert ended.value.code == 6, out + err
    return out + err


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("command", TALKS)
@pytest.mark.parametrize("fault", SETTINGS)
def test_settings_that_cannot_be_right_are_a_sentence(
    command: str,
    fault: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name, value in SETTINGS[fault].items():
        monkeypatch.setenv(name, value)
    said = told(command, capsys)
    assert "F6" in said or command == "doctor"
    assert "Traceback" not in said


class Stranger(BaseHTTPRequestHandler):
    """Answers everything in one way, which is not that of AWS."""

    answer: tuple[int, str, str] = (200, "text/plain", "")

    def do_GET(self) -> None:
        status, kind, text = self.answer
        body = text.encode("utf-8", "surrogateescape")
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_PUT = do_HEAD = do_GET

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def stranger(monkeypatch: pytest.MonkeyPatch) -> Iterator[type[Stranger]]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Stranger)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    for name, value in KEYS.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{server.server_port}")
    yield Stranger
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("command", [name for name in TALKS if name != "token"])
@pytest.mark.parametrize("answer", ANSWERS)
def test_answers_that_are_none_of_aws_are_a_sentence(
    command: str,
    answer: str,
    stranger: type[Stranger],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(stranger, "answer", ANSWERS[answer])
    said = told(command, capsys)
    assert "F6" in said or command == "doctor"


@pytest.mark.usefixtures("folder")
def test_what_is_said_is_one_document_where_a_machine_reads(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("AWS_PROFILE", "nope")
    with pytest.raises(SystemExit):
        main(["plan", "--format", "json"])
    document = json.loads(capsys.readouterr().out)
    assert [problem["rule"] for problem in document["problems"]] == ["F605"]
