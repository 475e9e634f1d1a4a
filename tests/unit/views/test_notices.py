"""How notices of a run read."""

from __future__ import annotations

import pytest

from cellfactory.layers import StackId
from cellfactory.runs.notices import AccountLeft, Lying, Notice, Orphaned, StackKept, Swept
from cellfactory.runs.watcher import Question
from cellfactory.terraform.leftovers import Leftover
from cellfactory.views.notices import render_notice, render_question

NETWORK, ACCOUNT = StackId("a", "network"), StackId("a", "account")


@pytest.mark.parametrize(
    ("notice", "told"),
    [
        (
            Orphaned((NETWORK, StackId("b", "accept")), "sandbox"),
            "a-network, b-accept are no longer in the inventory; to destroy "
            "them: cellfactory destroy --sandbox --gone",
        ),
        (
            Orphaned((ACCOUNT, NETWORK), "aws"),
            "a-network is no longer in the inventory; to destroy it: "
            "cellfactory destroy --gone\na-account is no longer in the inventory, but kept",
        ),
        (Orphaned((ACCOUNT,), "aws"), "a-account is no longer in the inventory, but kept"),
        (
            StackKept(ACCOUNT),
            "a-account is kept; --forget-accounts removes it from Terraform's state",
        ),
    ],
)
def test_what_is_kept_is_never_proposed_for_a_destroy(notice: Notice, told: str) -> None:
    assert render_notice(notice) == told


def test_an_account_that_is_left_is_told_with_what_closing_it_takes() -> None:
    told = render_notice(AccountLeft("666666666666", "a@acme.example", "111111111111"))
    assert told.startswith("account 666666666666 (a@acme.example) stays open in its organization")
    assert 'account: {id: "666666666666"}' in told
    assert "111111111111: aws organizations close-account --account-id 666666666666" in told
    unknown = render_notice(AccountLeft("", "", "111111111111"))
    assert unknown.startswith("account (id unknown) stays open")


def test_the_question_tells_what_is_only_forgotten() -> None:
    asked = Question(verb="destroy", stacks=(ACCOUNT, NETWORK))
    assert render_question(asked) == (
        "destroy in real AWS: 2 stacks (1 account to forget, 1 network) of a"
    )
    assert "(1 account, " in render_question(Question(verb="apply", stacks=(ACCOUNT, NETWORK)))


def test_what_is_swept_is_listed_before_and_after() -> None:
    leaked = Leftover("network interface", "eni-1", "VPC CNI: aws-K8S-i-1, available")
    mine = Leftover("network interface", "eni-2", "my own, in-use", certain=False)
    network = StackId("a", "network")
    assert render_notice(Lying(network, (leaked, mine))).splitlines() == [
        "a-network, in its VPC:",
        "    to delete network interface eni-1 (VPC CNI: aws-K8S-i-1, available)",
        "    not to touch network interface eni-2 (my own, in-use)",
    ]
    standing = Leftover("EKS cluster", "a", "it lies in the VPC", certain=False)
    foreign = Leftover("EKS cluster", "z", "it lies in the VPC", certain=False)
    assert render_notice(Lying(network, (standing, foreign))).splitlines() == [
        "a-network, in its VPC:",
        "    not to touch EKS cluster z (it lies in the VPC)",
        "    what its cluster leaves is told once that is gone, and deleted then",
    ]
    assert render_notice(Swept(network, (leaked,))).splitlines() == [
        "a-network: deleted what was left in its VPC",
        "    network interface eni-1 (VPC CNI: aws-K8S-i-1, available)",
    ]
