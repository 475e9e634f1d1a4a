"""What `policy` judges, and when it takes what it judged before; Checkov is a small program."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from datetime import date
from ipaddress import IPv4Network
from pathlib import Path
from typing import Any

import pytest

from cellfactory.errors import PolicyError, UsageError
from cellfactory.inventory.schema import AddressPools
from cellfactory.policy.catalogue import RULES
from cellfactory.policy.engine import check_stack
from cellfactory.policy.expected import NOTHING_EXPECTED, Expected
from cellfactory.runs import judging
from cellfactory.runs.checkov import run_checkov
from cellfactory.runs.documents import Source, document_of, folder_sources
from cellfactory.runs.export import export_checks, exported_modules
from cellfactory.runs.judged import judged_key
from cellfactory.runs.policy import judge_policy
from cellfactory.runs.policy_request import Asked, CheckovMode

TODAY = date(2026, 11, 28)
OPEN = {"resource": {"aws_security_group_rule": {"a": {
    "type": "ingress", "cidr_blocks": ["0.0.0.0/0"]}}}}  # fmt: skip


def write(folder: Path, documents: Mapping[str, Any]) -> Path:
    for name, document in documents.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        text = document if isinstance(document, str) else json.dumps(document, indent=2)
        path.write_text(text, "utf-8")
    return folder


def asked(output: Path, checkov: CheckovMode = "off", **more: Any) -> Asked:
    none = {"inventory_file": None, "waiver_file": None, "today": TODAY}
    return Asked(output=output, checkov=checkov, **{**none, **more})


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A cache of its own, in a folder of its own."""
    from cellfactory.constructs import _cache

    monkeypatch.setenv("CELLFACTORY_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    _cache.root.cache_clear()
    yield
    _cache.root.cache_clear()


def test_a_folder_of_anybodys_is_judged(tmp_path: Path) -> None:
    folder = write(tmp_path / "out", {"net/main.tf.json": OPEN, ".terraform/x.tf.json": "odd"})
    made = judge_policy(asked(folder))
    assert "P101" in {r.violation.rule for r in made.open}
    (found,) = [r for r in made.open if r.violation.rule == "P101"]
    assert (found.violation.stack, found.file, found.line) == (
        "net",
        (folder / "net/main.tf.json").as_posix(),
        4,
    )


def test_the_files_of_a_folder_are_one_stack(tmp_path: Path) -> None:
    parts = {
        "a.tf.json": {"resource": {"aws_vpc": {"cell": {"cidr_block": "10.0.0.0/16"}}}},
        "b.tf.json": {"resource": {"aws_flow_log": {"l": {"vpc_id": "${aws_vpc.cell.id}"}}}},
    }
    made = judge_policy(asked(write(tmp_path / "out", parts)))
    assert made.coverage.stacks == 1
    assert "P108" not in {r.violation.rule for r in made.open}
    (main,) = [r for r in made.open if r.violation.rule == "P106"]
    assert main.file.endswith("a.tf.json")


def test_folders_called_alike_keep_apart(tmp_path: Path) -> None:
    folder = write(tmp_path / "out", {"a/net/x.tf.json": OPEN, "b/net/x.tf.json": OPEN})
    assert [source.name for source in folder_sources(folder)] == ["a/net", "b/net"]


@pytest.mark.parametrize("text", ["{", "[]", '{"resource": 7}', ""])
def test_a_document_that_cannot_be_read_fails(text: str, tmp_path: Path) -> None:
    folder = write(tmp_path / "out", {"good/a.tf.json": OPEN, "bad/a.tf.json": text})
    made = judge_policy(asked(folder))
    (problem,) = [p.finding for p in made.problems]
    assert (problem.rule, problem.stack) == ("F725", "bad")
    assert not made.passes


def test_one_broken_file_of_several_fails(tmp_path: Path) -> None:
    folder = write(tmp_path / "out", {"a.tf.json": OPEN, "b.tf.json": "{"})
    found = judge_policy(asked(folder)).problems
    assert [problem.finding.rule for problem in found] == ["F725"]


def test_nothing_to_check_fails(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    made = judge_policy(asked(tmp_path / "out"))
    assert [p.finding.rule for p in made.problems] == ["F726"]
    assert not made.passes


def test_a_folder_that_is_not_there_is_a_mistake(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is not a folder"):
        judge_policy(asked(tmp_path / "none"))
    with pytest.raises(UsageError, match="cannot read"):
        judge_policy(asked(tmp_path, waiver_file=tmp_path / "none.yaml"))


def test_the_very_same_is_judged_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = write(tmp_path / "out", {"net/main.tf.json": OPEN})
    first = judge_policy(asked(folder))
    monkeypatch.setattr(judging, "judge_asked", None)
    assert judge_policy(asked(folder)) == first
    for other in (asked(folder, today=date(2026, 11, 29)), asked(folder, cached=False)):
        with pytest.raises(TypeError):
            judge_policy(other)
    write(folder, {"net/main.tf.json": {**OPEN, "locals": {"a": 1}}})
    with pytest.raises(TypeError):
        judge_policy(asked(folder))
    (tmp_path / "cells.waivers.yaml").write_text("version: 1\nwaivers: []\n", "utf-8")
    write(folder, {"net/main.tf.json": OPEN})
    with pytest.raises(TypeError):
        judge_policy(asked(folder))


def test_of_a_change_only_what_it_changes_is_judged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked_of: list[str] = []
    real = check_stack

    def counted(document: Any, *more: Any) -> Any:
        asked_of.append(document.name)
        return real(document, *more)

    monkeypatch.setattr(judging, "check_stack", counted)
    same = {f"{name}/main.tf.json": OPEN for name in ("a", "b", "c")}
    folder = write(tmp_path / "out", same)
    judge_policy(asked(folder))
    assert asked_of == ["a", "b", "c"]

    asked_of.clear()
    write(folder, {"b/main.tf.json": {"locals": {"n": 1}, **OPEN}, "d/main.tf.json": "odd"})
    changed = judge_policy(asked(folder))
    assert asked_of == ["b"]
    assert changed == judge_policy(asked(folder, cached=False))
    assert {(r.violation.stack, r.line) for r in changed.open if r.violation.rule == "P101"} == {
        ("a", 4),
        ("b", 7),
        ("c", 4),
    }

    asked_of.clear()
    write(folder, same)
    (folder / "d/main.tf.json").unlink()
    judge_policy(asked(folder, today=date(2026, 11, 29)))  # what was judged twice ago is known too
    assert asked_of == []


def test_what_the_inventory_wants_is_part_of_what_was_judged() -> None:
    source = Source("a", {"a.tf.json": json.dumps(OPEN)})
    keys = {
        judged_key(source, NOTHING_EXPECTED),
        judged_key(source, Expected(internet=True)),
        judged_key(Source("b", source.files), NOTHING_EXPECTED),
        judged_key(Source("a", {"b.tf.json": json.dumps(OPEN)}), NOTHING_EXPECTED),
        judged_key(Source("a", {"a.tf.json": "{}"}), NOTHING_EXPECTED),
    }
    assert len(keys) == 5


def test_reserved_addresses_are_no_pods() -> None:
    pools = AddressPools(
        node=[IPv4Network("10.0.0.0/9")],
        pod=[IPv4Network("100.64.0.0/10"), IPv4Network("172.16.0.0/16")],
        reserved=[IPv4Network("100.64.0.0/11"), IPv4Network("172.16.0.0/12")],
    )
    assert judging.pod_blocks(pools) == ("100.96.0.0/11",)


# -- Checkov ---------------------------------------------------------------------------------------

PROGRAM = """\
#!{python}
import json, sys
{body}
"""


def program(tmp_path: Path, body: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Put a program in Checkov's place."""
    path = tmp_path / "bin" / "checkov"
    path.parent.mkdir(exist_ok=True)
    path.write_text(PROGRAM.format(python=sys.executable, body=body), "utf-8")
    path.chmod(0o755)
    monkeypatch.setenv("CELLFACTORY_CHECKOV", str(path))


def stock(**summary: Any) -> str:
    row = {
        "check_id": "CKV_AWS_21",
        "check_name": "Ensure versioning",
        "file_path": "/0/cdk.tf.json",
        "file_line_range": [4, 9],
        "resource": "resource.a",
    }
    told: dict[str, Any] = {
        "summary": {"passed": 3, "failed": 1, "parsing_errors": 0, "checkov_version": "3"},
        "results": {"failed_checks": [row]},
    }
    told["summary"] |= summary
    return f"print({json.dumps(json.dumps(told))})"


SOURCES = (Source("net", {"net/a.tf.json": json.dumps(OPEN, indent=2)}),)


def test_a_lossy_name_of_checkovs_is_found_again_by_its_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program(tmp_path, stock(), monkeypatch)
    made = run_checkov(SOURCES, "stock")
    (found,) = made.violations
    assert (found.stack, found.address) == ("net", "aws_security_group_rule.a")
    assert (made.checks, made.version) == (4, "3")


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (stock(parsing_errors=1), "1 of 1 files could not be parsed"),
        ("sys.stderr.write('no such thing'); sys.exit(2)", "exit code 2"),
    ],
)
def test_a_checkov_that_could_not_look_has_passed_nothing(
    body: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program(tmp_path, body, monkeypatch)
    with pytest.raises(PolicyError, match="F727") as refused:
        run_checkov(SOURCES, "stock")
    assert said in str(refused.value)


def test_checkov_is_given_what_can_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program(tmp_path, stock(), monkeypatch)
    monkeypatch.setattr("cellfactory.runs.checkov.checkov_version", lambda: "3")
    broken = {"bad/a.tf.json": "{", "bad/b.tf.json": "[" * 100_000}
    folder = write(tmp_path / "out", {"net/a.tf.json": OPEN, **broken})
    made = judge_policy(asked(folder, "stock"))
    assert [p.finding.rule for p in made.problems] == ["F725"]
    assert "CKV_AWS_21" in {result.violation.rule for result in made.open}


def test_zero_checks_of_checkov_fail(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    nothing = {"passed": 0, "failed": 0, "parsing_errors": 0, "checkov_version": "3"}
    program(tmp_path, f"print({json.dumps(json.dumps(nothing))})", monkeypatch)
    monkeypatch.setattr("cellfactory.runs.checkov.checkov_version", lambda: "3")
    folder = write(tmp_path / "out", {"net/a.tf.json": OPEN})
    made = judge_policy(asked(folder, "stock"))
    assert "Checkov checked nothing" in str(made.problems[0])


def test_a_checkov_that_is_not_there_is_told_how_to_get(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CELLFACTORY_CHECKOV", "/nowhere/checkov")
    with pytest.raises(PolicyError, match="uv tool install checkov"):
        run_checkov(SOURCES, "curated")


def test_what_is_exported_needs_nothing_of_ours(tmp_path: Path) -> None:
    assert export_checks(tmp_path / "checks") == export_checks(tmp_path / "checks")
    for name, text in exported_modules().items():
        assert "from cellfactory." not in text, name
        assert "import pydantic" not in text, name
    sys.path.insert(0, str(tmp_path / "checks" / "cellfactory_policy.zip"))
    try:
        from cellfactory_policy.policy.catalogue import (  # type: ignore[import-not-found]
            RULES as exported,
        )
    finally:
        sys.path.pop(0)
        for name in [name for name in sys.modules if name.startswith("cellfactory_policy")]:
            del sys.modules[name]
    assert set(exported) == set(RULES)


def test_several_files_are_put_together() -> None:
    one, two = json.dumps({"//": 1, "a": {"b": 1}}), json.dumps({"a": {"c": 2}})
    assert document_of(Source("x", {"1": one, "2": two})) == {"a": [{"b": 1}, {"c": 2}]}
