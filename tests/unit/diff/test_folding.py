"""What is alike is told once, and what is not is not."""

from __future__ import annotations

from cellfactory.diff.compare import compare_trees
from cellfactory.diff.folding import fold
from tests.unit.diff.trees import routes, single, tree


def node_group(cell: str, size: int) -> dict[str, object]:
    bodies = {
        f"aws_eks_node_group__group-{zone}": {"cluster_name": cell, "scaling_config": {"max": size}}
        for zone in ("az1", "az2")
    }
    return single(cell, **bodies)


def test_the_same_change_in_many_cells_is_told_once() -> None:
    before = tree(a__cluster=node_group("a", 2), b__cluster=node_group("b", 2))
    after = tree(a__cluster=node_group("a", 3), b__cluster=node_group("b", 3))
    (alike,) = fold(compare_trees(before, after)).others
    assert alike.owners == ("a", "b")
    assert alike.like_it == 1
    assert len(alike.changes) == 4


def test_a_cell_that_differs_is_told_apart() -> None:
    before = tree(a__cluster=node_group("a", 2), b__cluster=node_group("b", 2))
    after = tree(a__cluster=node_group("a", 3), b__cluster=node_group("b", 4))
    assert len(fold(compare_trees(before, after)).others) == 2


def test_a_name_within_a_longer_one_is_not_its_owner() -> None:
    def tagged(cell: str, tag: str) -> dict[str, object]:
        return single(cell, aws_vpc__cell={"tags": {"of": tag}})

    before = tree(a__network=tagged("a", ""), a_b__network=tagged("a-b", ""))
    after = tree(a__network=tagged("a", "a-b"), a_b__network=tagged("a-b", "a-b"))
    assert len(fold(compare_trees(before, after)).others) == 2


def test_edges_of_a_new_cell_are_one_fold_whichever_side_they_stand_on() -> None:
    before = tree(
        a__network=single("a"), b__network=single("b"), a__routes=routes("b"), b__routes=routes("a")
    )
    after = tree(
        a__network=single("a"),
        b__network=single("b"),
        c__network=single("c", aws_vpc__cell={}),
        a__routes=routes("b", "c"),
        b__routes=routes("a", "c"),
        c__routes=routes("a", "b"),
    )
    folded = fold(compare_trees(before, after))
    (edges,) = folded.edges
    assert (edges.hub, edges.action, edges.peers, edges.stacks) == ("c", "add", ("a", "b"), 2)
    (new,) = folded.new
    assert (new.owner, len(new.stacks), new.resources) == ("c", 2, 3)
    assert not folded.dangers


def test_a_lost_edge_is_told_before_a_new_one() -> None:
    before = tree(a__network=single("a"), a__routes=routes("b"))
    after = tree(a__network=single("a"), a__routes=routes("c"))
    changed = fold(compare_trees(before, after))
    assert not changed.edges  # the row is the same one, whose peer is another
    after = tree(a__network=single("a"), a__routes=routes("b", "c"))
    before = tree(a__network=single("a"), a__routes=routes("b", "d", "e"))
    actions = [edges.action for edges in fold(compare_trees(before, after)).edges]
    assert actions == ["remove"]


def test_a_stack_that_a_standing_cell_gains_is_no_new_cell() -> None:
    before = tree(a__network=single("a"))
    after = tree(a__network=single("a", aws_vpc__cell={}), a__routes=routes("b"))
    folded = fold(compare_trees(before, after))
    assert not folded.new
    assert [changed.stack.name for changed in folded.stacks] == ["a-routes"]
    assert len(folded.edges) == 1


def test_what_destroys_stands_by_itself() -> None:
    before = tree(a__network=single("a", aws_vpc__cell={}, aws_subnet__one={"tags": {"a": "b"}}))
    after = tree(a__network=single("a", aws_subnet__one={"tags": {"a": "c"}}))
    folded = fold(compare_trees(before, after))
    assert [alike.first.address for alike in folded.dangers] == ["aws_vpc.cell"]
    assert [alike.first.address for alike in folded.others] == ["aws_subnet.one"]


def test_the_same_subnet_of_many_cells_is_told_once_though_each_has_a_block_of_its_own() -> None:
    def net(cell: str, block: str, zone: str = "az1") -> dict[str, object]:
        return single(cell, aws_vpc__cell={}, aws_subnet__new={"cidr_block": block, "zone": zone})

    bare = tree(**{f"{c}__network": single(c, aws_vpc__cell={}) for c in ("a", "b", "c")})
    after = tree(
        a__network=net("a", "10.0.0.0/28"),
        b__network=net("b", "10.1.0.0/28"),
        c__network=net("c", "10.2.0.0/28", "az2"),
    )
    assert [one.owners for one in fold(compare_trees(bare, after)).others] == [("a", "b"), ("c",)]
    gone = [one.owners for one in fold(compare_trees(after, bare)).dangers]
    assert gone == [("a", "b"), ("c",)]
