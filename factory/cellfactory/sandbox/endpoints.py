"""VPC endpoints as AWS takes them: of services that it has, of the type that they have.

A service is known when the catalogue of the facts knows it.

Source:
    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateVpcEndpoint.html
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/privatelink-interface-endpoints.html
    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/privatelink-interface-endpoints.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from zlib import crc32

from moto.ec2.exceptions import EC2ClientError, InvalidServiceName
from moto.ec2.models import EC2Backend
from moto.ec2.models.vpcs import VPCEndPoint

from cellfactory.facts.catalogues import EndpointKind
from cellfactory.facts.loader import load_facts

GATEWAY, INTERFACE = "Gateway", "Interface"
BOTH = ("s3", "dynamodb")  # AWS has interface endpoints, too, where cells have none


class EndpointBackend(EC2Backend):
    """EC2 with endpoints that can be refused."""

    def create_vpc_endpoint(self, *arguments: Any, **named: Any) -> VPCEndPoint:
        kind = self._kind(named["service_name"])
        wanted = (named["endpoint_type"] or GATEWAY).capitalize()
        if wanted not in _types(kind):
            code = "InvalidParameter"
            message = f"The Vpc Endpoint Service '{named['service_name']}' is not of type {wanted}"
            raise EC2ClientError(code, message)
        if wanted == INTERFACE:
            self._require_zones(kind, named)
            if named["private_dns_enabled"]:
                self._require_private_names(kind, named["vpc_id"])
        return self.add_endpoint(*arguments, **named)

    def add_endpoint(self, *arguments: Any, **named: Any) -> VPCEndPoint:
        """Make an endpoint, as AWS itself may, whatever the catalogue has."""
        endpoint = super().create_vpc_endpoint(*arguments, **named)
        for interface in (self.enis[one] for one in endpoint.network_interface_ids):
            interface.description = f"VPC Endpoint Interface {endpoint.id}"
            interface.interface_type, interface.status = "vpc_endpoint", "in-use"
            interface.requester_managed = True
        return endpoint

    def describe_vpc_endpoint_services(
        self,
        service_names: list[str],
        filters: list[dict[str, Any]],
        max_results: int,  # noqa: ARG002 - all of them are one page
        next_token: str | None,  # noqa: ARG002 - there is no second one
        region: str,
    ) -> dict[str, Any]:
        """List the services of the catalogue; moto's own list takes libraries that are not here."""
        asked = [set(_values(f)) for f in filters or () if f["Name"] == "service-name"]
        wanted = [*map(set, [service_names] if service_names else []), *asked]
        names = {f"com.amazonaws.{region}.{name}": name for name in _catalogue()}
        for name in service_names:
            if name not in names:
                raise InvalidServiceName(name)
        found = sorted(name for name in names if all(name in some for some in wanted))
        return {
            "servicesDetails": [self._details(name, names[name]) for name in found],
            "serviceNames": found,
            "nextToken": "",
        }

    def _details(self, service_name: str, name: str) -> dict[str, Any]:
        kind = _catalogue()[name]
        zones = self.describe_availability_zones()
        return {
            "ServiceName": service_name,
            "ServiceId": f"vpce-svc-{crc32(name.encode()):017x}",
            "ServiceType": [{"ServiceType": each} for each in sorted(_types(kind))],
            "AvailabilityZones": [z.name for z in zones if z.zone_id not in kind.zones_without],
            "Owner": "amazon",
            "VpcEndpointPolicySupported": True,
            "AcceptanceRequired": False,
            "ManagesVpcEndpoints": False,
            "Tags": [],
        }

    def _kind(self, service_name: str) -> EndpointKind:
        start = f"com.amazonaws.{self.region_name}."
        kind = _catalogue().get(service_name.removeprefix(start))
        if kind is None or not service_name.startswith(start):
            raise InvalidServiceName(service_name)
        return kind

    def _require_zones(self, kind: EndpointKind, named: dict[str, Any]) -> None:
        for subnet_id in named["subnet_ids"] or ():
            zone = self.get_subnet(subnet_id)._availability_zone
            if zone.zone_id in kind.zones_without:
                code = "InvalidParameter"
                message = (
                    f"The VPC endpoint service {named['service_name']} does not support the "
                    f"availability zone of the subnet: {subnet_id}."
                )
                raise EC2ClientError(code, message)

    def _require_private_names(self, kind: EndpointKind, vpc_id: str) -> None:
        if kind.name == "s3":
            gateways = (one for one in self.vpc_end_points.values() if one.vpc_id == vpc_id)
            if not any(_is_live_gateway(one, ".s3") for one in gateways):
                code = "InvalidParameter"
                message = (
                    "To set PrivateDnsOnlyForInboundResolverEndpoint to true, the VPC "
                    f"{vpc_id} must have a Gateway endpoint for the service."
                )
                raise EC2ClientError(code, message)
        elif kind.gateway or not kind.private_names:
            code = "InvalidParameter"
            message = f"Private DNS can't be enabled because the service {kind.name} has no name."
            raise EC2ClientError(code, message)


def _values(asked: dict[str, Any]) -> list[str]:
    return list(asked.get("Values") or asked.get("Value") or ())


def _catalogue() -> Mapping[str, EndpointKind]:
    return load_facts().endpoint_services.kinds


def _types(kind: EndpointKind) -> set[str]:
    if kind.name in BOTH:
        return {GATEWAY, INTERFACE}
    return {GATEWAY} if kind.gateway else {INTERFACE}


def _is_live_gateway(endpoint: VPCEndPoint, ending: str) -> bool:
    is_gateway = str(endpoint.vpc_endpoint_type or GATEWAY).capitalize() == GATEWAY
    return is_gateway and endpoint.state != "deleted" and endpoint.service_name.endswith(ending)
