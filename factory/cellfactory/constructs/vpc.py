"""The VPC of a cell: its blocks, its subnets in each zone and their route tables.

Nodes, endpoints and the control plane live in routable subnets of the primary block. Pods live
in unroutable subnets: their traffic leaves the VPC from the node's primary interface, so their
route table knows the VPC, the S3 gateway and nothing else.
"""

from __future__ import annotations

from cellfactory.addressing.blocks import SUBNET_KINDS, Purpose, SubnetKind
from cellfactory.constructs.cdk import (
    DefaultRouteTable,
    DefaultSecurityGroup,
    Ec2SubnetCidrReservation,
    Eip,
    InternetGateway,
    NatGateway,
    Route,
    RouteTable,
    RouteTableAssociation,
    Subnet,
    TerraformStack,
    Vpc,
    VpcIpv4CidrBlockAssociation,
)
from cellfactory.constructs.guards import kept
from cellfactory.naming import name_tag
from cellfactory.specs.layers import NetworkSpec


class CellVpc:
    """The VPC, and what is cut out of it."""

    def __init__(self, stack: TerraformStack, cell: NetworkSpec) -> None:
        self._stack = stack
        self._cell = cell
        self.vpc = Vpc(
            stack,
            "cell",
            cidr_block=cell.primary,
            enable_dns_hostnames=True,
            enable_dns_support=True,
            enable_network_address_usage_metrics=True,
            tags=name_tag(cell.name),
            lifecycle=kept(),
        )
        self._close_defaults()
        # By their ordinal in the lock, which only ever appends: a block in an id would make
        # every cell another shape, and its place among the others never changes.
        self._pod_blocks = [
            VpcIpv4CidrBlockAssociation(
                stack, f"pods-{ordinal}", vpc_id=self.vpc.id, cidr_block=block
            )
            for ordinal, block in enumerate(cell.pod_blocks, start=1)
        ]
        has_egress = cell.egress == "nat_gateway"
        self.subnets: dict[Purpose, dict[str, Subnet]] = {
            kind: {zone: self._subnet(SUBNET_KINDS[kind], zone, b) for zone, b in blocks.items()}
            for kind, blocks in cell.subnets.items()
        }
        self.node_tables = {zone: self._table(f"node-{zone}") for zone in cell.zones}
        self.pod_table = self._table("pod")
        public = self._table("public") if has_egress else None
        self._associate_all(public)
        self._reserve_prefixes()
        if public is not None:
            self._add_nat_gateways(public)

    def _close_defaults(self) -> None:
        """Leave nothing open in what AWS makes with each VPC, and nothing of a cell uses.

        The default security group admits nobody, the main route table knows the VPC alone. The
        default network ACL stays as AWS made it: the subnets use it, and it keeps no state.
        """
        tags = name_tag(self._cell.name, "default")
        DefaultSecurityGroup(self._stack, "default", vpc_id=self.vpc.id, tags=tags)
        main = self.vpc.default_route_table_id
        DefaultRouteTable(self._stack, "main", default_route_table_id=main, route=[], tags=tags)

    def _subnet(self, kind: SubnetKind, zone: str, block: str) -> Subnet:
        vpc_id = self.vpc.id
        if kind.cut_from == "pod":  # through the association: the block must be there first
            vpc_id = self._pod_blocks[self._cell.pod_block_of[zone]].vpc_id
        return Subnet(
            self._stack,
            f"{kind.slug}-{zone}",
            vpc_id=vpc_id,
            availability_zone_id=zone,
            cidr_block=block,
            map_public_ip_on_launch=False,
            tags=name_tag(self._cell.name, kind.slug, zone),
        )

    def _reserve_prefixes(self) -> None:
        for zone, subnet in self.subnets["pod"].items():
            for length, block in self._cell.pod_reservations[zone].items():
                Ec2SubnetCidrReservation(
                    self._stack,
                    f"prefixes-{zone}-{length}",
                    subnet_id=subnet.id,
                    cidr_block=block,
                    reservation_type="prefix",
                    description="Whole /28 prefixes for nodes",
                )

    def _associate_all(self, public: RouteTable | None) -> None:
        for kind, subnets in self.subnets.items():
            row = SUBNET_KINDS[kind]
            for zone, subnet in subnets.items():
                tables = {"node": self.node_tables[zone], "pod": self.pod_table, "public": public}
                table = tables[row.routes] if row.routes else None
                if table is not None:
                    self._associate(f"{row.slug}-{zone}", subnet, table)

    def _table(self, name: str) -> RouteTable:
        tags = name_tag(self._cell.name, name)
        return RouteTable(self._stack, f"table-{name}", vpc_id=self.vpc.id, tags=tags)

    def _associate(self, name: str, subnet: Subnet, table: RouteTable) -> None:
        RouteTableAssociation(
            self._stack, f"table-of-{name}", subnet_id=subnet.id, route_table_id=table.id
        )

    def _add_nat_gateways(self, public: RouteTable) -> None:
        """One NAT gateway in each zone, so that a lost zone takes only its own way out along."""
        tags = name_tag(self._cell.name)
        gateway = InternetGateway(self._stack, "internet", vpc_id=self.vpc.id, tags=tags)
        self._default_route("public", public, gateway_id=gateway.id)
        for zone, subnet in self.subnets["public"].items():
            name = name_tag(self._cell.name, "nat", zone)
            nat = NatGateway(
                self._stack,
                f"nat-{zone}",
                allocation_id=Eip(self._stack, f"nat-address-{zone}", domain="vpc", tags=name).id,
                subnet_id=subnet.id,
                depends_on=[gateway],
                tags=name,
            )
            self._default_route(f"node-{zone}", self.node_tables[zone], nat_gateway_id=nat.id)

    def _default_route(
        self,
        table: str,
        route_table: RouteTable,
        *,
        gateway_id: str | None = None,
        nat_gateway_id: str | None = None,
    ) -> None:
        Route(
            self._stack,
            f"default-of-{table}",
            route_table_id=route_table.id,
            destination_cidr_block="0.0.0.0/0",
            gateway_id=gateway_id,
            nat_gateway_id=nat_gateway_id,
        )
