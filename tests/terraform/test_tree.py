"""The tree beside Terraform's own view of the same documents.

Addresses are the same, what the tree calls known is what Terraform plans, and both find the same
references. `terraform_data` is built in and takes any value, so it needs no provider; the
synthesized stacks of the shipped inventory are planned by the real AWS provider, offline.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from random import Random
from typing import Any

import pytest

from cellfactory.layers import Stack, list_stacks
from cellfactory.runs.reading import read_design
from cellfactory.tree.rendering import escape_template
from cellfactory.tree.tree import Tree, read_tree
from cellfactory.tree.values import Expression, is_known
from tests.terraform.oracle import (
    Oracle,
    ask_terraform,
    differences,
    named_by_terraform,
    named_by_the_tree,
)

pytestmark = pytest.mark.terraform

ROOT = Path(__file__).resolve().parents[2]


def assert_agreed(tree: Tree, stack: str, oracle: Oracle) -> None:
    """Hold every resource of a stack against what Terraform says of it."""
    managed = {a: r for a, r in tree.resources(stack).items() if r.mode == "managed"}
    assert sorted(managed) == sorted(oracle.changes)
    assert [d for a, r in managed.items() for d in differences(r, oracle.changes[a])] == []
    for resource in tree.resources(stack).values():
        configuration = oracle.configuration[resource.block.subject]
        assert named_by_the_tree(resource) == named_by_terraform(configuration), resource.address


def agreed(folder: Path, document: Mapping[str, Any], variables: Mapping[str, Any]) -> Tree:
    oracle = ask_terraform(folder, document, variables)
    tree = read_tree([], {"s": document})
    assert_agreed(tree, "s", oracle)
    return tree


VARIABLES = {"ids": {"z1": "rtb-1", "z2": "rtb-2"}, "id": "vpc-1"}
DECLARED = {"ids": {"type": "map(string)"}, "id": {"type": "string"}}
LOCALS: Mapping[str, Any] = {
    "edges": {
        "b": {"id": "${var.id}", "name": "a--b", "n": 1},
        "c": {"id": '${var.ids["z1"]}', "name": "a--c", "n": 2.5},
    },
    "routes": {
        f"{zone} 10.{n}.0.0/16": {"block": f"10.{n}.0.0/16", "peer": peer, "zone": zone}
        for n, peer in enumerate("bc")
        for zone in ("z1", "z2")
    },
    "names": ["p", "q"],
    "block": "10.0.0.0/16",
    "text": 'quote " back \\ new\nline $${x} %%{y} $ % é e\u0301',
    "flags": {"on": True, "off": False, "none": None, "big": 1e21, "small": 0.1},
    "deep": {"a": [{"b": {"c": ["x", "${local.names[1]}"]}}], "whole": "${local.names}"},
    "made": '${{ for k, e in local.edges : "${k}-x" => e.name if e.n > 1 }}',
}

# Values of every kind that our stacks write, and those at the edges of the syntax.
VALUES: tuple[Any, ...] = (
    *("text", 1, 1.5, True, None, [], {}, [1, "a", None], {"a": {"b": [True]}}),
    *("${local.text}", "${local.edges.b.name}", '${local.edges["c"].n}', "${local.names[1]}"),
    *("${local.names.0}", "${local.deep.a[0].b.c[1]}", "${local.deep}", "${local.flags}"),
    *("a${local.flags.on}${local.flags.big}${local.flags.small}${local.edges.c.n}b",),
    *("${local.made}", '${local.made["c-x"]}', "${var.id}", "x-${var.id}", '${var.ids["z1"]}'),
    *("$${local.x}", "$$${1}", "$$$${1}", "%%{ if x }", "%%%%{", "$", "$$", "a$", "%", "100 %"),
    *('${"a\\"b\\\\c\\nd\\te\\u00e9\\U0001F600"}', '${"$${x}"}', '${"${local.names[0]}y"}'),
    *('a${"$"}${local.names[0]}', "\\n${1}\\t", "e\u0301", "${local.names[0]}e\u0301"),
    *("${1 + 2 * 3}", "${(1 + 2) * 3}", "${7 - 2 - 1}", "${-3}", "${!true}", "${1 < 2 && 2 >= 2}"),
    *('${1 == 1 ? "a" : "b"}', '${"a" == "b" ? 1 : 2}', '${true ? 1 : "x"}', '${false ? 1 : "x"}'),
    *("${true ? null : 1}", '${1 == "1"}', "${local.flags.none == null}", "${6 / 4}", "${7 % 4}"),
    *('${jsonencode({b = [1, 2.50, null, true], a = "<é&>\\n\\u2028", "x y" = {}})}',),
    *("${jsonencode(local.deep)}", "${jsonencode(local.flags)}", "${jsonencode(var.ids)}"),
    *('${base64encode("hé\\n")}', "${base64encode(local.text)}", "${upper(local.names[0])}"),
    *("${merge(local.flags, { on = 1, z = 2 })}", "${merge({}, local.edges.b)}"),
    *("${[for n in local.names : n]}", "${[for i, n in local.names : \"${i}${n}\"]}"),
    *("${{ for n in local.names : n => upper(n) }}", "${[for k, v in local.edges : v.n]}"),
    *("${{ for k, v in local.edges : v.n => k... }}", "${{ for k, v in var.ids : v => k }}"),
    *("${[for k, v in { b = 1, a = 2 } : \"${k}${v}\" if v != 1]}", "${{ for v in [] : v => v }}"),
    *("${[{ a = 1, (local.names[0]) = 2, \"b c\" : 3 }, [], {}]}", "${{\n a = 1\n b = 2 # c\n}}"),
    *("%{ for n in local.names }<${n}>%{ endfor }", "%{ if true }a%{ else }b%{ endif }"),
    *("x ${~ local.names[0] ~} y", "${path.module}/${path.root}"),
    *('${local.edges[local.names[0] == "p" ? "b" : "c"].name}',),
    *("${terraform_data.other.id}", "${terraform_data.other.output}-${local.names[0]}"),
    *('${terraform_data.rows["z1 10.0.0.0/16"].id}', "${[for k, r in terraform_data.rows : r.id]}"),
    *("${terraform_data.rows}", "${{ for k, r in terraform_data.rows : k => r.id }}"),
    *("${{ for k, r in terraform_data.rows : k => k }}", "${terraform_data.counted[0].id}"),
    *("${terraform_data.counted[*].id}", '${terraform_data.rows["z1 ${local.block}"].id}'),
    *('${toset(["b", "a"])}', "${tolist(local.names)}", "${local.deep.whole}"),
    *("${[local.names, local.edges.b]}", {"${local.names[0]}": 1, "k $${z}": "${local.text}"}),
    json.dumps({"Resource": ["${terraform_data.other.id}/*"], "n": "${local.names[0]}"}),
)  # fmt: skip


def all_values() -> dict[str, Any]:
    return {
        "variable": DECLARED,
        "locals": LOCALS,
        "resource": {
            "terraform_data": {
                **{f"v{number}": {"input": value} for number, value in enumerate(VALUES)},
                "other": {"input": "x"},
                "counted": {"count": 2, "input": "n${count.index}"},
                "rows": {
                    "for_each": "${local.routes}",
                    "input": {
                        "block": "${each.value.block}",
                        "table": "${var.ids[each.value.zone]}",
                        "edge": "${local.edges[each.value.peer].id}",
                        "name": "${each.key} of ${local.edges[each.value.peer].name}",
                        "whole": "${each.value}",
                        "other": "${terraform_data.other.id}",
                    },
                },
            }
        },
    }


def test_values_of_every_kind(tmp_path: Path) -> None:
    tree = agreed(tmp_path, all_values(), VARIABLES)
    rows = [r for r in tree.resources("s").values() if r.name == "rows"]
    assert len(rows) == 4
    known = [r for r in tree.resources("s").values() if is_known(dict(r.body))]
    assert len(known) > 60, "the tree knows less than it did"
    row = dict(rows[0].body["input"])  # type: ignore[arg-type]
    assert isinstance(row["table"], Expression)
    assert row["name"] == "z1 10.0.0.0/16 of a--b"


SPREAD: tuple[Any, ...] = (
    *({}, {"a": 1}, "${local.edges}", "${local.routes}", "${local.made}", "${toset(local.names)}"),
    *('${toset(["x", "x", "y"])}', "${tomap({ a = 1, b = 2 })}"),
    *("${merge(local.edges, { z = {} })}",),
    *("${{ for k, v in local.edges : k => v if v.n < 2 }}", "${terraform_data.spread1}"),
    *("${{ for k, r in terraform_data.spread2 : \"${k}!\" => r.id }}", {"${local.names[0]}": "x"}),
    *('${{ for k, v in local.routes : "${v.peer}/${v.zone}" => v.block }}',),
)  # fmt: skip
KEYS = (
    *('a"b', "a\\b", "a\nb\tc\rd", "${q}", "%{q}", "$$x", "$${y}", "é", "e\u0301x", "", " "),
    *("\u00ad\u200b\U0001f600\u007f", "日本", "a${b", "%", "$", "[*]", "0", "-1", "a.b/c"),
    "use1-az1 10.0.0.0/14",
)


def test_rows_of_every_kind(tmp_path: Path) -> None:
    body = {"input": {"key": "${each.key}", "value": "${each.value}"}}
    odd = {escape_template(key): number for number, key in enumerate(KEYS)}
    counts = (0, 3, "2", "${local.edges.b.n}", "${local.flags.on ? 1 : 0}")
    document = {
        "variable": DECLARED,
        "locals": {**LOCALS, "odd": odd},
        "resource": {
            "terraform_data": {
                **{f"spread{n}": {"for_each": f, **body} for n, f in enumerate(SPREAD)},
                **{
                    f"count{n}": {"count": c, "input": "${count.index}"}
                    for n, c in enumerate(counts)
                },
                "odd": {"for_each": "${local.odd}", **body},
                "literal": {"for_each": odd, **body},
            }
        },
    }
    tree = agreed(tmp_path, document, VARIABLES)
    assert all(resource.rows_known for resource in tree.resources("s").values())


def test_keys_that_are_not_known_stand_for_terraforms_rows(tmp_path: Path) -> None:
    """Where the tree cannot tell, it says so, and a plan with values shows what it stood for."""
    document = {
        "variable": DECLARED,
        "resource": {"terraform_data": {"x": {"for_each": "${var.ids}", "input": "${each.value}"}}},
    }
    oracle = ask_terraform(tmp_path, document, VARIABLES)
    (row,) = read_tree([], {"s": document}).resources("s").values()
    assert row.address == "terraform_data.x[*]"
    assert not row.rows_known
    assert sorted(oracle.changes) == ['terraform_data.x["z1"]', 'terraform_data.x["z2"]']
    configuration = oracle.configuration["terraform_data.x"]
    assert named_by_the_tree(row) == named_by_terraform(configuration)


def chance(random: Random, depth: int = 0) -> str:
    """Make an expression of text by chance, which Terraform takes."""
    leaves = (
        *("local.names[0]", "local.edges.b.name", 'local.routes["z2 10.1.0.0/16"].peer', "var.id"),
        *('var.ids["z1"]', '"a b"', '"é$${x}\\n"', "each.key", "each.value.block", "local.text"),
        *(
            "terraform_data.other.id",
            "local.edges[each.value.peer].name",
            "var.ids[each.value.zone]",
        ),
        'local.made["c-x"]',
    )
    if depth > 2 or random.random() < 0.3:
        return random.choice(leaves)
    one, other = chance(random, depth + 1), chance(random, depth + 1)
    return random.choice(
        (
            f'"{one.count(".")}-${{{one}}}${{{other}}}$${{"',
            f"upper({one})",
            f"({one} == {other} ? {one} : {other})",
            f"[{one}, {other}][{random.randrange(2)}]",
            f"{{ k = {one}, (each.key) = {other} }}.k",
            f'{{ for k, v in local.edges : k => "${{v.name}}${{{one}}}" }}["b"]',
            f"jsonencode({{ z = {one}, a = [{other}] }})",
            f"[for n in local.names : n if n != {one}][0]",
            f"merge({{ a = {one} }}, {{ a = {other} }}).a",
            f"base64encode({one})",
        )
    )


@pytest.mark.parametrize("seed", range(3))
def test_expressions_made_by_chance(tmp_path: Path, seed: int) -> None:
    random = Random(seed)
    made = [f"{'x' * (n % 2)}${{{chance(random)}}}" for n in range(150)]
    rows = {f"r{n}": {"for_each": "${local.routes}", "input": text} for n, text in enumerate(made)}
    document = {
        "variable": DECLARED,
        "locals": LOCALS,
        "resource": {"terraform_data": {**rows, "other": {"input": 1}}},
    }
    agreed(tmp_path, document, VARIABLES)


# -- the stacks that we synthesize -----------------------------------------------------------------


@pytest.fixture(scope="module")
def synthesized() -> tuple[Tree, dict[str, Any], tuple[Stack, ...]]:
    from cellfactory.stacks.synth import synth_stacks

    planned = read_design(ROOT / "cells.yaml")
    stacks = list_stacks(planned.inventory, planned.facts)
    made = synth_stacks(planned.inventory, planned.plan, planned.facts, stacks)
    documents = {name: offline(json.loads(text)) for name, text in made.stacks.items()}
    return read_tree(stacks, documents), documents, stacks


def offline(document: dict[str, Any]) -> dict[str, Any]:
    """Change what asks AWS: where the state is, who works, and data that is read while planning."""
    document["terraform"].pop("backend")
    for provider in document["provider"].get("aws", ()):
        provider.pop("assume_role", None)
        provider.pop("allowed_account_ids", None)
        provider |= {"access_key": "none", "secret_key": "none", "skip_metadata_api_check": True}
        provider |= {"skip_credentials_validation": True, "skip_requesting_account_id": True}
    for bodies in document.get("data", {}).values():
        for body in bodies.values():
            body["depends_on"] = ["terraform_data.later"]
            document["resource"]["terraform_data"] = {"later": {}}
    return document


def largest_of_each_layer(tree: Tree, stacks: tuple[Stack, ...]) -> list[Stack]:
    """Choose a stack of each layer that the AWS provider alone plans."""
    found: dict[str, Stack] = {}
    for stack in stacks:
        names = {provider.name for provider in tree.document(stack.id.name).providers}
        if names == {"aws"}:
            held = found.setdefault(stack.id.layer, stack)
            size = len(tree.resources(stack.id.name))
            if size > len(tree.resources(held.id.name)):
                found[stack.id.layer] = stack
    return list(found.values())


def made_up(tree: Tree, stack: Stack) -> dict[str, Any]:
    """Make a value for each variable, of the right shape."""
    values: dict[str, Any] = {}
    for name, given in stack.inputs.items():
        one = "444444444444" if "account" in name else "vpc-0123456789abcdef0"
        if given.type == "string":
            values[name] = one
            continue
        source = given.sources
        keys = (
            source if isinstance(source, Mapping) else tree.output(source.stack.name, source.output)
        )
        assert isinstance(keys, Mapping)
        values[name] = {key: f"{one}{number}"[: len(one)] for number, key in enumerate(keys)}
        values[name] = {key: f"id-{key}" for key in keys} if "account" not in name else values[name]
    return values


@pytest.mark.synth
@pytest.mark.timeout(600)
def test_the_shipped_stacks(
    synthesized: tuple[Tree, dict[str, Any], tuple[Stack, ...]],
    terraform_mirror: Path,
    tmp_path: Path,
) -> None:
    tree, documents, stacks = synthesized
    chosen = largest_of_each_layer(tree, stacks)
    assert len(chosen) > 4
    for stack in chosen:
        folder = tmp_path / stack.id.name
        folder.mkdir()
        variables = made_up(tree, stack)
        oracle = ask_terraform(folder, documents[stack.id.name], variables, terraform_mirror)
        assert_agreed(tree, stack.id.name, oracle)
