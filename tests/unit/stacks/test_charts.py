"""A packed chart is a gzip of a tar, named by what it holds, and the same everywhere."""

from __future__ import annotations

import gzip
import io
import tarfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cellfactory.errors import SynthError
from cellfactory.specs.charts import OWN_CHARTS
from cellfactory.stacks import charts
from cellfactory.stacks.charts import MODULES, packed_charts


@pytest.mark.parametrize("name", OWN_CHARTS)
def test_it_holds_the_chart_below_its_name(name: str) -> None:
    packed = packed_charts()[name]
    assert packed.file.startswith(f"{name}-0.1.0-")
    with tarfile.open(fileobj=io.BytesIO(packed.data), mode="r:gz") as archive:
        paths = archive.getnames()
        folder = MODULES / OWN_CHARTS[name]
        for path in paths:
            held = archive.extractfile(path)
            assert held is not None
            assert held.read() == (folder / Path(path).relative_to(name)).read_bytes()
    assert f"{name}/Chart.yaml" in paths
    assert not [path for path in paths if path.endswith(".md")]


@given(st.binary(min_size=1, max_size=200_000))
def test_the_container_is_a_gzip_file(data: bytes) -> None:
    assert gzip.decompress(charts._gzip(data)) == data


def test_another_content_is_another_name(tmp_path: Path) -> None:
    def pack(values: str) -> str:
        (tmp_path / "Chart.yaml").write_text("version: 1.2.3\n", "utf-8")
        (tmp_path / "values.yaml").write_text(values, "utf-8")
        (tmp_path / "README.md").write_text(f"about {values}", "utf-8")
        return charts._pack("one", tmp_path).file

    first = pack("a: 1\n")
    assert first.startswith("one-1.2.3-")
    assert pack("a: 1\n") == first
    assert pack("a: 2\n") != first


def test_a_chart_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(SynthError, match="F406"):
        charts._pack("one", tmp_path)
