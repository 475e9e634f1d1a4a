"""`docs/environment.md` names what the program reads of its environment, all of it and no more."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from cellfactory.terraform.target import _KEPT_TERRAFORM
from tests.sources import modules

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "environment.md").read_text("utf-8")
# Of a web request, or of the emulator's own process: no settings of a person's.
OTHERS = {
    *("HTTP_AMZ_SDK_INVOCATION_ID", "HTTP_HOST", "HTTP_ORIGIN", "HTTP_SEC_FETCH_SITE"),
    *("MOTO_PORT", "PATH_INFO", "RAW_URI", "REQUEST_URI"),
}
# Set by us for a child, and read there.
INNER = {"JSII_RUNTIME_PACKAGE_CACHE_ROOT"}
READERS = r"environ\.get$|getenv$|_lines_of$"
NAME = re.compile(r"^[A-Z][A-Z0-9_]+$")


def read_names() -> Iterator[str]:
    """Yield each name that some code looks up in an environment."""
    for tree in modules().values():
        for node in ast.walk(tree):
            key: ast.expr | None = None
            if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Load):
                key = node.slice if "environ" in ast.unparse(node.value) else None
            elif isinstance(node, ast.Call) and node.args:
                called = ast.unparse(node.func)
                key = (
                    node.args[0] if re.search(r"environ\.get$|getenv$|_lines_of$", called) else None
                )
            elif isinstance(node, ast.Compare) and "environ" in ast.unparse(node.comparators[0]):
                key = node.left
            elif isinstance(node, ast.keyword) and node.arg == "envvar":
                key = node.value
            if isinstance(key, ast.Constant) and isinstance(key.value, str):
                yield key.value


def documented() -> set[str]:
    """Read the names in the first column of the page's tables of variables."""
    rows = re.findall(r"^\| (`[A-Z].*?) \|", PAGE, re.MULTILINE)
    return {name for row in rows for name in re.findall(r"`([A-Z_]+…?)`", row)}


def test_what_is_read_is_on_the_page() -> None:
    read = {name for name in read_names() if NAME.match(name)} - OTHERS - INNER
    assert {"CDKTF_OUTDIR", "NO_COLOR", "TERRAFORM"} <= read, "the search finds what it should"
    assert {name for name in read if f"`{name}`" not in PAGE} == set()


def test_what_is_on_the_page_is_read() -> None:
    handed_on = {name if name.endswith("_DIR") else f"{name}…" for name in _KEPT_TERRAFORM}
    width = {"COLUMNS"}  # by the standard library
    assert documented() <= {*read_names(), *handed_on, *width}
    assert handed_on <= documented()
