"""What `doctor` asks about a cell, in its own account and Region."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from cellfactory.credentials import Session
from cellfactory.facts.published import image_name
from cellfactory.facts.schema import Facts
from cellfactory.inventory.endpoints import endpoint_services, gateway_services
from cellfactory.inventory.schema import CellType, ExistingAccount, Inventory
from cellfactory.layers.access import member_access
from cellfactory.layers.bootstrap import AWS_MADE_ROLE
from cellfactory.layers.permissions import member_actions
from cellfactory.layers.stack import Access
from cellfactory.runs.permissions import ask_permissions
from cellfactory.runs.questions import Question, Unmet, Visit, error_code

READY = frozenset({"opt-in-not-required", "opted-in"})
NO_ADMINISTRATOR = "the role that works in its account is no administrator"
ADMINISTRATOR = "arn:aws:iam::aws:policy/AdministratorAccess"
NARROW = (
    "once cells.yaml has the account's id: cellfactory bootstrap --adopt --narrow\n"
    "docs/bootstrap.md, Accounts that the factory makes, has the steps"
)
KEPT = (
    f"bootstrap keeps {AWS_MADE_ROLE} as it is: give the organization a member_role of its own\n"
    "docs/bootstrap.md, Accounts that the factory makes"
)
TRUST_PAGE = "docs/prerequisites.md has the trust of the member role"
RELEASES = "releases: https://github.com/awslabs/amazon-eks-ami/releases"


def cell_questions(
    inventory: Inventory, facts: Facts, name: str, enter: Callable[[Access], Session]
) -> Iterator[Question]:
    """Ask by the chain of roles that its stacks take; little where its account is not made yet."""
    role, at = inventory.organization_of(name).member_role, ("account",)
    yield from _way_in(inventory, name)
    if not isinstance(inventory.cells[name].account, ExistingAccount):
        yield Question(
            claim="its account can be worked in",
            ask=lambda: Unmet("the first apply creates the account", status="skipped"),
            path=("account",),
        )
        yield Question(claim=NO_ADMINISTRATOR, ask=lambda: _made_as_administrator(role), path=at)
        return
    visit = Visit(member_access(inventory, facts, name), enter)
    kind = inventory.type_of(name)
    yield from _of_account(visit)
    asks = visit.asks("iam", _administrator, role)
    yield Question(claim=NO_ADMINISTRATOR, ask=asks, path=at, fix=_narrow(role))
    yield from _of_network(facts, kind, visit)
    yield from _of_compute(facts, kind, visit)
    yield from _of_cluster(kind, visit)
    yield Question(
        claim="its quotas are those of cells.yaml",
        ask=lambda: Unmet(f"see cellfactory quotas --account {name}", status="skipped"),
        path=("quotas",),
        is_alone=True,
    )


def _way_in(inventory: Inventory, name: str) -> Iterator[Question]:
    mesh = inventory.cells[name].mesh

    def ask() -> Unmet | None:
        if inventory.hubs_of(name):
            return None
        seen = f"mesh {mesh} has no hub: the Kubernetes API is reachable only from inside the VPC"
        fix = f"give {mesh} a hub, or apply the platform layer from inside the VPC"
        return Unmet(seen, fix, "warning")

    yield Question(
        claim="a hub reaches its private Kubernetes API", ask=ask, path=("mesh",), is_alone=True
    )


def _of_account(visit: Visit) -> Iterator[Question]:
    access = visit.access
    first, last = access.roles[0], access.roles[-1]
    yield Question(
        claim=f"{last} can be assumed from {first}",
        ask=visit.open,
        path=("account",),
        fix=TRUST_PAGE,
        bars=True,
    )
    yield Question(
        claim=f"{access.region} is enabled in account {access.account}",
        ask=lambda: _enabled(visit.client("ec2", access.sts_region), access),
        path=("mesh",),
        bars=True,
    )
    yield Question(
        claim="the member role may do what each layer needs",
        ask=visit.asks("iam", ask_permissions, last, member_actions()),
        path=("account",),
    )


def _made_as_administrator(role: str) -> Unmet:
    """Say of an account that is still to be made what its role will be.

    Source:
        https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_accounts_access.html
    """
    return Unmet(f"CreateAccount attaches AdministratorAccess to {role}", _narrow(role), "warning")


def _narrow(role: str) -> str:
    """Say how a role is narrowed; that of AWS's name is the way in of administrators."""
    return KEPT if role == AWS_MADE_ROLE else NARROW


def _administrator(iam: Any, role: str) -> Unmet | None:
    """A role that may not look at itself is one that `bootstrap` has narrowed."""
    from botocore.exceptions import ClientError

    try:
        pages = iam.get_paginator("list_attached_role_policies").paginate(RoleName=role)
        attached = {one["PolicyArn"] for page in pages for one in page["AttachedPolicies"]}
    except ClientError as error:
        if error_code(error) != "AccessDenied":
            raise
        return None
    if ADMINISTRATOR not in attached:
        return None
    return Unmet(f"AdministratorAccess is attached to {role}", _narrow(role), "warning")


def _of_network(facts: Facts, kind: CellType, visit: Visit) -> Iterator[Question]:
    services = tuple(sorted({*endpoint_services(kind, facts), *gateway_services(kind, facts)}))
    yield Question(
        claim="each of its endpoint services is there, in each of its zones",
        ask=visit.asks("ec2", _endpoints, visit.access.region, services, kind.zones),
        path=("type",),
        fix="let the role ask ec2:DescribeVpcEndpointServices and ec2:DescribeAvailabilityZones",
    )


def _of_compute(facts: Facts, kind: CellType, visit: Visit) -> Iterator[Question]:
    at, zones = ("type",), kind.zones
    yield Question(
        claim=f"the account has the zones {', '.join(zones)}",
        ask=visit.asks("ec2", _zones, zones),
        path=at,
    )
    types = sorted({group.instance_type for group in kind.node_groups.values()})
    for instance in types:
        yield Question(
            claim=f"{instance} is offered in each of them",
            ask=visit.asks("ec2", _offered, instance, zones),
            path=at,
        )
    for build in sorted({facts.image_build(facts.instance(name)) for name in types}):
        image = image_name(kind.kubernetes_version, build, kind.node_image)
        yield Question(
            claim=f"image {image} is there",
            ask=visit.asks("ec2", _image, image),
            path=at,
            is_needed=True,
        )


def _of_cluster(kind: CellType, visit: Visit) -> Iterator[Question]:
    version = kind.kubernetes_version
    yield Question(
        claim=f"EKS offers Kubernetes {version}",
        ask=visit.asks("eks", _offers, version),
        path=("type",),
        fix="allow the role eks:DescribeClusterVersions",
    )
    for addon, wanted in kind.addons.items():
        yield Question(
            claim=f"EKS offers {addon} {wanted} for it",
            ask=visit.asks("eks", _addon, version, addon, wanted),
            path=("type",),
            fix="allow the role eks:DescribeAddonVersions",
        )


def _enabled(ec2: Any, access: Access) -> Unmet | None:
    region = access.region
    rows = ec2.describe_regions(RegionNames=[region], AllRegions=True)["Regions"]
    if rows and rows[0]["OptInStatus"] in READY:
        return None
    seen = f"{region} is not enabled in account {access.account}"
    return Unmet(seen, f"aws account enable-region --region-name {region}")


def _zones(ec2: Any, wanted: Iterable[str]) -> Unmet | None:
    rows = ec2.describe_availability_zones()["AvailabilityZones"]
    known = sorted(row["ZoneId"] for row in rows)
    lost = [zone for zone in wanted if zone not in known]
    if not lost:
        return None
    return Unmet(f"this account has no zone {', '.join(lost)}", f"it has {', '.join(known)}")


def _endpoints(
    ec2: Any, region: str, services: Sequence[str], zones: Sequence[str]
) -> Unmet | None:
    """Ask for the services that AWS has, by name; it answers with names of zones, and not ids.

    A gateway endpoint stands in route tables and in no zone.
    """
    names = {f"com.amazonaws.{region}.{service}": service for service in services}
    pages = ec2.get_paginator("describe_vpc_endpoint_services").paginate(
        Filters=[{"Name": "service-name", "Values": sorted(names)}]
    )
    found: dict[str, set[str]] = {}
    gateways = set()
    for row in (row for page in pages for row in page["ServiceDetails"]):
        service = names[row["ServiceName"]]
        found.setdefault(service, set()).update(row["AvailabilityZones"])
        gateways |= {service for each in row["ServiceType"] if each["ServiceType"] == "Gateway"}
    ids = {
        row["ZoneName"]: row["ZoneId"]
        for row in ec2.describe_availability_zones()["AvailabilityZones"]
    }
    lost = [f"{region} has no endpoint service {name}" for name in services if name not in found]
    for service in sorted(found.keys() - gateways):
        has = {ids.get(name) for name in found[service]}
        lacking = [zone for zone in zones if zone not in has]
        if lacking:
            lost.append(f"{service} has no endpoint in {', '.join(lacking)}")
    fix = "take it out of endpoints, or give the cell other zones"
    return Unmet("; ".join(lost), fix) if lost else None


def _offered(ec2: Any, instance: str, zones: Iterable[str]) -> Unmet | None:
    pages = ec2.get_paginator("describe_instance_type_offerings").paginate(
        LocationType="availability-zone-id",
        Filters=[{"Name": "instance-type", "Values": [instance]}],
    )
    offered = {row["Location"] for page in pages for row in page["InstanceTypeOfferings"]}
    lost = [zone for zone in zones if zone not in offered]
    if not lost:
        return None
    where = ", ".join(sorted(offered)) or "no zone of this Region"
    return Unmet(f"{instance} is not offered in {', '.join(lost)}", f"it is offered in {where}")


def _image(ec2: Any, name: str) -> Unmet | None:
    found = ec2.describe_images(Owners=["amazon"], Filters=[{"Name": "name", "Values": [name]}])
    return None if found["Images"] else Unmet(f"Amazon has no image {name} here", RELEASES)


def _offers(eks: Any, version: str) -> Unmet | None:
    pages = eks.get_paginator("describe_cluster_versions").paginate(includeAll=True)
    rows = {row["clusterVersion"]: row for page in pages for row in page["clusterVersions"]}
    if version in rows and rows[version].get("versionStatus") != "UNSUPPORTED":
        return None
    offered = (v for v, row in rows.items() if row.get("versionStatus") != "UNSUPPORTED")
    return Unmet(f"EKS offers no Kubernetes {version} here", f"it offers {', '.join(offered)}")


def _addon(eks: Any, kubernetes: str, addon: str, version: str) -> Unmet | None:
    pages = eks.get_paginator("describe_addon_versions").paginate(
        kubernetesVersion=kubernetes, addonName=addon
    )
    rows = [
        row for page in pages for described in page["addons"] for row in described["addonVersions"]
    ]
    offered = [row["addonVersion"] for row in rows]
    if version in offered:
        return None
    newest = ", ".join(offered[:3]) or "no version of it"
    return Unmet(f"EKS does not offer {addon} {version} for {kubernetes}", f"it offers {newest}")
