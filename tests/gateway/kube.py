"""A real kube-apiserver with a real etcd on loopback, for those who have the binaries.

It has no kubelet and no scheduler: a pod runs because its status says so, as in the stand-in
server, whose methods this one shares. `build_kube_apiserver.sh` makes the binary on Debian.
"""

from __future__ import annotations

import base64
import copy
import datetime
import http.client
import ipaddress
import json
import os
import shutil
import ssl
from pathlib import Path
from typing import Any

import yaml
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.gateway.apiserver import Pod
from tests.gateway.rig import Process, free_port, render_chart, wait_for

ADMIN, GATEWAY = "admin-token", "gateway-token"
ACCOUNT = "system:serviceaccount:spark-system:spark-ui-gateway"


def find_binaries() -> tuple[Path, Path] | None:
    """Find $GATEWAY_KUBE_APISERVER and etcd ($GATEWAY_ETCD, or the one on PATH)."""
    server = os.environ.get("GATEWAY_KUBE_APISERVER")
    etcd = os.environ.get("GATEWAY_ETCD") or shutil.which("etcd")
    return (Path(server), Path(etcd)) if server and etcd else None


def make_certificate(directory: Path) -> Path:
    """Write a key and a certificate that is its own authority; the latter is returned."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "kube-apiserver")])
    begin = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
    end = datetime.datetime(2046, 1, 1, tzinfo=datetime.UTC)
    address = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    serial = x509.random_serial_number()
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), serial, begin, end)
        .add_extension(x509.SubjectAlternativeName([address]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    secret = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    )
    (directory / "server.key").write_bytes(secret)
    path = directory / "ca.crt"
    path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    return path


class KubeApiServer:
    """The real server; the gateway's account has the rights that the chart gives it."""

    def __init__(self, directory: Path, server: Path, etcd: Path) -> None:
        self.directory = directory
        self.authority = make_certificate(directory)
        self.token_file = directory / "gateway.token"
        self.token_file.write_text(GATEWAY)
        (directory / "tokens.csv").write_text(
            f"{ADMIN},admin,admin,system:masters\n{GATEWAY},{ACCOUNT},gateway\n"
        )
        self.port, self.etcd_port = free_port(), free_port()
        self._server_binary, self._etcd_binary = server, etcd
        self._server = Process("kube-apiserver", directory)
        self._etcd = Process("etcd", directory)

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self.port}"

    def start_all(self, namespaces: list[str]) -> None:
        """Start both, then make the namespaces and the gateway's rights."""
        client, peer = f"http://127.0.0.1:{self.etcd_port}", f"http://127.0.0.1:{free_port()}"
        options = {
            "data-dir": self.directory / "etcd", "listen-client-urls": client,
            "advertise-client-urls": client, "listen-peer-urls": peer,
            "initial-advertise-peer-urls": peer, "initial-cluster": f"default={peer}",
        }  # fmt: skip
        self._etcd.launch([str(self._etcd_binary), *_spell(options)])
        self.start()
        for namespace in namespaces:
            self.ask("POST", "/api/v1/namespaces", {"metadata": {"name": namespace}})
        rights = "/apis/rbac.authorization.k8s.io/v1/{}"
        for manifest in yaml.safe_load_all(render_chart()["rbac.yaml"]):
            if manifest["kind"].startswith("ClusterRole"):
                self.ask("POST", rights.format(manifest["kind"].lower() + "s"), manifest)

    def start(self) -> None:
        """Start the server; it is tried again should its first steps fail."""
        options = {
            "etcd-servers": f"http://127.0.0.1:{self.etcd_port}",
            "bind-address": "127.0.0.1", "secure-port": self.port,
            "tls-cert-file": self.authority,
            "tls-private-key-file": self.directory / "server.key",
            "service-account-issuer": "https://kubernetes.default.svc",
            "service-account-key-file": self.directory / "server.key",
            "service-account-signing-key-file": self.directory / "server.key",
            "service-cluster-ip-range": "10.96.0.0/24",
            "token-auth-file": self.directory / "tokens.csv",
            "authorization-mode": "RBAC",
            "disable-admission-plugins": "ServiceAccount",
        }  # fmt: skip
        for _ in range(3):
            self._server.launch([str(self._server_binary), *_spell(options)])
            child = self._server.child
            assert child is not None
            wait_for(lambda: self._is_ready() or child.poll() is not None, 90, pause=0.2)  # noqa: B023 - called at once
            if child.poll() is None:
                return
            self._server.child = None
        raise AssertionError(self._server.log.read_text()[-2000:])

    def stop(self) -> None:
        """Kill the server; etcd keeps what there is."""
        if self._server.child is not None:
            self._server.end()

    def stop_all(self) -> None:
        """Kill both."""
        self.stop()
        if self._etcd.child is not None:
            self._etcd.end()

    def apply(self, pod: Pod) -> None:
        """Create a pod, or replace its labels and status."""
        path = f"/api/v1/namespaces/{pod['metadata']['namespace']}/pods"
        named = f"{path}/{pod['metadata']['name']}"
        if self.try_asking("GET", named)[0] == 404:
            self.ask("POST", path, _make_valid(pod))
        self.ask("PATCH", f"{named}/status", {"status": pod["status"]})

    def finish(self, pod: Pod, phase: str = "Succeeded") -> None:
        """Let a driver end."""
        ended = copy.deepcopy(pod)
        ended["status"]["phase"] = phase
        self.apply(ended)

    def delete(self, pod: Pod) -> None:
        """Delete a pod at once."""
        metadata = pod["metadata"]
        path = f"/api/v1/namespaces/{metadata['namespace']}/pods/{metadata['name']}"
        self.ask("DELETE", path, {"gracePeriodSeconds": 0})

    def compact(self) -> None:
        """Let etcd forget the past."""
        self._ask_etcd("compaction", {"revision": self.revision(), "physical": True})

    def revision(self) -> int:
        """Read etcd's revision, which grows by one with each write."""
        return self._ask_etcd("range", {"key": base64.b64encode(b"x").decode()})

    @property
    def processes(self) -> tuple[Process, Process]:
        """The server and its etcd."""
        return self._server, self._etcd

    def _ask_etcd(self, word: str, document: dict[str, object]) -> int:
        """Ask etcd; its revision is returned."""
        connection = http.client.HTTPConnection("127.0.0.1", self.etcd_port, timeout=10)
        connection.request("POST", f"/v3/kv/{word}", json.dumps(document))
        answer = json.loads(connection.getresponse().read())
        connection.close()
        return int(answer["header"]["revision"])

    def ask(self, method: str, path: str, document: object = None) -> dict[str, Any]:
        """Ask as an administrator; anything but success is an error."""
        status, answer = self.try_asking(method, path, document)
        assert status < 300, (method, path, answer)
        return answer

    def try_asking(
        self, method: str, path: str, document: object = None, *, token: str = ADMIN
    ) -> tuple[int, dict[str, Any]]:
        """Ask; the status and the answer are returned."""
        context = ssl.create_default_context(cafile=self.authority)
        connection = http.client.HTTPSConnection(
            "127.0.0.1", self.port, timeout=20, context=context
        )
        kind = "application/strategic-merge-patch+json" if method == "PATCH" else "application/json"
        headers = {"Authorization": f"Bearer {token}", "Content-Type": kind}
        body = None if document is None else json.dumps(document)
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            text = answer.read()
        finally:
            connection.close()
        return answer.status, json.loads(text) if text.startswith(b"{") else {"text": text}

    def _is_ready(self) -> bool:
        try:
            return self.try_asking("GET", "/readyz")[0] == 200
        except OSError:
            return False


def _spell(options: dict[str, object]) -> list[str]:
    return [f"--{name}={value}" for name, value in options.items()]


def _make_valid(pod: Pod) -> Pod:
    """What a server insists on and a driver's pod has anyway."""
    valid = copy.deepcopy(pod)
    for name in ("uid", "creationTimestamp"):
        valid["metadata"].pop(name)
    for container in valid["spec"]["containers"]:
        container["image"] = "spark"
    del valid["status"]
    return valid
