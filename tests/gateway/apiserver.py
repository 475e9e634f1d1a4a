"""A Kubernetes API server as far as the gateway can tell: pods, lists, watches, faults.

It speaks the protocol and keeps no cluster: pages with continue tokens over one snapshot, label and
field selectors whose transitions become ADDED and DELETED, bookmarks, compaction with both shapes
of 410, outages. Requests other than GET are refused and remembered.
"""

from __future__ import annotations

import copy
import http.server
import json
import re
import socket
import ssl
import threading
import time
from collections import Counter
from dataclasses import dataclass
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlsplit

Pod = dict[str, Any]


def make_driver(number: int, *, address: str, namespace: str = "spark", **changes: Any) -> Pod:
    """Make a running driver pod; `changes` replace any of its values by name."""
    job = changes.pop("job", f"spark-{number:032x}")
    started = changes.pop("started", "")
    pod: Pod = {
        "kind": "Pod",
        "apiVersion": "v1",
        "metadata": {
            "name": changes.pop("name", f"driver-{number}"),
            "namespace": namespace,
            "uid": changes.pop("uid", f"uid-{number:08d}"),
            "creationTimestamp": changes.pop("created", "2026-11-22T08:00:00Z"),
            "labels": {
                "spark-role": "driver",
                "spark-app-selector": job,
                "spark-app-name": f"app-{number}",
            },
        },
        "spec": {
            "containers": [
                {
                    "name": "spark-kubernetes-driver",
                    "env": [
                        {"name": "SPARK_APPLICATION_ID", "value": changes.pop("made_with", job)}
                    ],
                    "ports": [
                        {"name": "driver-rpc-port", "containerPort": 7078},
                        {"name": "spark-ui", "containerPort": changes.pop("port", 4040)},
                    ],
                }
            ]
        },
        "status": {
            "phase": changes.pop("phase", "Running"),
            "podIP": address,
            "podIPs": [{"ip": address}],
            "hostIP": "10.9.9.9",
        },
    }
    if started:
        pod["status"]["startTime"] = started
    assert not changes, changes
    return pod


@dataclass(slots=True)
class _Event:
    version: int
    before: Pod | None
    after: Pod | None


class ApiServer:
    """Serves on loopback; every method may be called from any thread."""

    def __init__(
        self, *, tls: ssl.SSLContext | None = None, token: str = "", bookmark_seconds: float = 1.0
    ) -> None:
        self.tls = tls
        self.token = token
        self.bookmark_seconds = bookmark_seconds
        self.requests: list[tuple[str, str]] = []
        self.refused: Counter[str] = Counter()
        self.fail_status = 0  # answer every request with this HTTP error
        self.watch_script: list[bytes] = []  # raw bodies for the next watches
        self.expires_by_status = False  # 410 as HTTP status, or as an event in a 200
        self.list_filter: Any = None  # pods -> pods, to lie in lists
        self.silent = False  # accept watches and never say a word
        self._pods: dict[tuple[str, str], Pod] = {}
        self._snapshots: dict[str, tuple[int, list[Pod]]] = {}
        self._events: list[_Event] = []
        self._version = 100
        self._floor = 100
        self._changed = threading.Condition()
        self._sockets: set[socket.socket] = set()
        self._server: http.server.ThreadingHTTPServer | None = None
        self.port = 0
        self.start()

    # The cluster's side

    @property
    def url(self) -> str:
        """Where it serves."""
        return f"{'https' if self.tls else 'http'}://127.0.0.1:{self.port}"

    def apply(self, pod: Pod) -> None:
        """Create a pod or replace it."""
        with self._changed:
            metadata = pod["metadata"]
            key = metadata.get("namespace", ""), metadata["name"]
            self._record(key, copy.deepcopy(pod))

    def delete(self, pod: Pod) -> None:
        """Delete a pod."""
        with self._changed:
            self._record((pod["metadata"]["namespace"], pod["metadata"]["name"]), None)

    def finish(self, pod: Pod, phase: str = "Succeeded") -> None:
        """Let a driver end."""
        ended = copy.deepcopy(pod)
        ended["status"]["phase"] = phase
        self.apply(ended)

    def compact(self) -> None:
        """Forget all events: older versions and open continue tokens are expired."""
        with self._changed:
            self._version += 1
            self._floor = self._version
            self._events.clear()
            self._snapshots.clear()

    def _record(self, key: tuple[str, str], after: Pod | None) -> None:
        before = self._pods.get(key)
        self._version += 1
        if after is None:
            self._pods.pop(key, None)
        else:
            after["metadata"]["resourceVersion"] = str(self._version)
            self._pods[key] = after
        self._events.append(_Event(self._version, before, after))
        self._changed.notify_all()

    # The server's side

    def start(self) -> None:
        """Serve, on the port of before if there was one."""
        owner = self

        class Handler(_Handler):
            api = owner

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True
            allow_reuse_address = True
            request_queue_size = 64

            def handle_error(self, request: object, client_address: object) -> None:
                """A client that hangs up is no news."""

        self._server = Server(("127.0.0.1", self.port), Handler)
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def stop(self) -> None:
        """Vanish: refuse connections and break the open ones."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None
        self.break_connections()

    def break_connections(self) -> None:
        """Break every open connection."""
        with self._changed:
            open_sockets, self._sockets = self._sockets, set()
        for connected in open_sockets:
            try:
                connected.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue

    def list_pods(self, selectors: _Selectors, limit: int, token: str) -> dict[str, Any] | None:
        """Make one page; None when the token has expired."""
        with self._changed:
            if token:
                name, _, start_text = token.partition("/")
                if name not in self._snapshots:
                    return None
                version, pods = self._snapshots[name]
                start = int(start_text)
            else:
                pods = [pod for _, pod in sorted(self._pods.items()) if selectors.match(pod)]
                if self.list_filter is not None:
                    pods = self.list_filter(pods)
                name, version, start = f"snapshot{len(self.requests)}", self._version, 0
                self._snapshots[name] = version, pods
        end = start + limit if limit else len(pods)
        metadata = {"resourceVersion": str(version)}
        if end < len(pods):
            metadata["continue"] = f"{name}/{end}"
        items = pods[start:end]
        return {"kind": "PodList", "apiVersion": "v1", "metadata": metadata, "items": items}

    def next_events(
        self, selectors: _Selectors, version: int, until: float
    ) -> tuple[int, list[dict[str, Any]]] | None:
        """Wait for events after a version; None when it has expired."""
        with self._changed:
            if version < self._floor:
                return None
            while not (news := self._tail(version)):
                left = until - time.monotonic()
                if left <= 0:
                    return self._version, []
                self._changed.wait(left)
                if version < self._floor:
                    return None
            sent = [line for event in news if (line := selectors.transition(event))]
            return news[-1].version, sent

    def _tail(self, version: int) -> list[_Event]:
        low, high = 0, len(self._events)
        while low < high:
            middle = (low + high) // 2
            if self._events[middle].version <= version:
                low = middle + 1
            else:
                high = middle
        return self._events[low:]

    @property
    def writes(self) -> list[tuple[str, str]]:
        """Requests that were no reads."""
        return [request for request in self.requests if request[0] != "GET"]


class _Selectors:
    def __init__(self, path: str, query: dict[str, str]) -> None:
        found = re.fullmatch(r"/api/v1/(?:namespaces/([^/]+)/)?pods", path)
        assert found, path
        self.namespace = found[1]
        self.labels: list[tuple[str, list[str]]] = []
        for key, one, many in re.findall(
            r"([\w./-]+)\s*(?:=\s*([\w.-]*)|in\s*\(([^)]*)\))", query.get("labelSelector", "")
        ):
            self.labels.append((key, many.split(",") if many else [one]))
        self.phase = query.get("fieldSelector", "").removeprefix("status.phase=")

    def match(self, pod: Pod | None) -> bool:
        if pod is None or self.namespace not in (None, pod["metadata"].get("namespace")):
            return False
        labels = pod["metadata"].get("labels") or {}
        return all(labels.get(key) in values for key, values in self.labels) and (
            not self.phase or (pod.get("status") or {}).get("phase") == self.phase
        )

    def transition(self, event: _Event) -> dict[str, Any] | None:
        before, after = self.match(event.before), self.match(event.after)
        if after:
            return {"type": "MODIFIED" if before else "ADDED", "object": event.after}
        if not before:
            return None
        gone = copy.deepcopy(event.before)
        assert gone is not None
        gone["metadata"]["resourceVersion"] = str(event.version)
        return {"type": "DELETED", "object": gone}


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    api: ClassVar[ApiServer]

    def setup(self) -> None:
        if self.api.tls is not None:
            wrapped = self.api.tls.wrap_socket(
                self.request, server_side=True, do_handshake_on_connect=False
            )
            try:
                wrapped.do_handshake()
            except OSError:
                wrapped.close()
                raise
            self.request = wrapped
        super().setup()
        self.api._sockets.add(self.request)

    def finish(self) -> None:
        self.api._sockets.discard(self.request)
        super().finish()
        if self.api.tls is not None:
            self.request.close()

    def log_message(self, format: str, *args: object) -> None:
        """Quiet."""

    def handle_one_request(self) -> None:
        super().handle_one_request()
        if getattr(self, "command", None) not in (None, "GET"):
            self.close_connection = True

    def _refuse(self) -> None:
        self.api.requests.append((self.command, self.path))
        self._answer(403, {"kind": "Status", "code": 403, "reason": "Forbidden"})

    do_POST = do_PUT = do_PATCH = do_DELETE = _refuse

    def do_GET(self) -> None:
        api = self.api
        api.requests.append((self.command, self.path))
        if api.fail_status:
            self._status(api.fail_status, "Fault")
        elif api.token and self.headers.get("Authorization") != f"Bearer {api.token}":
            api.refused["token"] += 1
            self._status(401, "Unauthorized")
        else:
            parts = urlsplit(self.path)
            query = {key: values[0] for key, values in parse_qs(parts.query).items()}
            selectors = _Selectors(parts.path, query)
            (self._watch if query.get("watch") else self._list)(selectors, query)

    def _list(self, selectors: _Selectors, query: dict[str, str]) -> None:
        limit, token = int(query.get("limit", "0")), query.get("continue", "")
        page = self.api.list_pods(selectors, limit, token)
        if page is None:
            self._status(410, "Expired")
        else:
            self._answer(200, page)

    def _watch(self, selectors: _Selectors, query: dict[str, str]) -> None:
        api, version = self.api, int(query["resourceVersion"])
        if api.expires_by_status and version < api._floor:
            self._status(410, "Expired")
            return
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        if api.watch_script:
            self._chunk(api.watch_script.pop(0))
            self._chunk(b"")
            return
        end = time.monotonic() + float(query.get("timeoutSeconds", "1800"))
        while api.silent:
            time.sleep(0.05)
        while (now := time.monotonic()) < end:
            news = api.next_events(selectors, version, min(end, now + api.bookmark_seconds))
            if news is None:
                expired = {"kind": "Status", "reason": "Expired", "code": 410}
                self._line({"type": "ERROR", "object": expired})
                break
            version, lines = news
            for line in lines:
                self._line(line)
            if not lines:
                mark = {"kind": "Pod", "metadata": {"resourceVersion": str(version)}}
                self._line({"type": "BOOKMARK", "object": mark})
        self._chunk(b"")

    def _line(self, event: dict[str, Any]) -> None:
        self._chunk(json.dumps(event).encode() + b"\n")

    def _chunk(self, data: bytes) -> None:
        self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))

    def _status(self, code: int, reason: str) -> None:
        self._answer(code, {"kind": "Status", "code": code, "reason": reason})

    def _answer(self, code: int, document: object) -> None:
        body = json.dumps(document).encode()
        self.send_response(code)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
