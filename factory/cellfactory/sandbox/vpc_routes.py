"""Routes of a VPC that lead to a transit gateway: only over an attachment that is available.

Source:
    https://docs.aws.amazon.com/vpc/latest/tgw/tgw-vpc-attachments.html
    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ReplaceRoute.html
    https://github.com/hashicorp/terraform-provider-aws/issues/18412
"""

from __future__ import annotations

from typing import Any

from moto.ec2.models import EC2Backend
from moto.ec2.models.route_tables import Route

from cellfactory.sandbox.transit import FABRIC, Gateway
from cellfactory.sandbox.transit_refusals import no_target


class VpcRouteBackend(EC2Backend):
    """EC2 with routes to gateways that may be another account's."""

    def create_route(self, route_table_id: str, *arguments: Any, **named: Any) -> Route:
        gateway = self._attached(route_table_id, named.get("transit_gateway_id"))
        route = super().create_route(route_table_id, *arguments, **named)
        route.transit_gateway = gateway  # type: ignore[assignment]  # moto reads its id alone
        return route

    def replace_route(
        self,
        route_table_id: str,
        destination_cidr_block: str,
        destination_ipv6_cidr_block: str | None = None,
        destination_prefix_list_id: str | None = None,
        nat_gateway_id: str | None = None,
        egress_only_igw_id: str | None = None,
        transit_gateway_id: str | None = None,
        *arguments: Any,
        **named: Any,
    ) -> Route:
        gateway = self._attached(route_table_id, transit_gateway_id)
        route = super().replace_route(
            route_table_id,
            destination_cidr_block,
            destination_ipv6_cidr_block,
            destination_prefix_list_id,
            nat_gateway_id,
            egress_only_igw_id,
            transit_gateway_id,
            *arguments,
            **named,
        )
        route.transit_gateway = gateway  # type: ignore[assignment]  # moto reads its id alone
        return route

    def _attached(self, route_table_id: str, gateway: str | None) -> Gateway | None:
        """Find the gateway that a route is to lead to, which the VPC has to be attached to."""
        if not gateway:
            return None
        vpc = self.get_route_table(route_table_id).vpc_id
        attachment = FABRIC.vpc_attachment(gateway, vpc)
        if attachment is None or not attachment.carries:
            raise no_target(gateway)
        return FABRIC.gateways[gateway]
