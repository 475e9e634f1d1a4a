"""Our rules as checks of Checkov, for people who run it: a folder that needs nothing of ours."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import cellfactory
from cellfactory.files import read_text, write_whole

_ADAPTER = Path(__file__).with_name("checkov_adapter.py")
_PARTS = (
    *("catalogue", "cluster_rules", "controls", "data_rules", "edge_rules", "engine", "expected"),
    *("guard_rules", "identity_rules", "model", "network_rules", "node_rules", "statements"),
    *("subject", "supply_rules"),
)
_TREE = (
    *("containers", "cursor", "document", "evaluation", "functions", "nodes", "parser"),
    *("references", "rendering", "resource", "rows", "scope", "unit", "values"),
)
_OURS, _THEIRS = "cellfactory", "cellfactory_policy"


def export_checks(folder: Path) -> tuple[str, ...]:
    """Write a folder for `checkov --external-checks-dir`.

    Returns:
        The files, by their path in the folder.

    Raises:
        UsageError: when it cannot be written.
    """
    files = exported_files()
    for name, text in files.items():
        write_whole(folder / name, text)
    return tuple(files)


def exported_files() -> Mapping[str, str]:
    """Make every file: the rules and what they stand on, under a name of their own, and an adapter.

    The modules are those of this package, word for word but for its name: what Checkov says of a
    resource is what `cellfactory policy` says.
    """
    root = Path(str(cellfactory.__file__)).parent
    wanted = {
        "errors.py": root / "errors.py",
        **{f"policy/{name}.py": root / "policy" / f"{name}.py" for name in _PARTS},
        **{f"tree/{name}.py": root / "tree" / f"{name}.py" for name in _TREE},
    }
    files = {f"{_THEIRS}/{name}": _renamed(read_text(path)) for name, path in wanted.items()}
    for package in ("", "policy/", "tree/"):
        files[f"{_THEIRS}/{package}__init__.py"] = '"""Exported by cellfactory; do not edit."""\n'
    files["__init__.py"] = _renamed(read_text(_ADAPTER))
    return files


def _renamed(text: str) -> str:
    return text.replace(f"from {_OURS}.", f"from {_THEIRS}.").replace(
        f"from {_OURS} import", f"from {_THEIRS} import"
    )
