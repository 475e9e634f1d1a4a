"""Provider locks and caches with the real Terraform and a packed mirror of the real provider."""

from __future__ import annotations

import json
import os
import zipfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from cellfactory.layers import StackId
from cellfactory.processes import run_process
from cellfactory.terraform.engine import find_engine
from cellfactory.terraform.provider_lock import parse_provider_lock
from cellfactory.terraform.registry import open_registry
from cellfactory.terraform.results import Result
from cellfactory.terraform.runner import Listener, validate_stacks
from cellfactory.terraform.running import RunContext
from cellfactory.terraform.target import Target, environment
from cellfactory.terraform.workspace import LOCK, Pins

pytestmark = pytest.mark.terraform

STACKS = [StackId("a", "network"), StackId("a", "cluster")]
DOCUMENT = {
    "terraform": {"required_providers": {"aws": {"source": "hashicorp/aws"}}},
    "provider": {"aws": {"region": "us-east-1"}},
}
QUIET = Listener(started=lambda _: None, finished=lambda _: None)


@pytest.fixture(scope="module")
def packed(terraform_mirror: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Stands in for a registry: what is installed from archives goes through the cache."""
    folder = terraform_mirror / "registry.terraform.io" / "hashicorp" / "aws"
    plugin = next(folder.glob("*/linux_amd64/terraform-provider-aws*"), None)
    if plugin is None:
        pytest.skip("the mirror holds no unpacked provider for linux_amd64")
    root = tmp_path_factory.mktemp("packed")
    made = root / "registry.terraform.io" / "hashicorp" / "aws"
    made.mkdir(parents=True)
    archive = made / f"terraform-provider-aws_{plugin.parts[-3]}_linux_amd64.zip"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_STORED) as packing:
        packing.write(plugin, plugin.name)
    return root


def validate(
    root: Path, mirror: Path, environ: Mapping[str, str], pins: Pins | None
) -> list[Result]:
    target = Target(mode="offline", folder=root / "offline", mirror=mirror)
    target.folder.mkdir()
    context = RunContext(
        engine=find_engine(os.environ, root),
        target=target,
        registry=open_registry(str(target.registry_folder), "us-east-1", None),
        environment=environment(target, {**os.environ, **environ}, pinned=pins is not None),
        pins=pins,
    )
    sources = {stack: {"cdk.tf.json": json.dumps(DOCUMENT)} for stack in STACKS}
    return list(validate_stacks(context, STACKS, sources, QUIET, parallel=2))


@pytest.mark.parametrize("pinned", [False, True])
def test_a_cache_of_the_users_serves_stacks_at_once(
    tmp_path: Path, packed: Path, pinned: bool
) -> None:
    (tmp_path / "cache").mkdir()
    environ = {"TF_PLUGIN_CACHE_DIR": str(tmp_path / "cache")}
    results = validate(tmp_path, packed, environ, _lock(tmp_path, packed) if pinned else None)
    assert [r.status for r in results] == ["valid"] * 2, [r.diagnostics for r in results]


def test_a_plugin_with_other_hashes_is_not_run(tmp_path: Path, packed: Path) -> None:
    pins = _lock(tmp_path, packed)
    other = {a: replace(entry, hashes=("h1:" + "A" * 43 + "=",)) for a, entry in pins.lock.items()}
    results = validate(tmp_path, packed, {}, replace(pins, lock=other))
    assert {r.finding.rule if r.finding else None for r in results} == {"F612"}


def _lock(root: Path, mirror: Path) -> Pins:
    """Have Terraform itself lock the provider."""
    folder = root / "lock"
    folder.mkdir()
    (folder / "main.tf.json").write_text(json.dumps(DOCUMENT), "utf-8")
    engine = find_engine(os.environ, root)
    words = ("providers", "lock", f"-fs-mirror={mirror}", "-platform=linux_amd64")
    finished = run_process([*engine.argv, *words], cwd=folder, env=dict(os.environ))
    assert finished.code == 0, finished.stderr
    return Pins(lock=parse_provider_lock((folder / LOCK).read_text("utf-8"), "l"), file="l")
