"""Transit gateways in an emulator, for tests: made, shared, attached, waited for."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.sandbox.emulators import REGION, Emulator

LATE_SECONDS = 20
DISABLED = {
    "DefaultRouteTableAssociation": "disable",
    "DefaultRouteTablePropagation": "disable",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """An account that has a gateway, and may share it."""

    ec2: Any
    ram: Any
    account: str
    gateway: str
    region: str

    @property
    def arn(self) -> str:
        return f"arn:aws:ec2:{self.region}:{self.account}:transit-gateway/{self.gateway}"

    def share(self, *accounts: str, external: bool = True) -> str:
        """Share the gateway with accounts: the ARN of the share."""
        answer = self.ram.create_resource_share(
            name="hub",
            allowExternalPrincipals=external,
            resourceArns=[self.arn],
            principals=list(accounts),
        )
        return str(answer["resourceShare"]["resourceShareArn"])

    def table(self) -> str:
        answer = self.ec2.create_transit_gateway_route_table(TransitGatewayId=self.gateway)
        table = str(answer["TransitGatewayRouteTable"]["TransitGatewayRouteTableId"])
        until("available", lambda: _table_state(self.ec2, table))
        return table

    def accept(self, attachment: str) -> None:
        self.ec2.accept_transit_gateway_vpc_attachment(TransitGatewayAttachmentId=attachment)
        until("available", lambda: state(self.ec2, attachment))

    def associate(self, attachment: str, table: str) -> None:
        self.ec2.associate_transit_gateway_route_table(
            TransitGatewayAttachmentId=attachment, TransitGatewayRouteTableId=table
        )

    def route(self, table: str, block: str, attachment: str) -> None:
        self.ec2.create_transit_gateway_route(
            TransitGatewayRouteTableId=table,
            DestinationCidrBlock=block,
            TransitGatewayAttachmentId=attachment,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Spoke:
    """An account with a VPC: a subnet and its route table in each of two zones."""

    ec2: Any
    ram: Any
    account: str
    vpc: str
    subnets: tuple[str, ...]
    tables: tuple[str, ...]

    def take(self) -> None:
        """Accept whatever the account is invited to."""
        for row in self.ram.get_resource_share_invitations()["resourceShareInvitations"]:
            if row["status"] == "PENDING":
                arn = row["resourceShareInvitationArn"]
                self.ram.accept_resource_share_invitation(resourceShareInvitationArn=arn)

    def attach(self, gateway: str, *subnets: str, **options: str) -> str:
        """Ask for an attachment, in every subnet unless some are named: its id."""
        answer = self.ec2.create_transit_gateway_vpc_attachment(
            TransitGatewayId=gateway,
            VpcId=self.vpc,
            SubnetIds=list(subnets or self.subnets),
            Options=options,
        )
        return str(answer["TransitGatewayVpcAttachment"]["TransitGatewayAttachmentId"])

    def route(self, block: str, gateway: str, *, replace: bool = False) -> None:
        """Lead a block to a gateway, in every table."""
        for table in self.tables:
            call = self.ec2.replace_route if replace else self.ec2.create_route
            call(RouteTableId=table, DestinationCidrBlock=block, TransitGatewayId=gateway)


def make_owner(emulator: Emulator, account: str, region: str = REGION, **options: Any) -> Owner:
    """Make a gateway without default tables."""
    ec2, ram = (emulator.client(name, account, region) for name in ("ec2", "ram"))
    made = ec2.create_transit_gateway(Options={**DISABLED, **options})["TransitGateway"]
    gateway = str(made["TransitGatewayId"])
    until("available", lambda: gateway_state(ec2, gateway))
    return Owner(ec2=ec2, ram=ram, account=account, gateway=gateway, region=region)


def make_spoke(emulator: Emulator, account: str, block: str, region: str = REGION) -> Spoke:
    """Make a VPC of a /16 with a /24 in each of two zones."""
    ec2, ram = (emulator.client(name, account, region) for name in ("ec2", "ram"))
    vpc = ec2.create_vpc(CidrBlock=block)["Vpc"]["VpcId"]
    subnets, tables = [], []
    for index, zone in enumerate("ab"):
        start = block.split(".")
        made = ec2.create_subnet(
            VpcId=vpc,
            CidrBlock=f"{start[0]}.{start[1]}.{index}.0/24",
            AvailabilityZone=f"{region}{zone}",
        )
        table = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
        subnet = made["Subnet"]["SubnetId"]
        ec2.associate_route_table(RouteTableId=table, SubnetId=subnet)
        subnets.append(subnet)
        tables.append(table)
    return Spoke(
        ec2=ec2, ram=ram, account=account, vpc=vpc, subnets=tuple(subnets), tables=tuple(tables)
    )


def attached(owner: Owner, spoke: Spoke) -> str:
    """Share a gateway with a spoke, attach its VPC and accept that: the attachment."""
    owner.share(spoke.account)
    spoke.take()
    attachment = spoke.attach(owner.gateway)
    until("pendingAcceptance", lambda: state(owner.ec2, attachment))
    owner.accept(attachment)
    return attachment


def until(wanted: str, look: Callable[[], str]) -> None:
    """Wait for a state."""
    late = time.monotonic() + LATE_SECONDS
    while (found := look()) != wanted:
        assert time.monotonic() < late, f"{found}, not {wanted}"
        time.sleep(0.05)


def state(ec2: Any, attachment: str) -> str:
    """The state of any attachment."""
    answer = ec2.describe_transit_gateway_attachments(TransitGatewayAttachmentIds=[attachment])
    return str(answer["TransitGatewayAttachments"][0]["State"])


def gateway_state(ec2: Any, gateway: str) -> str:
    """The state of a gateway."""
    answer = ec2.describe_transit_gateways(TransitGatewayIds=[gateway])
    return str(answer["TransitGateways"][0]["State"])


def _table_state(ec2: Any, table: str) -> str:
    answer = ec2.describe_transit_gateway_route_tables(TransitGatewayRouteTableIds=[table])
    return str(answer["TransitGatewayRouteTables"][0]["State"])
