"""Puts the parts of the emulated AWS together and fills it with a world.

moto keeps every service's state in a table of backends by account and Region, and
its routes in tables of URL patterns. Both are filled here with this package's classes
before the first request; nothing of moto is changed on disk.
"""

from __future__ import annotations

from typing import Any

import moto.account.urls
import moto.ec2.urls
import moto.eks.urls
import moto.ram.urls
import moto.s3.models
from moto.account.models import account_backends
from moto.ec2.models import ec2_backends
from moto.ec2.models.vpcs import VPC
from moto.eks.models import eks_backends
from moto.elbv2.models import elbv2_backends
from moto.iam.models import iam_backends
from moto.logs.models import logs_backends
from moto.organizations.models import organizations_backends
from moto.sts.models import sts_backends

from cellfactory.sandbox import readiness, sharing, transit
from cellfactory.sandbox.account_regions import PATHS, RegionsBackend, RegionsResponse
from cellfactory.sandbox.authorization import enforce_iam
from cellfactory.sandbox.balancers import BalancerBackend
from cellfactory.sandbox.blackholes import show_blackholes
from cellfactory.sandbox.buckets import Bucket
from cellfactory.sandbox.control_plane_logs import LogGroupBackend
from cellfactory.sandbox.eks import KubernetesBackend, KubernetesResponse
from cellfactory.sandbox.identity import IdentityBackend, TokenBackend
from cellfactory.sandbox.network import NetworkBackend, NetworkResponse
from cellfactory.sandbox.organizations import AccountsBackend
from cellfactory.sandbox.requests import hold_requests
from cellfactory.sandbox.sharing_api import SharingResponse
from cellfactory.sandbox.world import HubVpc, World

PARTITION = "aws"
ANY_BLOCK = "10.0.0.0/16"  # for the moment between making a hub's VPC and telling its blocks


def build_world(world: World) -> None:
    """Install this package's services and create what the world says exists."""
    NetworkBackend.world = world
    NetworkBackend.request_seconds = world.peering_request_seconds
    if world.peering_requests is not None:
        NetworkBackend.most_requests = world.peering_requests
    ec2_backends.backend = NetworkBackend
    iam_backends.backend = IdentityBackend
    sts_backends.backend = TokenBackend
    elbv2_backends.backend = BalancerBackend
    logs_backends.backend = LogGroupBackend
    LogGroupBackend.late_seconds = world.late_log_seconds
    organizations_backends.backend = AccountsBackend
    account_backends.backend = RegionsBackend
    moto.s3.models.FakeBucket = Bucket  # type: ignore[misc]
    services: Any = eks_backends  # typed by moto for its own class of clusters
    services.backend = KubernetesBackend
    moto.ec2.urls.url_paths["{0}/"] = NetworkResponse.dispatch
    moto.account.urls.url_paths.update({f"{{0}}/{p}$": RegionsResponse.dispatch for p in PATHS})
    moto.eks.urls.url_paths.clear()
    moto.eks.urls.url_paths["{0}/(?P<path>.+)$"] = KubernetesResponse.dispatch
    moto.ram.urls.url_paths.clear()
    moto.ram.urls.url_paths["{0}/(?P<path>.+)$"] = SharingResponse.dispatch
    transit.start(world.transit_seconds, world.quotas)
    sharing.SHARES.clear()
    hold_requests()
    show_blackholes()
    if world.enforce_iam:
        enforce_iam(world.rights)
    readiness.start(world.account_ready_seconds)
    for told in world.organizations:
        organization: Any = organizations_backends[told.management_account][PARTITION]
        organization.found(told, world.account_creation_seconds)
    for hub in world.hubs:
        _build_hub(hub)


def _build_hub(hub: HubVpc) -> None:
    backend: Any = ec2_backends[hub.account][hub.region]
    vpc = backend.create_vpc(ANY_BLOCK)
    _rename(backend, vpc, hub.vpc_id)
    vpc.cidr_block = hub.blocks[0]
    vpc._cidr_block_association_set.clear()
    for table in backend.route_tables.values():
        if table.vpc_id == hub.vpc_id:
            table._routes.clear()
    for block in hub.blocks:  # as told, however wide and many: the hub exists already
        backend.add_block(vpc, block, len(hub.blocks))
    for name in hub.route_tables:
        table = backend.create_route_table(vpc_id=hub.vpc_id)
        backend.route_tables[name] = backend.route_tables.pop(table.id)
        table.id = name


def _rename(backend: Any, vpc: VPC, vpc_id: str) -> None:
    backend.vpcs[vpc_id] = backend.vpcs.pop(vpc.id)
    backend.groups[vpc_id] = backend.groups.pop(vpc.id)
    for table in [*backend.route_tables.values(), *backend.network_acls.values()]:
        if table.vpc_id == vpc.id:
            table.vpc_id = vpc_id
    for group in backend.groups[vpc_id].values():
        group.vpc_id = vpc_id
    vpc.id = vpc_id
