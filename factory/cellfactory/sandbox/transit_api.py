"""All actions of EC2 on transit gateways, in one class."""

from __future__ import annotations

from cellfactory.sandbox.transit_attachments import AttachmentResponse
from cellfactory.sandbox.transit_gateways import GatewayResponse
from cellfactory.sandbox.transit_peerings import GatewayPeeringResponse
from cellfactory.sandbox.transit_routes import RouteResponse
from cellfactory.sandbox.transit_tables import TableResponse


class TransitActions(
    GatewayResponse, AttachmentResponse, GatewayPeeringResponse, TableResponse, RouteResponse
):
    """Gateways, attachments, peerings of gateways, route tables and their routes."""
