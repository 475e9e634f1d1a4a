"""What the project is made of is pinned: packages by hash, images by digest, or with a reason."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.test_habits import tracked_files

ROOT = Path(__file__).resolve().parent.parent
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
LOCKS = sorted((ROOT / "requirements").glob("*.lock"))
HASH = re.compile(r"--hash=sha256:[0-9a-f]{64}")
DIGEST = re.compile(r"@sha256:[0-9a-f]{64}$")
# Stories, pages and the example show what users write; YAML in factory/ is data of the program.
NO_IMAGES_OF_OURS = ("tests", "docs", "cells.yaml", "factory")

# The lock that holds each list of pyproject.toml; a list without a lock is a hole.
LOCKED_IN = {
    "dependencies": ("run", "dev", "terraform"),
    "build-system": ("run", "dev"),
    "extra sandbox": ("dev",),
    "extra plot": ("dev",),
    "extra terraform": ("terraform",),
    "group build": ("run", "dev"),
    "group dev": ("dev",),
    "group spark": ("spark",),
    "group policy": ("policy",),
    "group cdktn": ("cdktn",),
}


# -- packages --------------------------------------------------------------------------------------


def unhashed(text: str) -> list[str]:
    """List the entries of a lock that are not one exact version with hashes, whatever the marker.

    >>> unhashed("a==1 --hash=sha256:" + "0" * 64)
    []
    >>> unhashed("a==1\\nb>=2 --hash=sha256:" + "0" * 64 + "\\n-r other.txt\\nc @ https://d/e")
    ['a==1', 'b>=2', '-r other.txt', 'c @ https://d/e']
    """
    joined = re.sub(r"\s*\\\n\s*", " ", text)
    lines = (line.strip() for line in joined.splitlines())
    return [
        HASH.sub("", line).strip()
        for line in lines
        if line and not line.startswith("#") and not _is_exact(line)
    ]


def _is_exact(line: str) -> bool:
    pin = r"[A-Za-z0-9._-]+(\[[a-z0-9,_-]+\])?==[A-Za-z0-9.!+-]+( ; [^-]+?)?( --hash=\S+)+"
    return bool(re.fullmatch(pin, line)) and bool(HASH.search(line))


@pytest.mark.parametrize("path", LOCKS, ids=lambda path: path.stem)
def test_every_line_of_a_lock_is_one_version_with_hashes(path: Path) -> None:
    text = path.read_text("utf-8")
    assert re.search(r"^[a-z0-9._-]+==", text, re.MULTILINE), "a lock of nothing"
    assert unhashed(text) == []


def pinned(lock: str) -> dict[str, set[str]]:
    """Read the versions of each package of a lock; several where markers choose."""
    found: dict[str, set[str]] = {}
    text = (ROOT / "requirements" / f"{lock}.lock").read_text("utf-8")
    for name, version in re.findall(r"^([A-Za-z0-9._-]+)(?:\[.+?\])?==(\S+)", text, re.MULTILINE):
        found.setdefault(canonicalize_name(name), set()).add(version)
    return found


def lists() -> dict[str, list[str]]:
    """Every list of requirements in pyproject.toml."""
    project = PROJECT["project"]
    extras, groups = project["optional-dependencies"], PROJECT["dependency-groups"]
    return {
        "dependencies": project["dependencies"],
        "build-system": PROJECT["build-system"]["requires"],
        **{f"extra {name}": lines for name, lines in extras.items()},
        **{f"group {name}": lines for name, lines in groups.items()},
    }


def test_each_list_of_requirements_has_its_lock_and_each_lock_its_list() -> None:
    assert set(lists()) == set(LOCKED_IN)
    assert {path.stem for path in LOCKS} == {name for names in LOCKED_IN.values() for name in names}


@pytest.mark.parametrize("name", LOCKED_IN)
def test_each_requirement_is_locked_at_a_version_that_it_allows(name: str) -> None:
    for lock in LOCKED_IN[name]:
        held = pinned(lock)
        for wanted in map(Requirement, lists()[name]):
            versions = held.get(canonicalize_name(wanted.name), set())
            assert versions, f"{wanted}: not in {lock}.lock"
            assert all(map(wanted.specifier.contains, versions)), f"{wanted}: {lock}.lock"


def test_the_locks_of_one_environment_agree_for_every_marker() -> None:
    run, development, terraform = pinned("run"), pinned("dev"), pinned("terraform")
    assert {**development, **run} == development
    assert {**terraform, **development} == {**development, **terraform}


# -- npm -------------------------------------------------------------------------------------------


def loose_npm(lock: Mapping[str, Any]) -> list[str]:
    """List the packages of an npm lock that are downloaded without a hash.

    >>> loose_npm({"packages": {"": {}, "node_modules/a": {"resolved": "https://b"}}})
    ['node_modules/a']
    """
    packages: Mapping[str, Mapping[str, Any]] = lock["packages"]
    return [
        name
        for name, held in packages.items()
        if name and not held.get("link") and "integrity" not in held
    ]


def test_npm_packages_are_locked_with_hashes() -> None:
    files = {path for path in tracked_files() if "tests" not in path.parts}
    for path in files:
        if path.name == "package.json":
            assert path.with_name("package-lock.json") in files, f"{path} has no lock"
        if path.name == "package-lock.json":
            assert loose_npm(json.loads(path.read_text("utf-8"))) == [], path
        assert path.name not in ("yarn.lock", "pnpm-lock.yaml"), f"{path}: not read by this test"


# -- images ----------------------------------------------------------------------------------------


def in_dockerfile(text: str) -> Iterator[str]:
    """The images that a Dockerfile starts from, an ARG's default for its name.

    >>> list(in_dockerfile("ARG BASE=a:1\\nFROM ${BASE} AS b\\nFROM b\\nFROM scratch"))
    ['a:1']
    """
    defaults = dict(re.findall(r"^ARG\s+(\w+)=(\S+)", text, re.MULTILINE))
    known = {"scratch"}
    for image, stage in re.findall(
        r"^FROM\s+(?:--\S+\s+)*(\S+)(?:\s+AS\s+(\S+))?", text, re.MULTILINE | re.IGNORECASE
    ):
        named = re.sub(r"\$\{?(\w+)\}?", lambda match: defaults.get(match[1], ""), image)
        if named not in known:
            yield named
        known.add(stage)


def in_values(data: Any) -> Iterator[str]:
    """The images in YAML, such as a chart's values or a pipeline: by parts, or as one text.

    >>> list(in_values({"a": {"repository": "b/c", "tag": 1, "digest": ""}, "d": {"image": "e:2"}}))
    ['b/c:1', 'e:2']
    """
    if isinstance(data, list):
        for item in data:
            yield from in_values(item)
    elif isinstance(data, dict):
        if data.get("repository") and data.get("tag"):
            digest = f"@{data['digest']}" if data.get("digest") else ""
            yield f"{data['repository']}:{data['tag']}{digest}"
        for key, value in data.items():
            if key in ("image", "container") and isinstance(value, str) and value:
                yield value
            yield from in_values(value)


def images() -> dict[str, set[str]]:
    """Each image that a file of ours names, with those files."""
    found: dict[str, set[str]] = {}
    for path in tracked_files():
        inside = path.relative_to(ROOT)
        if inside.parts[0] in NO_IMAGES_OF_OURS:
            continue
        for image in _images_of(path):
            found.setdefault(image, set()).add(inside.as_posix())
    return found


def _images_of(path: Path) -> Iterator[str]:
    if path.name.startswith("Dockerfile") or path.suffix == ".Dockerfile":
        yield from in_dockerfile(path.read_text("utf-8"))
    elif path.suffix in (".yaml", ".yml") and "templates" not in path.parts:
        yield from in_values(yaml.safe_load(path.read_text("utf-8")))


def test_images_are_pinned_by_tag_and_digest_or_there_is_a_reason() -> None:
    reasons = yaml.safe_load((ROOT / "requirements" / "images.yaml").read_text("utf-8"))
    named = images()
    loose = {image for image in named if not DIGEST.search(image)}
    assert loose - set(reasons) == set(), "give it a digest, or a row in requirements/images.yaml"
    assert set(reasons) - loose == set(), "nothing names these any more"
    assert all(len(reason) > 30 for reason in reasons.values())
    assert not [image for image in named if ":" not in image.partition("@")[0]], "no tag"
