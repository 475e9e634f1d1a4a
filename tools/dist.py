"""Build the wheel and the source distribution of the commit, twice, and see that they are the same.

    python -m tools.dist [--output FOLDER] [--tag TAG]

It builds what git holds at HEAD, not what lies about in the folder: once as it is, and once with
other times, permissions, names and settings of the machine. Files that differ are an error, because
nobody could then build the release again and compare. The wheel is built from the source
distribution, as an installer would. `--tag v1.2.3` is an error where the program says another
version.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import os
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Mapping
from pathlib import Path

import cellfactory

ROOT = Path(__file__).resolve().parent.parent

# What must not show in a file, each time another: time zone, language, order of sets, umask.
MACHINES: tuple[tuple[Mapping[str, str], int, float], ...] = (
    ({"TZ": "UTC", "LC_ALL": "C", "PYTHONHASHSEED": "1"}, 0o022, 1_700_000_000),
    ({"TZ": "Asia/Tokyo", "LC_ALL": "C.UTF-8", "PYTHONHASHSEED": "2"}, 0o077, 1_600_000_000),
)


def build(archive: bytes, folder: Path, machine: int) -> dict[str, bytes]:
    """Build both distributions as one of MACHINES would, from an archive of the tree.

    Returns:
        The content of each file, by its name.
    """
    settings, umask, moment = MACHINES[machine]
    source, made = folder / f"source-{machine}", folder / f"made-{machine}"
    _unpack(archive, source, umask, moment)
    sdist = _hatch(source, "sdist", made, settings, umask)
    with tarfile.open(sdist) as packed:
        packed.extractall(folder / f"unpacked-{machine}", filter="data")
    (inner,) = (folder / f"unpacked-{machine}").iterdir()
    wheel = _hatch(inner, "wheel", made, settings, umask)
    return {path.name: path.read_bytes() for path in (sdist, wheel)}


def _unpack(archive: bytes, folder: Path, umask: int, moment: float) -> None:
    with tarfile.open(fileobj=io.BytesIO(archive)) as packed:
        packed.extractall(folder, filter="data")
    for path in (folder, *folder.rglob("*")):
        is_run = path.is_dir() or bool(path.stat().st_mode & 0o100)
        path.chmod((0o777 if is_run else 0o666) & ~umask)
        os.utime(path, (moment, moment))


def _hatch(
    source: Path, target: str, folder: Path, settings: Mapping[str, str], umask: int
) -> Path:
    kept = {name: text for name, text in os.environ.items() if name != "SOURCE_DATE_EPOCH"}
    command = [sys.executable, "-m", "hatchling", "build", "-t", target, "-d", str(folder)]
    subprocess.run(
        command, cwd=source, env={**kept, **settings}, check=True, capture_output=True, umask=umask
    )
    (made,) = folder.glob("*.whl" if target == "wheel" else "*.tar.gz")
    return made


def committed() -> bytes:
    """The tree at HEAD, as a tar archive."""
    command = ("git", "archive", "--format=tar", "HEAD")
    return subprocess.run(command, cwd=ROOT, check=True, capture_output=True).stdout


def build_twice(archive: bytes) -> dict[str, bytes]:
    """Build on two machines.

    Raises:
        ValueError: when a file differs, or only one of them has it.
    """
    with tempfile.TemporaryDirectory() as folder:
        first, second = (build(archive, Path(folder), machine) for machine in (0, 1))
    if first != second:
        different = {name for name in {*first, *second} if first.get(name) != second.get(name)}
        msg = f"built twice, and not the same: {', '.join(sorted(different))}"
        raise ValueError(msg)
    return first


def main() -> int:
    """Write both files and name them with their SHA-256."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--output", type=Path, default=ROOT / "dist", help="folder [dist]")
    parser.add_argument("--tag", help="the tag that is released, v and the version")
    asked = parser.parse_args()
    if asked.tag not in (None, f"v{cellfactory.__version__}"):
        print(f"{asked.tag}: the program is version {cellfactory.__version__}", file=sys.stderr)
        return 1
    files = build_twice(committed())
    asked.output.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (asked.output / name).write_bytes(content)
        print(f"{hashlib.sha256(content).hexdigest()}  {asked.output / name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
