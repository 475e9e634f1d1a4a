"""The VPC of a cell: its blocks, its subnets in each zone and their route tables.

Nodes, endpoints and the control plane live in routable subnets of the primary block. Pods live
in unroutable subnets: their traffic leaves the VPC from the node's primary interface, so their
route table knows the VPC, the S3 gateway and nothing else. Pods with IPv6 addresses have them of
the node subnets, and no subnet of their own.
"""

from __future__ import annotations

from cellfactory.addressing.blocks import SUBNET_KINDS, Purpose, SubnetKind
from cellfactory.constructs.cdk import (
    DefaultRouteTable,
    DefaultSecurityGroup,
    Ec2SubnetCidrReservation,
    EgressOnlyInternetGateway,
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

_IPV6_BITS = 8  # from the /56 of a VPC to the /64 of a subnet: AWS has no other sizes here
_ZONES = 16  # parts kept for the zones of each kind of subnet, of the 256 that a VPC has


class CellVpc:
    """The VPC, and what is cut out of it."""

    def __init__(self, stack: TerraformStack, cell: NetworkSpec) -> None:
        self._stack = stack
        self._cell = cell
        self.vpc = Vpc(
            stack,
            "cell",
            cidr_block=cell.primary,
            assign_generated_ipv6_cidr_block=cell.ipv6_block or None,
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
        self.pod_table = None if cell.ipv6_pods else self._table("pod")
        public = self._table("public") if has_egress else None
        self._associate_all(public)
        self._reserve_prefixes()
        if public is not None:
            self._add_nat_gateways(public)
            self._add_ipv6_way_out()

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
            ipv6_cidr_block=self._ipv6_block(kind, zone),
            assign_ipv6_address_on_creation=(self._cell.ipv6_pods and kind.has_ipv6) or None,
            tags=name_tag(self._cell.name, kind.slug, zone),
        )

    def _ipv6_block(self, kind: SubnetKind, zone: str) -> str | None:
        """Cut the subnet's part of the block that Amazon gives: always the same one of it.

        Kinds only ever come to the end of theirs, and the zones of a cell stay. A subnet of NAT
        gateways or of an attachment needs none.
        """
        if not self._cell.ipv6_pods or kind.routes != "node":
            return None
        number = list(SUBNET_KINDS).index(kind.name) * _ZONES + self._cell.zones.index(zone)
        return f"${{cidrsubnet({self.vpc.fqn}.ipv6_cidr_block, {_IPV6_BITS}, {number})}}"

    def _reserve_prefixes(self) -> None:
        for zone, subnet in self.subnets.get("pod", {}).items():
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

    def _add_ipv6_way_out(self) -> None:
        """Let nodes and their pods out, and nobody in: their addresses are known everywhere.

        Source: https://docs.aws.amazon.com/vpc/latest/userguide/egress-only-internet-gateway.html
        """
        if not self._cell.ipv6_pods:
            return
        tags = name_tag(self._cell.name)
        gateway = EgressOnlyInternetGateway(
            self._stack, "internet-ipv6", vpc_id=self.vpc.id, tags=tags
        )
        for zone, table in self.node_tables.items():
            Route(
                self._stack,
                f"ipv6-default-of-node-{zone}",
                route_table_id=table.id,
                destination_ipv6_cidr_block="::/0",
                egress_only_gateway_id=gateway.id,
            )

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
