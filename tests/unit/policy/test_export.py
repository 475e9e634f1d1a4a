"""What is exported for Checkov needs nothing of ours."""

from __future__ import annotations

import ast

from cellfactory.runs.export import exported_modules


def test_exported_modules_import_each_other_and_nothing_else_of_ours() -> None:
    """Checkov passes over a file that cannot be imported, and all of its rules with it."""
    files = exported_modules()
    known = {name.removesuffix(".py").replace("/", ".") for name in files}
    for name, text in files.items():
        tree = ast.parse(text)
        guarded = {
            inner
            for node in ast.walk(tree)
            if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
            for inner in ast.walk(node)
        }
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and node not in guarded:
                module = str(node.module)
                assert not module.startswith("cellfactory."), name
                if module.startswith("cellfactory_policy."):
                    assert {module, f"{module}.__init__"} & known, (name, module)
