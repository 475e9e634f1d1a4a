"""The folder that Terraform runs in for one stack.

The synthesized `cdk.tf.json` is copied byte for byte; what else Terraform needs stands beside
it in files of our own, so that what was reviewed is what runs.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cellfactory.errors import UsageError
from cellfactory.files import read_bytes, read_text, write_whole
from cellfactory.layers import StackId
from cellfactory.terraform.engine import Engine
from cellfactory.terraform.guard import lifted
from cellfactory.terraform.messages import Value
from cellfactory.terraform.provider_lock import ProviderLock, render_lock, select
from cellfactory.terraform.target import Target, by_reading_roles, override

CONFIGURATION = "cdk.tf.json"
INPUTS = "cellfactory.auto.tfvars.json"
OVERRIDE = "sandbox_override.tf.json"
LIFTED = "lifted_override.tf.json"
PLAN = "stack.tfplan"
LOCK = ".terraform.lock.hcl"
_STAMP = Path(".terraform", "cellfactory-init")

_COPIED = Path(".terraform", "cellfactory-sources.json")  # what the last run put there
_OURS = (INPUTS, OVERRIDE, LIFTED, PLAN)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pins:
    """The provider lock beside the inventory, and what to call it."""

    lock: ProviderLock
    file: str


Sources = Mapping[str, str]
"""The synthesized files of a stack: text by path in its folder; `cdk.tf.json` is one of them.

A packed chart, which is no text, stands in base64.
"""

_PACKED = ".tgz"


def as_source(path: str, data: bytes) -> str:
    """Make of a file what stands for it among the sources."""
    return base64.b64encode(data).decode() if path.endswith(_PACKED) else data.decode("utf-8")


def as_file(path: str, source: str) -> bytes:
    """Make the file that stands for a source."""
    return base64.b64decode(source) if path.endswith(_PACKED) else source.encode("utf-8")


def read_sources(folder: Path, stack: StackId) -> dict[str, str]:
    """Read the synthesized files of a stack.

    Args:
        folder: the output of the synthesis, such as `cdktf.out`.
        stack: the stack.

    Raises:
        UsageError: when the stack was not synthesized.
    """
    place = folder / "stacks" / stack.name
    if not (place / CONFIGURATION).is_file():
        msg = f"{place / CONFIGURATION} does not exist; run `cellfactory synth` first"
        raise UsageError(msg)
    paths = {p.relative_to(place) for p in place.rglob("*") if p.is_file()}
    return {
        p.as_posix(): _read_source(place, p)
        for p in sorted(paths)
        if not p.parts[0].startswith(".")
    }


def _read_source(place: Path, path: Path) -> str:
    if path.suffix == _PACKED:
        return as_source(path.name, read_bytes(place / path))
    return read_text(place / path)


def digest_sources(sources: Sources) -> str:
    """Digest all files of a stack, as `sha256:…`."""
    return digest(json.dumps(sources, sort_keys=True))


@dataclass(frozen=True, slots=True, kw_only=True)
class Workspace:
    """A prepared folder, and whether `terraform init` has to run in it."""

    stack: StackId
    folder: Path
    init_key: str  # what an init depends on, as a digest
    pinned: bool = False  # whether its providers are locked

    @property
    def needs_init(self) -> bool:
        """Whether the providers and the backend are not those of the last init here."""
        stamp = self.folder / _STAMP
        return not stamp.is_file() or stamp.read_bytes() != self.init_key.encode("utf-8")

    def mark_init(self) -> None:
        """Remember that an init succeeded."""
        write_whole(self.folder / _STAMP, self.init_key)


def prepare_workspace(
    target: Target,
    engine: Engine,
    stack: StackId,
    sources: Sources,
    inputs: Mapping[str, Value] | None,
    *,
    lift: Collection[str] | None = (),
    pins: Pins | None = None,
) -> Workspace:
    """Fill the work folder of a stack.

    Args:
        target: where the stack is applied.
        engine: the Terraform that will run; another one needs another init.
        stack: the stack.
        sources: the synthesized files, which are not changed.
        inputs: values of its variables; None where none are needed (validate).
        lift: addresses that Terraform may destroy although they are kept; None for all.
        pins: the provider lock; None where providers are not pinned.

    Raises:
        TerraformError: when the lock lacks a provider that the stack needs (F611).
    """
    folder = target.work_folder(stack)
    document = parse_configuration(stack, sources)
    locked = None if pins is None else _lock_of(pins, engine, document)
    _remove_leftovers(folder, sources)
    for path, text in sources.items():
        write_whole(folder / path, as_file(path, text))
    write_whole(folder / _COPIED, json_text(sorted(sources)))
    if inputs is None:
        (folder / INPUTS).unlink(missing_ok=True)
    else:
        write_whole(folder / INPUTS, json_text(inputs))
    added = override(target, stack, "aws" in document.get("provider", {}))
    added = by_reading_roles(document, added) if target.reads else added
    if added is not None:
        write_whole(folder / OVERRIDE, json_text(added))
    else:
        (folder / OVERRIDE).unlink(missing_ok=True)
    freed = lifted(document, lift)
    if freed:
        write_whole(folder / LIFTED, json_text(freed))
    else:
        (folder / LIFTED).unlink(missing_ok=True)
    needs = [document.get("terraform"), added, str(target.mirror), engine.argv, engine.version]
    if locked is not None:
        write_whole(folder / LOCK, locked)
        needs.append(locked)
    key = digest(json.dumps(needs, sort_keys=True))
    return Workspace(stack=stack, folder=folder, init_key=key, pinned=locked is not None)


def _lock_of(pins: Pins, engine: Engine, document: Mapping[str, Any]) -> str:
    """The part of the provider lock that a stack needs."""
    sources = provider_sources(document)
    return render_lock(select(pins.lock, engine.registry, sources, pins.file))


def parse_configuration(stack: StackId, sources: Sources) -> dict[str, Any]:
    """Read a synthesized stack.

    Raises:
        UsageError: when it is not a JSON object.
    """
    try:
        document = json.loads(sources[CONFIGURATION])
    except ValueError as error:
        msg = f"the synthesized file of {stack} is not JSON: {error}"
        raise UsageError(msg) from error
    if not isinstance(document, dict):
        msg = f"the synthesized file of {stack} is not a JSON object"
        raise UsageError(msg)
    return document


def provider_sources(document: Mapping[str, Any]) -> tuple[str, ...]:
    """List the providers that a stack requires, such as `hashicorp/aws`, sorted."""
    required = document.get("terraform", {}).get("required_providers", {})
    blocks = required if isinstance(required, list) else [required]
    return tuple(sorted({p["source"] for block in blocks for p in block.values() if "source" in p}))


def digest(text: str) -> str:
    """Digest a text, as `sha256:…`."""
    return "sha256:" + hashlib.sha256(text.encode("utf-8")).hexdigest()


def _remove_leftovers(folder: Path, sources: Sources) -> None:
    """Remove what earlier sources had: a chart's old template would still be installed.

    What we did not put there stays, whoever did: Terraform leaves here a state that it could not
    save anywhere else, and it is the only one.
    """
    (folder / PLAN).unlink(missing_ok=True)  # of a run that was killed; it holds the state
    for name in _copied(folder):
        if name not in sources and name not in _OURS:
            (folder / name).unlink(missing_ok=True)


def _copied(folder: Path) -> Collection[str]:
    """List what we put into a work folder; where no run noted it, all that can be ours."""
    try:
        told = json.loads((folder / _COPIED).read_bytes())
    except (OSError, ValueError):
        told = None
    if isinstance(told, list) and all(isinstance(t, str) and is_inside(t) for t in told):
        return told
    found = (p.relative_to(folder) for p in folder.rglob("*") if p.is_file())
    ours = (p for p in found if not p.parts[0].startswith(".") and ".tfstate" not in p.name)
    return [p.as_posix() for p in ours]


def is_inside(path: str) -> bool:
    """Whether a path of sources leads to a file below the folder that it is joined to.

    >>> [is_inside(p) for p in ("cdk.tf.json", "charts/a.yaml", "../x", "/etc/x", "a//b", "")]
    [True, True, False, False, False, False]
    """
    parts = path.split("/")
    return not {"", ".", ".."} & set(parts) and "\0" not in path and not parts[0].startswith(".")


def json_text(value: Any) -> str:
    """Write JSON as the files beside a stack have it."""
    return json.dumps(value, indent=2, sort_keys=True) + "\n"
