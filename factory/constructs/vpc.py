"""The VPC of a cell: its blocks, its subnets in each zone and their route tables.

Nodes, endpoints and the control plane live in routable subnets of the primary block. Pods live
in unroutable subnets: their traffic leaves the VPC from the node's primary interface, so their
route table knows the VPC, the S3 gateway and nothing else.
"""

from __future__ import annotations

from factory.constructs.cdk import (
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
from factory.constructs.guards import kept
from factory.constructs.specs import NetworkSpec


class CellVpc:
    """The VPC, and what is cut out of it."""

    def __init__(self, stack: TerraformStack, cell: NetworkSpec) -> None:
        self._stack = stack
        self._cell = cell
        self.vpc = Vpc(
            stack,
            "cell",
            cidr_block=str(cell.addresses.primary),
            enable_dns_hostnames=True,
            enable_dns_support=True,
            enable_network_address_usage_metrics=True,
            tags={"Name": cell.name},
            lifecycle=kept(),
        )
        self._close_defaults()
        # By their ordinal in the lock, which only ever appends: a block in an id would make
        # every cell another shape, and its place among the others never changes.
        self._pod_blocks = {
            block: VpcIpv4CidrBlockAssociation(
                stack, f"pods-{ordinal}", vpc_id=self.vpc.id, cidr_block=str(block)
            )
            for ordinal, block in enumerate(cell.addresses.pod_blocks, start=1)
        }
        zones = cell.addresses.zones
        self.node_subnets = {z: self._subnet("node", z, zones[z].node) for z in cell.zones}
        self.endpoint_subnets = {
            z: self._subnet("endpoint", z, zones[z].endpoint) for z in cell.zones
        }
        self.control_plane_subnets = {
            z: self._subnet("control-plane", z, zones[z].control_plane) for z in cell.zones
        }
        self.pod_subnets = {z: self._pod_subnet(z) for z in cell.zones}
        self.node_tables = {z: self._node_table(z) for z in cell.zones}
        self.pod_table = self._pod_table()
        if cell.egress == "nat_gateway":
            self._add_nat_gateways()

    def _close_defaults(self) -> None:
        """Leave nothing open in what AWS makes with each VPC, and nothing of a cell uses.

        The default security group admits nobody, the main route table knows the VPC alone. The
        default network ACL stays as AWS made it: the subnets use it, and it keeps no state.
        """
        tags = {"Name": f"{self._cell.name}-default"}
        DefaultSecurityGroup(self._stack, "default", vpc_id=self.vpc.id, tags=tags)
        main = self.vpc.default_route_table_id
        DefaultRouteTable(self._stack, "main", default_route_table_id=main, route=[], tags=tags)

    def _subnet(self, use: str, zone: str, block: object, vpc_id: str | None = None) -> Subnet:
        return Subnet(
            self._stack,
            f"{use}-{zone}",
            vpc_id=vpc_id or self.vpc.id,
            availability_zone_id=zone,
            cidr_block=str(block),
            map_public_ip_on_launch=False,
            tags={"Name": f"{self._cell.name}-{use}-{zone}"},
        )

    def _pod_subnet(self, zone: str) -> Subnet:
        block = self._cell.addresses.zones[zone].pod
        home = next(b for b in self._pod_blocks if block.subnet_of(b))
        # Through the association and not the VPC: the block must be there first.
        subnet = self._subnet("pod", zone, block, vpc_id=self._pod_blocks[home].vpc_id)
        for reserved in self._cell.pod_reservations[zone]:
            Ec2SubnetCidrReservation(
                self._stack,
                f"prefixes-{zone}-{reserved.prefixlen}",
                subnet_id=subnet.id,
                cidr_block=str(reserved),
                reservation_type="prefix",
                description="Whole /28 prefixes for nodes",
            )
        return subnet

    def _node_table(self, zone: str) -> RouteTable:
        table = self._table(f"node-{zone}")
        for use, subnets in (
            ("node", self.node_subnets),
            ("endpoint", self.endpoint_subnets),
            ("control-plane", self.control_plane_subnets),
        ):
            self._associate(f"{use}-{zone}", subnets[zone], table)
        return table

    def _pod_table(self) -> RouteTable:
        table = self._table("pod")
        for zone, subnet in self.pod_subnets.items():
            self._associate(f"pod-{zone}", subnet, table)
        return table

    def _table(self, name: str) -> RouteTable:
        tags = {"Name": f"{self._cell.name}-{name}"}
        return RouteTable(self._stack, f"table-{name}", vpc_id=self.vpc.id, tags=tags)

    def _associate(self, name: str, subnet: Subnet, table: RouteTable) -> None:
        RouteTableAssociation(
            self._stack, f"table-of-{name}", subnet_id=subnet.id, route_table_id=table.id
        )

    def _add_nat_gateways(self) -> None:
        """One NAT gateway in each zone, so that a lost zone takes only its own way out along."""
        tags = {"Name": self._cell.name}
        gateway = InternetGateway(self._stack, "internet", vpc_id=self.vpc.id, tags=tags)
        public = self._table("public")
        self._default_route("public", public, gateway_id=gateway.id)
        for zone in self._cell.zones:
            subnet = self._subnet("public", zone, self._cell.addresses.zones[zone].public)
            self._associate(f"public-{zone}", subnet, public)
            name = {"Name": f"{self._cell.name}-nat-{zone}"}
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
