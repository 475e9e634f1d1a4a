"""The accounts, places and names that the tests' Terraform uses."""

from __future__ import annotations

MANAGEMENT = "111111111111"
CELL = "444444444444"
PEER = "555555555555"
HUB = "333333333333"
HUB_VPC = "vpc-0f00ba12"
REGION = "us-east-1"
IMAGE = "amazon-eks-node-al2023-arm64-standard-1.34-v20251103"
ZONES = {"use1-az1": 0, "use1-az2": 1}
SERVICES = (
    "autoscaling",
    "ec2",
    "eks",
    "elbv2",
    "iam",
    "kms",
    "logs",
    "organizations",
    "s3",
    "sts",
)
