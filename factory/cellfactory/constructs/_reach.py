"""Which files of a package Node can come to from its main one, as `require` finds them.

A package comes with the tests, types, maps and pages of everything that is bundled in it. Node
reads a fifth of those files, and to unpack the others costs more than to find out which they are.
Only names that stand as text are followed; one that a program works out is not found.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from posixpath import dirname, join, normpath
from typing import Any

_REQUIRED = re.compile(rb"""\brequire\(\s*["']([^"'\n]+)["']\s*\)""")
_FILE = ("", ".js", ".json", ".cjs")
_FOLDER = ("/index.js", "/index.json")
_MANIFEST = "package.json"


def reached(files: Mapping[str, bytes], start: str) -> set[str]:
    """Every file that Node can come to, and the manifests on the way.

    Args:
        files: all of a package, by path with `/`.
        start: the folder whose main file is required first, such as "package".

    >>> kept = {"p/package.json": b'{"main": "a"}', "p/a.js": b"require('./b')", "p/b.js": b""}
    >>> sorted(reached(kept | {"p/c.js": b""}, "p"))
    ['p/a.js', 'p/b.js', 'p/package.json']
    """
    found: set[str] = set()
    coming = [*_of_path(files, start)]
    while coming:
        name = coming.pop()
        if name in found:
            continue
        found.add(name)
        if not name.endswith(".json"):
            for match in _REQUIRED.finditer(files[name]):
                coming += _required(files, dirname(name), match[1].decode("utf-8", "replace"))
    return found | {manifest for name in found for manifest in _manifests(files, name)}


def _required(files: Mapping[str, bytes], folder: str, request: str) -> Iterator[str]:
    """The files behind a request; none where Node itself has a module of that name."""
    if request.startswith("."):
        yield from _of_path(files, normpath(join(folder, request)))
        return
    while folder:
        found = [*_of_package(files, join(folder, "node_modules"), request)]
        if found:
            yield from found
            return
        folder = dirname(folder)


def _manifests(files: Mapping[str, bytes], name: str) -> Iterator[str]:
    """The manifests above a file: the next one says in which language it is written."""
    folder = dirname(name)
    while folder:
        if join(folder, _MANIFEST) in files:
            yield join(folder, _MANIFEST)
        folder = dirname(folder)


def _of_package(files: Mapping[str, bytes], folder: str, request: str) -> Iterator[str]:
    names = request.split("/")
    package = join(folder, *names[: 2 if request.startswith("@") else 1])
    if join(package, _MANIFEST) in files:
        yield from _of_path(files, join(folder, request))


def _of_path(files: Mapping[str, bytes], path: str) -> Iterator[str]:
    """The file of a path as a request has it: with or without an ending, or a folder."""
    manifest = join(path, _MANIFEST)
    if not _first(files, path, _FILE) and manifest in files:
        targets = [normpath(join(path, name)) for name in _targets(json.loads(files[manifest]))]
        for target in targets:
            yield from _first(files, target, (*_FILE, *_FOLDER))
    yield from _first(files, path, (*_FILE, *_FOLDER))


def _first(files: Mapping[str, bytes], path: str, endings: Sequence[str]) -> list[str]:
    return [path + ending for ending in endings if path + ending in files][:1]


def _targets(manifest: Mapping[str, Any]) -> Iterator[str]:
    """What a manifest names as its main file, and all that it exports on any condition."""
    yield str(manifest.get("main", "index.js"))
    yield from _texts(manifest.get("exports"))


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from _texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner)
