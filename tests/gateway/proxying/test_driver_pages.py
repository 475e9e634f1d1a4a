"""What a driver sees of a viewer, and a viewer of a driver, through the real NGINX."""

from __future__ import annotations

import contextlib
import socket

import pytest

from tests.gateway.rig import (
    NET,
    Nginx,
    StandInDriver,
    ok,
)

pytestmark = pytest.mark.gateway_nginx

JOB = "spark-" + "0a" * 16
OTHER = "spark-" + "0b" * 16
ADDRESS, SECOND = f"{NET}.0.1", f"{NET}.0.2"


def test_a_driver_sees_its_own_paths(nginx: Nginx, driver: StandInDriver) -> None:
    answer = nginx.get(f"/jobs/{JOB}/stages/stage/?id=3&attempt=0")
    assert (answer.status, answer.text) == (200, f"driver {ADDRESS}")
    assert driver.seen[0].line == "GET /stages/stage/?id=3&attempt=0 HTTP/1.1"
    assert driver.seen[0].headers["x-forwarded-context"] == f"/jobs/{JOB}"
    assert driver.seen[0].headers["host"] == f"{ADDRESS}:4040"


@pytest.mark.parametrize(
    ("asked", "seen"),
    [
        ("/a%20b%3Fx%3D1%23z", "/a%20b%3Fx=1%23z"),
        ("/%25%36%62", "/%256b"),
        ("/a//b", "/a/b"),
        ("/x%0d%0aX-Evil:%201", "/x%0D%0AX-Evil:%201"),
        ("/jobs/../stages/", "/stages/"),
        ("/caf%C3%A9", "/caf%C3%A9"),
    ],
)
def test_paths_arrive_as_they_were_meant(
    nginx: Nginx, driver: StandInDriver, asked: str, seen: str
) -> None:
    assert nginx.get(f"/jobs/{JOB}{asked}").status == 200
    assert driver.seen[0].line == f"GET {seen} HTTP/1.1"
    assert "x-evil" not in driver.seen[0].headers


def test_a_path_cannot_climb_to_another_job(nginx: Nginx, driver: StandInDriver) -> None:
    for climb in (f"/../{OTHER}/", f"/%2e%2e/{OTHER}/", "/../../livez"):
        nginx.get(f"/jobs/{JOB}{climb}")
    assert nginx.get(f"/jobs/{JOB}/..%2f{OTHER}/").status in (400, 404)
    assert driver.seen == []


def test_a_driver_learns_no_secret_of_the_viewer(nginx: Nginx, driver: StandInDriver) -> None:
    secrets = {
        "Cookie": "AWSELBAuthSessionCookie-0=secret",
        "Authorization": "Bearer secret",
        "Proxy-Authorization": "secret",
        "X-Amzn-Oidc-Accesstoken": "secret",
        "X-Amzn-Oidc-Data": "secret",
        "X-Amzn-Oidc-Identity": "secret",
        "X-Forwarded-For": "secret",
        "Referer": "http://secret/",
        "X-Forwarded-Context": "/secret",
        "Accept": "text/html",
    }
    assert nginx.get(f"/jobs/{JOB}/", headers=secrets).status == 200
    assert set(driver.seen[0].headers) == {
        "host",
        "accept",
        "accept-encoding",
        "connection",
        "x-forwarded-context",
    }
    assert "secret" not in str(driver.seen[0])


@pytest.mark.parametrize(
    "method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "PROPFIND"]
)
def test_only_looking_is_allowed(nginx: Nginx, driver: StandInDriver, method: str) -> None:
    for path in (f"/jobs/{JOB}/jobs/", "/", "/jobs.json", f"/jobs/{OTHER}/"):
        answer = nginx.get(path, method=method)
        assert answer.status == 405
    assert driver.seen == []


def test_a_head_and_a_body_stay_a_head_and_no_body(nginx: Nginx, driver: StandInDriver) -> None:
    assert nginx.get(f"/jobs/{JOB}/", method="HEAD").body == b""
    assert driver.seen[0].line.startswith("HEAD / ")
    nginx.get(f"/jobs/{JOB}/", body=b"x=1")
    assert driver.seen[1].headers.get("content-length", "0") == "0"


@pytest.mark.parametrize(
    "path",
    [
        "/jobs/job/kill/?id=1",
        "/stages/stage/kill/",
        "/stages/stage/kill",
        "/stages/stage/KILL/",
        "/stages/stage/%6bill/",
        "/stages/stage/kill;x=1/",
        "/stages//stage///kill//",
        "/stages/stage/x/../kill/",
        "/jobs/job/kill/%0a",
    ],
)
def test_kill_paths_are_denied(nginx: Nginx, driver: StandInDriver, path: str) -> None:
    assert nginx.get(f"/jobs/{JOB}{path}").status == 403
    assert driver.seen == []


@pytest.mark.parametrize(
    ("location", "rewritten"),
    [
        ("http://ADDRESS:4040/jobs/", f"/jobs/{JOB}/jobs/"),
        ("/jobs/", f"/jobs/{JOB}/jobs/"),
        (f"/jobs/{JOB}/jobs/", f"/jobs/{JOB}/jobs/"),
        (f"http://ADDRESS:4040/jobs/{JOB}/jobs/?a=1", f"/jobs/{JOB}/jobs/?a=1"),
        ("https://elsewhere.example/login?x=1", f"/jobs/{JOB}/login?x=1"),
        ("HTTP://elsewhere.example:81", f"/jobs/{JOB}"),
        ("//elsewhere.example/x", f"/jobs/{JOB}//elsewhere.example/x"),
        ("\\\\elsewhere.example", f"/jobs/{JOB}/"),
        ("\t//elsewhere.example", f"/jobs/{JOB}/"),
        ("http:\\\\elsewhere.example\\x", f"/jobs/{JOB}\\x"),
        ("http:elsewhere.example/x", f"/jobs/{JOB}/x"),
        ("javascript:alert(1)", f"/jobs/{JOB}"),
        ("jobs/", "jobs/"),
        ("?page=2", "?page=2"),
    ],
)
def test_redirects_stay_with_the_job(
    nginx: Nginx, driver: StandInDriver, location: str, rewritten: str
) -> None:
    driver.raw = ok(b"", f"Location: {location.replace('ADDRESS', ADDRESS)}", status="302 Found")
    answer = nginx.get(f"/jobs/{JOB}/")
    assert (answer.status, answer.headers["location"]) == (302, rewritten)


def test_a_hostile_driver_steers_neither_nginx_nor_the_browser(
    nginx: Nginx, driver: StandInDriver
) -> None:
    driver.raw = ok(
        b"mine",
        "X-Accel-Redirect: /jobs.json",
        "X-Accel-Buffering: no",
        "X-Accel-Limit-Rate: 1",
        "Set-Cookie: AWSELBAuthSessionCookie-0=stolen; Path=/",
        "Clear-Site-Data: *",
        "Service-Worker-Allowed: /",
        "Refresh: 0; url=//elsewhere.example",
        "Access-Control-Allow-Origin: *",
        "Strict-Transport-Security: max-age=31536000",
    )
    answer = nginx.get(f"/jobs/{JOB}/")
    assert (answer.status, answer.text) == (200, "mine")
    assert not {
        "set-cookie",
        "clear-site-data",
        "service-worker-allowed",
        "refresh",
        "access-control-allow-origin",
        "strict-transport-security",
    } & set(answer.headers)
    assert answer.headers["x-content-type-options"] == "nosniff"
    script = nginx.get(f"/jobs/{JOB}/sw.js", headers={"Service-Worker": "script"})
    assert script.status == 403


@pytest.mark.parametrize(
    "raw",
    [
        b"hTTP/1.1 200 OK\r\nSet-Cookie: a=1\r\nContent-Length: 0\r\n\r\n",
        b" HTTP/1.1 200 OK\r\nSet-Cookie: a=1\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 20 OK\r\nSet-Cookie: a=1\r\n\r\n",
        b"garbage\r\n\r\n",
    ],
)
def test_what_is_no_http_never_reaches_the_browser(
    nginx: Nginx, driver: StandInDriver, raw: bytes
) -> None:
    """A browser may read headers where NGINX saw none: such an answer is dropped whole."""
    driver.raw = raw
    with socket.create_connection(("127.0.0.1", nginx.port), 5) as client:
        client.sendall(f"GET /jobs/{JOB}/ HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        assert client.recv(1000) == b""
    assert nginx.get("/livez").status == 200
    assert len(driver.seen) == 1


SMUGGLED = (
    b"HTTP/1.1 200 OK\r\nSet-Cookie: planted=by-driver; Path=/\r\nContent-Length: 4\r\n\r\nevil"
)
INTERIM = {
    "alone": b"HTTP/1.1 %d Interim\r\n\r\n",
    "twice": b"HTTP/1.1 %d Interim\r\n\r\n" + b"HTTP/1.1 100 Continue\r\n\r\n",
    "with a length": b"HTTP/1.1 %d Interim\r\nContent-Length: 0\r\n\r\n",
    "in chunks": b"HTTP/1.1 %d Interim\r\nTransfer-Encoding: chunked\r\n\r\n",
    "of HTTP/1.0": b"HTTP/1.0 %d Interim\r\n\r\n",
}


@pytest.mark.parametrize("form", INTERIM)
@pytest.mark.parametrize("status", [100, 101, 102, 103, 150, 199])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("connection", ["keep-alive", "close"])
def test_nothing_comes_past_the_rules_behind_an_interim_answer(
    nginx: Nginx, driver: StandInDriver, form: str, status: int, method: str, connection: str
) -> None:
    """NGINX takes 1xx for the answer and what follows for its body: headers that nobody read.

    A newer one takes some of them for what they are, reads on, and cleans what it finds.
    """
    driver.raw = INTERIM[form].replace(b"%d", str(status).encode()) + SMUGGLED * 2
    with socket.create_connection(("127.0.0.1", nginx.port), 5) as client:
        asked = f"{method} /jobs/{JOB}/ HTTP/1.1\r\nHost: x\r\nConnection: {connection}\r\n\r\n"
        client.sendall(asked.encode())
        client.settimeout(1)
        told = b""
        with contextlib.suppress(TimeoutError):
            while chunk := client.recv(65_536):
                told += chunk
    assert b"planted" not in told
    assert told.count(b"HTTP/1.1 ") <= 1, "one answer at most: a second one is somebody else's"
    assert not told.startswith(b"HTTP/1.1 1")


@pytest.mark.parametrize(
    "raw",
    [b"HTTP/1.1 200 OK\r\n" + b"x" * 70_000, b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n"],
    ids=["endless headers", "cut off"],
)
def test_a_driver_that_makes_no_sense_gets_the_page_of_one_that_starts(
    nginx: Nginx, driver: StandInDriver, raw: bytes
) -> None:
    driver.raw = raw
    assert nginx.get(f"/jobs/{JOB}/").status == 503


def test_a_driver_may_say_502_itself(nginx: Nginx, driver: StandInDriver) -> None:
    driver.raw = ok(b"mine", status="404 Not Found")
    assert nginx.get(f"/jobs/{JOB}/").text == "mine"
    driver.raw = ok(b"mine", status="502 Bad Gateway")
    assert nginx.get(f"/jobs/{JOB}/").text == "mine"
