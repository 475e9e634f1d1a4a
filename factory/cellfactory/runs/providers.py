"""`lock-providers`: which build of each provider all stacks run, as Terraform finds it."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cellfactory.design import Declared
from cellfactory.errors import Finding, TerraformError
from cellfactory.files import read_text, write_whole
from cellfactory.layers import list_stacks
from cellfactory.layers.providers import required_providers
from cellfactory.processes import run_process
from cellfactory.runs.context import folder_of
from cellfactory.runs.places import home_of
from cellfactory.terraform.engine import Engine, find_engine
from cellfactory.terraform.provider_lock import (
    HEADER,
    ProviderLock,
    compare,
    parse_provider_lock,
    render_lock,
)
from cellfactory.terraform.target import Target, environment, plugin_mirror
from cellfactory.terraform.workspace import CONFIGURATION, LOCK, json_text

PLATFORMS = ("linux_amd64", "linux_arm64", "darwin_amd64", "darwin_arm64")


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvidersLocked:
    """What was written, and what is another than before."""

    file: Path
    written: bool
    lock: ProviderLock
    changes: tuple[str, ...]  # a line each
    lacking: tuple[str, ...]  # providers that the mirror does not hold; their entries are kept


def lock_providers(declared: Declared, file: Path, *, upgrade: bool = False) -> ProvidersLocked:
    """Lock the providers of all layers of an inventory, for all platforms that can be had.

    Args:
        declared: the inventory.
        file: the provider lock.
        upgrade: take the newest versions in range; else what is locked stays, with more hashes.

    Raises:
        TerraformError: when there is no Terraform (F601, F602), the lock is not one (F613), or
            Terraform cannot find a provider (F612).
        UsageError: when the lock cannot be written.
    """
    folder = folder_of(home_of(file), "offline")
    target = Target(mode="offline", folder=folder, mirror=plugin_mirror(os.environ))
    engine = find_engine(os.environ, folder)
    before = parse_provider_lock(read_text(file), str(file)) if file.exists() else {}
    after, lacking = dict(before), []
    for name, wanted in _wanted(declared).items():
        address = f"{engine.registry}/{wanted['source']}"
        platforms = _platforms(target.mirror, address)
        if not platforms:
            lacking.append(address)
            continue
        kept = {address: before[address]} if address in before and not upgrade else {}
        after |= _ask(engine, target, {name: wanted}, platforms, kept)
    written = write_whole(file, HEADER + render_lock(after)) if after else False
    return ProvidersLocked(
        file=file,
        written=written,
        lock=after,
        changes=tuple(compare(before, after)),
        lacking=tuple(lacking),
    )


def _wanted(declared: Declared) -> dict[str, Mapping[str, str]]:
    """The providers that some layer of the inventory requires, by local name."""
    stacks = list_stacks(declared.inventory, declared.facts)
    return required_providers({stack.id.row.provider for stack in stacks})


def _platforms(mirror: Path | None, address: str) -> tuple[str, ...]:
    """The platforms that a provider can be had for: all, or those that the mirror holds."""
    if mirror is None:
        return PLATFORMS
    held = [path.name for path in (mirror / address).rglob("*")]
    return tuple(p for p in PLATFORMS if any(n == p or n.endswith(f"_{p}.zip") for n in held))


def _ask(
    engine: Engine,
    target: Target,
    required: Mapping[str, Any],
    platforms: Iterable[str],
    kept: ProviderLock,
) -> dict[str, Any]:
    """Let Terraform lock providers, in a folder that is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="cellfactory-") as name:
        folder = Path(name)
        document = {"terraform": {"required_providers": required}}
        write_whole(folder / CONFIGURATION, json_text(document))
        if kept:
            write_whole(folder / LOCK, render_lock(kept))
        source = [] if target.mirror is None else [f"-fs-mirror={target.mirror}"]
        asked = [f"-platform={platform}" for platform in platforms]
        finished = run_process(
            [*engine.argv, "providers", "lock", *source, *asked],
            cwd=folder,
            env=environment(target, os.environ),
        )
        if finished.code != 0 or not (folder / LOCK).exists():
            message = f"{engine} cannot lock {', '.join(sorted(required))}"
            words = (finished.stderr or finished.stdout).strip()
            raise TerraformError(Finding(rule="F612", message=message, hint=words))
        return parse_provider_lock(read_text(folder / LOCK), LOCK)
