"""Controls of public benchmarks that a rule of ours matches, each with where it stands.

Only those whose number and title were read are here; a rule without one has none.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

CHECKED = "2026-11-28"
"""The day on which every number and title below was read."""

_HUB = "https://docs.aws.amazon.com/securityhub/latest/userguide"
_PROWLER = "https://github.com/prowler-cloud/prowler/blob/master/prowler/compliance/aws"
_BENCH = "https://github.com/aquasecurity/kube-bench/blob/main/cfg"


@dataclass(frozen=True, slots=True)
class Control:
    """One control of a benchmark."""

    id: str
    title: str
    source: str


def _fsbp() -> Mapping[str, tuple[str, str]]:
    """AWS Foundational Security Best Practices: title, and page of the Security Hub guide."""
    return {
        "EC2.2": ("VPC default security groups allow no traffic", "ec2-controls"),
        "EC2.3": ("attached EBS volumes are encrypted at rest", "ec2-controls"),
        "EC2.6": ("VPC flow logging is on in all VPCs", "ec2-controls"),
        "EC2.8": ("EC2 instances use IMDSv2", "ec2-controls"),
        "EC2.15": ("subnets do not assign public addresses", "ec2-controls"),
        "EC2.18": (
            "security groups allow unrestricted traffic for authorized ports",
            "ec2-controls",
        ),
        "EC2.21": ("network ACLs do not admit 0.0.0.0/0 to ports 22 and 3389", "ec2-controls"),
        "EC2.23": ("transit gateways do not accept attachments by themselves", "ec2-controls"),
        "EC2.25": ("launch templates do not assign public addresses", "ec2-controls"),
        "EKS.1": ("cluster endpoints are not publicly accessible", "eks-controls"),
        "EKS.3": ("clusters use encrypted Kubernetes secrets", "eks-controls"),
        "EKS.8": ("clusters have audit logging on", "eks-controls"),
        "IAM.1": ("policies do not allow full administrative privileges", "iam-controls"),
        "IAM.2": ("users have no policies attached", "iam-controls"),
        "IAM.21": ("policies allow no wildcard actions for services", "iam-controls"),
        "KMS.1": ("managed policies do not allow decryption with all keys", "kms-controls"),
        "KMS.2": ("inline policies do not allow decryption with all keys", "kms-controls"),
        "KMS.4": ("key rotation is on", "kms-controls"),
        "KMS.5": ("keys are not publicly accessible", "kms-controls"),
        "S3.2": ("buckets prohibit public read access", "s3-controls"),
        "S3.3": ("buckets prohibit public write access", "s3-controls"),
        "S3.5": ("buckets require requests to use TLS", "s3-controls"),
        "S3.8": ("buckets block public access", "s3-controls"),
        "S3.12": ("ACLs do not manage access to buckets", "s3-controls"),
        "S3.13": ("buckets have lifecycle policies", "s3-controls"),
        "S3.14": ("buckets have versioning on", "s3-controls"),
        "SNS.1": ("topics are encrypted with KMS", "sns-controls"),
        "SNS.4": ("topic policies do not allow public access", "sns-controls"),
        "SQS.1": ("queues are encrypted at rest", "sqs-controls"),
    }


_CIS_AWS = {
    "1.15": "policies that allow full *:* privileges are not attached",
    "2.1.1": "bucket policies deny HTTP",
    "2.1.4": "Block Public Access is on",
    "3.6": "rotation of symmetric keys is on",
    "3.7": "VPC flow logging is on in all VPCs",
    "5.2": "no network ACL admits 0.0.0.0/0 to administration ports",
    "5.3": "no security group admits 0.0.0.0/0 to administration ports",
    "5.4": "no security group admits ::/0 to administration ports",
    "5.5": "the default security group restricts all traffic",
    "5.6": "route tables of peerings are least access",
    "5.7": "the metadata service allows IMDSv2 only",
}
_CIS_EKS = {  # of version 1.8.0
    "2.1.1": ("audit logs are on", "controlplane"),
    "4.1.1": ("cluster-admin is used only where required", "policies"),
    "4.1.7": ("access is managed by the Cluster Access Manager API", "policies"),
    "4.3.1": ("the CNI supports network policies", "policies"),
    "5.3.1": ("Kubernetes secrets are encrypted with keys in KMS", "managedservices"),
    "5.4.2": ("private endpoint on, public access off", "managedservices"),
    "5.4.3": ("nodes are private", "managedservices"),
    "5.4.4": ("network policy is on", "managedservices"),
}

CONTROLS: Mapping[str, Control] = {
    control.id: control
    for control in (
        *(
            Control(f"FSBP {n}", title, f"{_HUB}/{page}.html")
            for n, (title, page) in _fsbp().items()
        ),
        *(
            Control(f"CIS AWS 5.0.0 {n}", title, f"{_PROWLER}/cis_5.0_aws.json")
            for n, title in _CIS_AWS.items()
        ),
        *(
            Control(f"CIS EKS 1.8.0 {n}", title, f"{_BENCH}/eks-1.8.0/{page}.yaml")
            for n, (title, page) in _CIS_EKS.items()
        ),
    )
}
"""Every control that some rule names, by its id."""
