"""What a node is told when it starts fits into what EC2 hands to it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cellfactory.errors import Finding, InventoryError
from cellfactory.facts.loader import load_facts
from cellfactory.inventory.node_config import render_node_config
from cellfactory.inventory.user_data_rules import check_user_data
from tests import inventories

FACTS = load_facts()
MOST = round(FACTS.parameter("user-data-bytes"))
KEPT = round(
    FACTS.parameter("cluster-endpoint-bytes") + FACTS.parameter("cluster-certificate-bytes")
)


def made(cells: int = 1, **group: Any) -> dict[str, Any]:
    """Make an inventory whose one node group has more to it."""
    data = inventories.data(cells=cells)
    data["cell_types"]["plain"]["node_groups"]["all"] |= group
    return data


def labels(count: int) -> dict[str, str]:
    return {f"example.com/label-{number:04}": "x" * 40 for number in range(count)}


def findings(data: dict[str, Any]) -> list[Finding]:
    """Check user data alone; the rest of the rules has no say."""
    try:
        inventory = inventories.inventory(data)
    except InventoryError as error:
        return [p.finding for p in error.problems if p.finding.rule == "F129"]
    return list(check_user_data(inventory, FACTS))


def size(count: int, name: str = "cell-000") -> int:
    """Count the bytes of user data as EC2 sees it, at the longest endpoint and certificate."""
    inventory = inventories.inventory(made(labels=labels(count)) if count < 200 else made())
    cell_type = inventory.cell_types["plain"]
    group = cell_type.node_groups["all"].model_copy(update={"labels": labels(count)})
    text = render_node_config(
        name, cell_type, group, FACTS, endpoint="e", certificate="c" * (KEPT - 1)
    )
    return len(text.encode())


def test_the_limit_is_sixteen_kibibytes() -> None:
    assert MOST == 16 * 1024


def test_a_group_without_labels_is_far_from_it() -> None:
    assert size(0) - KEPT < 600
    assert findings(made()) == []


def test_the_last_label_that_fits_and_the_first_that_does_not() -> None:
    fits = next(count for count in range(1000) if size(count + 1) > MOST)
    assert findings(made(labels=labels(fits))) == []
    (found,) = findings(made(labels=labels(fits + 1)))
    over = size(fits + 1)
    assert found.path == ("cell_types", "plain", "node_groups", "all", "labels")
    assert found.message == (
        f"the nodes of group 'all' in cell 'cell-000' have {over:,} bytes of user data; "
        f"EC2 takes 16,384 ({over / MOST:.0%})"
    )
    assert found.hint.startswith(f"remove {over - MOST:,} bytes: {fits + 1} labels take ")
    assert "2,176 bytes are kept for the endpoint and certificate" in found.hint


def test_the_cell_with_the_longest_name_is_told() -> None:
    data = made(cells=2, labels=labels(400))
    data["cells"]["a-cell-with-a-name-of-some-length"[:32].rstrip("-")] = inventories.cell(2)
    (found,) = findings(data)
    assert "in cell 'a-cell-with-a-name-of-some-lengt' have" in found.message


def test_a_cell_type_without_cells_makes_no_nodes() -> None:
    data = made(labels=labels(400))
    data["cell_types"]["used"] = inventories.CELL_TYPE
    data["cells"]["cell-000"]["type"] = "used"
    assert findings(data) == []


def test_taints_are_where_it_points_when_they_take_most() -> None:
    taints = [
        {"key": f"{'t' * 59}{number:04}", "value": "v" * 63, "effect": "PreferNoSchedule"}
        for number in range(50)
    ]
    assert findings(made(taints=taints)) == []  # all that EKS takes are little for EC2
    (found,) = findings(made(taints=taints, labels=labels(108)))
    assert found.path[-1] == "taints"
    assert "108 labels take" in found.hint
    assert "50 taints" in found.hint


def test_one_taint_more_than_eks_takes() -> None:
    taints = [{"key": f"key-{number}", "effect": "NoExecute"} for number in range(51)]
    assert findings(made(taints=taints[:50])) == []
    (found,) = findings(made(taints=taints))
    assert found.message == "EKS takes 50 taints of a node group, not 51"
    assert found.path == ("cell_types", "plain", "node_groups", "all", "taints")


@pytest.mark.parametrize(("length", "told"), [(63, 0), (64, 1)])
def test_the_key_of_a_taint_counts_with_its_domain(length: int, told: int) -> None:
    key = "example.com/" + "k" * (length - len("example.com/"))
    assert len(findings(made(taints=[{"key": key, "effect": "NoSchedule"}]))) == told


@given(
    endpoint=st.text("abc.:/", min_size=1, max_size=200),
    certificate=st.text("ABC=+/", min_size=1, max_size=3000),
    count=st.integers(0, 30),
)
def test_the_length_follows_what_eks_makes_up(endpoint: str, certificate: str, count: int) -> None:
    """So a stand-in of the longest length is as long as any user data can become."""
    inventory = inventories.inventory(made(labels=labels(count)))
    cell_type = inventory.cell_types["plain"]
    group = cell_type.node_groups["all"]
    text = render_node_config(
        "cell-000", cell_type, group, FACTS, endpoint=endpoint, certificate=certificate
    )
    empty = render_node_config("cell-000", cell_type, group, FACTS, endpoint="", certificate="")
    assert len(text.encode()) == len(empty) + len(endpoint) + len(certificate)
    spec = json.loads(text.splitlines()[6])["spec"]
    assert spec["cluster"]["apiServerEndpoint"] == endpoint
    assert spec["cluster"]["certificateAuthority"] == certificate
