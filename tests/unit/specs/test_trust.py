"""Who may take the pipeline's roles: policies are asked as IAM asks them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cellfactory.inventory.pipeline import GitHub, GitLab, Pipeline
from cellfactory.sandbox.callers import Caller, admits, federated_context
from cellfactory.specs.trust import federated_trust, issuer_of, provider_arn, role_trust

ACCOUNT = "777777777777"
GITHUB = Pipeline(account=ACCOUNT, github=GitHub(repository="example-org/cells"))
GITLAB = Pipeline(account=ACCOUNT, gitlab=GitLab(project="group/sub/cells"))
NOBODY = Caller(account="")
FEDERATED = "sts:AssumeRoleWithWebIdentity"


def lets_in(pipeline: Pipeline, environment: str, **claims: str) -> bool:
    issuer = issuer_of(pipeline)
    assert issuer is not None
    policy = {"Statement": [federated_trust(pipeline, environment, provider_arn(ACCOUNT, issuer))]}
    told: dict[str, Any] = {"iss": issuer.url, "aud": issuer.audience, **claims}
    return admits(policy, NOBODY, FEDERATED, federated_context(told, ACCOUNT))


def test_ci_takes_the_role_of_its_repository_and_environment() -> None:
    assert lets_in(GITHUB, "apply-canary", sub="repo:example-org/cells:environment:apply-canary")
    assert lets_in(
        GITLAB, "apply-canary", sub="project_path:group/sub/cells:ref_type:branch:ref:main"
    )


@pytest.mark.parametrize(
    "claims",
    [
        {"sub": "repo:example-org/cells:environment:plan"},
        {"sub": "repo:example-org/cells:environment:apply-canary2"},
        {"sub": "repo:example-org/cells:environment:APPLY-CANARY"},
        {"sub": "repo:example-org/cells:ref:refs/heads/main"},
        {"sub": "repo:example-org/cells:pull_request"},
        {"sub": "repo:example-org/cells2:environment:apply-canary"},
        {"sub": "repo:other-org/cells:environment:apply-canary"},
        {"sub": "repo:example-org@1/cells@2:environment:apply-canary"},
        {"sub": "*"},
        {"sub": "repo:example-org/cells:environment:apply-canary", "aud": "https://example.org"},
        {"sub": "repo:example-org/cells:environment:apply-canary", "iss": "https://evil.example"},
    ],
)
def test_another_repository_environment_audience_or_issuer_is_refused(
    claims: dict[str, str],
) -> None:
    assert not lets_in(GITHUB, "apply-canary", **claims)


@pytest.mark.parametrize(
    "subject",
    [
        "project_path:group/sub/cells:ref_type:branch:ref:feature",
        "project_path:group/sub/cells:ref_type:tag:ref:main",
        "project_path:group/cells:ref_type:branch:ref:main",
        "project_path:group/sub/cells:ref_type:branch:ref:main2",
    ],
)
def test_another_project_branch_or_a_tag_is_refused(subject: str) -> None:
    assert not lets_in(GITLAB, "apply-canary", sub=subject)


@given(environment=st.text(min_size=1, max_size=30), asked=st.text(max_size=60))
def test_no_name_widens_whom_a_role_trusts(environment: str, asked: str) -> None:
    """Also one that is no name at all, such as `x*`: it is compared letter by letter."""
    subject = f"repo:example-org/cells:environment:{environment}"
    assert lets_in(GITHUB, environment, sub=subject)
    assert lets_in(GITHUB, environment, sub=asked) == (asked == subject)
    longer = f"{subject}{asked}"
    assert lets_in(GITHUB, environment, sub=longer) == (longer == subject)


@given(name=st.text(min_size=1, max_size=40))
def test_every_condition_of_every_trust_is_string_equals(name: str) -> None:
    made = federated_trust(GITHUB, name, "arn")
    assert set(made["Condition"]) == {"StringEquals"}
    assert {key.rpartition(":")[2] for key in made["Condition"]["StringEquals"]} == {"aud", "sub"}


def test_tokens_with_ids_are_bound_by_what_the_inventory_says() -> None:
    github = GitHub(repository="example-org/cells", subject="repo:example-org@123456/cells@456789")
    pipeline = Pipeline(account=ACCOUNT, github=github)
    assert lets_in(pipeline, "plan", sub="repo:example-org@123456/cells@456789:environment:plan")
    assert not lets_in(pipeline, "plan", sub="repo:example-org/cells:environment:plan")
    assert not lets_in(pipeline, "plan", sub="repo:example-org@9/cells@456789:environment:plan")


@pytest.mark.parametrize(
    ("url", "issuer"),
    [
        ("https://github.com", "https://token.actions.githubusercontent.com"),
        ("https://acme.ghe.com", "https://token.actions.acme.ghe.com"),
        ("https://git.example.org", "https://git.example.org/_services/token"),
    ],
)
def test_the_issuer_follows_from_where_github_is(url: str, issuer: str) -> None:
    pipeline = Pipeline(account=ACCOUNT, github=GitHub(repository="a/b", url=url))
    found = issuer_of(pipeline)
    assert found is not None
    assert (found.url, found.audience) == (issuer, "sts.amazonaws.com")


def test_a_role_is_taken_by_the_roles_that_are_named_and_by_no_other() -> None:
    named = f"arn:aws:iam::{ACCOUNT}:role/cellfactory-apply-canary"
    policy = {"Statement": [role_trust("Pipeline", [named])]}
    for role, expected in (
        (named, True),
        (f"{named}2", False),
        (f"arn:aws:iam::{ACCOUNT}:role/cellfactory-plan", False),
        ("arn:aws:iam::888888888888:role/cellfactory-apply-canary", False),
        ("", False),
    ):
        who = Caller(account=ACCOUNT, role=role)
        assert admits(policy, who, "sts:AssumeRole", who.context) is expected
