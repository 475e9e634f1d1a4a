"""The provider lock: read as Terraform writes it, taken apart by stack, obeyed by every folder."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cellfactory.errors import TerraformError
from cellfactory.layers import StackId
from cellfactory.terraform.engine import Engine
from cellfactory.terraform.provider_lock import (
    Locked,
    compare,
    not_as_locked,
    parse_provider_lock,
    render_lock,
    select,
)
from cellfactory.terraform.runner import validate_stacks
from cellfactory.terraform.target import Target, environment
from cellfactory.terraform.workspace import Pins, prepare_workspace
from tests.unit.terraform.scene import Scene

AWS, HELM = "registry.terraform.io/hashicorp/aws", "registry.terraform.io/hashicorp/helm"
TEXT = f'''# This file is maintained automatically by "terraform init".
# Manual edits may be lost in future updates.

provider "{AWS}" {{
  version     = "5.100.0"
  constraints = ">= 5.100.0, < 7.0.0"
  hashes = [
    "h1:Ijt7pOlB7Tr7maGQIqtsLFbl7pSMIj06TVdkoSBcYOw=",
    "zh:054b8dd49f0549c9a7cc27d159e45327b7b65cf404da5e5a20da154b90b8a644",
  ]
}}

provider "{HELM}" {{
  version = "3.1.1"
  hashes = [
    "h1:x=",
  ]
}}
'''
STACK = StackId("a", "network")
ENGINE = Engine(argv=("terraform",), version="1.11.4", origin="test")
NEEDS = {"terraform": {"required_providers": {"aws": {"source": "hashicorp/aws"}}}}


def test_a_lock_of_terraforms_is_read_and_written_as_it_was() -> None:
    lock = parse_provider_lock(TEXT, "f")
    assert [(a, e.version, len(e.hashes)) for a, e in lock.items()] == [
        (AWS, "5.100.0", 2),
        (HELM, "3.1.1", 1),
    ]
    assert render_lock(lock) == TEXT.partition("\n\n")[2]


words = st.text("abc0/.-", min_size=1, max_size=8)
entries = st.builds(
    Locked,
    version=words,
    constraints=st.just("") | words,
    hashes=st.sets(words.map("h1:".__add__), min_size=1).map(lambda s: tuple(sorted(s))),
)


@given(st.dictionaries(words, entries, max_size=4))
def test_what_is_written_reads_back(lock: dict[str, Locked]) -> None:
    assert parse_provider_lock(render_lock(lock), "f") == lock


@pytest.mark.parametrize(
    "text",
    [
        *("{}", "<<<<<<< ours\n" + TEXT, TEXT.replace("h1:", "")),
        *(TEXT.replace('version     = "5.100.0"', ""), TEXT + TEXT.partition("\n\n")[2]),
    ],
)
def test_what_terraform_did_not_write_is_refused(text: str) -> None:
    with pytest.raises(TerraformError, match=r"F613 the.lock: .* dependency lock\n"):
        parse_provider_lock(text, "the.lock")


def test_a_stack_takes_what_it_needs_by_the_registry_of_the_engine() -> None:
    lock = parse_provider_lock(TEXT, "f")
    assert list(select(lock, "registry.terraform.io", ["hashicorp/aws"], "f")) == [AWS]
    with pytest.raises(TerraformError, match=r"F611 f does not lock registry.opentofu.org/hashi"):
        select(lock, "registry.opentofu.org", ["hashicorp/aws"], "f")


def test_a_newer_provider_is_a_change_that_is_told() -> None:
    lock = parse_provider_lock(TEXT, "f")
    newer = {AWS: replace(lock[AWS], version="6.25.0"), "r/x/y": lock[HELM]}
    told = [f"{AWS}: 5.100.0 -> 6.25.0", f"{HELM}: 3.1.1 removed", "r/x/y: 3.1.1 added"]
    assert sorted(compare(lock, newer)) == sorted(told)
    fewer = {**lock, AWS: replace(lock[AWS], hashes=("h1:x=",))}
    assert list(compare(lock, fewer)) == [f"{AWS}: 5.100.0, 2 -> 1 hashes"]


def test_every_work_folder_obeys_and_another_lock_is_another_init(tmp_path: Path) -> None:
    target = Target(mode="offline", folder=tmp_path / "offline")
    sources = {"cdk.tf.json": json.dumps(NEEDS)}
    pins = Pins(lock=parse_provider_lock(TEXT, "f"), file="f")
    space = prepare_workspace(target, ENGINE, STACK, sources, None, pins=pins)
    space.mark_init()
    written = (space.folder / ".terraform.lock.hcl").read_text("utf-8")
    assert list(parse_provider_lock(written, "w")) == [AWS]
    assert not prepare_workspace(target, ENGINE, STACK, sources, None, pins=pins).needs_init
    newer = Pins(lock=parse_provider_lock(TEXT.replace("5.100.0", "6.0.0"), "f"), file="f")
    assert prepare_workspace(target, ENGINE, STACK, sources, None, pins=newer).needs_init
    no_helm = Pins(lock={AWS: pins.lock[AWS]}, file="f")
    assert not prepare_workspace(target, ENGINE, STACK, sources, None, pins=no_helm).needs_init


def test_a_plugin_that_is_not_the_locked_one_is_a_finding_of_ours(scene: Scene) -> None:
    scene.mode = "offline"
    words = "the cached package does not match any of the checksums recorded in the\n│ dependency"
    scene.does("a-network", "init", error=f"{words} lock file")
    context = replace(scene.context(), pins=Pins(lock=parse_provider_lock(TEXT, "f"), file="f"))
    sources = {STACK: {"cdk.tf.json": json.dumps(NEEDS)}}
    (result,) = validate_stacks(context, [STACK], sources, scene.listener, parallel=1)
    assert result.status == "failed"
    assert result.finding is not None
    assert (result.finding.rule, result.finding.stack) == ("F612", "a-network")
    assert "cellfactory lock-providers" in result.reason
    assert "-lockfile=readonly" in scene.log[0][3]


def test_another_failure_of_an_init_stays_what_it_is() -> None:
    assert not_as_locked("Error: no such bucket", "f") is None


def test_a_cache_is_held_against_the_lock_and_without_one_taken_as_it_is(tmp_path: Path) -> None:
    breaks = "TF_PLUGIN_CACHE_MAY_BREAK_DEPENDENCY_LOCK_FILE"
    for mirror in (None, tmp_path):
        target = Target(mode="offline", folder=tmp_path / "offline", mirror=mirror)
        environ = {"TF_PLUGIN_CACHE_DIR": str(tmp_path / "cache")}
        assert environment(target, environ)[breaks] == "1"
        assert breaks not in environment(target, environ, pinned=True)
