"""Who may take a role: statements of trust policies, bound to whole names and to nothing like them.

Every condition is `StringEquals`: a name that holds `*`, however it came to be, is compared letter
by letter, and widens nothing.

Source:
    https://docs.github.com/en/actions/reference/security/oidc
    https://docs.gitlab.com/ci/cloud_services/aws/
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from cellfactory.inventory.pipeline import GitHub, GitLab, Pipeline

AWS_AUDIENCE = "sts.amazonaws.com"
_GITHUB = "https://github.com"
_GITHUB_ISSUER = "https://token.actions.githubusercontent.com"


@dataclass(frozen=True, slots=True, kw_only=True)
class Issuer:
    """Who signs the tokens of CI, and whom they are for."""

    url: str
    audience: str

    @property
    def key(self) -> str:
        """How IAM names it in ARNs and conditions: without its scheme."""
        return self.url.removeprefix("https://")


def issuer_of(pipeline: Pipeline) -> Issuer | None:
    """Say who signs the tokens of a pipeline; None where it runs on neither."""
    if pipeline.github is not None:
        return Issuer(url=_github_issuer(pipeline.github), audience=AWS_AUDIENCE)
    if pipeline.gitlab is not None:
        url = pipeline.gitlab.url.rstrip("/")
        return Issuer(url=url, audience=url)
    return None


def subject_of(pipeline: Pipeline, environment: str) -> str | None:
    """The subject of a token that CI gets in an environment; None where it runs on neither.

    A token of GitLab does not name the environment: it names the branch, and whoever may run jobs
    of a protected environment is GitLab's to say.
    """
    if pipeline.github is not None:
        return f"{_github_subject(pipeline.github)}:environment:{environment}"
    if pipeline.gitlab is not None:
        return _gitlab_subject(pipeline.gitlab, pipeline.default_branch)
    return None


def federated_trust(pipeline: Pipeline, environment: str, provider: str) -> dict[str, Any]:
    """Let CI take a role in one environment of one repository.

    Args:
        pipeline: one that runs on GitHub or GitLab.
        environment: of CI.
        provider: ARN of the OIDC provider, or an expression of it.
    """
    issuer, subject = issuer_of(pipeline), subject_of(pipeline, environment)
    if issuer is None or subject is None:
        msg = "a pipeline that runs on neither GitHub nor GitLab has no tokens"
        raise AssertionError(msg)
    return {
        "Sid": "ThisRepositoryAndEnvironment",
        "Effect": "Allow",
        "Principal": {"Federated": provider},
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": {
            "StringEquals": {f"{issuer.key}:aud": issuer.audience, f"{issuer.key}:sub": subject}
        },
    }


def role_trust(sid: str, roles: Iterable[str]) -> dict[str, Any]:
    """Let roles of other accounts take a role, by their ARNs alone."""
    return {
        "Sid": sid,
        "Effect": "Allow",
        "Principal": {"AWS": sorted(roles)},
        "Action": "sts:AssumeRole",
    }


def provider_arn(account: str, issuer: Issuer) -> str:
    """Write the ARN of the OIDC provider of an issuer."""
    return f"arn:aws:iam::{account}:oidc-provider/{issuer.key}"


def _github_issuer(github: GitHub) -> str:
    url = github.url.rstrip("/")
    host = url.removeprefix("https://")
    if url == _GITHUB:
        return _GITHUB_ISSUER
    if host.endswith(".ghe.com"):
        return f"https://token.actions.{host}"
    return f"{url}/_services/token"


def _github_subject(github: GitHub) -> str:
    return github.subject or f"repo:{github.repository}"


def _gitlab_subject(gitlab: GitLab, branch: str) -> str:
    return f"project_path:{gitlab.project}:ref_type:branch:ref:{branch}"
