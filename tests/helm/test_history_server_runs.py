"""A real History Server, started as the chart's pod starts it, on the chart's own configuration."""

from __future__ import annotations

import json
import shutil
import zipfile
from pathlib import Path

import pytest
from helm_python import Chart

from cellfactory.runs.reading import read_design
from cellfactory.stacks.example_job import example_job
from tests.gateway.rig import Answer, Process, fetch, free_port, wait_for
from tests.gateway.test_spark import find_spark, spark_environment
from tests.helm.conftest import ROOT, objects, of_kind
from tests.helm.test_history_server import CHART, SMALLEST

pytestmark = [pytest.mark.helm, pytest.mark.gateway_spark]

JOB = "spark-" + "0f" * 16
FOLDER = f"{SMALLEST['eventLogs']['folder']}/"
EVENTS = (
    {"Event": "SparkListenerLogStart", "Spark Version": "4.0.1"},
    {
        "Event": "SparkListenerApplicationStart",
        "App Name": "nightly",
        "App ID": JOB,
        "Timestamp": 1_700_000_000_000,
        "User": "etl",
    },
    {"Event": "SparkListenerApplicationEnd", "Timestamp": 1_700_000_060_000},
)


def test_it_starts_with_the_rendered_files_and_shows_the_jobs_of_the_folder(
    tmp_path: Path,
) -> None:
    spark = find_spark()
    if shutil.which("java") is None:
        pytest.skip("no Java: apt install default-jre-headless")
    with Chart.load(CHART) as chart:
        made = objects(chart.render(SMALLEST, name="spark-history-server"))
    (config,) = of_kind(made, "ConfigMap").values()
    (deployment,) = of_kind(made, "Deployment").values()
    (container,) = deployment["spec"]["template"]["spec"]["containers"]
    events, store, port = tmp_path / "events", tmp_path / "store", free_port()
    events.mkdir()
    store.mkdir()
    (events / ".folder").write_text("It keeps this folder when no log is in it.\n")
    lines = [json.dumps(event, separators=(",", ":")) + "\n" for event in EVENTS]
    (events / JOB).write_text("".join(lines))  # the server looks for lines as Spark writes them

    text = config["data"]["spark-defaults.conf"]
    for inside, outside in (
        (FOLDER, f"file://{events}/"),
        ("/var/lib/spark-history", str(store)),
        ("ui.port 18080", f"ui.port {port}"),
    ):
        assert text.count(inside) == 1
        text = text.replace(inside, outside)
    properties = tmp_path / "spark-defaults.conf"
    properties.write_text(text)
    command = [word.replace("/opt/spark", str(spark)) for word in container["command"]]
    command[-1] = command[-1].replace("/etc/spark-history/spark-defaults.conf", str(properties))

    def ask(path: str) -> Answer | None:
        try:
            return fetch(port, path, headers={"X-Forwarded-Context": "/shs"}, seconds=30)
        except OSError:
            return None

    def is_up() -> bool:
        found = ask(container["startupProbe"]["httpGet"]["path"])
        return found is not None and found.status == 200

    server = Process("history", tmp_path)
    with server:
        server.launch(command, spark_environment(spark, "127.0.0.1"))
        wait_for(is_up, 120, what="no page of the History Server", pause=0.5)
        wait_for(lambda: JOB in _jobs(ask), 60, what="the job is not shown", pause=0.5)
        page = ask("/")
        assert page is not None
        assert b'"/shs/static/' in page.body, "its links go through the gateway"
    assert any(store.iterdir()), "what was read is kept on disk"


def test_spark_knows_every_property_that_we_write() -> None:
    """Spark takes any property and says nothing of one that it does not know."""
    (core,) = (find_spark() / "jars").glob("spark-core_*.jar")
    with zipfile.ZipFile(core) as jar:
        code = b"".join(
            jar.read(name)
            for name in jar.namelist()
            if name.startswith("org/apache/spark/internal/config/")
        )
    with Chart.load(CHART) as chart:
        made = objects(chart.render(SMALLEST, name="spark-history-server"))
    (config,) = of_kind(made, "ConfigMap").values()
    lines = config["data"]["spark-defaults.conf"].splitlines()
    written = {line.split()[0] for line in lines if line.startswith("spark.")}
    planned = read_design(ROOT / "cells.yaml")
    job = example_job(planned.inventory, planned.facts, "moka-use1-a", "executor")
    written |= job["spec"]["sparkConf"].keys()
    of_spark = {name for name in written if not name.startswith("spark.hadoop.")}
    assert len(of_spark) > 8
    assert {name for name in of_spark if name.encode() not in code} == set()


def _jobs(ask: object) -> set[str]:
    assert callable(ask)
    found = ask("/api/v1/applications")
    if found is None or found.status != 200:
        return set()
    return {job["id"] for job in json.loads(found.body)}
