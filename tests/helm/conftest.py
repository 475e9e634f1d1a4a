"""Charts, loaded by a real Helm engine, and the platform stacks of the shipped inventory."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from helm_python import Chart

ROOT = Path(__file__).resolve().parents[2]
NAMESPACES_CHART = ROOT / "modules" / "spark-namespaces"
OPERATOR_CHART = "SPARK_OPERATOR_CHART"
YUNIKORN_CHART = "YUNIKORN_CHART"


def objects(manifests: dict[str, str]) -> list[dict[str, Any]]:
    """Parse rendered manifests into Kubernetes objects, in the order of their files."""
    return [
        found
        for name in sorted(manifests)
        if not name.endswith("NOTES.txt")
        for found in yaml.safe_load_all(manifests[name])
        if found
    ]


def of_kind(found: list[dict[str, Any]], kind: str) -> dict[str, dict[str, Any]]:
    """Choose the objects of one kind, by name."""
    return {each["metadata"]["name"]: each for each in found if each["kind"] == kind}


@pytest.fixture
def namespaces_chart() -> Iterator[Chart]:
    """Our chart of the job namespaces."""
    with Chart.load(NAMESPACES_CHART) as chart:
        yield chart


@pytest.fixture
def operator_chart() -> Iterator[Chart]:
    """The Spark Operator's own chart, which is not ours to ship and must be named."""
    with Chart.load(_named_chart(OPERATOR_CHART, "the Spark Operator's")) as chart:
        yield chart


@pytest.fixture
def yunikorn_chart() -> Iterator[Chart]:
    """YuniKorn's own chart, which is not ours to ship and must be named."""
    with Chart.load(_named_chart(YUNIKORN_CHART, "YuniKorn's")) as chart:
        yield chart


def _named_chart(variable: str, whose: str) -> Path:
    named = os.environ.get(variable, "")
    if not named:
        pytest.skip(f"{variable} names no folder or .tgz with {whose} chart")
    return Path(named)


@pytest.fixture(scope="session")
def output() -> dict[str, str | bytes]:
    """The output folder of the shipped inventory's platform stacks: path to what it holds."""
    from cellfactory.layers import list_stacks
    from cellfactory.runs.reading import read_design
    from cellfactory.stacks.synth import output_files, synth_stacks

    design = read_design(ROOT / "cells.yaml")
    stacks = [s for s in list_stacks(design.inventory, design.facts) if s.id.layer == "platform"]
    made = synth_stacks(design.inventory, design.plan, design.facts, stacks)
    return output_files(made, stacks)


@pytest.fixture(scope="session")
def releases(output: dict[str, str | bytes]) -> dict[str, dict[str, Any]]:
    """The Helm releases of every platform stack, by stack name."""
    return {
        path.split("/")[1]: json.loads(text)["resource"]["helm_release"]
        for path, text in output.items()
        if path.endswith("-platform/cdk.tf.json")
    }


BUCKET = "example-spark-events-444444444444"
"""Stands in for the one value that a stack takes from another."""


def values_of(release: dict[str, Any]) -> dict[str, Any]:
    """Take the values that a release passes; each of ours passes one JSON text."""
    (text,) = release["values"]
    values: dict[str, Any] = json.loads(text.replace("${var.event_log_bucket}", BUCKET))
    return values


def unknown_values(given: dict[str, Any], known: Any, place: str = "") -> list[str]:
    """List what a release passes that its chart does not have: it would do nothing, silently."""
    found = []
    for key, value in given.items():
        if not isinstance(known, dict) or key not in known:
            found.append(f"{place}{key}")
        elif isinstance(value, dict) and known[key]:  # an empty mapping takes any key
            found += unknown_values(value, known[key], f"{place}{key}.")
    return found
