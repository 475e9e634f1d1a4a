"""The sidecar's door to the API server: TLS, tokens, answers that make no sense."""

from __future__ import annotations

import datetime
import ipaddress
import socket
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from sparkgateway.api import LARGEST_EVENT, HttpApi, Rejected, TooLarge, Unanswered

from tests.gateway.apiserver import ApiServer, make_driver
from tests.gateway.rig import Sidecar, wait_for

JOB = "spark-{:032x}".format


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> tuple[ssl.SSLContext, Path]:
    """A server's certificate for 127.0.0.1, and the authority that signed it."""
    directory = tmp_path_factory.mktemp("tls")
    root_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    root_name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "kubernetes")])
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "kube-apiserver")])
    begin = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
    end = datetime.datetime(2046, 1, 1, tzinfo=datetime.UTC)

    def sign(
        subject: x509.Name, public: ec.EllipticCurvePublicKey, extension: x509.ExtensionType
    ) -> bytes:
        builder = x509.CertificateBuilder(
            root_name, subject, public, x509.random_serial_number(), begin, end
        )
        signed = builder.add_extension(extension, critical=False).sign(root_key, hashes.SHA256())
        return signed.public_bytes(serialization.Encoding.PEM)

    address = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    (directory / "ca.crt").write_bytes(
        sign(root_name, root_key.public_key(), x509.BasicConstraints(ca=True, path_length=None))
    )
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (directory / "server.pem").write_bytes(
        secret + sign(name, key.public_key(), x509.SubjectAlternativeName([address]))
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(directory / "server.pem")
    return context, directory / "ca.crt"


@pytest.mark.gateway_sidecar
def test_tls_and_a_token_that_is_changed_while_it_runs(
    authority: tuple[ssl.SSLContext, Path], tmp_path: Path
) -> None:
    context, root = authority
    token = tmp_path / "token"
    token.write_text("first\n")
    api = ApiServer(tls=context, token="first")
    try:
        with Sidecar(tmp_path, api, ca_file=str(root), token_file=str(token)) as process:
            process.start()
            process.wait_synced()
            api.token = "second"
            api.break_connections()
            wait_for(lambda: api.refused["token"] >= 1)
            token.write_text("second\n")
            api.apply(make_driver(1, address="127.78.0.1"))
            wait_for(lambda: process.routes == {JOB(1): "127.78.0.1:4040"})
    finally:
        api.stop()


def test_a_server_of_another_authority_is_not_believed(
    authority: tuple[ssl.SSLContext, Path],
) -> None:
    context, root = authority
    api = ApiServer(tls=context)
    try:
        door = make_door(api.url, root)
        assert door.list_page("/api/v1/pods", {})
        for wrong in (
            make_door(api.url, None),
            make_door(api.url.replace("127.0.0.1", "localhost"), root),
        ):
            with pytest.raises(Unanswered, match="CERTIFICATE_VERIFY_FAILED"):
                wrong.list_page("/api/v1/pods", {})
    finally:
        api.stop()


def make_door(url: str, authority_file: Path | None = None) -> HttpApi:
    return HttpApi(
        url=url, token_file=None, authority_file=authority_file, on_request=lambda _kind: None
    )


@pytest.fixture
def raw_server() -> Iterator[tuple[str, list[bytes]]]:
    """A server that answers every request with prepared bytes."""
    answers: list[bytes] = []
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                connected, _ = listener.accept()
            except OSError:
                return
            with connected:
                connected.recv(65536)
                try:
                    connected.sendall(answers.pop(0))
                except OSError:
                    continue

    threading.Thread(target=serve, daemon=True).start()
    yield f"http://127.0.0.1:{listener.getsockname()[1]}", answers
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"nonsense\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 302 Found\r\nLocation: http://169.254.169.254/\r\nContent-Length: 0\r\n\r\n",
    ],
    ids=["nothing", "nonsense", "short", "bad chunk", "redirect"],
)
def test_broken_answers_are_one_kind_of_error(
    raw_server: tuple[str, list[bytes]], answer: bytes
) -> None:
    url, answers = raw_server
    answers.append(answer)
    with pytest.raises(Unanswered):
        make_door(url).list_page("/api/v1/pods", {})


def test_a_busy_server_says_when_to_come_back(raw_server: tuple[str, list[bytes]]) -> None:
    url, answers = raw_server
    answers.append(b"HTTP/1.1 429 Slow\r\nRetry-After: 7\r\nContent-Length: 0\r\n\r\n")
    with pytest.raises(Rejected) as caught:
        make_door(url).list_page("/api/v1/pods", {})
    assert (caught.value.status, caught.value.retry_after) == (429, 7.0)


def test_an_endless_event_is_cut_off(raw_server: tuple[str, list[bytes]]) -> None:
    url, answers = raw_server
    answers.append(b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * (LARGEST_EVENT + 200_000))
    with pytest.raises(TooLarge):
        list(make_door(url).watch("/api/v1/pods", {}, silence_seconds=5))


@pytest.mark.gateway_sidecar
def test_a_page_that_is_too_large_is_asked_in_parts(api: ApiServer, tmp_path: Path) -> None:
    for number in range(40):
        pod = make_driver(number, address=f"127.78.0.{number + 1}")
        pod["metadata"]["annotations"] = {"big": "x" * 1_000_000}
        api.apply(pod)
    with Sidecar(tmp_path, api) as process:
        process.start()
        process.wait_synced(60)
        assert process.metric("routes") == 40
    assert any("limit=50" in path or "limit=25" in path for _, path in api.requests)
