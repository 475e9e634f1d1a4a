"""Static node groups: as many nodes as were asked for, in each zone, always.

One launch template serves a pool; EKS node groups, none larger than our policy `nodes-per-group`,
hold its nodes of each zone. The launch template names the machine image and carries the whole node
configuration, so that EKS adds nothing of its own and the pods per node stay what the addresses
allow.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from cellfactory.constructs.cdk import (
    DataAwsAmi,
    DataAwsAmiFilter,
    EksCluster,
    EksNodeGroup,
    EksNodeGroupLaunchTemplate,
    EksNodeGroupNodeRepairConfig,
    EksNodeGroupScalingConfig,
    EksNodeGroupTaint,
    EksNodeGroupTimeouts,
    EksNodeGroupUpdateConfig,
    ITerraformDependable,
    LaunchTemplate,
    LaunchTemplateBlockDeviceMappings,
    LaunchTemplateBlockDeviceMappingsEbs,
    LaunchTemplateMetadataOptions,
    LaunchTemplateNetworkInterfaces,
    LaunchTemplateTagSpecifications,
    TerraformStack,
)
from cellfactory.constructs.cdk import (
    LaunchTemplateCapacityReservationSpecification as Reservations,
)
from cellfactory.constructs.cdk import (
    LaunchTemplateCapacityReservationSpecificationCapacityReservationTarget as ReservationTarget,
)
from cellfactory.constructs.roles import add_service_role
from cellfactory.facts.published import image_name
from cellfactory.facts.schema import STANDARD_IMAGE, ImageBuild
from cellfactory.inventory.groups import unavailable_nodes
from cellfactory.naming import launch_template_name, name_tag, role_name
from cellfactory.specs.layers import ClusterSpec, NodePool

_CAPACITY = {"on_demand": "ON_DEMAND", "spot": "SPOT"}
_EFFECT = {
    "NoSchedule": "NO_SCHEDULE",
    "PreferNoSchedule": "PREFER_NO_SCHEDULE",
    "NoExecute": "NO_EXECUTE",
}
_LEAST_UPDATE_HOURS = 2  # so that a change of labels alone never times out
_ROOT_DEVICE = "/dev/xvda"  # of Amazon Linux 2023
_GROUPS = [
    '${var.security_group_ids["node"]}',
    "${aws_eks_cluster.cell.vpc_config[0].cluster_security_group_id}",
]


class CellNodeGroups:
    """Every node of a cell."""

    def __init__(
        self,
        stack: TerraformStack,
        cell: ClusterSpec,
        cluster: EksCluster,
        after: Sequence[ITerraformDependable],
    ) -> None:
        self._stack = stack
        self._cell = cell
        self._cluster = cluster
        role, attachments = add_service_role(
            stack,
            "node",
            name=role_name(cell.name, "node"),
            service="ec2.amazonaws.com",
            boundary=cell.boundary,
            policies=[
                *("AmazonEKSWorkerNodePolicy", "AmazonEC2ContainerRegistryPullOnly"),
                *(("AmazonSSMManagedInstanceCore",) if cell.session_manager else ()),
            ],
        )
        self._role_arn = role.arn
        self._after = [*after, *attachments]
        builds = sorted({pool.image for pool in cell.pools.values()})
        self._images = {build: self._image(build) for build in builds}
        self.groups: dict[str, list[EksNodeGroup]] = {}
        for name, pool in cell.pools.items():
            template = self._launch_template(name, pool)
            self.groups[name] = [self._group(group, pool, template) for group in pool.groups]

    @property
    def first_groups(self) -> list[EksNodeGroup]:
        """One node group in each zone, of the smallest pool that pods without tolerations use.

        What runs on nodes, such as CoreDNS, waits for these: a group elsewhere that EKS cannot
        fill must not leave the cell without DNS.
        """
        pools = [(name, pool) for name, pool in self._cell.pools.items() if pool.is_open]
        if not pools:
            return []
        name, pool = min(pools, key=lambda p: (sum(n for _, n in p[1].groups.values()), p[0]))
        zones = [zone for zone, _ in pool.groups.values()]
        return [g for i, g in enumerate(self.groups[name]) if zones.index(zones[i]) == i]

    def _image(self, build: ImageBuild) -> DataAwsAmi:
        """Find the image by its whole name: a release never changes under us."""
        name = image_name(self._cell.control_plane.kubernetes_version, build, self._cell.node_image)
        slug = build.architecture if build.variant == STANDARD_IMAGE else str(build)
        return DataAwsAmi(
            self._stack,
            f"image-{slug}",
            owners=["amazon"],
            filter=[DataAwsAmiFilter(name="name", values=[name])],
        )

    def _launch_template(self, pool: str, node_pool: NodePool) -> LaunchTemplate:
        cell, declared = self._cell, node_pool.declared
        tags = {**name_tag(cell.name, pool), **cell.tags}
        # A JSON string is a Terraform string but for `%{`, which no value in it can hold.
        user_data = json.dumps(node_pool.user_data)
        return LaunchTemplate(
            self._stack,
            f"template-{pool}",
            name=launch_template_name(cell.name, pool),
            image_id=self._images[node_pool.image].id,
            instance_type=declared.instance_type,
            update_default_version=True,
            user_data=f"${{base64encode({user_data})}}",
            vpc_security_group_ids=None if cell.service_block is None else _GROUPS,
            network_interfaces=[_dual_stack()] if cell.service_block is None else None,
            capacity_reservation_specification=(
                _reservations(node_pool.reservations)
                if node_pool.reservations is not None
                else None
            ),
            metadata_options=LaunchTemplateMetadataOptions(
                http_endpoint="enabled", http_tokens="required", http_put_response_hop_limit=1
            ),
            block_device_mappings=[
                LaunchTemplateBlockDeviceMappings(
                    device_name=_ROOT_DEVICE,
                    ebs=LaunchTemplateBlockDeviceMappingsEbs(
                        volume_type="gp3",
                        volume_size=declared.root_volume_gib,
                        encrypted="true",
                        delete_on_termination="true",
                    ),
                )
            ],
            tag_specifications=[
                LaunchTemplateTagSpecifications(resource_type=kind, tags=tags)
                for kind in ("instance", "network-interface", "volume")
            ],
        )

    def _group(self, name: str, pool: NodePool, template: LaunchTemplate) -> EksNodeGroup:
        declared, (zone, nodes) = pool.declared, pool.groups[name]
        longest = max(_LEAST_UPDATE_HOURS, pool.update_hours[name] + 1)
        return EksNodeGroup(
            self._stack,
            f"group-{name}",
            cluster_name=self._cluster.name,
            node_group_name=name,
            node_role_arn=self._role_arn,
            subnet_ids=[f'${{var.node_subnet_ids["{zone}"]}}'],
            capacity_type=_CAPACITY[declared.capacity],
            launch_template=EksNodeGroupLaunchTemplate(
                id=template.id, version=f"${{{template.fqn}.latest_version}}"
            ),
            scaling_config=EksNodeGroupScalingConfig(
                desired_size=nodes, min_size=nodes, max_size=nodes
            ),
            update_config=EksNodeGroupUpdateConfig(
                max_unavailable=unavailable_nodes(nodes, declared.max_unavailable)
            ),
            node_repair_config=(
                EksNodeGroupNodeRepairConfig(enabled=True) if declared.repair else None
            ),
            labels=dict(declared.labels) or None,
            taint=[
                EksNodeGroupTaint(key=t.key, value=t.value or None, effect=_EFFECT[t.effect])
                for t in declared.taints
            ],
            timeouts=EksNodeGroupTimeouts(create="60m", update=f"{longest}h", delete="60m"),
            depends_on=self._after,
        )


def _dual_stack() -> LaunchTemplateNetworkInterfaces:
    """The primary interface of a node with IPv6 pods: targets of a balancer have a primary address.

    Source:
        https://docs.aws.amazon.com/elasticloadbalancing/latest/network/load-balancer-target-groups.html
    """
    return LaunchTemplateNetworkInterfaces(
        device_index=0,
        ipv6_address_count=1,
        primary_ipv6="true",
        delete_on_termination="true",
        security_groups=_GROUPS,
    )


def _reservations(group: str) -> Reservations:
    target = ReservationTarget(capacity_reservation_resource_group_arn=group)
    return Reservations(capacity_reservation_target=target)
