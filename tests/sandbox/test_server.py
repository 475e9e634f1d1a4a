"""The emulator as a process: where it listens, whom it answers, how it ends."""

from __future__ import annotations

import http.client
import json
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from cellfactory.sandbox.world import World
from tests.sandbox.emulators import Emulator, start

pytestmark = pytest.mark.sandbox


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_cleanly_and_silently(tmp_path: Path, number: signal.Signals) -> None:
    process, emulator = start(tmp_path, World())
    assert emulator.pid == process.pid
    assert emulator.outside("s3").list_buckets()["Buckets"] == []
    process.send_signal(number)
    assert process.communicate(timeout=30) == (b"", b"")
    assert process.returncode == 0


def test_it_ends_with_a_parent_that_was_killed(tmp_path: Path) -> None:
    words = f"from pathlib import Path; start(Path({str(tmp_path)!r}), World()); input()"
    imports = (
        "from cellfactory.sandbox.world import World; from tests.sandbox.emulators import start"
    )
    with subprocess.Popen(
        [sys.executable, "-c", f"{imports}; {words}"], stdin=subprocess.PIPE
    ) as parent:
        while not (tmp_path / "ready.json").exists():
            time.sleep(0.05)
        port = json.loads((tmp_path / "ready.json").read_text("utf-8"))["endpoint"]
        parent.kill()
    late = time.monotonic() + 30
    while is_open(int(port.rpartition(":")[2])):
        assert time.monotonic() < late, "it is still there"
        time.sleep(0.1)


def is_open(port: int) -> bool:
    with socket.socket() as one:
        return one.connect_ex(("127.0.0.1", port)) == 0


def test_it_listens_on_one_loopback_address_only(emulator: Emulator) -> None:
    port = int(emulator.endpoint.rpartition(":")[2])
    with socket.socket() as other:
        assert other.connect_ex(("127.0.0.2", port)) != 0


@pytest.mark.parametrize(
    ("host", "status"), [("evil.example.com", 403), ("localhost", 200), ("127.0.0.1", 200)]
)
def test_it_answers_to_its_own_names_only(emulator: Emulator, host: str, status: int) -> None:
    address = emulator.endpoint.removeprefix("http://")
    connection = http.client.HTTPConnection(address, timeout=30)
    connection.request("GET", "/", headers={"Host": f"{host}:{address.rpartition(':')[2]}"})
    answer = connection.getresponse()
    assert answer.status == status
    assert answer.getheader("Access-Control-Allow-Origin") is None
    connection.close()


def asked(emulator: Emulator, method: str, path: str, **headers: str) -> int:
    address = emulator.endpoint.removeprefix("http://")
    connection = http.client.HTTPConnection(address, timeout=30)
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    connection.request(method, path, headers=named)
    status = connection.getresponse().status
    connection.close()
    return status


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example.com"},
        {"Origin": "null"},
        {"Sec_Fetch_Site": "cross-site"},
        {"Sec_Fetch_Site": "same-origin", "Sec_Fetch_Mode": "no-cors"},
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "OPTIONS"])
def test_it_answers_no_browser(emulator: Emulator, method: str, headers: dict[str, str]) -> None:
    assert asked(emulator, method, "/", **headers) == 403


@pytest.mark.parametrize(
    "path",
    [
        *("/moto-api", "/moto-api/", "/moto-api/reset", "//moto-api/reset", "/./moto-api/reset"),
        *("/%6doto-api/reset", "/%256doto-api/data.json", "/MOTO-API/reset", "/moto-api?x"),
        "/moto-api/recorder/replay-recording",
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_it_has_no_api_but_those_of_aws(emulator: Emulator, method: str, path: str) -> None:
    assert asked(emulator, method, path) == 403


def test_it_calls_nobody_and_so_never_waits_for_itself() -> None:
    """In a process of its own: what is refused once is refused for good."""
    script = (
        "import socket\n"
        "from cellfactory.sandbox.server import stay_at_home\n"
        "server = socket.create_server(('127.0.0.1', 0))\n"
        "stay_at_home()\n"
        "try:\n"
        "    socket.create_connection(server.getsockname(), timeout=5)\n"
        "except PermissionError as error:\n"
        "    print(error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.stdout == "the emulated AWS calls nobody\n", done.stderr


def create_vpc(emulator: Emulator, call: str, block: str) -> tuple[int, str]:
    """Ask for a VPC under the id of a call, as an SDK does."""
    connection = http.client.HTTPConnection(emulator.endpoint.removeprefix("http://"), timeout=30)
    scope = "AKIAIOSFODNN7EXAMPLE/20261122/us-east-1/ec2/aws4_request"
    headers = {
        "Authorization": f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0",
        "Content-Type": "application/x-www-form-urlencoded",
        "amz-sdk-invocation-id": call,
    }
    body = f"Action=CreateVpc&CidrBlock={block}&Version=2016-11-15"
    connection.request("POST", "/", body, headers)
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    return answer.status, text


def test_a_call_that_is_repeated_under_its_id_is_carried_out_once(emulator: Emulator) -> None:
    once = create_vpc(emulator, "call-1", "10.8.0.0/16")
    assert once[0] == 200
    assert create_vpc(emulator, "call-1", "10.8.0.0/16") == once
    assert create_vpc(emulator, "call-2", "10.8.0.0/16")[1] != once[1]


def test_a_call_that_failed_is_tried_anew(emulator: Emulator) -> None:
    assert create_vpc(emulator, "call-3", "no-block")[0] == 400
    assert create_vpc(emulator, "call-3", "10.8.0.0/16")[0] == 200


@pytest.mark.parametrize("text", [None, "no world", '{"moons": 1}'])
def test_a_bad_world_is_a_usage_error(tmp_path: Path, text: str | None) -> None:
    world, ready = tmp_path / "world.json", tmp_path / "ready.json"
    if text is not None:
        world.write_text(text, encoding="utf-8")
    ended = subprocess.run(
        [
            *(sys.executable, "-m", "cellfactory.sandbox.server"),
            *("--world", str(world), "--ready", str(ready)),
        ],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == 2
    assert "world" in ended.stderr
    assert "Traceback" not in ended.stderr
    assert not ready.exists()
