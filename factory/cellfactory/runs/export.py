"""Our rules as checks of Checkov, for people who run it: a folder that needs nothing of ours."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from pathlib import Path

import cellfactory
from cellfactory.files import read_text, write_whole

_ADAPTER = Path(__file__).with_name("checkov_adapter.py")
_PARTS = (
    *("catalogue", "cluster_rules", "controls", "data_rules", "edge_rules", "engine", "expected"),
    *("found", "gateway_rules"),
    *("guard_rules", "identity_rules", "model", "network_rules", "node_rules", "state_rules"),
    "statements",
    *("subject", "supply_rules"),
)
_TREE = (
    *("containers", "cursor", "document", "evaluation", "functions", "nodes", "parser"),
    *("references", "rendering", "resource", "rows", "scope", "unit", "values"),
)
_EPOCH = (1980, 1, 1, 0, 0, 0)  # the first day that an archive knows
_OURS, _THEIRS = "cellfactory", "cellfactory_policy"


def export_checks(folder: Path) -> tuple[str, ...]:
    """Write a folder for `checkov --external-checks-dir`.

    Returns:
        The files, by their path in the folder.

    Raises:
        UsageError: when it cannot be written.
    """
    files: Mapping[str, str | bytes] = {
        "__init__.py": '"""Checks exported by cellfactory; do not edit."""\n',
        "cellfactory_checks.py": _renamed(read_text(_ADAPTER)),
        f"{_THEIRS}.zip": _archive(exported_modules()),
    }
    for name, content in files.items():
        write_whole(folder / name, content)
    return tuple(files)


def exported_modules() -> Mapping[str, str]:
    """Make every module that the checks stand on, under a package of their own.

    They are those of this package, word for word but for its name: what Checkov says of a resource
    is what `cellfactory policy` says.
    """
    root = Path(str(cellfactory.__file__)).parent
    wanted = {
        "errors.py": root / "errors.py",
        **{f"policy/{name}.py": root / "policy" / f"{name}.py" for name in _PARTS},
        **{f"tree/{name}.py": root / "tree" / f"{name}.py" for name in _TREE},
    }
    files = {f"{_THEIRS}/{name}": _renamed(read_text(path)) for name, path in wanted.items()}
    for package in ("", "policy/", "tree/"):
        files[f"{_THEIRS}/{package}__init__.py"] = ""
    return files


def _archive(files: Mapping[str, str]) -> bytes:
    """Pack modules, the same bytes each time.

    Checkov runs every file of a folder as a check, and puts each folder before Python's own
    modules; it looks into no archive.
    """
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        for name, text in sorted(files.items()):
            archive.writestr(zipfile.ZipInfo(name, _EPOCH), text)
    return held.getvalue()


def _renamed(text: str) -> str:
    return text.replace(f"from {_OURS}.", f"from {_THEIRS}.")
