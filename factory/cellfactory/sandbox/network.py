"""EC2 as a fresh account shows it: no default VPC, and nothing goes while it is in use.

Source:
    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DeleteVpc.html
    https://docs.aws.amazon.com/vpc/latest/userguide/vpc-cidr-blocks.html
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

from moto.core.resource_tagging import TaggedResource
from moto.core.responses import ActionResult
from moto.ec2.exceptions import (
    CidrLimitExceeded,
    DependencyViolationError,
    EC2ClientError,
    InvalidAvailabilityZoneError,
)
from moto.ec2.models.amis import Ami
from moto.ec2.models.availability_zones_and_regions import RegionsAndZonesBackend
from moto.ec2.models.nat_gateways import NatGateway
from moto.ec2.models.subnets import Subnet
from moto.ec2.models.vpcs import VPC
from moto.ec2.utils import random_vpc_cidr_association_id

from cellfactory.sandbox import readiness
from cellfactory.sandbox.dual_stack import DUAL_STACK, require_subnet_block, subnets_within
from cellfactory.sandbox.endpoints import EndpointBackend
from cellfactory.sandbox.flow_logs import FlowLogBackend
from cellfactory.sandbox.images import eks_image, image_id, image_of
from cellfactory.sandbox.peering import PeeringBackend, PeeringResponse, blocks_of, overlapping
from cellfactory.sandbox.tagged import tagged_in
from cellfactory.sandbox.transit import FABRIC, Place
from cellfactory.sandbox.transit_api import TransitActions
from cellfactory.sandbox.vpc_routes import VpcRouteBackend
from cellfactory.sandbox.world import World


class NoDefaultVpc:
    """Stands where moto keeps the default VPC; whoever needs one is refused."""

    @property
    def id(self) -> str:
        code = "VPCIdNotSpecified"
        raise EC2ClientError(code, "No default VPC for this user")


class NetworkBackend(PeeringBackend, EndpointBackend, FlowLogBackend, VpcRouteBackend):
    """EC2 of one account and Region.

    A default VPC is never made: an account of this emulator starts as one whose
    default VPCs were removed, so that "nothing is left" can be asserted.
    A VPC with live peering connections is not deleted (the stricter reading: EC2
    documents only that gateways and resources have to go first).
    """

    world: ClassVar[World] = World()

    def iter_tagged_resources(self) -> Iterator[TaggedResource]:
        yield from super().iter_tagged_resources()
        yield from tagged_in(Place(self.account_id, self.region_name), self.tags)

    def create_default_vpc(self) -> Any:
        return NoDefaultVpc()

    @property
    def _url_module(self) -> Any:
        import moto.ec2.urls

        return moto.ec2.urls

    def _load_amis(self) -> None:
        for image in self.world.images:
            if self.region_name in image.regions:
                ami = image_of(self, image)
                self.amis[ami.id] = ami

    def describe_images(
        self,
        ami_ids: list[str] | None = None,
        filters: dict[str, Any] | None = None,
        exec_users: list[str] | None = None,
        owners: list[str] | None = None,
    ) -> list[Ami]:
        told = {image.name for image in self.world.images}
        for name in (filters or {}).get("name", ()):
            image = None if name in told else eks_image(name, self.region_name)
            number = image_id(name, self.region_name)
            if image is not None and number not in self.amis:
                self.amis[number] = image_of(self, image)
        return super().describe_images(ami_ids, filters, exec_users, owners)

    def associate_vpc_cidr_block(
        self, vpc_id: str, cidr_block: str, amazon_provided_ipv6_cidr_block: bool
    ) -> dict[str, Any]:
        if cidr_block:
            if self.is_requester(vpc_id):
                code = "OperationNotPermitted"
                message = f"{vpc_id} has a peering request that waits to be accepted"
                raise EC2ClientError(code, message)
            self._require_free(vpc_id, cidr_block)
            if self.world.blocks_per_vpc is not None:
                return self.add_block(self.get_vpc(vpc_id), cidr_block, self.world.blocks_per_vpc)
        return super().associate_vpc_cidr_block(vpc_id, cidr_block, amazon_provided_ipv6_cidr_block)

    def add_block(self, vpc: VPC, block: str, limit: int) -> dict[str, Any]:
        """Do what moto does, with another quota in place of the default one."""
        if len(blocks_of(vpc)) >= limit:
            raise CidrLimitExceeded(vpc.id, limit)
        association = {
            "association_id": random_vpc_cidr_association_id(),
            "cidr_block": block,
            "cidr_block_state": {"state": "associated", "StatusMessage": None},
        }
        vpc._cidr_block_association_set[str(association["association_id"])] = association
        for table in list(self.route_tables.values()):
            if table.vpc_id == vpc.id:
                self.create_route(table.id, block, local=True)
        return association

    def _require_free(self, vpc_id: str, block: str) -> None:
        taken = blocks_of(self.get_vpc(vpc_id))
        for peering in self.live_peerings(vpc_id):
            taken += blocks_of(peering.vpc) + blocks_of(peering.peer_vpc)
        if overlapping([block], taken):
            code = "InvalidVpc.Range"
            raise EC2ClientError(code, f"The CIDR '{block}' is taken here or by a peer")

    def disassociate_vpc_cidr_block(self, association_id: str) -> dict[str, Any]:
        for vpc in self.vpcs.values():
            row = vpc._cidr_block_association_set.get(association_id, {})
            block = row.get("cidr_block")
            inside = [one.cidr_block for one in self.describe_subnets() if one.vpc_id == vpc.id]
            if ":" in (block or "") and next(subnets_within(block, self._subnets_of(vpc)), None):
                code = "InvalidCidrBlock.InUse"
                raise EC2ClientError(code, f"{vpc.id} has a subnet within the CIDR '{block}'")
            if block and overlapping([block], inside):
                code = "InvalidCidrBlock.InUse"
                raise EC2ClientError(code, f"{vpc.id} has a subnet within the CIDR '{block}'")
        return super().disassociate_vpc_cidr_block(association_id)

    def _subnets_of(self, vpc: VPC) -> list[Subnet]:
        return [one for one in self.describe_subnets() if one.vpc_id == vpc.id]

    def create_subnet(
        self,
        vpc_id: str,
        cidr_block: str,
        ipv6_cidr_block: str | None = None,
        availability_zone: str | None = None,
        availability_zone_id: str | None = None,
        ipv6_native: bool = False,
        tags: dict[str, dict[str, str]] | None = None,
    ) -> Subnet:
        """Make a subnet as in any VPC that is not the default one: no public addresses."""
        zone = availability_zone or availability_zone_id
        if zone and all(zone not in (one.name, one.zone_id) for one in self._zones()):
            raise InvalidAvailabilityZoneError(zone, ", ".join(one.name for one in self._zones()))
        if ipv6_cidr_block:
            vpc = self.get_vpc(vpc_id)
            require_subnet_block(vpc, ipv6_cidr_block, self._subnets_of(vpc))
        subnet = super().create_subnet(
            vpc_id,
            cidr_block,
            ipv6_cidr_block,
            availability_zone,
            availability_zone_id,
            ipv6_native,
            tags,
        )
        subnet.__class__ = DUAL_STACK
        subnet.default_for_az = subnet.map_public_ip_on_launch = False
        return subnet

    def _zones(self) -> list[Any]:
        return list(RegionsAndZonesBackend.zones.get(self.region_name, []))

    def delete_vpc(self, vpc_id: str) -> VPC:
        self.get_vpc(vpc_id)
        if next(self._holders_of_vpc(vpc_id), None) is not None:
            message = f"The vpc '{vpc_id}' has dependencies and cannot be deleted."
            raise DependencyViolationError(message)
        return super().delete_vpc(vpc_id)

    def _holders_of_vpc(self, vpc_id: str) -> Iterator[object]:
        yield from self.live_peerings(vpc_id)
        yield from (a for a in FABRIC.attachments.values() if a.vpc == vpc_id and a.is_there)
        yield from (one for one in self.enis.values() if one.subnet.vpc_id == vpc_id)
        for endpoint in self.vpc_end_points.values():
            if endpoint.vpc_id == vpc_id and endpoint.state != "deleted":
                yield endpoint
        for gateway in self.internet_gateways.values():
            if gateway.vpc and gateway.vpc.id == vpc_id:
                yield gateway
        for way_out in self.egress_only_internet_gateways.values():
            if way_out.vpc_id == vpc_id:
                yield way_out
        for group in self.groups[vpc_id].values():
            if not group.is_default:
                yield group

    def delete_subnet(self, subnet_id: str) -> Subnet:
        if any(eni.subnet.id == subnet_id for eni in self.enis.values()):
            message = f"The subnet '{subnet_id}' has dependencies and cannot be deleted."
            raise DependencyViolationError(message)
        return super().delete_subnet(subnet_id)

    def delete_launch_template(self, name: str, tid: str | None) -> Any:
        """Say of an unknown id what EC2 says of it: a repeated delete is then no failure."""
        if not name and tid and tid not in self.launch_templates:
            code = "InvalidLaunchTemplateId.NotFound"
            raise EC2ClientError(code, f"The launch template ID '{tid}' does not exist")
        return super().delete_launch_template(name, tid)

    def delete_network_interface(self, eni_id: str) -> None:
        """Refuse an interface that something has."""
        if eni_id in self.enis and self.enis[eni_id].status == "in-use":
            code = "InvalidParameterValue"
            raise EC2ClientError(code, f"Network interface '{eni_id}' is currently in use.")
        super().delete_network_interface(eni_id)

    def create_nat_gateway(self, *arguments: Any, **named: Any) -> NatGateway:
        gateway = super().create_nat_gateway(*arguments, **named)
        interface: Any = gateway._eni
        interface.description = f"Interface for NAT Gateway {gateway.id}"
        interface.interface_type, interface.status = "nat_gateway", "in-use"
        interface.requester_managed = True
        return gateway

    def delete_nat_gateway(self, nat_gateway_id: str) -> NatGateway:
        gateway = super().delete_nat_gateway(nat_gateway_id)
        self.enis.pop(gateway._eni.id, None)
        for address in self.addresses:
            if address.eni is gateway._eni:
                address.eni = address.association_id = None
        return gateway

    def delete_security_group(self, name: str | None = None, group_id: str | None = None) -> None:
        if group_id and next(self._holders_of_group(group_id), None) is not None:
            message = f"resource {group_id} has a dependent object"
            raise DependencyViolationError(message)
        super().delete_security_group(name, group_id)

    def _holders_of_group(self, group_id: str) -> Iterator[object]:
        for eni in self.enis.values():
            if any(group.id == group_id for group in eni.group_set):
                yield eni
        for endpoint in self.vpc_end_points.values():
            if endpoint.state != "deleted" and group_id in endpoint.security_group_ids:
                yield endpoint
        for group in [one for groups in self.groups.values() for one in groups.values()]:
            if group.id != group_id:
                for rule in [*group.ingress_rules, *group.egress_rules]:
                    if (rule.source_group or {}).get("GroupId") == group_id:
                        yield rule


class NetworkResponse(TransitActions, PeeringResponse):
    """The EC2 API on top of `NetworkBackend`."""

    def call_action(self) -> Any:
        if not readiness.is_served(self.current_account):
            code = "OptInRequired"
            refusal = EC2ClientError(code, "You are not subscribed to this service.")
            return self.serialized(ActionResult(refusal))
        return super().call_action()

    def create_subnet_cidr_reservation(self) -> Any:
        """Keep the description, which moto does not read."""
        answer = super().create_subnet_cidr_reservation()
        made: Any = answer.result
        made["SubnetCidrReservation"].description = self._get_param("Description")
        return answer

    def describe_security_group_rules(self) -> Any:
        """Show the description also of a rule whose other side is a group."""
        answer = super().describe_security_group_rules()
        found: Any = answer.result
        for rule in found["SecurityGroupRules"]:  # copies, made for this answer
            if told := rule.source_group.get("Description"):
                rule.ip_range = {**rule.ip_range, "Description": told}
        return answer

    def create_launch_template(self) -> Any:
        """Keep the tags of the template itself out of the data of its first version."""
        answer = super().create_launch_template()
        template = self.ec2_backend.get_launch_template_by_name(
            self._get_param("LaunchTemplateName")
        )
        data = template.versions[0].data
        inside = [
            row
            for row in data.pop("TagSpecifications", [])
            if row["ResourceType"] != "launch-template"
        ]
        if inside:
            data["TagSpecifications"] = inside
        return answer
