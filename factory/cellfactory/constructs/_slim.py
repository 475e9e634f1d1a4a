"""Copies of the packages for Node that hold only what is in use.

The AWS provider's package is 37 MB packed and 440 MB unpacked, of which a cell needs half a
hundredth; the core has 2,700 files, of which Node reads 373. A copy is made once for each version
and set of modules, from the installed wheel.
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
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from functools import partial
from pathlib import Path
from typing import IO, Any

from cellfactory.constructs import _cache
from cellfactory.constructs._reach import reached

_FORMAT = "3"  # raise it when the copy is made in another way
_KEPT_WHOLE = ("package/package.json", "package/LICENSE")
_ASSEMBLY = "package/.jsii"
_KEPT_OF_CORE = (*_KEPT_WHOLE, _ASSEMBLY)
_LAZY_INDEX = "package/lib/lazy-index.js"
_RENAMED = {_LAZY_INDEX: "package/lib/index.js"}  # in place of the one that loads everything
_EXPORTED_DIRECTORY = re.compile(r"require\('\./([^']+)'\)")
_SYMBOL_DIRECTORY = re.compile(rb'"symbolId": "src/([^/"]+)/')
_SOURCE_MAP = b"\n//# sourceMappingURL="
_ASKED_FOR = frozenset({"provider-functions"})  # by `provider`, in the bindings of cdktn
_NOT_USED_AT_RUN_TIME = frozenset({"docs", "locationInModule"})
_CODE = (".js", ".cjs", ".json")
_TYPES = b'  "types": {\n'
_BETWEEN_TYPES = b"\n    },\n"
_AFTER_TYPES = b"\n    }\n  },\n"
_CHUNK = 4 * 2**20  # bytes

Files = Mapping[str, bytes]
"""What a tarball holds: content by path."""


def package_path(package: str, modules: Set[str]) -> list[str]:
    """The folders that Python searches for `package`: the copy's `_jsii`, then the wheel's.

    Args:
        package: a provider's package, such as "cdktf_cdktf_provider_aws".
        modules: every module in use, such as "cdktf_cdktf_provider_aws.vpc".
    """
    names = sorted(name.split(".")[1] for name in modules if name.startswith(f"{package}."))
    directories = {module.replace("_", "-") for module in names} | _ASKED_FOR
    return _copied(package, names, partial(_copy_provider, directories=directories))


def core_path(package: str) -> list[str]:
    """The folders that Python searches for the core: the copy's `_jsii`, then the wheel's.

    Args:
        package: such as "cdktf".
    """
    return _copied(package, (), _copy_core)


def _copied(
    package: str, names: Sequence[str], copy: Callable[[tarfile.TarFile], Files]
) -> list[str]:
    wheel = installed(package)
    tarball = next((wheel / "_jsii").glob("*.jsii.tgz"))
    status = tarball.stat()
    key = "\0".join([_FORMAT, str(tarball), str(status.st_mtime_ns), str(status.st_size), *names])
    name = hashlib.sha256(key.encode()).hexdigest()[:32]

    def fill(folder: Path) -> None:
        (folder / "_jsii").mkdir()
        shutil.copy(wheel / "_jsii" / "__init__.py", folder / "_jsii")
        with gzip.open(tarball) as stream, tarfile.open(fileobj=stream, mode="r:") as original:
            _pack(copy(original), folder / "_jsii" / tarball.name)

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


def _pack(files: Files, target: Path) -> None:
    """Write a tarball; not compressed, for it is unpacked once."""
    with tarfile.open(target, "w:") as copy:
        for name, content in sorted(files.items()):
            member = tarfile.TarInfo(name)
            member.size = len(content)
            copy.addfile(member, io.BytesIO(content))


def _copy_core(original: tarfile.TarFile) -> Files:
    """All that Node can come to from the main file, and what jsii reads."""
    files = {
        member.name: content.read()
        for member in original
        if member.name in _KEPT_OF_CORE or member.name.endswith(_CODE)
        if (content := original.extractfile(member))
    }
    kept = {*_KEPT_OF_CORE, *reached(files, "package")}
    return {name: content for name, content in files.items() if name in kept}


def _copy_provider(original: tarfile.TarFile, directories: Set[str]) -> Files:
    """The modules in use, an index of them, and what jsii reads."""
    files = {}
    for member in original:
        if _is_kept(member.name, directories) and (content := original.extractfile(member)):
            name = _RENAMED.get(member.name, member.name)
            files[name] = _slimmed(member.name, content, directories)
    return files


def _is_kept(name: str, directories: Set[str]) -> bool:
    if name in (*_KEPT_WHOLE, _ASSEMBLY, _LAZY_INDEX):
        return True
    parts = name.split("/")
    return name.endswith(".js") and len(parts) > 3 and parts[2] in directories


def _slimmed(name: str, content: IO[bytes], directories: Set[str]) -> bytes:
    if name in _KEPT_WHOLE:
        return content.read()
    if name == _ASSEMBLY:
        return _slim_assembly(content, directories)
    if name == _LAZY_INDEX:
        return _slim_index(content.read().decode(), directories).encode()
    return content.read().partition(_SOURCE_MAP)[0] + b"\n"


def _slim_index(text: str, directories: Set[str]) -> str:
    """Exports that load a module when it is asked for, only those in use."""
    lines = text.partition(_SOURCE_MAP.decode())[0].splitlines()
    found = [(_EXPORTED_DIRECTORY.search(line), line) for line in lines]
    kept = [line for match, line in found if match is None or match[1] in directories]
    return "\n".join(kept) + "\n"


def _slim_assembly(stream: IO[bytes], directories: Set[str]) -> bytes:
    """The assembly's types in use, without their documentation.

    The file has 130 MB in 4 million lines, printed with an indent of two; it is read a few MB at a
    time, so that it never stands in memory as a whole.
    """
    read = b""
    while _TYPES not in read and (chunk := stream.read(_CHUNK)):
        read += chunk
    head, _, first = read.partition(_TYPES)
    types: dict[str, Any] = {}
    tail = b""
    pieces = _pieces(stream, first)
    for piece in pieces:
        block, is_last, after = piece.partition(_AFTER_TYPES)
        directory = _SYMBOL_DIRECTORY.search(block)
        if directory is not None and directory[1].decode() in directories:
            types |= json.loads(b"{" + block + b"}}", object_hook=_undocumented)
        if is_last:
            tail = _BETWEEN_TYPES.join([after, *pieces])
    assembly = json.loads(head + b'"types": {},' + tail)
    assembly["types"] = types
    for bulky in ("readme", "submodules"):
        assembly.pop(bulky, None)
    return json.dumps(assembly).encode()


def _pieces(stream: IO[bytes], first: bytes) -> Iterator[bytes]:
    """The text of each type up to what closes it; the last one goes on to the end."""
    rest = first
    while chunk := stream.read(_CHUNK):
        *whole, rest = (rest + chunk).split(_BETWEEN_TYPES)
        yield from whole
    yield from rest.split(_BETWEEN_TYPES)


def _undocumented(value: dict[str, Any]) -> dict[str, Any]:
    return {key: inner for key, inner in value.items() if key not in _NOT_USED_AT_RUN_TIME}
