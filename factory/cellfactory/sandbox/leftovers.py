"""What comes to lie in the VPC of a cluster without anybody asking for it, and stays.

The VPC CNI deletes an interface in two steps, and when its instance goes between them, the
interface remains. GuardDuty's Runtime Monitoring has an endpoint and a group in every VPC with a
cluster. Both keep the VPC from being deleted.

Source:
    https://github.com/aws/amazon-vpc-cni-k8s/issues/1223
    https://github.com/hashicorp/terraform-provider-aws/issues/46747
"""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from moto.core.utils import utcnow

GUARDDUTY = {"GuardDutyManaged": "true"}


def leak_interface(ec2: Any, cluster: str, subnet: str, group: str) -> None:
    """Leave an interface behind as the VPC CNI does."""
    instance = f"i-{uuid4().hex[:17]}"
    ec2.create_network_interface(
        ec2.get_subnet(subnet),
        None,
        group_ids=[group],
        description=f"aws-K8S-{instance}",
        tags={
            "cluster.k8s.amazonaws.com/name": cluster,
            "eks:eni:owner": "amazon-vpc-cni",
            "node.k8s.amazonaws.com/instance_id": instance,
            "node.k8s.amazonaws.com/createdAt": f"{utcnow():%Y-%m-%dT%H:%M:%SZ}",
        },
    )


def watch_vpc(ec2: Any, vpc: str, subnets: list[str]) -> None:
    """Put GuardDuty's endpoint and group into a VPC, unless they are there."""
    name = f"GuardDutyManagedSecurityGroup-{vpc}"
    if any(group.name == name for group in ec2.groups[vpc].values()):
        return
    told = f"Associated with VPC-{vpc} and tagged as GuardDutyManaged"
    group = ec2.create_security_group(name, told, vpc_id=vpc, tags=GUARDDUTY)
    ec2.add_endpoint(
        vpc_id=vpc,
        service_name=f"com.amazonaws.{ec2.region_name}.guardduty-data",
        endpoint_type="Interface",
        policy_document=None,
        route_table_ids=[],
        subnet_ids=subnets,
        security_group_ids=[group.id],
        tags=GUARDDUTY,
        private_dns_enabled=True,
    )
