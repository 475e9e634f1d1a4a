"""The pipeline that plans and applies, as `cells.yaml` says it."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag

from cellfactory.inventory import patterns
from cellfactory.inventory.values import AccountId, Model


def _kind_of_runners(value: Any) -> str:
    return RUNNER_LIST if isinstance(value, list) else RUNNER_LABEL


RUNNER_LABEL, RUNNER_LIST = "runners:label", "runners:list"
RunnerLabel = Annotated[str, Field(pattern=patterns.RUNNER, max_length=256)]
RunnerLabels = Annotated[
    Annotated[RunnerLabel, Tag(RUNNER_LABEL)]
    | Annotated[list[RunnerLabel], Field(min_length=1, max_length=20), Tag(RUNNER_LIST)],
    Discriminator(_kind_of_runners),
]
SiteUrl = Annotated[str, Field(pattern=patterns.SITE_URL, max_length=255)]


class GitHub(Model):
    """A repository on GitHub."""

    repository: str = Field(
        pattern=patterns.REPOSITORY, max_length=140, description="Its owner and name."
    )
    url: SiteUrl = Field(
        default="https://github.com", description="Where GitHub is, or your own Enterprise Server."
    )
    subject: str | None = Field(
        default=None,
        pattern=patterns.SUBJECT,
        max_length=200,
        description="How its OIDC tokens name it where they carry ids, as GitHub's OIDC settings "
        "show; `repo:OWNER/NAME` when unset.",
    )


class GitLab(Model):
    """A project on GitLab."""

    project: str = Field(
        pattern=patterns.PROJECT, max_length=255, description="Its groups and name."
    )
    url: SiteUrl = Field(
        default="https://gitlab.com", description="Where GitLab is, or your own instance."
    )


class Runners(Model):
    """Which machines of the CI system the jobs run on."""

    plan: RunnerLabels = Field(
        default="ubuntu-24.04", description="Label, or labels, of those that check and plan."
    )
    apply: RunnerLabels = Field(
        default="ubuntu-24.04",
        description="Label, or labels, of those that apply; for `platform` they must reach the "
        "clusters.",
    )


ByHand = Literal["bucket", "key", "oidc_provider", "provisioning_roles", "member_roles"]
"""What `bootstrap` makes unless somebody else did."""


class Pipeline(Model):
    """Where plans and applies run, and as whom."""

    account: AccountId = Field(
        description="Account that owns the state bucket, its key, the OIDC provider and the "
        "pipeline's roles."
    )
    github: GitHub | None = Field(default=None, description="The repository, on GitHub.")
    gitlab: GitLab | None = Field(default=None, description="The project, on GitLab.")
    default_branch: str = Field(
        default="main",
        pattern=patterns.BRANCH,
        max_length=200,
        description="Branch that is applied.",
    )
    runners: Runners = Field(default=Runners(), description="Machines of the jobs.")
    version: str | None = Field(
        default=None,
        pattern=patterns.RELEASE,
        max_length=40,
        description="Release of cellfactory that CI installs, by hash; the one that renders when "
        "unset.",
    )
    by_hand: list[ByHand] = Field(
        default=[],
        max_length=5,
        description="What `bootstrap` leaves to whoever made it: nothing of it is made or changed.",
    )
    session_hours: int = Field(
        default=1, ge=1, le=12, description="How long a session of an apply role lasts (hours)."
    )
