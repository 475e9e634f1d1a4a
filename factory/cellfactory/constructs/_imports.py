"""The import hook for the bindings: bare provider packages, and modules without type checks.

Each function of the bindings begins with `if __debug__:` and a check of its arguments, which
costs more than the call itself. Python drops such blocks when it compiles with optimize=1, but
`python -O` would drop our own asserts too, so only the bindings are compiled that way, into a
cache of their own.
"""

from __future__ import annotations

import hashlib
import importlib.abc
import importlib.machinery
import marshal
import sys
import types
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from cellfactory.constructs import _cache

_CORE = ("cdktf", "constructs")


class _BarePackage(importlib.abc.Loader):
    """A package whose `__init__` is not run."""

    def exec_module(self, module: types.ModuleType) -> None:
        """Leave the package empty; its modules are found by its path."""


class _UncheckedModule(importlib.machinery.SourceFileLoader):
    """A module compiled with optimize=1, its bytecode kept in our own cache."""

    def get_code(self, fullname: str) -> types.CodeType:
        """The module's code, from the cache or compiled now."""
        source = Path(self.get_filename(fullname))
        status = source.stat()
        key = f"{sys.version}\0{source}\0{status.st_mtime_ns}\0{status.st_size}"
        name = hashlib.sha256(key.encode()).hexdigest()[:32]
        with suppress(EOFError, ValueError, TypeError):  # nothing kept, or not whole
            kept: types.CodeType = marshal.loads(_cache.read("bytecode", name))
            return kept
        compiled: types.CodeType = compile(
            source.read_bytes(), str(source), "exec", dont_inherit=True, optimize=1
        )
        _cache.write("bytecode", name, marshal.dumps(compiled))
        return compiled


class _BindingsFinder(importlib.abc.MetaPathFinder):
    """Finds the modules of the bindings where Python would, and loads them our way."""

    def __init__(
        self,
        bare: Mapping[str, Sequence[str]],
        moved: Mapping[str, Sequence[str]],
        *,
        without_checks: bool,
    ) -> None:
        self._bare = bare
        self._moved = moved
        self._roots = {*_CORE, *bare}
        self._without_checks = without_checks

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None,
        target: types.ModuleType | None = None,
    ) -> importlib.machinery.ModuleSpec | None:
        """The spec of a module of the bindings, None for any other."""
        if fullname.partition(".")[0] not in self._roots:
            return None
        spec = importlib.machinery.PathFinder.find_spec(fullname, path, target)
        if spec is None:
            return None
        if fullname in self._moved:
            spec.submodule_search_locations = list(self._moved[fullname])
        if fullname in self._bare:
            spec.loader = _BarePackage()
            spec.submodule_search_locations = list(self._bare[fullname])
        elif self._without_checks and isinstance(spec.loader, importlib.machinery.SourceFileLoader):
            spec.loader = _UncheckedModule(spec.loader.name, spec.loader.path)
        return spec


def install(
    bare: Mapping[str, Sequence[str]],
    moved: Mapping[str, Sequence[str]],
    *,
    without_checks: bool,
) -> None:
    """Put the hook in front of Python's own finders.

    Args:
        bare: packages whose `__init__` is not run, with the folders where their modules are looked
            for.
        moved: packages that are run as they are, with such folders.
        without_checks: whether to compile the bindings' type checks out.
    """
    sys.meta_path.insert(0, _BindingsFinder(bare, moved, without_checks=without_checks))


def uninstall() -> None:
    """Take the hook away."""
    sys.meta_path[:] = [one for one in sys.meta_path if not isinstance(one, _BindingsFinder)]
