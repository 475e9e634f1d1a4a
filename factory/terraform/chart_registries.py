"""The way to charts in private Amazon ECR: a login of twelve hours, for one run and no state.

Terraform's Helm provider reads logins from the file that `HELM_REGISTRY_CONFIG_PATH` names. So no
password stands in a configuration, a variable, a plan or a state: it is asked for with the role
chain of the stack, lies in a file that only its owner may read, and goes with the run.
"""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from factory.credentials import Session, asking_aws
from factory.errors import TerraformError

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
        TerraformError: when AWS gives no token.
    """
    tokens = {region: _token(session, region) for region in sorted(set(registries.values()))}
    return {"auths": {host: {"auth": tokens[region]} for host, region in registries.items()}}


@contextmanager
def registry_config(login: Mapping[str, Any]) -> Iterator[dict[str, str]]:
    """Keep a login in a file of its own for as long as a run lasts.

    Yields:
        The environment that leads the Helm provider to it; empty where there is no login.
    """
    if not login.get("auths"):
        yield {}
        return
    with tempfile.TemporaryDirectory(prefix="cellfactory-") as folder:
        path = Path(folder) / "registry.json"
        path.touch(mode=0o600)
        path.write_text(json.dumps(login), "utf-8")
        yield {CONFIG_VARIABLE: str(path)}


def _token(session: Session, region: str) -> str:
    """Ask for a token: base64 of a user and a password, as registries take it."""
    with asking_aws("F622", f"cannot log in to the chart registry in {region}"):
        answer = session.client("ecr", region_name=region).get_authorization_token()
    tokens: Sequence[Mapping[str, str]] = answer.get("authorizationData", ())
    if not tokens:
        msg = f"Amazon ECR in {region} gave no token for the chart registry"
        raise TerraformError(msg)
    return tokens[0]["authorizationToken"]
