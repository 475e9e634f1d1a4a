"""Stencils that were made before, in the cache folder: by what they are made of, shape and code."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from functools import cache
from importlib.metadata import version
from pathlib import Path

import cellfactory
from cellfactory.constructs import _cache
from cellfactory.stacks.stencil import Place, Stencil

_KIND = "stencils"
_MOST = 1_000  # kept; the oldest go first
_BUILDERS = ("constructs", "facts", "inventory", "layers", "specs", "stacks")
_PACKAGES = ("cdktf", "cdktf-cdktf-provider-aws", "cdktf-cdktf-provider-helm", "constructs", "jsii")


def read_stencil(shape: str) -> Stencil | None:
    """Read the stencil of a shape; None where there is none, or it is not as it was written."""
    body = _cache.read(_KIND, _name(shape))
    if not body:
        return None
    kept = json.loads(body)
    places = tuple(Place(*place) for place in kept["places"])
    return Stencil(text=kept["text"], places=places)


def write_stencil(shape: str, stencil: Stencil) -> None:
    """Keep the stencil of a shape; a full or read-only disk is no error."""
    places = [[place.number, place.depth, place.text] for place in stencil.places]
    body = json.dumps({"text": stencil.text, "places": places}).encode()
    _cache.write(_KIND, _name(shape), body)
    _cache.trim(_KIND, _MOST)


def _name(shape: str) -> str:
    return hashlib.sha256(f"{_code()}\0{shape}".encode()).hexdigest()


@cache
def _code() -> str:
    """A digest of all that makes Terraform of a spec: our builders, and the bindings' versions."""
    digest = hashlib.sha256()
    for package in _PACKAGES:
        digest.update(f"{package} {version(package)}\0".encode())
    for path in _sources():
        digest.update(path.read_bytes() + b"\0")
    return digest.hexdigest()


def _sources() -> Iterator[Path]:
    root = Path(str(cellfactory.__file__)).parent
    yield root / "naming.py"
    for package in _BUILDERS:
        yield from sorted((root / package).glob("*.py"))
