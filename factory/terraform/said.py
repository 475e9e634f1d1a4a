"""What Terraform and AWS say, and what to do about it here: our hint below their own words.

A row of the table is a pattern of what is said and the way out. Where the inner tool gives advice
that cannot be followed here, the row says which part of its words to leave out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from factory.terraform.messages import Diagnostic


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """One thing that is said.

    Attributes:
        pattern: of summary and detail together, each on lines of its own.
        hint: what to do; {0} and so on are the groups of the pattern, {stack} is the stack and
            {folder} where Terraform works for it.
        leave_out: pattern of words in the detail that would mislead here.
    """

    pattern: str
    hint: str
    leave_out: str = ""


TABLE = (
    Said(
        pattern=r"Unsupported Kubernetes minor version update from (1\.\d+) to (1\.\d+)",
        hint="the control plane runs Kubernetes {0}, which EKS takes up by one minor version at a "
        'time and never back: where EKS updated it by itself, write kubernetes_version: "{0}" and '
        "the add-ons that go with it; to reach a later version, go through each one between",
    ),
    Said(
        pattern=r"exact set of AZs",
        hint="a control plane stays in the zones that it was made in: give the cell type its zones "
        "back, or make a new cell with the others",
    ),
    Said(
        pattern=r"EMAIL_ALREADY_EXISTS",
        hint="an AWS account has this e-mail address, or had it before it was closed: write "
        "another one under account, or adopt that account by its id",
    ),
    Said(
        pattern=r"Log Group \(([^)]+)\)[\s\S]*ResourceAlreadyExistsException",
        hint="it is left of an earlier cell of this name: EKS writes its last lines after a "
        "cluster is gone. Where nobody needs them: aws logs delete-log-group --log-group-name {0}",
    ),
    Said(
        pattern=r"DependencyViolation",
        hint="something that Terraform did not make still uses it: mostly a network interface that "
        "a node or a load balancer left behind, or an endpoint that GuardDuty made; "
        "aws ec2 describe-network-interfaces shows who",
    ),
    Said(
        pattern=r"Error acquiring the state lock[\s\S]*?\bID:\s+(\S+)",
        hint="another run is at work on {stack}, or one that was killed left its lock. When nobody "
        "is: terraform -chdir={folder} force-unlock {0}",
        leave_out=r"\s*Terraform acquires a state lock to protect[\s\S]*?(?=\n\s*\n|$)",
    ),
    Said(
        pattern=r"AsgInstanceLaunchFailures|unexpected state 'CREATE_FAILED', wanted target",
        hint="EC2 did not start every instance of this node group; those that run are kept. Wait "
        "until it is whole and apply again, or name reservations, another instance type or zone",
    ),
    Said(
        pattern=r"Addon version specified is not supported",
        hint="aws eks describe-addon-versions --kubernetes-version … --addon-name … lists what EKS "
        "has; write one of these under addons",
    ),
    Said(
        pattern=r"ConfigurationValue provided in request is not supported",
        hint="aws eks describe-addon-configuration tells what this version of the add-on takes "
        "under addons.<name>.configuration",
    ),
    Said(
        pattern=r'"(control_plane_scaling_config|deletion_protection)"[\s\S]*not expected here',
        hint="the AWS provider here does not know {0} yet: take 6.25 or later, or leave "
        "control_plane_tier and deletion_protection at their defaults",
    ),
    Said(
        pattern=r"[Dd]eletion protection",
        hint="set deletion_protection: false, apply the cluster layer, and destroy it then",
    ),
    Said(
        pattern=r"VcpuLimitExceeded",
        hint="the account may not run so many processors: raise the quota that `cellfactory size` "
        "names, and write it under quotas",
    ),
)


def explained(
    diagnostics: Iterable[Diagnostic], *, stack: str, folder: str
) -> tuple[Diagnostic, ...]:
    """Add our hint to what was said, where the table has one.

    Args:
        diagnostics: in Terraform's own words.
        stack: the stack that they are about.
        folder: where Terraform works for it.
    """
    return tuple(_explain(diagnostic, stack, folder) for diagnostic in diagnostics)


def _explain(diagnostic: Diagnostic, stack: str, folder: str) -> Diagnostic:
    words = f"{diagnostic.summary}\n{diagnostic.detail}"
    for row in TABLE:
        if found := re.search(row.pattern, words):
            hint = row.hint.format(*found.groups(), stack=stack, folder=folder)
            detail = diagnostic.detail
            if row.leave_out:
                detail = re.sub(row.leave_out, "", detail).strip()
            return replace(diagnostic, detail=detail, hint=hint)
    return diagnostic
