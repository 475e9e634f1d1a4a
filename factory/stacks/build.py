"""One function for each layer: which constructs it is made of, and what it hands on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from factory.addressing.blocks import AddressPlan
from factory.constructs.account import add_account
from factory.constructs.cdk import App, TerraformStack
from factory.constructs.cell import CellSpec
from factory.constructs.cluster import CellCluster
from factory.constructs.edges import (
    add_acceptances,
    add_requester_options,
    add_requests,
    add_routes,
)
from factory.constructs.endpoints import add_endpoints
from factory.constructs.flow_logs import add_flow_logs
from factory.constructs.ingress import add_ingress
from factory.constructs.node_groups import CellNodeGroups
from factory.constructs.security_groups import CellSecurityGroups
from factory.constructs.spark_events import add_event_logs
from factory.constructs.spark_gateway import add_gateway
from factory.constructs.spark_history import add_history_server
from factory.constructs.spark_operator import (
    add_helm_provider,
    add_namespaces,
    add_spark_operator,
)
from factory.constructs.vpc import CellVpc
from factory.constructs.yunikorn import add_yunikorn
from factory.facts.schema import Facts
from factory.inventory.schema import Inventory, NewAccount
from factory.layers import Stack, higher_peers, lower_peers, resolving_hubs
from factory.naming import Layer
from factory.stacks.cell import describe_cell
from factory.stacks.frame import (
    account_id,
    add_management_provider,
    add_member_provider,
    close_stack,
    open_stack,
)

Outputs = Mapping[str, object]


class CellStacks:
    """Builds the stacks of an inventory, whose addresses are planned."""

    def __init__(self, inventory: Inventory, plan: AddressPlan, facts: Facts) -> None:
        self._inventory = inventory
        self._plan = plan
        self._facts = facts

    def build(self, app: App, stack: Stack) -> None:
        """Add one stack to the app."""
        terraform = open_stack(app, self._inventory, stack)
        layers: Mapping[Layer, Callable[[TerraformStack, Stack], Outputs]] = {
            "account": self._account,
            "network": self._network,
            "peering": self._peering,
            "accept": self._accept,
            "options": self._options,
            "cluster": self._cluster,
            "platform": self._platform,
        }
        close_stack(terraform, stack, layers[stack.id.layer](terraform, stack))

    def _spec(self, stack: Stack) -> CellSpec:
        return describe_cell(self._inventory, self._plan, self._facts, stack.id.cell)

    def _work_in_cell(self, terraform: TerraformStack, stack: Stack) -> None:
        sts_region = self._facts.role_region(stack.region)
        add_member_provider(terraform, self._inventory, stack, sts_region=sts_region)

    def _account(self, terraform: TerraformStack, stack: Stack) -> Outputs:
        account = self._inventory.cells[stack.id.cell].account
        if not isinstance(account, NewAccount):
            msg = f"{stack.id} has an account already"
            raise TypeError(msg)
        region = self._facts.role_region(stack.region)
        add_management_provider(terraform, self._inventory, stack, region=region)
        new_id = add_account(
            terraform,
            stack.id.cell,
            account,
            member_role=self._inventory.organization_of(stack.id.cell).member_role,
            opt_in_region=stack.region if self._facts.regions[stack.region].opt_in else None,
        )
        return {"account_id": new_id}

    def _network(self, terraform: TerraformStack, stack: Stack) -> Outputs:
        cell = self._spec(stack)
        self._work_in_cell(terraform, stack)
        network = CellVpc(terraform, cell)
        security = CellSecurityGroups(terraform, cell, network.vpc.id)
        add_endpoints(terraform, cell, network, security.groups["endpoint"].id)
        add_flow_logs(terraform, cell, network.vpc.id)
        return {
            "vpc_id": network.vpc.id,
            "zone_names": {z: s.availability_zone for z, s in network.pod_subnets.items()},
            "node_subnet_ids": _ids(network.node_subnets),
            "pod_subnet_ids": _ids(network.pod_subnets),
            "endpoint_subnet_ids": _ids(network.endpoint_subnets),
            "control_plane_subnet_ids": _ids(network.control_plane_subnets),
            "node_route_table_ids": _ids(network.node_tables),
            "security_group_ids": _ids(security.groups),
        }

    def _peering(self, terraform: TerraformStack, stack: Stack) -> Outputs:
        inventory, cell = self._inventory, stack.id.cell
        self._work_in_cell(terraform, stack)
        higher = higher_peers(inventory, cell)
        peers = {p: (f'${{var.peer_vpc_ids["{p}"]}}', self._peer_account(p)) for p in higher}
        hubs = {h: inventory.hubs[h] for h in inventory.hubs_of(cell)}
        vpcs = {name: (hub.vpc, hub.account) for name, hub in hubs.items()}
        connections = add_requests(terraform, cell, "${var.vpc_id}", {**peers, **vpcs})
        blocks = {p: [self._plan.cells[p].primary] for p in higher}
        blocks.update({name: list(hub.blocks) for name, hub in hubs.items()})
        add_routes(
            terraform,
            inventory.type_of(cell).zones,
            blocks,
            "${aws_vpc_peering_connection.peer[each.value.peer].id}",
        )
        return {"connection_ids": connections}

    def _peer_account(self, peer: str) -> str:
        if isinstance(self._inventory.cells[peer].account, NewAccount):
            return f'${{var.peer_account_ids["{peer}"]}}'
        return account_id(self._inventory, peer)

    def _accept(self, terraform: TerraformStack, stack: Stack) -> Outputs:
        inventory, cell = self._inventory, stack.id.cell
        self._work_in_cell(terraform, stack)
        lower = lower_peers(inventory, cell)
        accepted = add_acceptances(terraform, cell, _connections(lower))
        add_routes(
            terraform,
            inventory.type_of(cell).zones,
            {p: [self._plan.cells[p].primary] for p in lower},
            "${aws_vpc_peering_connection_accepter.peer[each.value.peer].id}",
        )
        return {"accepted_ids": accepted}

    def _options(self, terraform: TerraformStack, stack: Stack) -> Outputs:
        inventory, cell = self._inventory, stack.id.cell
        self._work_in_cell(terraform, stack)
        peers = (*higher_peers(inventory, cell), *resolving_hubs(inventory, cell))
        add_requester_options(terraform, _connections(peers))
        return {}

    def _cluster(self, terraform: TerraformStack, stack: Stack) -> Outputs:
        cell = self._spec(stack)
        self._work_in_cell(terraform, stack)
        cluster = CellCluster(terraform, cell)
        addons = cluster.add_boot_addons()
        nodes = CellNodeGroups(terraform, cell, cluster.cluster, addons)
        cluster.add_late_addons(nodes.all_groups)
        if cell.cell_type.ingress is not None:
            add_ingress(terraform, cell, cell.cell_type.ingress, "${var.vpc_id}")
        outputs = {
            "cluster_name": cluster.cluster.name,
            "cluster_endpoint": cluster.cluster.endpoint,
            "cluster_ca": "${aws_eks_cluster.cell.certificate_authority[0].data}",
        }
        if history := cell.cell_type.spark.history:
            bucket = add_event_logs(terraform, cell, history, cluster.cluster.name)
            outputs["event_log_bucket"] = bucket
        return outputs

    def _platform(self, terraform: TerraformStack, stack: Stack) -> Outputs:
        cell = self._spec(stack)
        add_helm_provider(terraform, cell)
        spark = cell.cell_type.spark
        namespaces = add_namespaces(terraform, spark)
        before = [namespaces]
        if spark.scheduler:
            before.append(add_yunikorn(terraform, spark.scheduler.yunikorn))
        version = add_spark_operator(terraform, spark, before)
        shown = [namespaces]
        if spark.history:
            bucket = "${var.event_log_bucket}"
            shown.append(add_history_server(terraform, cell, spark.history, bucket))
        if spark.ui and cell.cell_type.ingress:
            add_gateway(terraform, cell, spark.ui, cell.cell_type.ingress, shown)
        return {"operator_version": version}


def _ids(resources: Mapping[str, Any]) -> dict[str, str]:
    return {name: resource.id for name, resource in resources.items()}


def _connections(peers: tuple[str, ...]) -> dict[str, str]:
    return {peer: f'${{var.connection_ids["{peer}"]}}' for peer in peers}
