"""The way to charts in private Amazon ECR: a login of twelve hours, for one command and no state.

Terraform's Helm provider reads logins from the file that `HELM_REGISTRY_CONFIG_PATH` names. So no
password stands in a configuration, a variable, a plan or a state: it is asked for with the role
chain of the stack, lies in the work folder in a file that only its owner may read, and is removed
with the command. What is left of one that was killed goes when the folder is used next.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from cellfactory.credentials import Session, asking_aws
from cellfactory.errors import Finding, TerraformError
from cellfactory.files import write_private
from cellfactory.layers import Access, Stack
from cellfactory.terraform.messages import Value
from cellfactory.terraform.sessions import full_access, sessions
from cellfactory.terraform.target import Target

LogIn = Callable[[Access, str, Mapping[str, str]], Mapping[str, Any]]
"""Logs in by the roles of an access, under a name, to registries (Region by host)."""

LOGIN = "helm-registry.json"
CONFIG_VARIABLE = "HELM_REGISTRY_CONFIG_PATH"
"""Source: https://registry.terraform.io/providers/hashicorp/helm/latest/docs#registry_config_path"""

_ECR = re.compile(
    r"oci://(?P<host>(?P<account>[0-9]{12})\.dkr\.ecr(-fips)?\.(?P<region>[a-z0-9-]+)"
    r"\.amazonaws\.com(\.cn)?)(/|\Z)"
)
"""Source: https://docs.aws.amazon.com/AmazonECR/latest/userguide/Registries.html"""


def private_registries(document: Mapping[str, Any]) -> dict[str, str]:
    """Find the ECR registries that a stack's releases take their charts from.

    Args:
        document: the parsed Terraform of the stack.

    Returns:
        The Region of each, by host; empty where no release needs a login.
    """
    releases = document.get("resource", {}).get("helm_release", {}).values()
    found = (_ECR.match(release.get("repository") or "") for release in releases)
    return {match["host"]: match["region"] for match in found if match}


def ecr_login(session: Session, registries: Mapping[str, str]) -> dict[str, Any]:
    """Log in to registries, and write down what Helm reads: one call for each Region.

    A registry of another account also has to let the session's role in by its repository policy.

    Args:
        session: in the account that the stack works in, by the roles that lead there.
        registries: Region by host, from `private_registries`.

    Raises:
        TerraformError: when AWS gives no token (F618).
    """
    tokens = {region: _token(session, region) for region in sorted(set(registries.values()))}
    return {"auths": {host: {"auth": tokens[region]} for host, region in registries.items()}}


def log_in_to(target: Target) -> LogIn:
    """Make what logs in to registries, in AWS or in the emulated one, by the roles of a stack."""

    def log_in(access: Access, name: str, registries: Mapping[str, str]) -> Mapping[str, Any]:
        return ecr_login(sessions(target, name)(access), registries)

    return log_in


@contextmanager
def charts_in_reach(
    log_in: LogIn | None,
    stack: Stack,
    inputs: Mapping[str, Value],
    document: Mapping[str, Any],
    folder: Path,
    environ: Mapping[str, str],
) -> Iterator[Mapping[str, str]]:
    """Keep the charts of a stack within reach of Terraform, for as long as a command lasts.

    Args:
        log_in: how to log in; None logs in nowhere.
        stack: whose way into its account is taken.
        inputs: values of its variables, its account's id among them where that is one.
        document: its parsed Terraform.
        folder: its work folder.
        environ: Terraform's environment.

    Yields:
        The environment, with the file of the login where its charts need one.

    Raises:
        TerraformError: when there is no way into the account (F622), or AWS gives no token (F618).
    """
    registries = private_registries(document)
    if log_in is None or not registries:
        yield environ
        return
    access = full_access(stack, inputs)
    with registry_config(folder, log_in(access, stack.id.name, registries), environ) as changed:
        yield changed


@contextmanager
def registry_config(
    folder: Path, login: Mapping[str, Any], environ: Mapping[str, str]
) -> Iterator[Mapping[str, str]]:
    """Keep a login in a file of its own, beside those of a file that the user names.

    Yields:
        The environment that leads the Helm provider to it.
    """
    path = folder / LOGIN
    write_private(path, json.dumps({"auths": {**_known(environ), **login["auths"]}}))
    try:
        yield {**environ, CONFIG_VARIABLE: str(path)}
    finally:
        path.unlink(missing_ok=True)


def _known(environ: Mapping[str, str]) -> Mapping[str, Any]:
    """Read the logins of a file that the user names; what cannot be read is none of ours."""
    try:
        document = json.loads(Path(environ[CONFIG_VARIABLE]).read_text("utf-8"))
        return dict(document.get("auths", {}))
    except (KeyError, OSError, ValueError, AttributeError, TypeError):
        return {}


def _token(session: Session, region: str) -> str:
    """Ask for a token: base64 of a user and a password, as registries take it."""
    what = f"cannot log in to the chart registry in {region}"
    hint = "let the last role of the stack do ecr:GetAuthorizationToken"
    with asking_aws("F618", what, hint):
        answer = session.client("ecr", region_name=region).get_authorization_token()
    tokens: Sequence[Mapping[str, str]] = answer.get("authorizationData", ())
    if not tokens:
        message = f"Amazon ECR in {region} gave no token for the chart registry"
        raise TerraformError(Finding(rule="F618", message=message))
    return tokens[0]["authorizationToken"]
