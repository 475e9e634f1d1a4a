"""What Terraform and AWS say, in their very words, and what we add."""

from __future__ import annotations

import re

import pytest

from cellfactory.layers import StackId
from cellfactory.terraform.messages import Diagnostic
from cellfactory.terraform.said import SAYINGS, explain, hint_of

LOCKED = """\
Error message: operation error S3: PutObject, https response error StatusCode: 412, RequestID: 7A, \
HostID: b, api error PreconditionFailed: At least one of the pre-conditions you specified did \
not hold
Lock Info:
  ID:        1f0c3a52-9c0d-7b11-22aa-3344556677ee
  Path:      acme-cells-state/cells/alpha/account.tfstate
  Operation: OperationTypeApply
  Who:       runner@ci
  Version:   1.11.4
  Created:   2026-11-27 22:10:00 +0000 UTC
  Info:


Terraform acquires a state lock to protect the state from being written
by multiple users at the same time. Please resolve the issue above and try
again. For most commands, you can disable locking with the "-lock=false"
flag, but this is not recommended."""

FAILED = "unexpected state 'CREATE_FAILED', wanted target 'ACTIVE'. last error:"
EC2 = "https response error StatusCode: 400, RequestID: 5d, api error"
SAID = {
    "Instance cannot be destroyed\nResource aws_vpc.cell has lifecycle.prevent_destroy set, but "
    "the plan calls for this resource to be destroyed.": [
        "its creation was interrupted",
        "-- untaint aws_vpc.cell",
        "--allow-destroy aws_vpc.cell",
    ],
    "Plugin did not respond: The plugin encountered an error, and failed to respond to the "
    "plugin.(*GRPCProvider).ApplyResourceChange call.": ["cellfactory orphans --sandbox"],
    "creating AWS Organizations Account (alpha): unexpected state 'FAILED', wanted target "
    "'SUCCEEDED'. last error: EMAIL_ALREADY_EXISTS": ["adopt that account: account: {id:"],
    "deleting S3 Bucket (acme-flow-logs): operation error S3: DeleteBucket, https response error "
    "StatusCode: 409, RequestID: 1, HostID: 2, api error BucketNotEmpty: The bucket you tried to "
    "delete is not empty": ["save what you need", "s3://acme-flow-logs"],
    "No pending RAM Resource Share (arn:aws:ram:us-east-1:888888888888:resource-share/1f) "
    "invitation found\n\nNOTE: If both AWS accounts are in the same AWS Organization and RAM "
    "Sharing with AWS Organizations is enabled, this resource is not necessary": [
        "shared by arn:aws:ram:us-east-1:888888888888:resource-share/1f",
        "for 7 days",
        "cellfactory orphans --sandbox --import",
    ],
    "creating RAM Principal Association (arn:aws:ram:us-east-1:888888888888:resource-share/1f,"
    "555555555555): operation error RAM: AssociateResourceShare, InvalidParameterException: "
    "Principal 555555555555 is not in your AWS organization. You do not have permission to add "
    "external AWS accounts to a resource share.": ["account 555555555555 is a stranger"],
    f"creating Route in Route Table (rtb-1): operation error EC2: CreateRoute, {EC2} "
    "InvalidTransitGatewayID.NotFound: The transitGateway ID 'tgw-0f1e' does not exist.": [
        "apply the cell's transit layer, and then this one"
    ],
    f"creating EC2 Transit Gateway VPC Attachment: {EC2} InvalidTransitGatewayID.NotFound: Transit "
    "Gateway tgw-0f1e was deleted or does not exist.": ["the account does not see tgw-0f1e"],
    f"deleting EC2 Transit Gateway (tgw-0f1e): {EC2} IncorrectState: tgw-0f1e has non-deleted "
    "Transit Gateway Attachments: tgw-attach-0a1b.": ["Name=transit-gateway-id,Values=tgw-0f1e"],
    f"creating EC2 Transit Gateway Route Table Association: {EC2} IncorrectState: tgw-attach-0a1b "
    "is in invalid state": ["until the segments layer", "attachment-ids tgw-attach-0a1b"],
    "waiting for EC2 Transit Gateway VPC Attachment (tgw-attach-0a1b) create: unexpected state "
    "'failed', wanted target 'available, pendingAcceptance'": ["attachment-ids tgw-attach-0a1b"],
    f"creating EC2 Transit Gateway VPC Attachment: {EC2} DuplicateTransitGatewayAttachment: "
    "tgw-0f1e has non-deleted Transit Gateway Attachments with same VPC ID.": [
        "cellfactory orphans --sandbox --import"
    ],
    f"creating EC2 Subnet CIDR Reservation: {EC2} InvalidParameterValue: Reservation CIDR "
    "100.64.9.0/24 has overlap with existing reserved CIDR block": [
        "take it up: cellfactory orphans --sandbox --import, then with --apply"
    ],
    f"associating EC2 Route Table: operation error EC2: AssociateRouteTable, {EC2} "
    "Resource.AlreadyAssociated: the specified association for route table rtb-1 conflicts with "
    "an existing association": ["cellfactory orphans --sandbox --import"],
    f"authorizing Security Group Rule: {EC2} InvalidPermission.Duplicate: the specified rule "
    "already exists": ["cellfactory orphans --sandbox --import"],
    "creating IAM Role (alpha-node): operation error IAM: CreateRole, https response error "
    "StatusCode: 409, RequestID: 1, EntityAlreadyExists: Role with name alpha-node already "
    "exists.": ["cellfactory orphans --sandbox --import"],
    f"creating ELBv2 Load Balancer: {EC2} DuplicateLoadBalancerName: A load balancer with the "
    "same name exists": ["cellfactory orphans --sandbox --import"],
    f"deleting EC2 Subnet (subnet-069a): operation error EC2: DeleteSubnet, {EC2} "
    "DependencyViolation: The subnet 'subnet-069a' has dependencies and cannot be deleted.": [
        "nodes left behind",
        "Name=subnet-id,Values=subnet-069a",
        "aws-K8S-",
    ],
    f"deleting Security Group (sg-0a1b): operation error EC2: DeleteSecurityGroup, {EC2} "
    "DependencyViolation: resource sg-0a1b has a dependent object": [
        "Name=group-id,Values=sg-0a1b"
    ],
    f"deleting EC2 VPC (vpc-0c): operation error EC2: DeleteVpc, {EC2} DependencyViolation: The "
    "vpc 'vpc-0c' has dependencies and cannot be deleted.": ["Name=vpc-id,Values=vpc-0c"],
    "creating CloudWatch Logs Log Group (/aws/eks/alpha/cluster): operation error CloudWatch Logs: "
    f"CreateLogGroup, {EC2.replace('api error', '')} ResourceAlreadyExistsException: The specified "
    "log group already exists": [
        "cellfactory terraform --sandbox --cell alpha --layer cluster -- import 'aws_x.y[\"a b\"]' "
        "/aws/eks/alpha/cluster",
        "delete-log-group --log-group-name /aws/eks/alpha/cluster",
    ],
    "updating EKS Cluster (alpha) version: operation error EKS: UpdateClusterVersion, https "
    "response error StatusCode: 400, RequestID: 3, InvalidParameterException: Unsupported "
    "Kubernetes minor version update from 1.35 to 1.34": [
        "the cluster runs 1.35, the inventory says 1.34"
    ],
    "updating EKS Cluster (alpha) VPC config: InvalidParameterException: Provided subnets belong "
    "to the AZs 'us-east-1a,us-east-1b'. But they should belong to the exact set of AZs "
    "'us-east-1a,us-east-1c' in which subnets were provided during cluster creation.": [
        "cannot change its zones"
    ],
    f"waiting for EKS Node Group (alpha:all) create: {FAILED} i-03, i-0b: NodeCreationFailure: "
    "Instances failed to join the kubernetes cluster": [
        "did not join",
        "-- untaint 'aws_x.y[\"a b\"]'",
    ],
    f"waiting for EKS Node Group (alpha:all) create: {FAILED} eks-1a: AsgInstanceLaunchFailures: "
    "Could not launch On-Demand "
    "Instances. InsufficientInstanceCapacity - We currently do not have sufficient r6i.xlarge "
    "capacity": ["EC2 did not start all", "-- untaint 'aws_x.y[\"a b\"]'"],
    "Cannot assume IAM Role: operation error STS: AssumeRole, https response error StatusCode: "
    "403, api error AccessDenied: User: arn:aws:sts::111111111111:assumed-role/Provision/x is not "
    "authorized to perform: sts:AssumeRole on resource: arn:aws:iam::444444444444:role/CellAdmin": [
        "trust policy",
        "assumed-role/Provision/x, role arn:aws:iam::444444444444:role/CellAdmin",
    ],
    f"waiting for EKS Node Group (alpha:all) create: {FAILED} VcpuLimitExceeded: You have "
    "requested more vCPU capacity than your current vCPU limit": ["write it under quotas"],
    "creating EKS Add-On (alpha:coredns): InvalidParameterException: Addon version specified is "
    "not supported": ["cellfactory doctor"],
    "creating EKS Add-On (alpha:coredns): InvalidParameterException: ConfigurationValue provided "
    "in request is not supported: Json schema validation failed with error: [$.x]": [
        "describe-addon-configuration"
    ],
    'Blocks of type "control_plane_scaling_config" are not expected here.': [
        "does not know control_plane_scaling_config yet"
    ],
    'An argument named "deletion_protection" is not expected here.': [
        "does not know deletion_protection yet"
    ],
    "installation failed: Kubernetes cluster unreachable: Get "
    '"https://A.gr7.us-east-1.eks.amazonaws.com/version": dial tcp 10.128.0.9:443: i/o timeout': [
        "run this where a hub leads to it",
        "-- state rm 'aws_x.y[\"a b\"]'",
    ],
    "creating EKS Node Group (alpha:all): operation error EKS: CreateNodegroup, https response "
    "error StatusCode: 400, RequestID: 3, InvalidRequestException: Cluster 'alpha' is not in "
    "ACTIVE status": ["wait cluster-active --name alpha", "then run the same command again"],
    "Invalid index: The given key does not identify an element in this collection value: the "
    "collection has no elements.": ["wait cluster-active --name alpha"],
    "deleting EKS Cluster (alpha): Cluster has deletion protection enabled": [
        "deletion_protection: false"
    ],
}


def told(text: str, detail: str = "", address: str = 'aws_x.y["a b"]') -> Diagnostic:
    return Diagnostic(severity="error", summary=text, detail=detail, address=address)


@pytest.mark.parametrize("text", SAID)
def test_what_aws_says_gets_a_hint_of_ours(text: str) -> None:
    stack = StackId("alpha", "cluster")
    hint = hint_of(told(text), stack, "sandbox")
    for part in SAID[text]:
        assert part in hint
    assert hint == hint_of(told("it failed", text), stack, "sandbox"), "wherever it stands"
    assert not re.search(r"\{\w+\}", hint.replace("{id:", "")), "nothing is left open"


def test_each_saying_is_tried_and_names_its_source() -> None:
    texts = [*SAID, "Error acquiring the state lock"]
    for saying in SAYINGS:
        assert any(re.search(saying.parts, text) for text in texts), saying.parts
        assert saying.source.startswith("https://")


def test_a_lock_that_was_left_ends_with_the_way_out_that_exists_here() -> None:
    error = told("Error acquiring the state lock", LOCKED, address="")
    shown = str(explain(error, StackId("alpha", "account"), "aws"))
    assert "-lock=false" not in shown
    assert "runner@ci" in shown
    assert shown.endswith("  -> only where that one is gone: cellfactory unlock alpha-account")


def test_a_line_whose_value_nobody_told_is_left_out() -> None:
    stack = StackId("a", "network")
    hint = hint_of(told("api error BucketNotEmpty: it is not empty", address=""), stack, "aws")
    assert "s3://" not in hint
    assert "save what you need" in hint
    assert hint_of(told("Error acquiring the state lock", address=""), stack, "aws") == (
        "another run holds the state lock, or ended without releasing it\n"
        "only where that one is gone: cellfactory unlock a-network"
    )


def test_words_that_nothing_is_known_of_stay_as_they_are() -> None:
    stack = StackId("a", "network")
    error = told("no such role", "because\nof that")
    assert explain(error, stack, "aws") == error
    warning = Diagnostic(severity="warning", summary="BucketNotEmpty")
    assert explain(warning, stack, "aws") == warning
