"""Filled in by its shape, each stack is byte for byte what a synthesis of it alone makes."""

from __future__ import annotations

import copy
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from cellfactory.addressing.lock import EMPTY_LOCK
from cellfactory.addressing.plan import plan_addresses
from cellfactory.errors import FactoryError
from cellfactory.layers import list_stacks
from tests.inventories import inventory, render
from tests.synth.conftest import ROOT
from tests.synth.test_specs import EDITS, FACTS, SHIPPED

pytestmark = pytest.mark.synth

EXAMPLES = int(os.environ.get("CELLFACTORY_EXAMPLES", "12"))
KINDS = [
    {"id": "777777777701"},
    {"email": "aws+x@example.com", "ou": "ou-ab12-cdefgh34"},
    {"email": "o'neil+a&b@example.com", "ou": "r-ab12"},  # no leaf: it is written in other ways
]


@pytest.fixture
def _stencils(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Stencils in a cache of our own, whatever way into the bindings the tests go."""
    from cellfactory.constructs import _cache

    monkeypatch.setenv("CELLFACTORY_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr("cellfactory.stacks.synth.mode", lambda: "fast")
    kept = _cache.root
    monkeypatch.setattr(_cache, "root", lambda: tmp_path / "cache")
    (tmp_path / "cache").mkdir()
    yield
    assert _cache.root is not kept


@st.composite
def inventories(draw: st.DrawFn) -> dict[str, Any]:
    """The shipped inventory with some edits, and with more or fewer cells."""
    made: dict[str, Any] = copy.deepcopy(SHIPPED)
    for edit in sorted(draw(st.sets(st.sampled_from(sorted(EDITS)), max_size=6))):
        EDITS[edit][0](made)
    cells: dict[str, Any] = made["cells"]
    for number, kind in enumerate(draw(st.lists(st.sampled_from(KINDS), max_size=3))):
        like = draw(st.sampled_from(sorted(SHIPPED["cells"])))
        account = {
            key: value.replace("77701", f"7770{number}").replace("aws+x", f"aws+{number}")
            for key, value in kind.items()
        }
        if "o'neil" in account.get("email", ""):
            account["email"] = f"o'neil+{number}&b@example.com"
        cells[f"extra-{number}"] = {**copy.deepcopy(cells[like]), "account": account}
    for mesh in made["meshes"].values():
        mesh["cell_to_cell"] = draw(st.sampled_from(["full", "none"]))
        if "hubs" in mesh and draw(st.booleans()):
            del mesh["hubs"]
    for kind in made["cell_types"].values():
        kind["egress"] = draw(st.sampled_from(["none", "nat_gateway"]))
        if draw(st.booleans()):
            kind["zones"] = kind["zones"][:2]
    return made


@pytest.mark.usefixtures("_stencils")
@settings(
    max_examples=EXAMPLES,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],  # each try costs a synthesis
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(inventories())
def test_it_is_what_the_plain_way_makes(made: dict[str, Any]) -> None:
    from cellfactory.stacks.synth import synth_stacks

    try:
        cells = inventory(made)
        plan, _ = plan_addresses(cells, EMPTY_LOCK, FACTS)
    except FactoryError:
        return  # such as a gateway in a mesh that nothing reaches: not of this test
    stacks = list_stacks(cells, FACTS)
    synth_stacks(cells, plan, FACTS, stacks, verify=True)


def test_the_manifest_is_the_one_that_cdktf_writes(tmp_path: Path) -> None:
    from cellfactory.constructs.cdk import App
    from cellfactory.constructs.stack import LocalState, new_stack, synth_app
    from cellfactory.constructs.synthesized import manifest_of

    def build(app: App) -> None:
        for name in ("b-network", "a-network"):
            new_stack(app, name, state=LocalState(path=str(tmp_path / "state")))

    assert synth_app(build).manifest == manifest_of(["a-network", "b-network"])


SEEN = """
import json, sys
from cellfactory.cli import main
try:
    main(["synth", *sys.argv[1:]])
except SystemExit as stopped:
    code = stopped.code
print(json.dumps({"node": "jsii" in sys.modules, "code": code or 0}))
"""


def synth(folder: Path, *words: str) -> dict[str, Any]:
    """Run `synth` in a process of its own, and tell whether it loaded the bindings."""
    environment = {**os.environ, "CELLFACTORY_CDK": "fast"}
    environment["CELLFACTORY_CACHE"] = str(folder / "cache")
    made = subprocess.run(
        [sys.executable, "-c", SEEN, *words],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert made.returncode == 0, made.stderr
    told: dict[str, Any] = json.loads(made.stdout.splitlines()[-1])
    assert told["code"] == 0, made.stderr
    return told


def tree(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_what_is_known_starts_no_node_and_comes_out_the_same(tmp_path: Path) -> None:
    for name in ("cells.yaml", "cells.lock.yaml"):
        (tmp_path / name).write_bytes((ROOT / name).read_bytes())
    assert synth(tmp_path)["node"] is True
    first = tree(tmp_path / "cdktf.out")
    inode = (tmp_path / "cdktf.out").stat().st_ino
    assert synth(tmp_path)["node"] is False
    assert tree(tmp_path / "cdktf.out") == first
    assert (tmp_path / "cdktf.out").stat().st_ino == inode, "nothing changed, nothing is written"
    assert synth(tmp_path, "--verify")["node"] is True
    assert tree(tmp_path / "cdktf.out") == first


def test_another_cell_of_a_known_type_starts_no_node(tmp_path: Path) -> None:
    for name in ("cells.yaml", "cells.lock.yaml"):
        (tmp_path / name).write_bytes((ROOT / name).read_bytes())
    synth(tmp_path)
    made = copy.deepcopy(SHIPPED)
    made["cells"]["moka-use1-d"] = {
        **made["cells"]["moka-use1-b"],
        "account": {"id": "888888888888"},
    }
    made = json.loads(json.dumps(made))  # nothing stands twice
    (tmp_path / "cells.yaml").write_text(render(made), "utf-8")
    before = tree(tmp_path / "cdktf.out")
    assert synth(tmp_path)["node"] is False
    after = tree(tmp_path / "cdktf.out")
    assert {path.split("/")[1] for path in after if path not in before} == {
        f"moka-use1-d-{layer}"
        for layer in ("network", "peering", "accept", "routes", "cluster", "platform")
    }
