"""A copy of a provider's package for Node that holds only the modules in use.

The AWS provider's package is 37 MB packed and 440 MB unpacked, of which a cell needs half a
hundredth. The copy is made once for each version and set of modules, from the installed wheel.
"""

from __future__ import annotations

import gzip
import hashlib
import importlib.machinery
import io
import json
import re
import shutil
import tarfile
from collections.abc import Iterator, Set
from pathlib import Path
from typing import IO, Any

from cellfactory.constructs import _cache

_FORMAT = "2"  # raise it when the copy is made in another way
_KEPT_WHOLE = ("package/package.json", "package/LICENSE")
_ASSEMBLY = "package/.jsii"
_LAZY_INDEX = "package/lib/lazy-index.js"
_RENAMED = {_LAZY_INDEX: "package/lib/index.js"}  # in place of the one that loads everything
_EXPORTED_DIRECTORY = re.compile(r"require\('\./([^']+)'\)")
_SYMBOL_DIRECTORY = re.compile(rb'"symbolId": "src/([^/"]+)/')
_SOURCE_MAP = b"\n//# sourceMappingURL="
_ASKED_FOR = frozenset({"provider-functions"})  # by `provider`, in the bindings of cdktn
_NOT_USED_AT_RUN_TIME = frozenset({"docs", "locationInModule"})


def package_path(package: str, modules: Set[str]) -> list[str]:
    """The folders that Python searches for `package`: the copy's `_jsii`, then the wheel's.

    Args:
        package: a provider's package, such as "cdktf_cdktf_provider_aws".
        modules: every module in use, such as "cdktf_cdktf_provider_aws.vpc".
    """
    wheel = installed(package)
    names = sorted(name.split(".")[1] for name in modules if name.startswith(f"{package}."))
    tarball = next((wheel / "_jsii").glob("*.jsii.tgz"))
    status = tarball.stat()
    key = "\0".join([_FORMAT, str(tarball), str(status.st_mtime_ns), str(status.st_size), *names])
    name = hashlib.sha256(key.encode()).hexdigest()[:32]
    directories = {module.replace("_", "-") for module in names} | _ASKED_FOR

    def fill(folder: Path) -> None:
        (folder / "_jsii").mkdir()
        shutil.copy(wheel / "_jsii" / "__init__.py", folder / "_jsii")
        _copy_tarball(tarball, folder / "_jsii" / tarball.name, directories)

    return [str(_cache.folder("slim", name, fill)), str(wheel)]


def installed(package: str) -> Path:
    """Where a provider's package is installed, whether the door's own finder stands or not.

    Raises:
        ModuleNotFoundError: when it is not.
    """
    spec = importlib.machinery.PathFinder.find_spec(package)
    if spec is None or spec.submodule_search_locations is None:
        msg = f"No module named {package!r}"
        raise ModuleNotFoundError(msg, name=package)
    return Path(spec.submodule_search_locations[0])


def _copy_tarball(source: Path, target: Path, directories: Set[str]) -> None:
    with (
        target.open("wb") as raw,
        gzip.GzipFile(fileobj=raw, mode="wb", filename="", mtime=0) as packed,
        tarfile.open(fileobj=packed, mode="w|") as copy,
        tarfile.open(source, mode="r|gz") as original,
    ):
        for member in original:
            content = original.extractfile(member)
            text = None if content is None else _slimmed(member.name, content, directories)
            if text is not None:
                member.name = _RENAMED.get(member.name, member.name)
                member.size = len(text)
                copy.addfile(member, io.BytesIO(text))


def _slimmed(name: str, content: IO[bytes], directories: Set[str]) -> bytes | None:
    """What stands under `name` in the copy, None when it is left out."""
    if name in _KEPT_WHOLE:
        return content.read()
    if name == _ASSEMBLY:
        return _slim_assembly(content, directories)
    if name == _LAZY_INDEX:
        return _slim_index(content.read().decode(), directories).encode()
    parts = name.split("/")
    if parts[1] == "lib" and len(parts) > 3 and parts[2] in directories and name.endswith(".js"):
        return content.read().partition(_SOURCE_MAP)[0] + b"\n"
    return None


def _slim_index(text: str, directories: Set[str]) -> str:
    """Exports that load a module when it is asked for, only those in use."""
    lines = text.partition(_SOURCE_MAP.decode())[0].splitlines()
    found = [(_EXPORTED_DIRECTORY.search(line), line) for line in lines]
    kept = [line for match, line in found if match is None or match[1] in directories]
    return "\n".join(kept) + "\n"


def _slim_assembly(stream: IO[bytes], directories: Set[str]) -> bytes:
    """The assembly's types in use, without their documentation.

    The file has 130 MB in 4 million lines, printed with an indent of two; it is read type by
    type, so that it never stands in memory as a whole.
    """
    head: list[bytes] = []
    for line in stream:
        if line == b'  "types": {\n':
            break
        head.append(line)
    types: dict[str, Any] = {}
    for block in _type_blocks(stream):
        directory = _SYMBOL_DIRECTORY.search(block)
        if directory is not None and directory[1].decode() in directories:
            types |= json.loads(b"{" + block.rstrip(b",\n") + b"}", object_hook=_undocumented)
    assembly = json.loads(b"".join(head) + b'"types": {},' + stream.read())
    assembly["types"] = types
    for bulky in ("readme", "submodules"):
        assembly.pop(bulky, None)
    return json.dumps(assembly).encode()


def _type_blocks(stream: IO[bytes]) -> Iterator[bytes]:
    """One block of lines for each type, up to the line that closes them all."""
    block: list[bytes] = []
    for line in stream:
        if line == b"  },\n":
            return
        block.append(line)
        if line in (b"    },\n", b"    }\n"):
            yield b"".join(block)
            block = []


def _undocumented(value: dict[str, Any]) -> dict[str, Any]:
    return {key: inner for key, inner in value.items() if key not in _NOT_USED_AT_RUN_TIME}
