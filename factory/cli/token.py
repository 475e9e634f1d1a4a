"""`token`: what a cluster's API is shown, for Helm and kubectl; the way of all other layers."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Annotated

import typer

API = "client.authentication.k8s.io/v1beta1"


def token(
    cluster: Annotated[str, typer.Option(help="Name of the EKS cluster, which is its cell's.")],
    region: Annotated[str, typer.Option(help="Region of the cluster.")],
    role: Annotated[
        list[str] | None,
        typer.Option(help="Role to assume (ARN); repeat it for a chain, in order."),
    ] = None,
    sts_region: Annotated[
        str | None,
        typer.Option(help="Region to assume the roles in; that of the cluster when unset."),
    ] = None,
    session_name: Annotated[
        str, typer.Option(help="What CloudTrail shows of the sessions.")
    ] = "cellfactory-token",
) -> None:
    """Print a token for a cluster, for Helm and kubectl.

    It is an exec credential plugin of Kubernetes. The platform stacks call it, with the roles that
    the other stacks of the cell assume. A token holds for 15 minutes, and whoever asked asks again
    when it has run out.
    """
    from factory.credentials import cluster_token, open_session, token_expiry

    at = sts_region or region
    session = open_session(role or (), name=session_name, region=region, sts_region=at)
    made = cluster_token(session, cluster, at)
    now = datetime.now(UTC)  # noqa: TID251 - a token has an end
    status = {"expirationTimestamp": token_expiry(now), "token": made}
    told = {"apiVersion": API, "kind": "ExecCredential", "spec": {}, "status": status}
    typer.echo(json.dumps(told))
