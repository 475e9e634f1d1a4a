"""Our own charts, each packed into one file that is named by what it holds.

A chart beside a stack is one file, and the Terraform of the stack names it: so a chart that
changes is a change of the stack, which a plan shows. The bytes are the same on every machine.
"""

from __future__ import annotations

import hashlib
import io
import struct
import tarfile
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from cellfactory.documents import load_data
from cellfactory.errors import Finding, SynthError
from cellfactory.files import read_bytes
from cellfactory.specs.charts import OWN_CHARTS

_PACKAGE = Path(__file__).parents[1]
MODULES = next(
    folder
    for folder in (_PACKAGE / "modules", _PACKAGE.parents[1] / "modules")
    if folder.is_dir() or folder.parent != _PACKAGE
)
"""In the package where it is installed, beside it in the tree."""

_GZIP = b"\x1f\x8b\x08\0\0\0\0\0\0\xff"  # deflate, no name, no time, of no system
_MOST_OF_A_BLOCK = 0xFFFF  # bytes that a stored block can hold


@dataclass(frozen=True, slots=True)
class PackedChart:
    """A chart as Helm takes it."""

    file: str  # such as spark-namespaces-0.1.0-0f0f0f0f0f0f.tgz
    data: bytes


@cache
def packed_charts() -> Mapping[str, PackedChart]:
    """Pack our charts, by name.

    Raises:
        SynthError: F406, when one is not where it was installed.
    """
    return {name: _pack(name, MODULES / folder) for name, folder in OWN_CHARTS.items()}


def _pack(name: str, folder: Path) -> PackedChart:
    texts = {path: read_bytes(folder / path) for path in _paths(folder)}
    if "Chart.yaml" not in texts:
        msg = f"the chart {name} is missing: {folder} is not there"
        raise SynthError(Finding(rule="F406", message=msg))
    version = load_data(texts["Chart.yaml"].decode("utf-8"))["version"]
    packed = _tar({f"{name}/{path}": data for path, data in texts.items()})
    digest = hashlib.sha256(packed).hexdigest()[:12]
    return PackedChart(file=f"{name}-{version}-{digest}.tgz", data=_gzip(packed))


def _paths(folder: Path) -> Iterator[str]:
    """List the files that Helm reads; those for people change no installation."""
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.suffix != ".md" and not path.name.startswith("."):
            yield path.relative_to(folder).as_posix()


def _tar(files: Mapping[str, bytes]) -> bytes:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for path, data in files.items():
            entry = tarfile.TarInfo(path)
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
    return made.getvalue()


def _gzip(data: bytes) -> bytes:
    """Put data into a gzip file as it is: no two zlibs compress in the same way.

    Source: https://www.rfc-editor.org/rfc/rfc1951 (3.2.4), https://www.rfc-editor.org/rfc/rfc1952
    """
    blocks = [data[i : i + _MOST_OF_A_BLOCK] for i in range(0, len(data), _MOST_OF_A_BLOCK)]
    made = bytearray(_GZIP)
    for number, block in enumerate(blocks, start=1):
        size = len(block)
        made += struct.pack("<BHH", number == len(blocks), size, size ^ _MOST_OF_A_BLOCK) + block
    made += struct.pack("<II", zlib.crc32(data), len(data))
    return bytes(made)
