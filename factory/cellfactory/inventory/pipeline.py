"""The pipeline that plans and applies, as `cells.yaml` says it."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from cellfactory.inventory import patterns
from cellfactory.inventory.values import AccountId, Model

Label = Annotated[str, Field(pattern=patterns.RUNNER, max_length=100)]
Runner = Label | Annotated[list[Label], Field(min_length=1, max_length=20)]
"""Where a job runs: a label, or several that a runner must all have."""


class GitHub(Model):
    """A repository on GitHub."""

    repository: str = Field(pattern=r"^[A-Za-z0-9-]+/[A-Za-z0-9._-]+$", description="OWNER/NAME.")
    url: str = Field(default="https://github.com", description="Where it is.")
    subject: str | None = Field(
        default=None,
        pattern=r"^repo:[A-Za-z0-9-]+(@[0-9]+)?/[A-Za-z0-9._-]+(@[0-9]+)?$",
        max_length=200,
        description="How its tokens name it, where they carry ids, as GitHub's OIDC settings show.",
    )


class GitLab(Model):
    """A project on GitLab."""

    project: str = Field(
        pattern=r"^[A-Za-z0-9_][A-Za-z0-9._-]*(/[A-Za-z0-9_][A-Za-z0-9._-]*)+$",
        description="GROUP/NAME.",
    )
    url: str = Field(default="https://gitlab.com", description="Where it is.")


class Runners(Model):
    """Machines of CI."""

    plan: Runner = Field(
        default="ubuntu-24.04", description="Label, or labels, of what checks and plans."
    )
    apply: Runner = Field(
        default="ubuntu-24.04",
        description="Label, or labels, of what applies; it has to reach the clusters.",
    )


class Pipeline(Model):
    """Who plans and applies."""

    account: AccountId = Field(
        description="Account of the state bucket, its key and the pipeline's roles."
    )
    github: GitHub | None = Field(default=None, description="Where its workflows run.")
    gitlab: GitLab | None = Field(default=None, description="Where its pipelines run.")
    default_branch: str = Field(
        default="main",
        pattern=patterns.BRANCH,
        max_length=200,
        description="Branch that is applied.",
    )
    runners: Runners = Field(default=Runners(), description="Machines that its jobs run on.")
    version: str | None = Field(
        default=None,
        pattern=patterns.RELEASE,
        max_length=40,
        description="Version of cellfactory that CI installs, such as 0.1.0; the one that renders "
        "the pipeline when unset.",
    )
    session_hours: int = Field(
        default=1, ge=1, le=12, description="How long a session of an apply role lasts (hours)."
    )


__all__ = ["GitHub", "GitLab", "Pipeline", "Runner", "Runners"]
