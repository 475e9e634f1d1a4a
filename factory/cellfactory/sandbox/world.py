"""What an emulated AWS holds before anybody touches it, as a plain value.

A world never starts, reads or writes anything: `server` turns it into a running
emulator, and whoever wants one writes the text of `render_world` to a file.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from ipaddress import IPv4Network
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """An account that is in an organization from the start, and the role that leads into it."""

    account: str  # 12 digits
    role: str  # trusts the management account of its organization alone


@dataclass(frozen=True, slots=True, kw_only=True)
class Organization:
    """An organization, as its management account sees it."""

    management_account: str  # 12 digits
    units: tuple[str, ...] = ()  # ids of its root and of the organizational units below it
    members: tuple[Member, ...] = ()
    most_accounts: int = 10  # quota, the management account included
    resource_sharing: bool = False  # RAM: whether shares inside it need no invitation


@dataclass(frozen=True, slots=True, kw_only=True)
class HubVpc:
    """A VPC that exists already, with its main route table and those that are named."""

    account: str  # 12 digits
    vpc_id: str
    region: str
    blocks: tuple[str, ...]  # CIDR text: the primary block, then the secondary ones
    route_tables: tuple[str, ...] = ()  # ids, beside the main one


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """A machine image owned by `amazon`, found by its exact name."""

    name: str
    architecture: str  # EC2's words: x86_64 or arm64
    regions: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleRights:
    """What roles of a name may do, when a world enforces IAM."""

    role: str
    account: str = ""  # the one that it is about, before what is about all of them
    policies: tuple[str, ...]  # documents (JSON)
    boundary: str | None = None  # document of its permissions boundary, or the ARN of a policy


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """Everything that exists when the emulator starts, and how long AWS takes for things."""

    organizations: tuple[Organization, ...] = ()
    hubs: tuple[HubVpc, ...] = ()
    images: tuple[Image, ...] = ()
    blocks_per_vpc: int | None = None  # IPv4 blocks; None keeps the default quota of AWS
    peering_requests: int | None = None  # that may wait in an account and Region; likewise
    quotas: Mapping[str, int] = field(default_factory=dict)  # of transit gateways, by their ids
    peering_request_seconds: float = 7 * 86_400  # life of a request that nobody accepts
    account_creation_seconds: float = 0  # CreateAccount is IN_PROGRESS for so long
    account_ready_seconds: float = 0  # after that, nobody gets in; as long again, EC2 is not there
    transit_seconds: float = 0  # that a transit gateway and what hangs on it take for a step
    late_log_seconds: float = 0  # after DeleteCluster, EKS still writes its log for so long
    leaked_interfaces: int = 0  # that the VPC CNI leaves behind when a node group goes
    eks_seconds: float = 0  # that a cluster, a node group and an add-on are CREATING
    guardduty: bool = False  # whether it puts its endpoint into the VPC of each cluster
    enforce_iam: bool = False  # hold each call against the policies of who makes it
    rights: tuple[RoleRights, ...] = ()  # of the roles that lead into accounts, if not everything


def render_world(world: World) -> str:
    """Write a world as JSON text.

    Returns:
        One JSON object and a newline; `parse_world` reads it back to an equal value.
    """
    return json.dumps(asdict(world), indent=2) + "\n"


def parse_world(text: str) -> World:
    """Read a world from the JSON text of `render_world`.

    Raises:
        ValueError: the text is not JSON, a key is unknown or missing, or a block is none.
    """
    document = json.loads(text)
    if not isinstance(document, dict):
        message = "a world is a JSON object"
        raise ValueError(message)
    try:
        return World(
            **{
                **document,
                "organizations": tuple(map(_organization, document.get("organizations", ()))),
                "hubs": tuple(_hub(row) for row in document.get("hubs", ())),
                "rights": tuple(_rights(row) for row in document.get("rights", ())),
                "images": tuple(_image(row) for row in document.get("images", ())),
            }
        )
    except (KeyError, TypeError) as error:
        message = f"a world does not look like this: {error}"
        raise ValueError(message) from error


def _organization(row: Mapping[str, Any]) -> Organization:
    members = tuple(Member(**member) for member in row.get("members", ()))
    return Organization(**{**row, "units": tuple(row.get("units", ())), "members": members})


def _rights(row: Mapping[str, Any]) -> RoleRights:
    return RoleRights(**{**row, "policies": tuple(row["policies"])})


def _hub(row: Mapping[str, Any]) -> HubVpc:
    tables = tuple(row.get("route_tables", ()))
    hub = HubVpc(**{**row, "blocks": tuple(row["blocks"]), "route_tables": tables})
    if not hub.blocks:
        message = f"the hub VPC {hub.vpc_id} has no block"
        raise ValueError(message)
    for block in hub.blocks:
        IPv4Network(block)
    return hub


def _image(row: Mapping[str, Any]) -> Image:
    return Image(**{**row, "regions": tuple(row["regions"])})
