"""The way to a private cluster, which leads through a hub: whether it is open yet.

The API of a cell's cluster answers within its VPC and what that is joined to. Helm, which installs
the platform, comes through a hub, whose owner accepts the connection and routes back to it by
hand. Until then Helm would wait a quarter of an hour for each release, and fail. So AWS is asked,
and what cannot be reached is put off.

Whether the hub routes back, its owner alone can see. What is known here is whether the API answers.

Source:
    https://docs.aws.amazon.com/eks/latest/userguide/cluster-endpoint.html
    https://docs.aws.amazon.com/vpc/latest/peering/vpc-peering-basics.html
"""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from cellfactory.credentials import aws_faults
from cellfactory.layers import Access, Stack, StackId
from cellfactory.terraform.messages import Value
from cellfactory.terraform.registry import Registry
from cellfactory.terraform.sessions import SessionOf, full_access

ACTIVE, GONE = "active", "gone"
PENDING = frozenset({"initiating-request", "pending-acceptance", "provisioning"})
CONNECTIONS, ENDPOINT = "connection_ids", "cluster_endpoint"  # of `peering`, and of `cluster`
ANSWER_SECONDS = 5.0  # a TCP connection within a Region takes milliseconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Hub:
    """A hub that a cell is joined to, and what its owner has to route back."""

    name: str
    account: str  # twelve digits
    vpc: str
    block: str  # of the cell; what leaves it bears an address of its nodes


AskStatus = Callable[[Access, Collection[str]], Mapping[str, str]]
"""Asks in what state peering connections are: by id, those that are there.

Nothing is told of any where it may not be asked.
"""

Answers = Callable[[str], bool]
"""Whether something answers at a URL, as far as can be known from here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HubWays:
    """How the clusters of a run are reached, by the stack that needs it."""

    hubs: Mapping[StackId, tuple[Hub, ...]]
    ask: AskStatus
    answers: Answers

    def closed(self, stack: Stack, inputs: Mapping[str, Value], registry: Registry) -> str:
        """Say why a cluster cannot be reached yet; empty where it can, or nothing tells.

        Of several hubs one is enough.

        Raises:
            TerraformError: where the account of the cell cannot be entered (F622).
        """
        hubs = self.hubs.get(stack.id, ())
        if not hubs:
            return ""
        known = _connections(registry, stack)
        told = self.ask(full_access(stack, inputs), sorted(known.values())) if known else {}
        if not told:
            return ""
        states = {hub: told.get(known.get(hub.name, ""), GONE) for hub in hubs}
        if ACTIVE not in states.values():
            return "; ".join(_waits(h, known.get(h.name, ""), s, stack) for h, s in states.items())
        endpoint = inputs.get(ENDPOINT)
        if not isinstance(endpoint, str) or self.answers(endpoint):
            return ""
        return _silent(endpoint, [hub for hub, state in states.items() if state == ACTIVE], known)


def _connections(registry: Registry, stack: Stack) -> Mapping[str, str]:
    """The connections that the cell asked for, by the name of the other side."""
    record = registry.read(StackId(stack.id.owner, "peering"))
    found = record.outputs.get(CONNECTIONS) if record is not None else None
    return found if isinstance(found, dict) else {}


def _waits(hub: Hub, connection: str, state: str, stack: Stack) -> str:
    if state in PENDING:
        return (
            f"hub {hub.name} has not accepted {connection} ({state}): account {hub.account} has "
            f"to accept it for {hub.vpc}, and to route {hub.block} to it in the route tables of "
            "that VPC"
        )
    named = f"{connection} to hub {hub.name}" if connection else f"the connection to hub {hub.name}"
    return f"{named} is {state}: the next apply of {stack.id.owner}-peering asks again"


def _silent(endpoint: str, hubs: Iterable[Hub], known: Mapping[str, str]) -> str:
    named = ", or ".join(
        f"over hub {hub.name} account {hub.account} has to route {hub.block} to "
        f"{known[hub.name]} in the route tables of {hub.vpc}"
        for hub in hubs
    )
    host = urlsplit(endpoint).hostname
    return f"{host} does not answer from here, which has to be a place that a hub leads to; {named}"


def ask_status(session_of: SessionOf) -> AskStatus:
    """Make what asks AWS, or the emulated one, by the roles of a stack."""

    def ask(access: Access, ids: Collection[str]) -> Mapping[str, str]:
        ec2 = session_of(access).client("ec2", region_name=access.region)
        wanted = [{"Name": "vpc-peering-connection-id", "Values": list(ids)}]
        try:
            told = ec2.describe_vpc_peering_connections(Filters=wanted)
        except aws_faults():  # it may not ask: Helm will see
            return {}
        rows = told["VpcPeeringConnections"]
        return dict.fromkeys(ids, GONE) | {
            row["VpcPeeringConnectionId"]: row["Status"]["Code"] for row in rows
        }

    return ask


def answers(url: str) -> bool:
    """Whether something takes a connection at a URL; behind a proxy nobody can know beforehand."""
    if any(os.environ.get(name) for name in ("HTTPS_PROXY", "https_proxy")):
        return True
    place = urlsplit(url)
    try:
        with socket.create_connection(
            (place.hostname or "", place.port or 443), timeout=ANSWER_SECONDS
        ):
            return True
    except OSError:
        return False
