"""What EC2 says when it does not do something with a transit gateway.

Codes and sentences are those of public reports of real calls, as far as there are any. No report
was found, so the sentence is ours, of: a quota that is used up (the code follows EC2's usual form),
a route table that is still associated, subnets that are none of the VPC's or would be no more.

Source:
    https://github.com/hashicorp/terraform-provider-aws/issues/7196
    https://github.com/hashicorp/terraform-provider-aws/issues/10025
    https://github.com/hashicorp/terraform-provider-aws/issues/26754
    https://github.com/hashicorp/terraform-provider-aws/issues/25617
    https://github.com/terraform-aws-modules/terraform-aws-transit-gateway/issues/89
    https://github.com/gruntwork-io/cloud-nuke/issues/744
    https://github.com/cisagov/cool-assessment-terraform/issues/57
    https://github.com/ministryofjustice/modernisation-platform/pull/4810
    https://github.com/zoitech/terraform-aws-network/issues/46
"""

from __future__ import annotations

from collections.abc import Iterable

from moto.ec2.exceptions import EC2ClientError

_KINDS = {"vpc": "VPC Attachment", "peering": "Peering Attachment", "": "Attachment"}


def no_gateway(gateway: str) -> EC2ClientError:
    """Nothing that the caller sees has this id: deleted, of another Region, or not shared yet."""
    code = "InvalidTransitGatewayID.NotFound"
    return EC2ClientError(code, f"Transit Gateway {gateway} was deleted or does not exist.")


def no_target(gateway: str) -> EC2ClientError:
    """A route of a VPC leads to a gateway that the VPC is not attached to."""
    code = "InvalidTransitGatewayID.NotFound"
    return EC2ClientError(code, f"The transitGateway ID '{gateway}' does not exist.")


def no_attachment(attachment: str, kind: str = "vpc") -> EC2ClientError:
    """No attachment that the caller sees has this id."""
    code = "InvalidTransitGatewayAttachmentID.NotFound"
    message = f"Transit Gateway {_KINDS[kind]} {attachment} was deleted or does not exist."
    return EC2ClientError(code, message)


def no_table(table: str) -> EC2ClientError:
    """No route table of a gateway of the caller's has this id."""
    code = "InvalidRouteTableID.NotFound"
    return EC2ClientError(
        code, f"Transit Gateway Route Table {table} was deleted or does not exist."
    )


def no_subnet(subnet: str) -> EC2ClientError:
    """No subnet of the caller's has this id."""
    return EC2ClientError(
        "InvalidSubnetID.NotFound", f"Subnet {subnet} was deleted or does not exist."
    )


def no_route(block: str, table: str) -> EC2ClientError:
    """A table has no static route for a block."""
    code = "InvalidRoute.NotFound"
    return EC2ClientError(
        code, f"Route {block} was not found in Transit Gateway Route Table {table}."
    )


def no_association(attachment: str, table: str) -> EC2ClientError:
    """An attachment is not associated with a table."""
    message = f"Transit Gateway Attachment {attachment} is not associated to {table}."
    return EC2ClientError("InvalidAssociation.NotFound", message)


def no_propagation(attachment: str, table: str) -> EC2ClientError:
    """An attachment does not propagate into a table."""
    message = f"Propagation {attachment} does not exist in Transit Gateway Route Table {table}."
    return EC2ClientError("TransitGatewayRouteTablePropagation.NotFound", message)


def wrong_state(thing: str) -> EC2ClientError:
    """Something is not in a state in which this can be done to it."""
    return EC2ClientError("IncorrectState", f"{thing} is in invalid state")


def attached(gateway: str, attachments: Iterable[str], *, is_peering: bool) -> EC2ClientError:
    """A gateway is to go while something is attached to it."""
    kind = "Cross Region Peering Attachments" if is_peering else "Attachments"
    named = ", ".join(attachments)
    message = f"{gateway} has non-deleted Transit Gateway {kind}: {named}."
    return EC2ClientError("IncorrectState", message)


def associated(table: str, attachments: Iterable[str]) -> EC2ClientError:
    """A route table is to go while attachments are associated with it."""
    named = ", ".join(attachments)
    return EC2ClientError("IncorrectState", f"{table} has associated attachments: {named}.")


def attached_already(gateway: str) -> EC2ClientError:
    """A VPC, or another gateway, is attached to a gateway already."""
    message = f"{gateway} has non-deleted Transit Gateway Attachments with same VPC ID."
    return EC2ClientError("DuplicateTransitGatewayAttachment", message)


def associated_already(attachment: str) -> EC2ClientError:
    """An attachment has a table already."""
    message = f"Transit Gateway Attachment {attachment} is already associated to a route table."
    return EC2ClientError("Resource.AlreadyAssociated", message)


def propagated_already(attachment: str, table: str) -> EC2ClientError:
    """An attachment propagates into a table already."""
    message = f"Propagation {attachment} already exists in Transit Gateway Route Table {table}."
    return EC2ClientError("TransitGatewayRouteTablePropagation.Duplicate", message)


def routed_already(block: str, table: str) -> EC2ClientError:
    """A table has a static route for a block already."""
    message = f"Route {block} already exists in Transit Gateway Route Table {table}."
    return EC2ClientError("RouteAlreadyExists", message)


def same_zone() -> EC2ClientError:
    """Two subnets of an attachment are in one zone."""
    return EC2ClientError("DuplicateSubnetsInSameZone", "Duplicate Subnets for same AZ")


def own_request(attachment: str) -> EC2ClientError:
    """Who has asked for a peering accepts it."""
    message = f"Cannot accept {attachment} as the source of the peering request."
    return _invalid(message)


def no_subnets(vpc: str) -> EC2ClientError:
    """An attachment would have no subnet."""
    return _invalid(f"An attachment of {vpc} needs a subnet at least.")


def foreign_subnet(subnet: str, vpc: str) -> EC2ClientError:
    """A subnet is of another VPC than the one that is attached."""
    return _invalid(f"Subnet {subnet} is not in {vpc}.")


def not_propagating(attachment: str) -> EC2ClientError:
    """A peering of gateways knows static routes only."""
    return _invalid(f"{attachment} is a peering attachment, which propagates no routes.")


def no_way() -> EC2ClientError:
    """A route names neither an attachment nor that it drops packets."""
    return _invalid("A route leads to an attachment, or is a blackhole.")


def no_block(text: str) -> EC2ClientError:
    """A destination is no block."""
    return _invalid(f"{text} is not a valid CIDR block.")


def no_filter(name: str) -> EC2ClientError:
    """A filter has a name that nothing here has."""
    return _invalid(f"The filter '{name}' is invalid")


def too_many(what: str, limit: int, of: str) -> EC2ClientError:
    """A quota is used up.

    Args:
        what: the API's name of what there would be one too many of, such as TransitGatewayRoute.
        limit: how many there may be.
        of: what has them already.
    """
    message = f"The maximum number of {what} ({limit}) has been reached for {of}."
    return EC2ClientError(f"{what}LimitExceeded", message)


def _invalid(message: str) -> EC2ClientError:
    return EC2ClientError("InvalidParameterValue", message)
