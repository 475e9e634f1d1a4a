"""The ways in which the EKS API refuses, one function each.

Source:
    https://docs.aws.amazon.com/eks/latest/APIReference/CommonErrors.html
"""

from __future__ import annotations

from moto.core.exceptions import ServiceException


class Refusal(ServiceException):
    """An error of the EKS API, by its code there."""


def not_found(message: str) -> Refusal:
    """Say that what was named does not exist."""
    return Refusal("ResourceNotFoundException", message)


def in_use(message: str) -> Refusal:
    """Say that the name is taken, or that something still needs the resource."""
    return Refusal("ResourceInUseException", message)


def invalid(message: str) -> Refusal:
    """Say that a value cannot be."""
    return Refusal("InvalidParameterException", message)


def not_possible(message: str) -> Refusal:
    """Say that the resource is in no state for this."""
    return Refusal("InvalidRequestException", message)


def no_such_resource(message: str) -> Refusal:
    """Say that there is nothing to tag; only the tag operations say it this way."""
    return Refusal("NotFoundException", message)


def not_subscribed() -> Refusal:
    """Say that the service does not know the account, as of one that was made just now."""
    return Refusal("OptInRequired", "You are not subscribed to this service.")


def denied(operation: str) -> Refusal:
    """Say that the caller may not."""
    return Refusal("AccessDeniedException", f"not authorized to perform: eks:{operation}")
