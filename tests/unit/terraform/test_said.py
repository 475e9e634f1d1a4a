"""What Terraform and AWS say is told with what to do about it here."""

from __future__ import annotations

import pytest

from factory.terraform.messages import Diagnostic
from factory.terraform.said import TABLE, explained

LOCK = """\
Error message: operation error S3: PutObject, https response error StatusCode: 412
Lock Info:
  ID:        1f0c3a52-9c0d-7b11-22aa-3344556677ee
  Path:      acme-cells-state/cells/alpha/account.tfstate
  Operation: OperationTypeApply
  Who:       runner@ci

Terraform acquires a state lock to protect the state from being written
by multiple users at the same time. Please resolve the issue above and try
again. For most commands, you can disable locking with the "-lock=false"
flag, but this is not recommended."""

SAID = {
    "a control plane that EKS updated": (
        "updating EKS Cluster (alpha) version: operation error EKS: UpdateClusterVersion, "
        "InvalidParameterException: Unsupported Kubernetes minor version update from 1.35 to 1.34",
        'write kubernetes_version: "1.35"',
    ),
    "other zones": (
        "updating EKS Cluster (a) VPC configuration: InvalidParameterException: Provided subnets "
        "belong to the AZs 'us-east-1a'. But they should belong to the exact set of AZs "
        "'us-east-1a,us-east-1b' in which subnets were provided during cluster creation.",
        "stays in the zones",
    ),
    "a spent address": ("creating AWS Organizations Account: EMAIL_ALREADY_EXISTS", "adopt that"),
    "late logs": (
        "creating CloudWatch Logs Log Group (/aws/eks/alpha/cluster): operation error CloudWatch "
        "Logs: CreateLogGroup, ResourceAlreadyExistsException: The specified log group already "
        "exists",
        "aws logs delete-log-group --log-group-name /aws/eks/alpha/cluster",
    ),
    "something left": (
        "deleting EC2 Subnet (subnet-1): DependencyViolation: The subnet has dependencies",
        "network interface",
    ),
    "a group that is not whole": (
        "waiting for EKS Node Group (a:b) create: unexpected state 'CREATE_FAILED', wanted target "
        "'ACTIVE'. last error: i-1: AsgInstanceLaunchFailures: Could not launch instances",
        "those that run are kept",
    ),
    "an add-on that is not there": (
        "creating EKS Add-On (a:coredns): InvalidParameterException: Addon version specified is "
        "not supported",
        "describe-addon-versions",
    ),
    "configuration": (
        "InvalidParameterException: ConfigurationValue provided in request is not supported: Json "
        "schema validation failed with error: [$.x]",
        "describe-addon-configuration",
    ),
    "an old provider": (
        'Blocks of type "control_plane_scaling_config" are not expected here.',
        "does not know control_plane_scaling_config",
    ),
    "protected": ("Cluster has deletion protection enabled", "deletion_protection: false"),
    "processors": ("VcpuLimitExceeded: You have requested more vCPU capacity", "quota"),
    "a lock": (
        LOCK,
        "terraform -chdir=work/alpha-account force-unlock 1f0c3a52-9c0d-7b11-22aa-3344556677ee",
    ),
}


def told(detail: str) -> Diagnostic:
    summary = "Error acquiring the state lock" if detail is LOCK else "it went wrong"
    said = Diagnostic(severity="error", summary=summary, detail=detail)
    (found,) = explained([said], stack="alpha-account", folder="work/alpha-account")
    return found


@pytest.mark.parametrize("what", SAID)
def test_a_way_out_is_named(what: str) -> None:
    detail, hint = SAID[what]
    assert hint in told(detail).hint
    assert hint in str(told(detail))


def test_every_row_is_tried() -> None:
    hints = {row.hint for row in TABLE}
    assert len(hints) == len(TABLE) == len(SAID)


def test_advice_that_cannot_be_followed_here_is_left_out() -> None:
    assert "-lock=false" not in str(told(LOCK))
    assert "Who:       runner@ci" in str(told(LOCK))


def test_what_is_not_known_stays_as_it_is() -> None:
    assert told("something new") == Diagnostic(
        severity="error", summary="it went wrong", detail="something new"
    )
