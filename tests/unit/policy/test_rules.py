"""Every rule keeps its own examples, and says what a person needs of it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import pytest

from cellfactory.policy.catalogue import AREAS, RULES
from cellfactory.policy.checkov_checks import CURATED
from cellfactory.policy.controls import CONTROLS
from cellfactory.policy.engine import check_stack
from cellfactory.policy.expected import Expected
from cellfactory.policy.model import Rule
from cellfactory.tree.document import read_document

every_rule = pytest.mark.parametrize("rule", RULES.values(), ids=list(RULES))


def told(document: Mapping[str, Any], *rules: Rule, expected: Expected | None = None) -> list[str]:
    """What rules, or all of them, say of a document."""
    chosen = rules or tuple(RULES.values())
    wanted = expected or chosen[0].expected
    report = check_stack(read_document(document, "a-stack"), wanted, chosen)
    return [f"{v.rule} {v.address}: {v.message}" for v in report.violations]


@every_rule
def test_a_rule_is_broken_by_its_bad_example(rule: Rule) -> None:
    assert told(rule.bad, rule)


@every_rule
def test_a_rule_is_kept_by_its_good_example(rule: Rule) -> None:
    assert told(rule.good, rule) == []


@every_rule
def test_a_rule_says_what_a_person_needs(rule: Rule) -> None:
    assert re.fullmatch(r"P[1-8][0-9]{2}", rule.id)
    assert rule.id[:2] in AREAS
    assert rule.title[0].isupper()
    assert not rule.title.endswith(".")
    assert rule.reason.endswith(".")
    assert not rule.remedy.endswith(".")
    assert rule.types
    assert set(rule.controls) <= set(CONTROLS)


def test_every_control_is_named_by_a_rule_and_has_a_source() -> None:
    assert {control for rule in RULES.values() for control in rule.controls} == set(CONTROLS)
    assert all(control.source.startswith("https://") for control in CONTROLS.values())


def test_curated_checks_name_rules_that_are_there() -> None:
    assert set(CURATED.values()) - {""} <= set(RULES)


# -- neighbours that a rule must tell apart --------------------------------------------------------


def resource(kind: str, **body: Any) -> dict[str, Any]:
    return {"resource": {kind: {"a": body}}}


GATEWAY = "aws_ec2_transit_gateway"
INGRESS = "aws_vpc_security_group_ingress_rule"


@pytest.mark.parametrize(
    ("rule", "document"),
    [
        ("P101", resource(INGRESS, cidr_ipv6="::/0")),
        ("P101", resource("aws_security_group_rule", type="ingress", cidr_blocks=["0.0.0.0/0"])),
        ("P101", resource(INGRESS, cidr_ipv4="128.0.0.0/1")),
        ("P103", resource("aws_route", destination_cidr_block="0.0.0.0/1", gateway_id="igw-1")),
        ("P109", resource("aws_instance", associate_public_ip_address=True)),
        ("P705", resource("helm_release", values=['{"adminPassword": "hunter2"}'])),
        ("P705", {"locals": {"rows": {"a": {"db_password": "hunter2"}}}}),
        ("P103", resource("aws_route", destination_ipv6_cidr_block="::/0")),
        ("P103", resource("aws_eip", domain="vpc")),
        ("P105", resource("aws_ec2_transit_gateway_route", destination_cidr_block="100.64.0.0/16")),
        ("P105", resource("aws_route", destination_cidr_block="96.0.0.0/5", gateway_id="vgw-1")),
        ("P121", resource(f"{GATEWAY}_vpc_attachment_accepter", tags={})),
        ("P121", resource(f"{GATEWAY}_route_table_propagation", tags={})),
        ("P122", resource("aws_ram_principal_association", principal="arn:aws:iam::1:role/x")),
        ("P122", resource("aws_ram_sharing_with_organization")),
        ("P124", resource(f"{GATEWAY}_route", destination_cidr_block="0.0.0.0/0")),
        ("P125", resource(f"{GATEWAY}_vpc_attachment", subnet_ids=["subnet-0a"])),
        (
            "P125",
            resource("aws_eks_cluster", vpc_config={"subnet_ids": ["${aws_subnet.transit-a.id}"]}),
        ),
        ("P126", resource(f"{GATEWAY}_prefix_list_reference", prefix_list_id="pl-0a")),
        ("P701", resource(GATEWAY, description="joins cells")),
        ("P109", resource("aws_lb", load_balancer_type="network")),
        ("P109", resource("aws_subnet", map_public_ip_on_launch="true")),
        ("P110", resource("aws_vpc_endpoint", service_name="com.amazonaws.eu-west-1.ecr.api")),
        (
            "P112",
            resource(
                "aws_network_acl",
                ingress=[
                    {"action": "allow", "cidr_block": "0.0.0.0/0", "from_port": 0, "to_port": 0}
                ],
            ),
        ),
        ("P207", resource("aws_launch_template", image_id="ami-1")),
        ("P207", resource("aws_ebs_volume", size=8)),
        (
            "P306",
            resource(
                "aws_kms_key",
                policy='{"Statement":{"Effect":"Allow",'
                '"Principal":{"AWS":"*"},"Action":"kms:*","Resource":"*"}}',
            ),
        ),
        ("P401", resource("aws_eks_cluster", name="a")),
        ("P404", resource("aws_eks_cluster", access_config={"authentication_mode": "CONFIG_MAP"})),
        ("P406", resource("aws_eks_addon", addon_name="vpc-cni")),
        ("P501", resource("aws_launch_template", image_id="ami-1")),
        ("P502", resource("aws_autoscaling_group", min_size=1, max_size=9)),
        ("P601", {"terraform": {"backend": {"local": {}}}}),
        ("P601", {"resource": {}}),
        ("P607", resource("helm_release", chart="operator", version="1.0.0")),
        ("P608", resource("helm_release", values=['{"image": "nginx"}'])),
        ("P705", resource("aws_ssm_parameter", value="-----BEGIN RSA PRIVATE KEY-----")),
        ("P705", resource("aws_db_instance", password="correct-horse")),
        ("P705", resource("helm_release", values=['{"url": "https://me:secret1@example.com"}'])),
        ("P705", resource("aws_instance", user_data_base64="QUtJQTEyMzQ1Njc4OTAxMjM0NTY=")),
    ],
)
def test_a_rule_notices(rule: str, document: dict[str, Any]) -> None:
    assert told(document, RULES[rule])


@pytest.mark.parametrize(
    ("rule", "document"),
    [
        ("P101", resource(INGRESS, cidr_ipv4="${var.block}")),
        ("P101", resource("aws_security_group_rule", type="egress", cidr_blocks=["0.0.0.0/0"])),
        ("P105", resource("aws_route", destination_cidr_block="100.128.0.0/10")),
        ("P105", resource("aws_route", destination_cidr_block="0.0.0.0/0", nat_gateway_id="n")),
        ("P110", resource("aws_vpc_endpoint", service_name="com.amazonaws.eu-west-1.eks-auth")),
        ("P203", {"resource": {"aws_s3_bucket": {"a": {"bucket": "b"}}, "aws_s3_bucket_policy": {
            "a": {"bucket": "b", "policy": "${data.aws_iam_policy_document.a.json}"}}}}),
        ("P208", resource("aws_kms_key", customer_master_key_spec="RSA_2048")),
        ("P301", resource("aws_iam_policy", policy="${data.aws_iam_policy_document.a.json}")),
        ("P501", resource("aws_launch_template", metadata_options={"http_endpoint": "disabled"})),
        ("P101", resource(INGRESS, cidr_ipv4="10.0.0.0/8")),
        ("P601", {"terraform": {"cloud": {"organization": "a"}}}),
        ("P607", resource("helm_release", chart="./charts/a")),
        ("P705", resource("aws_db_instance", manage_master_user_password=True)),
        ("P705", resource("aws_launch_template", metadata_options={"http_tokens": "required"})),
        ("P607", resource("helm_release", chart="${path.module}/charts/a-1.tgz")),
        ("P608", resource("helm_release", values=['{"image": "nginx@sha256:00"}'])),
        ("P608", resource("helm_release", values=['{"image": {"repository": "nginx"}}'])),
        ("P705", resource("aws_db_instance", password="${var.password}")),
        ("P705", resource("aws_ssm_parameter", description="Rotate the password: see the page")),
        ("P111", resource(GATEWAY, auto_accept_shared_attachments="disable")),
        ("P121", resource(f"{GATEWAY}_vpc_attachment_accepter",
                          transit_gateway_default_route_table_association=False,
                          transit_gateway_default_route_table_propagation="false")),
        ("P122", resource("aws_ram_principal_association", principal="${var.account_id}")),
        ("P124", resource(f"{GATEWAY}_route", destination_cidr_block="10.128.0.0/21")),
        ("P125", resource("aws_eks_cluster", vpc_config=[{"subnet_ids": ["subnet-0a"]}])),
        ("P126", resource("aws_route", destination_cidr_block="10.0.0.0/8",
                          transit_gateway_id="tgw-0a")),
        ("P706", {"output": {"token_endpoint": {"value": "x", "sensitive": True}}}),
    ],
)  # fmt: skip
def test_a_rule_lets_pass(rule: str, document: dict[str, Any]) -> None:
    assert told(document, RULES[rule]) == []


def document(**statement: Any) -> dict[str, Any]:
    return {"data": {"aws_iam_policy_document": {"a": {"statement": [statement]}}}}


@pytest.mark.parametrize(
    ("rule", "statement"),
    [
        ("P301", {"actions": ["s3:*"], "resources": ["arn:aws:s3:::a"]}),
        ("P302", {"actions": ["s3:GetObject"], "resources": ["*"]}),
        ("P303", {"not_actions": ["iam:*"], "resources": ["*"]}),
        ("P304", {"actions": ["sts:AssumeRole"],
                  "principals": [{"type": "AWS", "identifiers": ["*"]}]}),
        ("P305", {"actions": ["s3:PutObject"], "resources": ["arn:aws:s3:::a/*"],
                  "principals": [{"type": "Service", "identifiers": ["logs.amazonaws.com"]}]}),
        ("P306", {"actions": ["s3:GetObject"], "resources": ["arn:aws:s3:::a/*"],
                  "principals": {"type": "*", "identifiers": ["*"]}}),
    ],
)  # fmt: skip
def test_a_policy_document_in_blocks_is_read_as_its_json(rule: str, statement: Any) -> None:
    assert told(document(**statement), RULES[rule])
    assert told(document(**statement, effect="Deny"), RULES[rule]) == []
    condition = {"test": "StringEquals", "variable": "aws:SourceAccount", "values": ["1"]}
    if rule in ("P302", "P304", "P305", "P306"):
        assert told(document(**statement, condition=[condition]), RULES[rule]) == []


def test_rows_are_told_by_their_addresses() -> None:
    document = resource(INGRESS, for_each={"a": "0.0.0.0/0", "b": "10.0.0.0/8"},
                        cidr_ipv4="${each.value}")  # fmt: skip
    assert told(document, RULES["P101"]) == [
        f'P101 {INGRESS}.a["a"]: admits 0.0.0.0/0, which is every address'
    ]


def test_what_the_inventory_wants_is_no_violation() -> None:
    gateway = resource("aws_internet_gateway", vpc_id="vpc-1")
    assert told(gateway, RULES["P103"])
    assert told(gateway, RULES["P103"], expected=Expected(internet=True)) == []
    endpoint = resource("aws_vpc_endpoint", service_name="com.amazonaws.us-east-1.s3")
    assert told(endpoint, RULES["P110"])
    assert told(endpoint, RULES["P110"], expected=Expected(open_endpoints=True)) == []
    share = resource("aws_ram_resource_share", allow_external_principals=True)
    assert told(share, RULES["P123"])
    assert told(share, RULES["P123"], expected=Expected(shared_outside=True)) == []
    default = resource(f"{GATEWAY}_route", destination_cidr_block="0.0.0.0/0")
    assert told(default, RULES["P124"])
    assert told(default, RULES["P124"], expected=Expected(way_out=True)) == []
    route = resource("aws_route", destination_cidr_block="172.16.0.0/16")
    assert told(route, RULES["P105"], expected=Expected(pod_blocks=("172.16.0.0/12",)))


@pytest.mark.parametrize(
    "strange",
    [
        *({}, {"resource": {}}, {"resource": {"aws_vpc": {"a": {"lifecycle": "odd"}}}}),
        resource("aws_s3_bucket", bucket=["list"], force_destroy={"odd": 1}),
        resource("aws_iam_role", assume_role_policy="[]", inline_policy="odd"),
        resource("aws_iam_role_policy", policy='{"Statement": ["odd", {"Condition": 7}]}'),
        resource("aws_eks_addon", addon_name="vpc-cni", configuration_values='{"env": []}'),
        resource("aws_eks_cluster", vpc_config=[{}, {}], enabled_cluster_log_types="api"),
        resource("aws_launch_template", block_device_mappings="odd", tag_specifications=[7]),
        resource("aws_route", destination_cidr_block="nowhere"),
        resource(f"{GATEWAY}_vpc_attachment", subnet_ids={"odd": 1}),
        resource("aws_ram_principal_association", principal=["444444444444"]),
        resource("helm_release", values="odd", repository=7),
        {"provider": {"aws": [{"default_tags": "odd", "allowed_account_ids": "1"}]}},
        {"terraform": {"required_providers": "odd"}},
    ],
)
def test_what_is_shaped_oddly_is_no_crash(strange: dict[str, Any]) -> None:
    told(strange, *RULES.values())
