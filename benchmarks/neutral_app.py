"""A plain app for the benchmarks: stacks of a VPC with subnets, routes, rules, endpoints and roles.

    python -m benchmarks.neutral_app STACKS RESOURCES FOLDER

writes `FOLDER/stacks/<name>/cdk.tf.json`, RESOURCES (rounded up to whole units of 13) in each.
"""

from __future__ import annotations

import sys
from pathlib import Path

from cellfactory.constructs.cdk import (
    App,
    AwsProvider,
    AwsProviderAssumeRole,
    AwsProviderDefaultTags,
    CloudwatchLogGroup,
    EksNodeGroup,
    EksNodeGroupScalingConfig,
    IamRole,
    IamRolePolicyAttachment,
    Route,
    RouteTable,
    RouteTableAssociation,
    SecurityGroup,
    Subnet,
    TerraformStack,
    Vpc,
    VpcEndpoint,
    VpcIpv4CidrBlockAssociation,
    VpcSecurityGroupIngressRule,
)
from cellfactory.constructs.stack import new_stack, synth_app
from cellfactory.specs.frame import S3State

ROLE = "arn:aws:iam::111111111111:role/Example"


def add_unit(stack: TerraformStack, unit: str, number: int) -> None:
    """Add thirteen resources, with a dozen reads of attributes between them."""
    tags = {"Name": unit, "example:stack": stack.node.id, "example:unit": unit}
    vpc = Vpc(stack, f"vpc-{unit}", cidr_block=f"10.{number % 256}.0.0/16", tags=tags)
    block = VpcIpv4CidrBlockAssociation(
        stack, f"block-{unit}", vpc_id=vpc.id, cidr_block="100.64.0.0/16"
    )
    subnet = Subnet(
        stack,
        f"subnet-{unit}",
        vpc_id=block.vpc_id,
        cidr_block="100.64.0.0/18",
        availability_zone_id="use1-az1",
        tags=tags,
    )
    table = RouteTable(stack, f"table-{unit}", vpc_id=vpc.id, tags=tags)
    RouteTableAssociation(
        stack, f"association-{unit}", route_table_id=table.id, subnet_id=subnet.id
    )
    Route(stack, f"route-{unit}", route_table_id=table.id, destination_cidr_block="10.0.0.0/8")
    group = SecurityGroup(stack, f"group-{unit}", name=unit, vpc_id=vpc.id, tags=tags)
    VpcSecurityGroupIngressRule(
        stack,
        f"rule-{unit}",
        security_group_id=group.id,
        ip_protocol="tcp",
        from_port=443,
        to_port=443,
        cidr_ipv4="10.0.0.0/8",
    )
    VpcEndpoint(
        stack,
        f"endpoint-{unit}",
        vpc_id=vpc.id,
        service_name="com.amazonaws.us-east-1.ecr.api",
        vpc_endpoint_type="Interface",
        subnet_ids=[subnet.id],
        tags=tags,
    )
    role = IamRole(stack, f"role-{unit}", name=unit, assume_role_policy="{}", tags=tags)
    IamRolePolicyAttachment(
        stack, f"attachment-{unit}", role=role.name, policy_arn=f"{ROLE}-{unit}"
    )
    EksNodeGroup(
        stack,
        f"nodes-{unit}",
        cluster_name=unit,
        node_role_arn=role.arn,
        subnet_ids=[subnet.id],
        scaling_config=EksNodeGroupScalingConfig(min_size=3, max_size=3, desired_size=3),
        labels={"example/pool": unit},
        tags=tags,
    )
    CloudwatchLogGroup(stack, f"logs-{unit}", name=f"/example/{unit}", retention_in_days=30)


def build(app: App, *, stacks: int, resources: int) -> None:
    """Add `stacks` stacks of at least `resources` resources each."""
    for number in range(stacks):
        name = f"cell-{number:03}"
        state = S3State(
            bucket="example", key=f"{name}.tfstate", region="us-east-1", kms_key="alias/example"
        )
        stack = new_stack(app, name, state=state)
        AwsProvider(
            stack,
            "aws",
            region="us-east-1",
            allowed_account_ids=["111111111111"],
            assume_role=[AwsProviderAssumeRole(role_arn=ROLE)],
            default_tags=[AwsProviderDefaultTags(tags={"example:stack": name})],
        )
        for unit in range(-(-resources // 13)):
            add_unit(stack, f"u{unit:02}", unit)


def main() -> None:
    """Build, synthesize and write."""
    stacks, resources, folder = int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3])
    made = synth_app(lambda app: build(app, stacks=stacks, resources=resources))
    for path, text in made.files().items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, "utf-8")


if __name__ == "__main__":
    main()
