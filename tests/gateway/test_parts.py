"""The sidecar's smaller parts: board, store, pages, settings, metrics, the API's door."""

from __future__ import annotations

import ast
import json
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sparkgateway.backoff import Backoff
from sparkgateway.board import Board
from sparkgateway.events import BadAnswer, parse_event, parse_page
from sparkgateway.history import HistoryResolver
from sparkgateway.metrics import Metrics
from sparkgateway.pages import MOST_JOBS, render_index, render_jobs, render_names
from sparkgateway.pods import Driver
from sparkgateway.publisher import Publisher
from sparkgateway.settings import SettingsError, parse_settings
from sparkgateway.store import Store

from tests.gateway.rig import SIDECAR, Sidecar, wait_for

JOB = "spark-{:032x}".format


def make(number: int, *, name: str = "app", backend: str = "") -> Driver:
    return Driver(
        uid=f"u{number}",
        job=JOB(number),
        backend=backend or f"10.0.0.{number}:4040",
        created=f"2026-11-22T08:{number // 60 % 60:02d}:{number % 60:02d}Z",
        started=f"2026-11-22T08:{number // 60 % 60:02d}:{number % 60:02d}Z",
        namespace="n",
        name=name,
    )


# Board


def make_board(published: dict[str, str] | None = None, scopes: tuple[str, ...] = ("",)) -> Board:
    return Board(scopes=scopes, limit=100, published=published or {}, clock=lambda: 0.0)


def test_routes_from_before_stay_until_all_scopes_are_listed() -> None:
    board = make_board({JOB(1): "10.0.0.1:4040", JOB(2): "10.0.0.9:4040"}, ("a", "b"))
    board.replace("a", {"u1": make(1)})
    batch = board.take(wait_seconds=0)
    assert (batch.changes, batch.is_complete) == ({}, False)
    board.replace("b", {})
    batch = board.take(wait_seconds=0)
    assert (batch.changes, batch.is_complete) == ({JOB(2): None}, True)


def test_a_route_from_before_goes_at_once_when_its_address_is_taken() -> None:
    board = make_board({JOB(1): "10.0.0.5:4040", JOB(2): "10.0.0.2:4040"})
    board.merge("", [make(3, backend="10.0.0.5:4040")])
    assert board.take(wait_seconds=0).changes == {JOB(3): "10.0.0.5:4040", JOB(1): None}


def test_losses_are_counted_against_what_lives() -> None:
    board = make_board({JOB(n): "x" for n in range(4)})
    assert board.count_losses("", {"u1": make(1)}) == (3, 4)
    board.replace("", {f"u{n}": make(n) for n in range(6)})
    assert board.count_losses("", {"u1": make(1)}) == (5, 6)


def test_what_could_not_be_written_is_tried_again(tmp_path: Path) -> None:
    class FullDisk(Store):
        is_full = True

        def write_route(self, job: str, backend: str) -> None:
            if self.is_full:
                raise OSError(28, "No space left on device")
            super().write_route(job, backend)

    board, store, metrics, stop = make_board(), FullDisk(tmp_path), Metrics(), threading.Event()
    publisher = Publisher(
        board=board, store=store, metrics=metrics, stop=stop, pause_seconds=0, page_seconds=0
    )
    thread = threading.Thread(target=publisher.run)
    thread.start()
    board.put("", make(1))
    wait_for(lambda: "write_errors_total 1" in metrics.render(board))
    assert store.scan() == {}
    store.is_full = False
    wait_for(lambda: store.scan() == {JOB(1): "10.0.0.1:4040"})
    stop.set()
    thread.join(5)


# Store


def test_the_store_reads_what_it_wrote_and_sweeps_the_rest(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.write_route(JOB(1), "10.0.0.1:4040")
    store.write_route(JOB(1), "[2001:db8::1]:4040")
    store.remove_route(JOB(2))
    for name, text in {".draft": "x", "job": "x", JOB(3): "", JOB(4): "x" * 100}.items():
        (tmp_path / "r" / name).write_text(text)
    (tmp_path / "r" / JOB(5)).symlink_to("/etc/hostname")
    assert store.scan() == {JOB(1): "[2001:db8::1]:4040"}
    assert [path.name for path in (tmp_path / "r").iterdir()] == [JOB(1)]
    assert (tmp_path / "r" / JOB(1)).stat().st_mode & 0o777 == 0o644


def test_a_draft_that_is_a_link_is_not_followed(tmp_path: Path) -> None:
    store, victim = Store(tmp_path), tmp_path / "victim"
    victim.write_text("mine")
    (tmp_path / "r" / ".draft").symlink_to(victim)
    with pytest.raises(OSError, match="symbolic"):
        store.write_route(JOB(1), "10.0.0.1:4040")
    assert victim.read_text() == "mine"


# Pages


@given(st.text(max_size=63))
def test_no_name_can_write_markup(name: str) -> None:
    page = "".join(render_index([make(1, name=name)]))
    assert page.count("<") == "".join(render_index([make(1)])).count("<")
    assert json.loads("".join(render_jobs([make(1, name=name)])))["jobs"][0]["name"] == name


def test_pages_stay_small_and_show_the_newest() -> None:
    drivers = [make(number) for number in range(MOST_JOBS + 20)]
    page = "".join(render_index(drivers))
    assert "520 jobs are running; the newest 500 are shown" in page
    assert '<a href="/jobs.json">' in page
    assert page.count("<tr><td>") == MOST_JOBS
    document = json.loads("".join(render_jobs(drivers)))
    assert document["total"] == len(document["jobs"]) == MOST_JOBS + 20
    assert document["jobs"][0]["id"] == JOB(MOST_JOBS + 19)
    assert document["jobs"][-1]["id"] == JOB(0), "a job that runs for a month is found, too"
    assert "1 job is running." in "".join(render_index(drivers[:1]))


def test_names_lead_to_the_newest_job_that_bears_them() -> None:
    drivers = [make(1, name="etl"), make(2, name="etl"), make(3, name="ads"), make(4, name="a b")]
    lines = "".join(render_names(drivers)).splitlines()
    assert lines == ["", f"n/ads {JOB(3)}", f"n/etl {JOB(2)}", f"n/etl {JOB(1)}"]


def test_names_of_pods_go_before_labels() -> None:
    """What a label says counts only where no pod was made with that name."""

    def driver(number: int, name: str, pod: str) -> Driver:
        return replace(make(number, name=name), pod=pod)

    def lead(*drivers: Driver) -> dict[str, str]:
        found: dict[str, str] = {}
        for line in "".join(render_names(drivers)).split("\n")[1:-1]:
            name, job = line.split(" ")
            found.setdefault(name, job)
        return found

    operators = driver(1, "etl", "etl-driver")
    by_hand = driver(2, "etl", "etl-0123456789abcdef-driver")
    labelled = driver(3, "etl", "whatever")
    assert lead(operators, by_hand, labelled)["n/etl"] == JOB(1)
    assert lead(by_hand, labelled)["n/etl"] == JOB(2)
    assert lead(labelled) == {"n/etl": JOB(3), "n/whatever": JOB(3)}
    renamed = driver(1, "mine", "etl-driver")
    assert lead(renamed, labelled) == {
        "n/etl": JOB(1), "n/mine": JOB(1), "n/whatever": JOB(3)
    }  # fmt: skip
    assert lead(driver(4, "My_App", "my-app-00ff00ff00ff00ff-driver")) == {
        "n/My_App": JOB(4), "n/my-app": JOB(4)
    }  # fmt: skip
    assert lead(driver(5, "a b\nn/etl x", "<x>")) == {}


# Settings

GOOD = {"KUBERNETES_SERVICE_HOST": "10.0.0.1", "GATEWAY_POD_BLOCKS": "100.64.0.0/16"}


def test_a_cluster_needs_only_its_pod_blocks() -> None:
    settings = parse_settings(GOOD)
    assert settings.api_url == "https://10.0.0.1:443"
    assert settings.namespaces == ("",)
    assert not settings.pods.addresses.loopback
    six = parse_settings({**GOOD, "KUBERNETES_SERVICE_HOST": "fd00::1"})
    assert six.api_url == "https://[fd00::1]:443"
    assert parse_settings({**GOOD, "GATEWAY_STATUS": "[::]:9090"}).status_host == "::"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("POD_BLOCKS", ""), ("POD_BLOCKS", "0.0.0.0/0"), ("POD_BLOCKS", "10.0.0.1/8"),
        ("UI_PORTS", "80-4040"), ("UI_PORTS", "4050-4040"), ("UI_PORTS", "x"),
        ("NAMESPACES", "a,B"), ("NAMESPACES", "../x"), ("ROLES", ""), ("ROLES", "a)b"),
        ("API_URL", "ftp://x"), ("API_URL", "https://"), ("API_URL", "https://x:99999"),
        ("MAX_DRIVERS", "0"), ("MAX_DRIVERS", "-1"), ("MAX_DRIVERS", "²"), ("STATUS", ":x"),
        ("HISTORY", ":80"), ("BREAKER_PERCENT", "101"), ("WATCH_SECONDS", "0-1"),
    ],
)  # fmt: skip
def test_settings_that_cannot_work_are_named(name: str, text: str) -> None:
    with pytest.raises(SettingsError, match=f"^GATEWAY_{name}="):
        parse_settings({**GOOD, f"GATEWAY_{name}": text})


@pytest.mark.gateway_sidecar
def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    process = Sidecar(tmp_path, "nonsense", pod_blocks="x", max_drivers="many")
    with pytest.raises(AssertionError) as caught:
        process.start()
    assert process.end() == 2
    for name in ("API_URL", "POD_BLOCKS", "MAX_DRIVERS"):
        assert f"GATEWAY_{name}=" in str(caught.value)
    assert "Traceback" not in str(caught.value)


# Waiting


@given(st.floats(0, 1), st.integers(1, 200))
def test_delays_grow_to_their_bound(luck: float, failures: int) -> None:
    backoff = Backoff(first=0.5, last=30.0, random=lambda: luck)
    delays = [backoff.next_seconds() for _ in range(failures)]
    assert delays == sorted(delays)
    assert 0.25 <= delays[0] <= 0.5
    assert delays[-1] <= 30.0
    if failures > 6:
        assert delays[-1] >= 15.0


# Answers


@given(st.binary(max_size=200))
def test_no_line_breaks_the_reader(line: bytes) -> None:
    for parse in (parse_event, parse_page):
        try:
            parse(line)
        except BadAnswer:
            continue


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b"[]",
        b'{"kind":"Status","code":200}',
        b'{"kind":"PodList","items":{}}',
        b'{"kind":"PodList","items":[]}',
        b'{"kind":"PodList","items":[],"metadata":{"resourceVersion":""}}',
    ],
)
def test_an_empty_answer_is_not_an_empty_list(body: bytes) -> None:
    with pytest.raises(BadAnswer):
        parse_page(body)


# Metrics


def test_the_histogram_adds_up() -> None:
    metrics = Metrics()
    for seconds in (0.0005, 0.001, 0.02, 9.0):
        metrics.observe_latency(seconds)
    text = metrics.render(make_board())
    assert 'publish_latency_seconds_bucket{le="0.001"} 2' in text
    assert 'publish_latency_seconds_bucket{le="0.025"} 3' in text
    assert 'publish_latency_seconds_bucket{le="+Inf"} 4' in text
    assert "publish_latency_seconds_count 4" in text
    names = [line.split()[2] for line in text.splitlines() if line.startswith("# TYPE")]
    assert len(names) == len(set(names))


# History


def test_the_history_address_is_kept_through_failures(tmp_path: Path) -> None:
    answers: list[list[str] | OSError] = [
        ["10.0.0.2", "10.0.0.1"], ["10.0.0.3", "10.0.0.1"], OSError("no name"), [], ["2001:db8::1"],
    ]  # fmt: skip

    def resolve(host: str, port: int) -> list[str]:
        assert (host, port) == ("history", 18080)
        answer = answers.pop(0)
        if isinstance(answer, OSError):
            raise answer
        return answer

    resolver = HistoryResolver(
        host="history", port=18080, store=Store(tmp_path), metrics=Metrics(),
        stop=threading.Event(), resolve=resolve,
    )  # fmt: skip
    seen = []
    while answers:
        resolver.refresh()
        seen.append((tmp_path / "history").read_text())
    assert seen == ["10.0.0.1:18080"] * 4 + ["[2001:db8::1]:18080"]


# Habits


def read_imports() -> Iterator[tuple[str, str]]:
    for path in (SIDECAR / "sparkgateway").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                yield from ((path.name, alias.name) for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                yield path.name, node.module or ""


def test_the_sidecar_needs_the_standard_library_only() -> None:
    roots = {module.split(".")[0] for _, module in read_imports()}
    assert roots - set(sys.stdlib_module_names) == {"sparkgateway"}


def test_each_door_to_the_world_is_one_module() -> None:
    doors = {"http.client": {"api.py"}, "ssl": {"api.py"}, "urllib.request": set[str](),
             "subprocess": set[str](), "os": {"store.py", "__main__.py"}}  # fmt: skip
    for module, allowed in doors.items():
        assert {name for name, imported in read_imports() if imported == module} <= allowed


def test_the_only_method_is_get() -> None:
    words = {"POST", "PUT", "PATCH", "DELETE"}
    for path in (SIDECAR / "sparkgateway").glob("*.py"):
        tree = ast.parse(path.read_text())
        texts = {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant)}
        assert not words & texts, path.name
    text = (SIDECAR / "sparkgateway" / "api.py").read_text()
    assert text.count(".request(") == text.count('.request("GET"') == 1
