"""What EKS says of a cluster, and what is made of it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from cellfactory.credentials import Session
from cellfactory.errors import Finding, TerraformError
from cellfactory.layers import Access
from cellfactory.terraform.health import ask_health, holds_cluster
from tests.unit.runs.conftest import recorded
from tests.unit.terraform.scene import cluster, network

STACK = replace(cluster("a"), outputs={"cluster_name": "string"})
RECORD = recorded("a", "cluster", outputs={"cluster_name": "a"})
WELL: dict[str, Any] = {"status": "ACTIVE", "health": {"issues": []}}
ISSUE = {"issues": [{"code": "AsgInstanceLaunchFailures", "message": "no capacity"}]}


class Eks:
    """A client of EKS that answers as it was made to."""

    def __init__(
        self, *, cluster: Any = WELL, groups: Any = None, addons: Any = None, error: Any = None
    ) -> None:
        self.cluster, self.error = cluster, error
        self.groups: dict[str, Any] = groups or {}
        self.addons: dict[str, Any] = addons or {}

    def client(self, service: str, **_: Any) -> Any:
        assert service == "eks"
        return self

    def describe_cluster(self, name: str) -> Any:
        assert name == "a"
        if self.error is not None:
            raise self.error
        return {"cluster": self.cluster}

    def get_paginator(self, call: str) -> Any:
        names = {"list_nodegroups": self.groups, "list_addons": self.addons}[call]
        key = call.removeprefix("list_")

        class Pages:
            def paginate(self, clusterName: str) -> Any:
                assert clusterName == "a"
                return [{key: [name]} for name in names]

        return Pages()

    def describe_nodegroup(self, nodegroupName: str, **_: Any) -> Any:
        return {"nodegroup": self.groups[nodegroupName]}

    def describe_addon(self, addonName: str, **_: Any) -> Any:
        return {"addon": self.addons[addonName]}


def asked(eks: Eks) -> tuple[Finding, ...]:
    def session(access: Access) -> Session:
        assert access == STACK.access
        return eks

    return ask_health(session)(STACK, RECORD)


def test_a_cluster_that_does_well_has_nothing_against_it() -> None:
    assert asked(Eks(groups={"all": WELL, "more": WELL}, addons={"coredns": WELL})) == ()
    assert asked(Eks(cluster={"status": "ACTIVE"})) == ()


@pytest.mark.parametrize(
    ("eks", "says"),
    [
        (Eks(cluster={**WELL, "status": "UPDATING"}), "cluster a is UPDATING"),
        (
            Eks(groups={"ok": WELL, "all": {**WELL, "status": "DEGRADED"}}),
            "node group all of a is DEGRADED",
        ),
        (
            Eks(groups={"all": {"status": "ACTIVE", "health": ISSUE}}),
            "node group all of a: AsgInstanceLaunchFailures (no capacity)",
        ),
        (Eks(addons={"coredns": {"status": "CREATE_FAILED"}}), "add-on coredns of a is CREATE_"),
        (Eks(cluster={}), "cluster a is of no status"),
    ],
    ids=["cluster", "group", "issue", "add-on", "strange"],
)
def test_whatever_is_not_active_or_has_an_issue_is_told(eks: Eks, says: str) -> None:
    (finding,) = asked(eks)
    assert (finding.rule, finding.stack) == ("F661", "a-cluster")
    assert finding.message.startswith(says)


def test_all_that_is_wrong_is_told_at_once() -> None:
    ill = {"status": "DEGRADED", "health": ISSUE}
    assert len(asked(Eks(cluster=ill, groups={"x": ill}, addons={"y": ill}))) == 6


@pytest.mark.parametrize(
    "error",
    [
        ClientError({"Error": {"Code": "AccessDeniedException", "Message": "no"}}, "x"),
        EndpointConnectionError(endpoint_url="https://eks"),
    ],
    ids=["refused", "unreachable"],
)
def test_a_cluster_that_cannot_be_asked_does_not_pass(error: Exception) -> None:
    (finding,) = asked(Eks(error=error))
    assert finding.rule == "F661"
    assert finding.message.startswith("cannot ask how cluster a does: ")


def test_an_account_that_is_closed_to_us_does_not_pass() -> None:
    def session(_: Access) -> Session:
        raise TerraformError(Finding(rule="F622", message="cannot assume arn:x"))

    assert [f.rule for f in ask_health(session)(STACK, RECORD)] == ["F622"]


def test_only_what_names_a_cluster_holds_one() -> None:
    assert holds_cluster(STACK)
    assert not holds_cluster(network("a"))
