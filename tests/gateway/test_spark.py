"""A real Spark driver and a real History Server behind the real gateway, seen by a real browser."""

from __future__ import annotations

import contextlib
import html
import importlib.util
import json
import os
import re
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import pytest

from tests.gateway.apiserver import ApiServer, Pod, make_driver
from tests.gateway.browser import browse, find_chromium
from tests.gateway.rig import NET, ROOT, Nginx, Process, Sidecar, fetch, free_port, wait_for

pytestmark = [pytest.mark.gateway_spark, pytest.mark.gateway_nginx, pytest.mark.timeout(300)]

JOB = "spark-" + "5a" * 16
ADDRESS = f"{NET}.5.1"
PICTURE = ROOT / "docs" / "images" / "spark-ui-gateway.png"
SLOW = 200.0  # seconds; two Java machines start beside everything else
TABS = ["jobs", "stages", "storage", "environment", "executors", "SQL", "StreamingQuery"]


@dataclass(slots=True)
class Scene:
    """Everything that runs."""

    api: ApiServer
    sidecar: Sidecar
    nginx: Nginx
    driver: Process
    history: Process
    pod: Pod
    end: Path
    statuses: list[int]


def find_spark() -> Path:
    if os.environ.get("SPARK_HOME"):
        return Path(os.environ["SPARK_HOME"])
    found = importlib.util.find_spec("pyspark")
    if found is None or found.origin is None:
        pytest.skip("no Spark: `python3 dev.py spark` brings one; or set SPARK_HOME")
    return Path(found.origin).parent


@pytest.fixture(scope="module")
def scene(nginx_binary: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    """A driver with a route, and a history server, both of Spark."""
    spark = find_spark()
    if shutil.which("java") is None:
        pytest.skip("no Java: apt install default-jre-headless")
    directory = tmp_path_factory.mktemp("spark")
    (directory / "events").mkdir()
    history_port = free_port()
    values = {"historyServer": {"service": f"localhost:{history_port}"}}
    history = Process("history", directory)
    driver = Process("driver", directory)
    sidecar = Sidecar(directory, api := ApiServer(), history=f"127.0.0.1:{history_port}")
    nginx = Nginx(directory, nginx_binary, values)
    with contextlib.ExitStack() as stack:
        stack.callback(api.stop)
        for process in (sidecar, nginx, driver, history):
            stack.enter_context(process)
        launch_history(history, spark, directory / "events", history_port)
        launch_driver(driver, spark, directory)
        sidecar.start()
        sidecar.wait_synced()
        nginx.start()
        pod = make_driver(5, address=ADDRESS, job=JOB)
        api.apply(pod)
        yield Scene(api, sidecar, nginx, driver, history, pod, directory / "end",
                    wait_for_driver(nginx, driver, directory / "end.ready"))  # fmt: skip


def spark_environment(spark: Path, address: str) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "SPARK_HOME": str(spark),
        "SPARK_LOCAL_IP": address,
        "SPARK_DAEMON_MEMORY": "512m",
        "SPARK_NO_DAEMONIZE": "1",
        "PYSPARK_PYTHON": sys.executable,
        "PYTHONPATH": str(spark.parent),
        **({"JAVA_HOME": os.environ["JAVA_HOME"]} if "JAVA_HOME" in os.environ else {}),
    }


def launch_history(process: Process, spark: Path, events: Path, port: int) -> None:
    options = {
        "spark.history.fs.logDirectory": f"file://{events}",
        "spark.history.fs.update.interval": "2s",
        "spark.history.ui.port": port,
    }
    environment = spark_environment(spark, "127.0.0.1")
    environment["SPARK_HISTORY_OPTS"] = " ".join(
        f"-D{key}={value}" for key, value in options.items()
    )
    command = [f"{spark}/bin/spark-class", "org.apache.spark.deploy.history.HistoryServer"]
    process.launch(command, environment)


def launch_driver(process: Process, spark: Path, directory: Path) -> None:
    options = {
        "spark.master": "local[2]",
        "spark.app.name": "nightly-report",
        "spark.driver.memory": "700m",
        "spark.test.appId": JOB,
        "spark.driver.host": ADDRESS,
        "spark.driver.bindAddress": ADDRESS,
        "spark.ui.port": 4040,
        "spark.port.maxRetries": 0,
        "spark.sql.shuffle.partitions": 2,
        "spark.sql.warehouse.dir": directory / "warehouse",
        "spark.eventLog.enabled": "true",
        "spark.eventLog.dir": f"file://{directory}/events",
    }
    arguments = [word for pair in options.items() for word in ("--conf", f"{pair[0]}={pair[1]}")]
    environment = spark_environment(spark, ADDRESS)
    environment["PYSPARK_SUBMIT_ARGS"] = " ".join([*arguments, "pyspark-shell"])
    job = Path(__file__).parent / "jobs" / "pages.py"
    process.launch([sys.executable, str(job), str(directory / "end")], environment)


def wait_for_driver(nginx: Nginx, driver: Process, ready: Path) -> list[int]:
    """Wait until the job has filled its pages; what a viewer got meanwhile is returned.

    Until the sidecar has heard of the pod, its id is unknown, and sent to the History Server.
    """
    wait_for(lambda: nginx.get(f"/jobs/{JOB}/jobs/").status != 302, what="no route was made")
    statuses: list[int] = []

    def probe() -> bool:
        assert driver.child is not None
        assert driver.child.poll() is None, driver.log.read_text()[-3000:]
        status = nginx.get(f"/jobs/{JOB}/jobs/", seconds=60).status
        if statuses[-1:] != [status]:
            statuses.append(status)
        return ready.exists()

    wait_for(probe, SLOW, what="the job did not get ready", pause=0.1)
    return statuses


def crawl(nginx: Nginx, start: str, root: str, *, most: int = 120) -> dict[str, int]:
    """Follow every link, image, style and script; the status of each is returned.

    A link that leaves `root` has lost the job's prefix; it is returned with status 0.
    """
    found: dict[str, int] = {}
    queue = [start]
    while queue and len(found) < most:
        path = queue.pop(0)
        if path in found:
            continue
        if not path.startswith(root):
            found[path] = 0
            continue
        answer = nginx.get(path, seconds=90)
        found[path] = answer.status
        if answer.status in (301, 302, 307):
            queue.append(urljoin(path, answer.headers["location"]))
        elif answer.headers.get("content-type", "").startswith("text/html"):
            queue += find_links(path, answer.text)
    return found


def find_links(path: str, text: str) -> Iterator[str]:
    for link in re.findall(r"""(?:href|src)\s*=\s*["']([^"'#]+)""", text):
        target = urlsplit(urljoin(path, html.unescape(link)))
        if not target.netloc and not target.scheme and "/kill" not in target.path:
            yield (target.path + (f"?{target.query}" if target.query else "")).replace(" ", "%20")


def test_the_viewer_waits_on_a_page_that_asks_again(scene: Scene) -> None:
    """503 until the UI listens; then Spark's own words, a short 404 or 500 among them; then 200."""
    assert scene.statuses[0] == 503
    assert scene.statuses[-1] == 200


def test_every_page_link_and_asset_of_the_live_ui(scene: Scene) -> None:
    found = crawl(scene.nginx, f"/jobs/{JOB}/", f"/jobs/{JOB}/")
    assert {path: status for path, status in found.items() if not 0 < status < 400} == {}
    for tab in TABS:
        assert found[f"/jobs/{JOB}/{tab}/"] == 200, tab
    kinds = {Path(urlsplit(path).path).suffix for path in found}
    assert {".js", ".css"} <= kinds
    assert len(found) > 40
    for page in ("/jobs/job/?id=", "/stages/stage/?id=", "/SQL/execution/?id=", "/storage/rdd/?id=",
                 "/StreamingQuery/statistics/?id="):  # fmt: skip
        assert any(page in path for path in found), page
    dump = scene.nginx.get(f"/jobs/{JOB}/executors/threadDump/?executorId=driver", seconds=60)
    assert dump.status == 200


@pytest.mark.parametrize(
    "path",
    ["", "/jobs", "/stages", "/executors", "/allexecutors", "/environment", "/storage/rdd", "/sql"],
)
def test_the_rest_api_of_the_live_ui(scene: Scene, path: str) -> None:
    answer = scene.nginx.get(f"/jobs/{JOB}/api/v1/applications/{JOB}{path}", seconds=90)
    assert answer.status == 200
    document = json.loads(answer.body)
    assert document
    if path == "":
        assert document["id"] == JOB


def test_other_json_of_the_live_ui(scene: Scene) -> None:
    version = json.loads(scene.nginx.get(f"/jobs/{JOB}/api/v1/version", seconds=90).body)
    assert version["spark"]
    assert json.loads(scene.nginx.get(f"/jobs/{JOB}/metrics/json/").body)["gauges"]
    listed = json.loads(scene.nginx.get(f"/jobs/{JOB}/api/v1/applications").body)
    assert [item["id"] for item in listed] == [JOB]


def test_a_job_cannot_be_ended_through_the_gateway(scene: Scene) -> None:
    for path in ("/jobs/job/kill/?id=0", "/stages/stage/kill/?id=0"):
        assert scene.nginx.get(f"/jobs/{JOB}{path}").status == 403
        assert scene.nginx.get(f"/jobs/{JOB}{path}", method="POST").status == 405


def test_a_browser_sees_every_tab_without_an_error(
    scene: Scene, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    chromium = find_chromium()
    if chromium is None:
        pytest.skip("no Chromium: apt install chromium")
    wait_for(lambda: JOB in scene.nginx.get("/").text)
    site = f"http://127.0.0.1:{scene.nginx.port}"
    with browse(chromium, tmp_path / "profile") as browser:
        browser.visit(f"{site}/")
        assert browser.evaluate("document.querySelector('td a').pathname") == f"/jobs/{JOB}/"
        for tab in TABS:
            browser.visit(f"{site}/jobs/{JOB}/{tab}/")
            prefix = f"document.querySelectorAll('a[href^=\"/jobs/{JOB}/\"]').length"
            assert browser.evaluate(prefix) >= 7, tab
        browser.visit(f"{site}/jobs/{JOB}/executors/")
        rows = "document.querySelectorAll('#active-executors-table tbody tr').length"
        wait_for(lambda: browser.evaluate(rows) >= 1, 30, what="the executors' table stays empty")
        browser.visit(f"{site}/jobs/{JOB}/jobs/")
        picture = PICTURE if request.config.getoption("--update-cases") else tmp_path / "seen.png"
        browser.take_picture(picture)
        assert picture.stat().st_size > 20_000
        assert len(browser.answers) > 60
        assert [answer for answer in browser.answers if answer[0] >= 400] == []
        assert browser.failures == []


def test_the_job_ends_and_its_pages_go_on_in_the_history(scene: Scene) -> None:
    """The last test of this module: it ends the job."""
    nginx = scene.nginx
    scene.end.touch()
    assert scene.driver.child is not None
    assert scene.driver.child.wait(60) == 0
    assert nginx.get(f"/jobs/{JOB}/stages/").status == 503, "the pod has not ended yet"
    scene.api.finish(scene.pod)
    wait_for(lambda: nginx.get(f"/jobs/{JOB}/stages/").status == 302)
    place = nginx.get(f"/jobs/{JOB}/stages/").headers["location"]
    assert place == f"/shs/history/{JOB}/stages/"
    wait_for(lambda: nginx.get(place, seconds=60).status == 200, SLOW, pause=0.2)
    found = crawl(nginx, f"/shs/history/{JOB}/", "/shs/")
    assert {path: status for path, status in found.items() if not 0 < status < 400} == {}
    for tab in TABS[:-1]:  # no page of streams in the history of one without a stored event
        assert found[f"/shs/history/{JOB}/{tab}/"] == 200, tab
    overview = nginx.get("/shs/", seconds=60)
    assert overview.status == 200
    moved = nginx.get(f"/jobs/{JOB}/api/v1/applications/{JOB}/jobs")
    assert moved.headers["location"] == f"/shs/api/v1/applications/{JOB}/jobs"
    assert json.loads(fetch(nginx.port, moved.headers["location"], seconds=90).body)
    assert scene.api.writes == []
