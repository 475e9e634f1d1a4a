"""Which files of a package Node can come to."""

from __future__ import annotations

import json
from collections.abc import Mapping

import pytest

from cellfactory.constructs._reach import reached

MAIN = {"p/package.json": b'{"main": "lib/index.js"}'}


def found(files: Mapping[str, str]) -> set[str]:
    texts = {name: text.encode() for name, text in files.items()}
    return reached({**MAIN, **texts}, "p") - {"p/package.json"}


def test_what_is_required_by_way_of_others_is_found() -> None:
    files = {
        "p/lib/index.js": "const a = require(\"./a\"); require( '../data.json' )",
        "p/lib/a.js": "module.exports = () => require('./late')",
        "p/lib/late.js": "",
        "p/data.json": "{}",
        "p/lib/index.d.ts": "",
        "p/lib/__tests__/a.js": "require('../a')",
    }
    assert found(files) == {"p/lib/index.js", "p/lib/a.js", "p/lib/late.js", "p/data.json"}


def test_modules_of_node_and_names_that_are_worked_out_are_passed_over() -> None:
    files = {"p/lib/index.js": "require('node:fs'); require('fs'); require(name)"}
    assert found(files) == {"p/lib/index.js"}


def test_modules_that_require_each_other_are_read_once() -> None:
    files = {"p/lib/index.js": "require('./b')", "p/lib/b.js": "require('./index')"}
    assert found(files) == {"p/lib/index.js", "p/lib/b.js"}


def test_a_file_goes_before_a_folder_of_its_name_and_a_main_file_before_an_index() -> None:
    files = {
        "p/lib/index.js": "require('./a'); require('x'); require('y')",
        "p/lib/a.js": "",
        "p/lib/a/index.js": "",
        "p/node_modules/x/package.json": '{"main": "dist/x"}',
        "p/node_modules/x/dist/x.js": "",
        "p/node_modules/x/index.js": "",
        "p/node_modules/y/package.json": "{}",
        "p/node_modules/y/index.js": "",
    }
    names = found(files)
    assert {"p/lib/a.js", "p/node_modules/x/dist/x.js", "p/node_modules/y/index.js"} <= names
    assert "p/lib/a/index.js" not in names


def test_the_nearest_package_of_a_name_is_the_one() -> None:
    files = {
        "p/lib/index.js": "require('@s/x/deep')",
        "p/node_modules/@s/x/package.json": "{}",
        "p/node_modules/@s/x/deep.js": "require('y')",
        "p/node_modules/@s/x/node_modules/y/package.json": "{}",
        "p/node_modules/@s/x/node_modules/y/index.js": "",
        "p/node_modules/y/package.json": "{}",
        "p/node_modules/y/index.js": "",
    }
    names = found(files)
    assert "p/node_modules/@s/x/node_modules/y/index.js" in names
    assert "p/node_modules/y/index.js" not in names


@pytest.mark.parametrize(
    "exports",
    [
        "./c/index.js",
        {".": {"import": "./m/index.js", "require": {"default": "./c/index.js"}}},
        {".": [{"require": "./c/index.js"}]},
    ],
)
def test_what_a_package_exports_is_found_with_the_manifest_that_says_its_language(
    exports: object,
) -> None:
    """Without `c/package.json`, Node takes the file for a module of the other language."""
    manifest = json.dumps({"type": "module", "exports": exports})
    files = {
        "p/lib/index.js": "require('x')",
        "p/node_modules/x/package.json": manifest,
        "p/node_modules/x/c/package.json": '{"type": "commonjs"}',
        "p/node_modules/x/c/index.js": "",
    }
    assert found(files) == set(files)
