"""Looking into an emulated AWS from outside, with boto3, as an engineer would.

Every call goes through AssumeRole, which is how the emulator tells accounts apart.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import cache
from typing import Any

import boto3
import botocore.loaders
import botocore.session

ROLE = "SandboxVisitor"  # every account of the emulator admits it
GONE = frozenset({"deleted", "deleting", "failed", "failing", "rejected", "rejecting", "expired"})

Lister = Callable[[boto3.Session, str], Iterator[str]]


def session_for(endpoint: str, account: str, region: str, role: str = ROLE) -> boto3.Session:
    """Open a session in an account of the emulator.

    Args:
        endpoint: where the emulator listens (`http://127.0.0.1:PORT`).
        account: 12 digits.
        region: the Region the session's clients work in.
        role: the role to take; the usual one exists in every account.

    Returns:
        A session; give its clients `endpoint_url=endpoint`.
    """
    outside = _session(region, "sandbox", "sandbox")
    sts = outside.client("sts", endpoint_url=endpoint)
    answer = sts.assume_role(
        RoleArn=f"arn:aws:iam::{account}:role/{role}", RoleSessionName="cellfactory"
    )
    credentials = answer["Credentials"]
    return _session(
        region,
        credentials["AccessKeyId"],
        credentials["SecretAccessKey"],
        credentials["SessionToken"],
    )


def _session(region: str, key: str, secret: str, token: str | None = None) -> boto3.Session:
    bare = botocore.session.Session()
    bare.register_component("data_loader", _loader())
    return boto3.Session(
        aws_access_key_id=key,
        aws_secret_access_key=secret,
        aws_session_token=token,
        region_name=region,
        botocore_session=bare,
    )


@cache
def _loader() -> Any:
    """Share what sessions read of the API's model: EC2's alone takes a second to read."""
    return botocore.loaders.create_loader()


def leftovers(endpoint: str, account: str, region: str) -> list[str]:
    """List what still exists in an account, of every kind a cell makes.

    What AWS keeps in any account or VPC by itself is left out: the main route table,
    default network ACL and default security group of a VPC, the roles through which
    the account is entered, keys that wait for their deletion, peerings that ended.

    Returns:
        `kind id` for each resource, sorted; empty when the account is empty.
    """
    session = session_for(endpoint, account, region)
    return sorted(line for lister in LISTERS for line in lister(session, endpoint))


def _rows(kind: str, items: Iterable[Any], key: str | None = None) -> Iterator[str]:
    for item in items:
        yield f"{kind} {item if key is None else item[key]}"


def _network(session: boto3.Session, endpoint: str) -> Iterator[str]:
    ec2: Any = session.client("ec2", endpoint_url=endpoint)
    yield from _rows("vpc", ec2.describe_vpcs()["Vpcs"], "VpcId")
    yield from _rows("subnet", ec2.describe_subnets()["Subnets"], "SubnetId")
    tables = ec2.describe_route_tables()["RouteTables"]
    yield from _rows("route-table", (t for t in tables if not _is_main(t)), "RouteTableId")
    peerings = ec2.describe_vpc_peering_connections()["VpcPeeringConnections"]
    live = (one for one in peerings if one["Status"]["Code"] not in GONE)
    yield from _rows("peering", live, "VpcPeeringConnectionId")
    groups = ec2.describe_security_groups()["SecurityGroups"]
    yield from _rows("group", (g for g in groups if g["GroupName"] != "default"), "GroupId")
    gateways = ec2.describe_internet_gateways()["InternetGateways"]
    yield from _rows("internet-gateway", gateways, "InternetGatewayId")
    ways_out = ec2.describe_egress_only_internet_gateways()["EgressOnlyInternetGateways"]
    yield from _rows("egress-only-gateway", ways_out, "EgressOnlyInternetGatewayId")
    acls = ec2.describe_network_acls()["NetworkAcls"]
    yield from _rows("network-acl", (one for one in acls if not one["IsDefault"]), "NetworkAclId")


def _transit(session: boto3.Session, endpoint: str) -> Iterator[str]:
    here = session.client("sts", endpoint_url=endpoint).get_caller_identity()["Account"]
    ec2: Any = session.client("ec2", endpoint_url=endpoint)
    gateways = ec2.describe_transit_gateways()["TransitGateways"]
    own = (g for g in gateways if g["OwnerId"] == here and g["State"] not in GONE)
    yield from _rows("transit-gateway", own, "TransitGatewayId")
    attachments = ec2.describe_transit_gateway_attachments()["TransitGatewayAttachments"]
    live = (one for one in attachments if one["State"] not in GONE)
    yield from _rows("transit-gateway-attachment", live, "TransitGatewayAttachmentId")
    tables = ec2.describe_transit_gateway_route_tables()["TransitGatewayRouteTables"]
    kept = (one for one in tables if one["State"] not in GONE)
    yield from _rows("transit-gateway-route-table", kept, "TransitGatewayRouteTableId")
    ram: Any = session.client("ram", endpoint_url=endpoint)
    shares = ram.get_resource_shares(resourceOwner="SELF", resourceShareStatus="ACTIVE")
    yield from _rows("resource-share", shares["resourceShares"], "resourceShareArn")


def _is_main(table: dict[str, Any]) -> bool:
    return any(association.get("Main") for association in table["Associations"])


def _attached(session: boto3.Session, endpoint: str) -> Iterator[str]:
    ec2: Any = session.client("ec2", endpoint_url=endpoint)
    endpoints = ec2.describe_vpc_endpoints()["VpcEndpoints"]
    live = (one for one in endpoints if one["State"] not in GONE)
    yield from _rows("endpoint", live, "VpcEndpointId")
    interfaces = ec2.describe_network_interfaces()["NetworkInterfaces"]
    yield from _rows("network-interface", interfaces, "NetworkInterfaceId")
    gateways = ec2.describe_nat_gateways()["NatGateways"]
    yield from _rows("nat-gateway", (g for g in gateways if g["State"] not in GONE), "NatGatewayId")
    yield from _rows("address", ec2.describe_addresses()["Addresses"], "PublicIp")
    yield from _rows("flow-log", ec2.describe_flow_logs()["FlowLogs"], "FlowLogId")
    templates = ec2.describe_launch_templates()["LaunchTemplates"]
    yield from _rows("launch-template", templates, "LaunchTemplateName")


def _clusters(session: boto3.Session, endpoint: str) -> Iterator[str]:
    eks: Any = session.client("eks", endpoint_url=endpoint)
    for name in eks.list_clusters()["clusters"]:
        yield f"cluster {name}"
        here = {"clusterName": name}
        yield from _rows(f"node-group {name}", eks.list_nodegroups(**here)["nodegroups"])
        yield from _rows(f"addon {name}", eks.list_addons(**here)["addons"])
        identities = eks.list_pod_identity_associations(**here)["associations"]
        yield from _rows(f"pod-identity {name}", identities, "associationId")
    scaling: Any = session.client("autoscaling", endpoint_url=endpoint)
    groups = scaling.describe_auto_scaling_groups()["AutoScalingGroups"]
    yield from _rows("scaling-group", groups, "AutoScalingGroupName")


def _balancers(session: boto3.Session, endpoint: str) -> Iterator[str]:
    elb: Any = session.client("elbv2", endpoint_url=endpoint)
    balancers = elb.describe_load_balancers()["LoadBalancers"]
    yield from _rows("load-balancer", balancers, "LoadBalancerName")
    groups = elb.describe_target_groups()["TargetGroups"]
    yield from _rows("target-group", groups, "TargetGroupName")


def _identity(session: boto3.Session, endpoint: str) -> Iterator[str]:
    iam: Any = session.client("iam", endpoint_url=endpoint)
    roles = (one["RoleName"] for one in iam.list_roles()["Roles"])
    entrances = _entrances(session, endpoint)
    yield from _rows("role", (name for name in roles if name not in entrances))
    yield from _rows("policy", iam.list_policies(Scope="Local")["Policies"], "PolicyName")
    profiles = iam.list_instance_profiles()["InstanceProfiles"]
    yield from _rows("instance-profile", profiles, "InstanceProfileName")
    providers = iam.list_open_id_connect_providers()["OpenIDConnectProviderList"]
    yield from _rows("oidc-provider", providers, "Arn")


def _entrances(session: boto3.Session, endpoint: str) -> set[str]:
    """Name the roles that CreateAccount made: those that trust an account's root."""
    iam: Any = session.client("iam", endpoint_url=endpoint)
    return {
        role["RoleName"]
        for role in iam.list_roles()["Roles"]
        if any(
            str(statement.get("Principal", {}).get("AWS", "")).endswith(":root")
            for statement in role["AssumeRolePolicyDocument"]["Statement"]
        )
    }


def _data(session: boto3.Session, endpoint: str) -> Iterator[str]:
    kms: Any = session.client("kms", endpoint_url=endpoint)
    for key in kms.list_keys()["Keys"]:
        about = kms.describe_key(KeyId=key["KeyId"])["KeyMetadata"]
        if about["KeyState"] != "PendingDeletion" and about["KeyManager"] != "AWS":
            yield f"key {key['KeyId']}"
    aliases = (one["AliasName"] for one in kms.list_aliases()["Aliases"])
    yield from _rows("alias", (one for one in aliases if not one.startswith("alias/aws/")))
    logs: Any = session.client("logs", endpoint_url=endpoint)
    yield from _rows("log-group", logs.describe_log_groups()["logGroups"], "logGroupName")
    s3: Any = session.client("s3", endpoint_url=endpoint)
    yield from _rows("bucket", s3.list_buckets()["Buckets"], "Name")


def _members(session: boto3.Session, endpoint: str) -> Iterator[str]:
    here = session.client("sts", endpoint_url=endpoint).get_caller_identity()["Account"]
    organizations: Any = session.client("organizations", endpoint_url=endpoint)
    try:
        organization = organizations.describe_organization()["Organization"]
    except organizations.exceptions.AWSOrganizationsNotInUseException:
        return
    if organization["MasterAccountId"] == here:
        accounts = organizations.list_accounts()["Accounts"]
        active = (one for one in accounts if one["Status"] == "ACTIVE" and one["Id"] != here)
        yield from _rows("account", active, "Id")


LISTERS: tuple[Lister, ...] = (
    _network,
    _transit,
    _attached,
    _clusters,
    _balancers,
    _identity,
    _data,
    _members,
)
