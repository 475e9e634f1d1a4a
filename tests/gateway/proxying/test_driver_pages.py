"""What a driver sees of a viewer, and a viewer of a driver, through the real NGINX."""

from __future__ import annotations

import contextlib
import os
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
        ("?next=../x", "?next=../x"),
        ("jobs/#../x", "jobs/#../x"),
        ("a..b/..c/d../...", "a..b/..c/d../..."),
        (f"../{OTHER}/", f"/jobs/{JOB}/"),
        (f"/../{OTHER}/", f"/jobs/{JOB}/"),
        (f"/jobs/{JOB}/../{OTHER}/", f"/jobs/{JOB}/"),
        (f"http://ADDRESS:4040/x/..\\..\\..\\jobs\\{OTHER}/", f"/jobs/{JOB}/"),
        (f"/%2e%2E/{OTHER}/", f"/jobs/{JOB}/"),
        (f"/.%2e/{OTHER}/", f"/jobs/{JOB}/"),
        (f"/.\t./{OTHER}/", f"/jobs/{JOB}/"),
        (f"https://elsewhere.example/../{OTHER}/", f"/jobs/{JOB}/"),
        (f"x/../../{OTHER}", f"/jobs/{JOB}/"),
        ("..", f"/jobs/{JOB}/"),
        ("..?x", f"/jobs/{JOB}/"),
    ],
)
def test_redirects_stay_with_the_job(
    nginx: Nginx, driver: StandInDriver, location: str, rewritten: str
) -> None:
    driver.raw = ok(b"", f"Location: {location.replace('ADDRESS', ADDRESS)}", status="302 Found")
    answer = nginx.get(f"/jobs/{JOB}/")
    assert (answer.status, answer.headers["location"]) == (302, rewritten)


STEERING = [
    "Set-Cookie: a=1; Path=/",
    "sEt-cOOkie: a=1; Path=/",
    "Set-Cookie2: a=1",
    "Clear-Site-Data: *",
    "Service-Worker-Allowed: /",
    "Refresh: 0; url=//elsewhere.example",
    "Strict-Transport-Security: max-age=31536000",
    "Access-Control-Allow-Origin: *",
    "Access-Control-Allow-Credentials: true",
    "Access-Control-Expose-Headers: *",
    "Report-To: {}",
    "Reporting-Endpoints: a=https://elsewhere.example",
    "NEL: {}",
    "Alt-Svc: h3=elsewhere.example:443",
    "Set-Login: logged-out",
    "WWW-Authenticate: Basic realm=password",
    "Proxy-Authenticate: Basic realm=password",
    "Content-Location: //elsewhere.example",
    "Link: </x>; rel=preload",
    "Origin-Agent-Cluster: ?1",
    "Accept-CH: Sec-CH-UA-Model",
    "Critical-CH: Sec-CH-UA-Model",
    "Speculation-Rules: x",
    "SourceMap: //elsewhere.example",
    "Public-Key-Pins: x",
    "Timing-Allow-Origin: *",
    "constructor: x",
    "__proto__: x",
    "X-Anything: x",
]


@pytest.mark.parametrize("header", STEERING)
@pytest.mark.parametrize("status", ["200 OK", "302 Found", "401 Unauthorized", "404 Not Found"])
def test_headers_of_a_driver_concern_its_own_answer_only(
    nginx: Nginx, driver: StandInDriver, header: str, status: str
) -> None:
    """What is not known to be of the answer alone does not pass, and there are always new ones."""
    driver.raw = ok(b"mine", header, header, "Vary: Accept-Encoding", status=status)
    answer = nginx.get(f"/jobs/{JOB}/")
    assert (answer.status, answer.text) == (int(status[:3]), "mine")
    assert header.partition(":")[0].lower() not in answer.headers
    assert answer.headers["vary"] == "Accept-Encoding"


def test_what_spark_says_of_its_pages_passes(nginx: Nginx, driver: StandInDriver) -> None:
    said = {
        "cache-control": "no-cache, no-store, must-revalidate",
        "content-type": "text/html;charset=utf-8",
        "x-frame-options": "SAMEORIGIN",
        "x-xss-protection": "1; mode=block",
        "content-disposition": "attachment; filename=x.zip",
        "content-encoding": "gzip",
        "last-modified": "Sun, 22 Nov 2026 08:00:00 GMT",
    }
    driver.raw = ok(b"mine", *(f"{name}: {value}" for name, value in said.items()))
    answer = nginx.get(f"/jobs/{JOB}/")
    assert answer.headers.items() >= said.items()
    assert answer.headers["referrer-policy"] == "same-origin"


def test_an_answer_of_unknown_length_arrives_whole(nginx: Nginx, driver: StandInDriver) -> None:
    driver.raw = (
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Type: text/html\r\n"
        b"Trailer: Set-Cookie\r\n\r\n4\r\nmine\r\n0\r\nSet-Cookie: a=1\r\n\r\n"
    )
    told = ask_raw(nginx.port, f"/jobs/{JOB}/", "Connection: close", "TE: trailers")
    assert told.endswith(b"\r\n\r\n4\r\nmine\r\n0\r\n\r\n")
    assert b"Set-Cookie" not in told


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
PADDED = (
    b"HTTP/1.1 200 OK\r\nSet-Cookie: planted=by-driver\r\nContent-Length: 32768\r\n\r\n"
    + b"x" * 32_768
)
INTERIM = {
    "alone": b"HTTP/1.1 %d Interim\r\n\r\n",
    "twice": b"HTTP/1.1 %d Interim\r\n\r\n" + b"HTTP/1.1 100 Continue\r\n\r\n",
    "with a length": b"HTTP/1.1 %d Interim\r\nContent-Length: 0\r\n\r\n",
    "in chunks": b"HTTP/1.1 %d Interim\r\nTransfer-Encoding: chunked\r\n\r\n",
    "of HTTP/1.0": b"HTTP/1.0 %d Interim\r\n\r\n",
    "with an upgrade": b"HTTP/1.1 %d Interim\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n",
}
STATUSES = range(100, 200) if os.environ.get("GATEWAY_LONG") else (100, 101, 102, 103, 150, 199)


def ask_raw(port: int, path: str, *headers: str, method: str = "GET") -> bytes:
    """Ask once and read whatever comes until the line is silent."""
    with socket.create_connection(("127.0.0.1", port), 5) as client:
        asked = [f"{method} {path} HTTP/1.1", "Host: x", *headers, "", ""]
        client.sendall("\r\n".join(asked).encode())
        client.settimeout(1)
        told = b""
        with contextlib.suppress(TimeoutError):
            while chunk := client.recv(65_536):
                told += chunk
    return told


@pytest.mark.parametrize("form", INTERIM)
@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("connection", ["keep-alive", "close"])
def test_nothing_comes_past_the_rules_behind_an_interim_answer(
    nginx: Nginx, driver: StandInDriver, form: str, status: int, method: str, connection: str
) -> None:
    """NGINX takes 1xx for the answer and what follows for its body: headers that nobody read.

    A newer one takes some of them for what they are, reads on, and cleans what it finds.
    GATEWAY_LONG=1 tries every status.
    """
    driver.raw = INTERIM[form].replace(b"%d", str(status).encode()) + SMUGGLED * 2
    asked = ["Connection: " + connection, *(["Upgrade: x"] if "upgrade" in form else [])]
    told = ask_raw(nginx.port, f"/jobs/{JOB}/", *asked, method=method)
    assert b"planted" not in told
    assert told.count(b"HTTP/1.1 ") <= 1, "one answer at most: a second one is somebody else's"
    assert not told.startswith(b"HTTP/1.1 1")


@pytest.mark.parametrize("status", [b"100", b"103", b"199", b"200", b"204", b"205", b"304", b"999"])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("late", [SMUGGLED, PADDED], ids=["short", "longer than the buffers"])
def test_a_second_answer_reaches_nobody(
    nginx: Nginx, driver: StandInDriver, status: bytes, method: str, late: bytes
) -> None:
    """It comes a moment later, when NGINX or a proxy before it may think that the first is over."""
    driver.raw = b"HTTP/1.1 %b First\r\nContent-Length: 0\r\n\r\n" % status
    driver.late = late
    told = ask_raw(nginx.port, f"/jobs/{JOB}/", method=method)
    assert b"planted" not in told
    assert told.count(b"HTTP/1.1 ") <= 1
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
