"""`token`: what a cluster's API is shown, for Helm and kubectl; the way of all other layers."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Annotated

import typer

from cellfactory.cli.completion import complete_cells

API = "client.authentication.k8s.io/v1beta1"


def token(
    cluster: Annotated[
        str,
        typer.Option(
            metavar="NAME", autocompletion=complete_cells, help="EKS cluster; named as its cell."
        ),
    ],
    region: Annotated[str, typer.Option(metavar="REGION", help="Region of the cluster.")],
    role: Annotated[
        list[str] | None,
        typer.Option(metavar="ARN", help="Role to assume; repeat for a chain, in order."),
    ] = None,
    sts_region: Annotated[
        str | None,
        typer.Option(
            metavar="REGION", help="Region to assume roles in [default: that of the cluster]"
        ),
    ] = None,
    session_name: Annotated[
        str, typer.Option(metavar="NAME", help="Session name, shown in CloudTrail.")
    ] = "cellfactory-token",
) -> None:
    """Print a token for a cluster, for Helm and kubectl.

    An exec credential plugin for Kubernetes. The platform stacks call it with the roles that the
    other stacks of the cell assume. A token is valid for 15 minutes.
    """
    from cellfactory.credentials import cluster_token, open_session, token_expiry

    at = sts_region or region
    session = open_session(role or (), name=session_name, region=region, sts_region=at)
    made = cluster_token(session, cluster, at)
    now = datetime.now(UTC)  # noqa: TID251 - a token has an end
    status = {"expirationTimestamp": token_expiry(now), "token": made}
    told = {"apiVersion": API, "kind": "ExecCredential", "spec": {}, "status": status}
    typer.echo(json.dumps(told))
