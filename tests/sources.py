"""The code of the program, parsed once for all the tests of a process that look into it."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

FACTORY = Path(__file__).resolve().parent.parent / "factory" / "cellfactory"


@cache
def modules() -> dict[Path, ast.Module]:
    """Parse every module of the program, which takes a second; nobody changes what this gives."""
    return {path: ast.parse(path.read_text("utf-8")) for path in sorted(FACTORY.rglob("*.py"))}
