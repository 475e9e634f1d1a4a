"""For each policy rule: an edit of the shipped tree that breaks it, and a neighbour that passes."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

Document = dict[str, Any]
Edit = Callable[[Document], None]

NETWORK, CLUSTER = "moka-use1-b-network", "moka-use1-b-cluster"
PIPELINE = "factory-pipeline"
PLATFORM, ROUTES = "moka-use1-b-platform", "moka-use1-b-routes"


V6 = {"destination_ipv6_cidr_block": "2001:db8::/56"}


class Mutation(NamedTuple):
    """One edit of one stack that a rule must notice, and one that it must let pass."""

    stack: str
    broken: Edit
    neighbour: Edit


def at(document: Document, path: str) -> tuple[Any, str | int]:
    """Find the container of a path such as `resource/aws_vpc/cell`, and the last key."""
    *parents, last = path.split("/")
    found: Any = document
    for key in parents:
        found = found[int(key)] if isinstance(found, list) else found.setdefault(key, {})
    return found, int(last) if isinstance(found, list) else last


def put(path: str, value: Any) -> Edit:
    def edit(document: Document) -> None:
        container, key = at(document, path)
        container[key] = value

    return edit


def drop(path: str) -> Edit:
    def edit(document: Document) -> None:
        container, key = at(document, path)
        del container[key]

    return edit


def inside(path: str, change: Edit) -> Edit:
    """Edit JSON that is kept as text."""

    def edit(document: Document) -> None:
        container, key = at(document, path)
        held = json.loads(container[key])
        change(held)
        container[key] = json.dumps(held)

    return edit


def text(path: str, before: str, after: str) -> Edit:
    """Replace a part of a text."""

    def edit(document: Document) -> None:
        container, key = at(document, path)
        assert before in container[key]
        container[key] = container[key].replace(before, after)

    return edit


def statement(**body: Any) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **body}]})


R = "resource"
CELL = f"{R}/aws_eks_cluster/cell"
CNI = f"{R}/aws_eks_addon/addon-vpc-cni"
GROUP = f"{R}/aws_eks_node_group/group-driver-use1-az1"
TEMPLATE = f"{R}/aws_launch_template/template-driver"
ROUTE = f"{R}/aws_route/more"
S3 = "terraform/backend/s3"
AWS = "provider/aws/0"
OPERATOR = f"{R}/helm_release/spark-operator"
HISTORY = f"{R}/helm_release/spark-history-server"
ROLE = f"{R}/aws_iam_role_policy/event-logs-of-history/policy"
TRUST = f"{R}/aws_iam_role/role-node/assume_role_policy"
DELIVERY = f"{R}/aws_s3_bucket_policy/flow-logs-delivery/policy"
ENDPOINT = f"{R}/aws_vpc_endpoint/gateway-s3"
STATE_KEY = (
    f"{R}/aws_s3_bucket_server_side_encryption_configuration/states-encrypted/rule/0"
    "/apply_server_side_encryption_by_default"
)
STATE_RULES = f"{R}/aws_s3_bucket_lifecycle_configuration/states-expire/rule"
CI_TRUST = f"{R}/aws_iam_role/role-plan/assume_role_policy"
CI_CLAIMS = "Statement/0/Condition/StringEquals/token.actions.githubusercontent.com"
GATEWAY = f"{R}/aws_ec2_transit_gateway"
JOINS_NOTHING = {
    "default_route_table_association": "disable",
    "default_route_table_propagation": "disable",
}
BUCKET = "${aws_s3_bucket.flow-logs.id}"
TABLE = {"route_table_id": "rtb-1", "vpc_peering_connection_id": "pcx-1"}
ADMIN = "arn:aws:iam::aws:policy/AdministratorAccess"
ACL = {"rule_action": "allow", "egress": False, "protocol": "tcp", "from_port": 22, "to_port": 22}

MUTATIONS: Mapping[str, Mutation] = {
    "P101": Mutation(
        NETWORK,
        put("locals/hub_blocks/everybody", {"block": "0.0.0.0/0", "hub": "all"}),
        put("locals/hub_blocks/more", {"block": "10.2.0.0/16", "hub": "all"}),
    ),
    "P102": Mutation(
        NETWORK,
        put(f"{R}/aws_security_group/node/ingress", [{"cidr_blocks": ["10.0.0.0/8"]}]),
        put(f"{R}/aws_security_group/node/ingress", []),
    ),
    "P103": Mutation(
        NETWORK,
        put(ROUTE, {"destination_cidr_block": "0.0.0.0/0", "gateway_id": "igw-1"}),
        put(ROUTE, {"destination_cidr_block": "10.0.0.0/16", "gateway_id": "vgw-1"}),
    ),
    "P104": Mutation(
        ROUTES,
        put(
            "locals/routes/wide", {"block": "0.0.0.0/1", "peer": "moka-use1-a", "zone": "use1-az1"}
        ),
        put(
            "locals/routes/fine", {"block": "10.0.0.0/8", "peer": "moka-use1-a", "zone": "use1-az1"}
        ),
    ),
    "P105": Mutation(
        ROUTES,
        put("locals/routes/pods", {"block": "100.66.0.0/16", "peer": "a", "zone": "use1-az1"}),
        put("locals/routes/near", {"block": "100.128.0.0/16", "peer": "a", "zone": "use1-az1"}),
    ),
    "P106": Mutation(
        NETWORK,
        drop(f"{R}/aws_default_security_group/default"),
        put(f"{R}/aws_default_security_group/default/ingress", []),
    ),
    "P107": Mutation(
        NETWORK,
        put(f"{R}/aws_default_route_table/main/route", [{"cidr_block": "10.0.0.0/8"}]),
        put(f"{R}/aws_default_route_table/main/tags", {"Name": "other"}),
    ),
    "P108": Mutation(
        NETWORK,
        put(f"{R}/aws_flow_log/flow-log/vpc_id", "vpc-another"),
        put(f"{R}/aws_flow_log/flow-log/traffic_type", "ALL"),
    ),
    "P109": Mutation(
        CLUSTER,
        put(f"{TEMPLATE}/network_interfaces", [{"associate_public_ip_address": "true"}]),
        put(f"{TEMPLATE}/network_interfaces", [{"associate_public_ip_address": "false"}]),
    ),
    "P110": Mutation(
        NETWORK,
        inside(f"{ENDPOINT}/policy", drop("Statement/1/Condition")),
        inside(f"{ENDPOINT}/policy", drop("Statement/2")),
    ),
    "P111": Mutation(
        NETWORK,
        put(f"{R}/aws_ec2_transit_gateway/t", {"auto_accept_shared_attachments": "enable"}),
        put(f"{R}/aws_ec2_transit_gateway/t", {"description": "joins cells"}),
    ),
    "P112": Mutation(
        NETWORK,
        put(f"{R}/aws_network_acl_rule/ssh", {**ACL, "cidr_block": "0.0.0.0/0"}),
        put(f"{R}/aws_network_acl_rule/ssh", {**ACL, "cidr_block": "10.0.0.0/8"}),
    ),
    "P113": Mutation(
        CLUSTER,
        put(f"{R}/aws_lb_listener/ingress-listener/protocol", "HTTP"),
        put(f"{R}/aws_lb_listener/ingress-listener/protocol", "TLS"),
    ),
    "P120": Mutation(
        ROUTES,
        put(f"{R}/aws_route/v6", {**V6, "vpc_peering_connection_id": "pcx-0a"}),
        put(f"{R}/aws_route/v6", {**V6, "egress_only_gateway_id": "eigw-0a"}),
    ),
    "P121": Mutation(
        NETWORK,
        put(f"{GATEWAY}/t", {"default_route_table_association": "disable"}),
        put(f"{GATEWAY}/t", {**JOINS_NOTHING, "description": "joins cells"}),
    ),
    "P122": Mutation(
        NETWORK,
        put(f"{R}/aws_ram_principal_association/p", {"principal": "*"}),
        put(f"{R}/aws_ram_principal_association/p", {"principal": "${var.account_id}"}),
    ),
    "P123": Mutation(
        NETWORK,
        put(f"{R}/aws_ram_resource_share/s", {"allow_external_principals": "true"}),
        put(f"{R}/aws_ram_resource_share/s", {"name": "mesh"}),
    ),
    "P124": Mutation(
        NETWORK,
        put(f"{GATEWAY}_route/r", {"destination_cidr_block": "0.0.0.0/1"}),
        put(f"{GATEWAY}_route/r", {"destination_cidr_block": "10.0.0.0/8"}),
    ),
    "P125": Mutation(
        NETWORK,
        put(f"{ENDPOINT}/subnet_ids", ["${aws_subnet.transit-use1-az1.id}"]),
        put(f"{ENDPOINT}/subnet_ids", ["${aws_subnet.endpoint-use1-az1.id}"]),
    ),
    "P126": Mutation(
        ROUTES,
        put(ROUTE, {"destination_prefix_list_id": "pl-1", "transit_gateway_id": "tgw-1"}),
        put(ROUTE, {"destination_prefix_list_id": "pl-1", "vpc_endpoint_id": "vpce-1"}),
    ),
    "P201": Mutation(
        NETWORK,
        put(
            f"{R}/aws_s3_bucket_server_side_encryption_configuration/flow-logs-encrypted/bucket",
            "another-bucket",
        ),
        put(
            f"{R}/aws_s3_bucket_server_side_encryption_configuration/flow-logs-encrypted/rule/0/"
            "apply_server_side_encryption_by_default/sse_algorithm",
            "aws:kms",
        ),
    ),
    "P202": Mutation(
        NETWORK,
        put(f"{R}/aws_s3_bucket_public_access_block/flow-logs-private/block_public_policy", False),
        put(f"{R}/aws_s3_bucket_public_access_block/flow-logs-private/block_public_acls", "true"),
    ),
    "P203": Mutation(
        NETWORK,
        inside(DELIVERY, put("Statement/2/Action", "s3:GetObject")),
        inside(DELIVERY, put("Statement/2/Sid", "Another")),
    ),
    "P204": Mutation(
        NETWORK,
        put(
            f"{R}/aws_s3_bucket_ownership_controls/flow-logs-owned/rule/object_ownership",
            "BucketOwnerPreferred",
        ),
        put(
            f"{R}/aws_s3_bucket_ownership_controls/flow-logs-owned/bucket",
            "${aws_s3_bucket.flow-logs.bucket}",
        ),
    ),
    "P205": Mutation(
        NETWORK,
        put(f"{R}/aws_s3_bucket_versioning/v", {"bucket": BUCKET, "versioning_configuration": {}}),
        put(
            f"{R}/aws_s3_bucket_versioning/v",
            {"bucket": BUCKET, "versioning_configuration": [{"status": "Enabled"}]},
        ),
    ),
    "P206": Mutation(
        NETWORK,
        put(
            f"{R}/aws_s3_bucket_lifecycle_configuration/flow-logs-expire/rule/0/status", "Disabled"
        ),
        put(
            f"{R}/aws_s3_bucket_lifecycle_configuration/flow-logs-expire/rule/0/expiration/0/days",
            7,
        ),
    ),
    "P207": Mutation(
        CLUSTER,
        put(f"{TEMPLATE}/block_device_mappings/0/ebs/encrypted", "false"),
        put(f"{TEMPLATE}/block_device_mappings/0/ebs/volume_size", 200),
    ),
    "P208": Mutation(
        CLUSTER,
        put(f"{R}/aws_kms_key/secrets-key/enable_key_rotation", False),
        put(f"{R}/aws_kms_key/secrets-key/rotation_period_in_days", 90),
    ),
    "P209": Mutation(
        CLUSTER,
        put(f"{R}/aws_sqs_queue/q", {"name": "q", "sqs_managed_sse_enabled": False}),
        put(f"{R}/aws_sqs_queue/q", {"name": "q", "sqs_managed_sse_enabled": True}),
    ),
    "P210": Mutation(
        NETWORK,
        drop(f"{R}/aws_cloudwatch_log_group/control-plane-logs/retention_in_days"),
        put(f"{R}/aws_cloudwatch_log_group/control-plane-logs/retention_in_days", 365),
    ),
    "P301": Mutation(
        CLUSTER,
        inside(ROLE, put("Statement/1/Action", ["s3:GetObject", "S3:*"])),
        inside(ROLE, put("Statement/1/Action", ["s3:GetObject", "s3:GetObjectTagging"])),
    ),
    "P302": Mutation(
        CLUSTER,
        inside(ROLE, put("Statement/1/Resource", "*")),
        inside(
            ROLE,
            put(
                "Statement/1",
                {"Effect": "Allow", "Action": "ec2:DescribeVolumes", "Resource": ["*"]},
            ),
        ),
    ),
    "P303": Mutation(
        CLUSTER,
        inside(ROLE, put("Statement/1/NotResource", "arn:aws:s3:::secret")),
        inside(
            ROLE,
            put("Statement/1", {"Effect": "Deny", "NotAction": "s3:*", "Resource": "*"}),
        ),
    ),
    "P304": Mutation(
        CLUSTER,
        inside(TRUST, put("Statement/0/Principal", {"AWS": "*"})),
        inside(TRUST, put("Statement/0/Principal", {"AWS": "arn:aws:iam::111122223333:root"})),
    ),
    "P305": Mutation(
        NETWORK,
        inside(DELIVERY, drop("Statement/0/Condition")),
        inside(DELIVERY, drop("Statement/0/Condition/ArnLike")),
    ),
    "P306": Mutation(
        NETWORK,
        put(f"{R}/aws_sns_topic_policy/t", {"policy": statement(Principal="*", Action="sns:*")}),
        put(
            f"{R}/aws_sns_topic_policy/t",
            {"policy": statement(Principal={"AWS": "111122223333"}, Action="sns:Publish")},
        ),
    ),
    "P307": Mutation(
        CLUSTER,
        put(f"{R}/aws_iam_role/role-node/managed_policy_arns", [ADMIN]),
        put(f"{R}/aws_iam_role/role-node/managed_policy_arns", [f"{ADMIN}ReadOnly"]),
    ),
    "P308": Mutation(
        CLUSTER,
        put(f"{R}/aws_iam_user/jobs", {"name": "jobs"}),
        put(f"{R}/aws_iam_role/jobs", {"name": "jobs"}),
    ),
    "P401": Mutation(
        CLUSTER,
        put(f"{CELL}/vpc_config/endpoint_public_access", True),
        put(f"{CELL}/vpc_config/security_group_ids", ["sg-1"]),
    ),
    "P402": Mutation(
        CLUSTER,
        drop(f"{CELL}/encryption_config"),
        put(f"{CELL}/encryption_config/provider/key_arn", "arn:aws:kms:us-east-1:1:key/2"),
    ),
    "P403": Mutation(
        CLUSTER,
        put(f"{CELL}/enabled_cluster_log_types", ["api", "authenticator"]),
        put(f"{CELL}/enabled_cluster_log_types", ["scheduler", "api", "audit", "authenticator"]),
    ),
    "P404": Mutation(
        CLUSTER,
        put(f"{CELL}/access_config/bootstrap_cluster_creator_admin_permissions", True),
        put(f"{CELL}/access_config/bootstrap_cluster_creator_admin_permissions", "false"),
    ),
    "P405": Mutation(
        CLUSTER,
        put(f"{R}/aws_eks_access_entry/admin-deployer/kubernetes_groups", ["system:masters"]),
        put(f"{R}/aws_eks_access_entry/admin-deployer/kubernetes_groups", ["my-system:masters"]),
    ),
    "P406": Mutation(
        CLUSTER,
        text(f"{CNI}/configuration_values", '"WARM_IP_TARGET": "0"', '"WARM_IP_TARGET": "5"'),
        text(f"{CNI}/configuration_values", '"MAX_ENI": "2"', '"MAX_ENI": "3"'),
    ),
    "P407": Mutation(
        CLUSTER,
        text(f"{CNI}/configuration_values", 'Policy = "true"', 'Policy = "false"'),
        text(f"{CNI}/configuration_values", 'Policy = "true"', "Policy = true"),
    ),
    "P408": Mutation(
        CLUSTER,
        drop(f"{R}/aws_eks_addon/addon-coredns/addon_version"),
        put(f"{R}/aws_eks_addon/addon-coredns/addon_version", "v1.14.0-eksbuild.1"),
    ),
    "P501": Mutation(
        CLUSTER,
        put(f"{TEMPLATE}/metadata_options/http_put_response_hop_limit", 2),
        put(f"{TEMPLATE}/metadata_options/http_put_response_hop_limit", "1"),
    ),
    "P502": Mutation(
        CLUSTER,
        put(f"{GROUP}/scaling_config/max_size", 3),
        put(f"{GROUP}/scaling_config", {"min_size": 7, "max_size": 7, "desired_size": 7}),
    ),
    "P503": Mutation(
        CLUSTER,
        put("data/aws_ami/image-arm64/most_recent", True),
        put("data/aws_ami/image-arm64/owners", ["602401143452"]),
    ),
    "P504": Mutation(
        CLUSTER, put(f"{TEMPLATE}/key_name", "ops"), put(f"{TEMPLATE}/key_name", None)
    ),
    "P505": Mutation(
        CLUSTER,
        put(f"{GROUP}/launch_template/version", "$Latest"),
        put(f"{GROUP}/launch_template/version", "7"),
    ),
    "P601": Mutation(NETWORK, put(f"{S3}/encrypt", False), put(f"{S3}/encrypt", "true")),
    "P602": Mutation(
        NETWORK,
        drop(f"{S3}/use_lockfile"),
        put(f"{S3}/dynamodb_table", "locks"),
    ),
    "P603": Mutation(NETWORK, drop(f"{S3}/kms_key_id"), put(f"{S3}/kms_key_id", "alias/other")),
    "P604": Mutation(
        NETWORK,
        put("terraform/required_providers/aws/version", ">= 6.0"),
        put("terraform/required_providers/aws/version", "~> 6.25.0"),
    ),
    "P605": Mutation(
        NETWORK,
        drop(f"{AWS}/allowed_account_ids"),
        put(f"{AWS}/allowed_account_ids", ["${var.account_id}"]),
    ),
    "P606": Mutation(NETWORK, put(f"{AWS}/secret_key", "example"), put(f"{AWS}/max_retries", 7)),
    "P607": Mutation(
        PLATFORM,
        put(f"{OPERATOR}/repository", "http://charts.example.com"),
        put(f"{OPERATOR}/repository", "https://charts.example.com"),
    ),
    "P608": Mutation(
        PLATFORM,
        inside(f"{HISTORY}/values/0", put("image/tag", "latest")),
        inside(f"{HISTORY}/values/0", put("image/tag", "4.0.1-latest-fixes")),
    ),
    "P701": Mutation(
        NETWORK,
        put(f"{R}/aws_vpc/cell/lifecycle", {"prevent_destroy": False}),
        put(f"{R}/aws_vpc/cell/lifecycle", [{"prevent_destroy": "true"}]),
    ),
    "P702": Mutation(
        NETWORK,
        put(f"{R}/aws_s3_bucket/flow-logs/force_destroy", True),
        put(f"{R}/aws_s3_bucket/flow-logs/force_destroy", False),
    ),
    "P703": Mutation(
        NETWORK,
        drop(f"{AWS}/default_tags/0/tags/cellfactory:stack"),
        put(f"{AWS}/default_tags/0/tags/team", "data"),
    ),
    "P704": Mutation(
        CLUSTER,
        drop(f"{TEMPLATE}/tag_specifications/2"),
        drop(f"{TEMPLATE}/tag_specifications/1"),
    ),
    "P705": Mutation(
        CLUSTER,
        text(
            f"{TEMPLATE}/user_data", "--CELLFACTORY--", "PASSWORD=correct-horse\\n--CELLFACTORY--"
        ),
        text(f"{TEMPLATE}/user_data", "--CELLFACTORY--", "PASSWORD_FILE=/run/a\\n--CELLFACTORY--"),
    ),
    "P706": Mutation(
        NETWORK,
        put("output/db_password", {"value": "${var.x}"}),
        put("output/db_password", {"value": "${var.x}", "sensitive": True}),
    ),
    "P707": Mutation(
        NETWORK,
        put(f"{R}/aws_vpc/cell/provisioner", [{"local-exec": {"command": "id"}}]),
        put("data/aws_caller_identity/here", {}),
    ),
    "P801": Mutation(
        PIPELINE,
        drop(f"{R}/aws_s3_bucket_versioning/states-versions"),
        put(f"{R}/aws_s3_bucket_versioning/states-versions/provider", "aws"),
    ),
    "P802": Mutation(
        PIPELINE,
        put(f"{STATE_KEY}/kms_master_key_id", "alias/tfstate"),
        put(f"{STATE_KEY}/kms_master_key_id", "arn:aws:kms:us-east-1:777777777777:key/1234abcd"),
    ),
    "P803": Mutation(
        PIPELINE,
        put(f"{STATE_RULES}/0/filter/0/prefix", "cells/"),
        put(f"{STATE_RULES}/0/filter/0/prefix", "registry/runs/"),
    ),
    "P804": Mutation(
        PIPELINE,
        inside(
            f"{R}/aws_s3_bucket_policy/states-policy/policy",
            put("Statement/1/Condition/StringNotEquals", {"aws:username": "somebody"}),
        ),
        inside(
            f"{R}/aws_s3_bucket_policy/states-policy/policy",
            put("Statement/1/Condition/StringNotEquals", {"aws:PrincipalOrgID": "o-abcdefghij"}),
        ),
    ),
    "P805": Mutation(
        PIPELINE,
        inside(CI_TRUST, put(f"{CI_CLAIMS}:sub", "repo:example-org/*")),
        inside(CI_TRUST, put(f"{CI_CLAIMS}:sub", "repo:example-org/cells:environment:another")),
    ),
    "P806": Mutation(
        PIPELINE,
        drop(f"{R}/aws_iam_role/role-plan/permissions_boundary"),
        put(f"{R}/aws_iam_role/role-plan/permissions_boundary", "arn:aws:iam::1:policy/other"),
    ),
}
"""Every rule has its row; a test holds that."""
