"""What Terraform and AWS say, and what that means here: a table of texts with a hint for each.

Their own words stay. Advice that this program cannot carry out is taken out of them, since a
person who follows it ends outside of every check.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from cellfactory.layers import StackId
from cellfactory.terraform.advice import orphans_line, terraform_line, unlock_line
from cellfactory.terraform.messages import Diagnostic
from cellfactory.terraform.target import Mode

TERRAFORM = "{terraform}"
"""What stands in a hint for the line that has Terraform itself work on the stack."""


@dataclass(frozen=True, slots=True)
class Saying:
    """A text that is told by its parts, and what to do about it.

    `hint` takes the groups of `parts` by name; a line of it whose group is not in the text is
    left out. `{address}` is the resource that the text is about, `{owner}` whose stack it is.
    """

    parts: str  # a regular expression over summary and detail
    hint: str
    source: str  # where the text comes from


SAYINGS = (
    Saying(
        r"Error acquiring the state lock(?s:.*?\n\s*ID:\s+(?P<id>\S+))?"
        r"(?s:.*?Who:\s+(?P<who>[^\n]+))?(?s:.*?Created:\s+(?P<since>[^\n]+))?",
        "another run holds the state lock, or ended without releasing it\n"
        "it is that of {who}, since {since}\n"
        "only where that one is gone: {unlock}",
        "https://developer.hashicorp.com/terraform/cli/commands/force-unlock",
    ),
    Saying(
        r"EMAIL_ALREADY_EXISTS",
        "an account with this e-mail address exists, and AWS never reuses an address\n"
        'adopt that account: account: {{id: "..."}}; or give another address',
        "https://docs.aws.amazon.com/organizations/latest/APIReference/API_CreateAccountStatus.html",
    ),
    Saying(
        r"(?:S3 Bucket \((?P<bucket>[^)]+)\)(?s:.*))?BucketNotEmpty",
        "S3 only deletes empty buckets: save what you need, then empty it\n"
        "aws s3 rm --recursive s3://{bucket}\n"
        "with versioning, delete the versions as well; then run the same command again",
        "https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteBucket.html",
    ),
    Saying(
        r"(?:\((?P<id>(?:subnet|sg|vpc)-\w+)\)(?s:.*))?DependencyViolation",
        "something that Terraform did not make still lies in {id}, often network interfaces that "
        "nodes left behind\n"
        "list them: aws ec2 describe-network-interfaces --filters Name={filter},Values={id}\n"
        "delete those that are available and described as aws-K8S-...; else whose they are, the "
        "list says\n"
        "then run the same command again",
        "https://github.com/aws/amazon-vpc-cni-k8s/issues/608",
    ),
    Saying(
        r"(?:Log Group \((?P<group>[^)]+)\)(?s:.*))?ResourceAlreadyExistsException(?s:.*)log group",
        "EKS kept logging while its cluster was destroyed, and re-created the log group\n"
        "adopt it: {terraform} import {address} {group}\n"
        "or delete it, with the logs in it: aws logs delete-log-group --log-group-name {group}",
        "https://github.com/terraform-aws-modules/terraform-aws-eks/issues/920",
    ),
    Saying(
        r"Unsupported Kubernetes minor version update"
        r"(?: from (?P<from>\d+\.\d+) to (?P<to>\d+\.\d+))?",
        "the cluster runs {from}, the inventory says {to}\n"
        "EKS raises a cluster by one minor version at a time, and takes it back only for some days "
        "after an update: write the version after its own as kubernetes_version, or its own",
        "https://docs.aws.amazon.com/eks/latest/userguide/update-cluster.html",
    ),
    Saying(
        r"same (?:set of )?(?:AZs|Availability Zones)|exact set of (?:AZs|Availability Zones)",
        "a cluster cannot change its zones: restore the zones of its cell type, "
        "or move the jobs to a new cell",
        "https://docs.aws.amazon.com/eks/latest/APIReference/API_UpdateClusterConfig.html",
    ),
    Saying(
        r"NodeCreationFailure",
        "its instances started and did not join: look at what they print while they boot, and "
        "whether they reach the API, ECR and STS\n"
        "aws ec2 get-console-output --latest --instance-id (those named above)\n"
        "once it is active: {terraform} untaint {address}",
        "https://docs.aws.amazon.com/eks/latest/userguide/troubleshooting.html",
    ),
    Saying(
        r"AsgInstanceLaunchFailures",
        "EC2 did not start all of its instances: it may lack the type in this zone, or the account "
        "a quota (cellfactory quotas)\n"
        "once they run, nothing need be made anew: {terraform} untaint {address}",
        "https://docs.aws.amazon.com/eks/latest/APIReference/API_Issue.html",
    ),
    Saying(
        r"VcpuLimitExceeded",
        "the account may not run so many processors: raise the quota that cellfactory size names, "
        "and write it under quotas",
        "https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-on-demand-instances.html",
    ),
    Saying(
        r"Addon version specified is not supported",
        "EKS does not offer that version of the add-on for this Kubernetes: cellfactory doctor "
        "names those that it offers",
        "https://docs.aws.amazon.com/eks/latest/APIReference/API_DescribeAddonVersions.html",
    ),
    Saying(
        r"ConfigurationValue provided in request is not supported",
        "aws eks describe-addon-configuration tells what this version of the add-on takes under "
        "addons.<name>.configuration",
        "https://docs.aws.amazon.com/cli/latest/reference/eks/describe-addon-configuration.html",
    ),
    Saying(
        r"\"(?P<key>control_plane_scaling_config|deletion_protection)\"(?s:.*)not expected here",
        "the provider of AWS that runs here does not know {key} yet: lock a newer one "
        "(cellfactory lock-providers), or leave the key out of the cell type",
        "https://github.com/hashicorp/terraform-provider-aws/blob/main/CHANGELOG.md",
    ),
    Saying(
        r"Kubernetes cluster unreachable|dial tcp [^\n]*:443: i/o timeout",
        "the API of the cluster is private: run this where a hub leads to it, and see that its "
        "owner routes back\n"
        "to destroy a cell whose API nobody reaches any more, have Terraform forget each release, "
        "which goes with the cluster\n"
        "list them: {terraform} state list\n"
        "forget this one: {terraform} state rm {address}",
        "https://docs.aws.amazon.com/eks/latest/userguide/cluster-endpoint.html",
    ),
    Saying(
        r"Invalid index(?s:.*)the collection has no elements",
        "a part of something is read that AWS has not made yet: a cluster has no certificate "
        "until it is ACTIVE\n"
        "wait for it: aws eks wait cluster-active --name {owner}\n"
        "then run the same command again",
        "https://docs.aws.amazon.com/eks/latest/APIReference/API_Cluster.html",
    ),
    Saying(
        r"(?:Cluster '(?P<cluster>[^']+)' )?is not in ACTIVE status",
        "EKS is still making the cluster, or updates it, as after an apply that was interrupted\n"
        "wait for it: aws eks wait cluster-active --name {cluster}\n"
        "then run the same command again",
        "https://github.com/eksctl-io/eksctl/issues/2244",
    ),
    Saying(
        r"[Dd]eletion protection",
        "set deletion_protection: false, apply the cluster layer, and destroy it then",
        "https://docs.aws.amazon.com/eks/latest/userguide/deletion-protection.html",
    ),
    Saying(
        r"Instance cannot be destroyed\s+Resource (?P<address>\S+) has lifecycle\.prevent_destroy",
        "the plan would destroy {address}, or replace it, and what it holds with it\n"
        "where its creation was interrupted, and AWS has completed it: {terraform} untaint "
        "{address}\n"
        "where an edit asks for it, revert that; to destroy it: --allow-destroy {address}",
        "https://developer.hashicorp.com/terraform/language/meta-arguments/lifecycle",
    ),
    Saying(
        r"Plugin did not respond(?s:.*)ApplyResourceChange",
        "the provider was killed, or ended by itself, while it made something: AWS may have it, "
        "and no state does\n"
        "list what is so: {orphans}",
        "https://github.com/hashicorp/terraform/blob/main/internal/plugin/grpc_error.go",
    ),
    Saying(
        r"No pending RAM Resource Share \((?P<share>[^)]+)\) invitation found",
        "its gateway is shared by {share}, and the account has no invitation that waits: RAM keeps "
        "one for 7 days\n"
        "where it is taken up already: {orphans} --import, then with --apply\n"
        "where it has expired: apply the gateway layer of the mesh, which invites an account again "
        "that RAM has let go\n"
        "where the organization shares without invitations: resource_sharing: true",
        "https://docs.aws.amazon.com/ram/latest/userguide/working-with-shared-invitations.html",
    ),
    Saying(
        r"Principal (?P<who>\d{12}) is not in your AWS organization",
        "to RAM account {who} is a stranger: it is of another organization, or its organization "
        "does not let RAM share in it\n"
        "let it (aws ram enable-sharing-with-aws-organization, in the management account), or "
        "remove resource_sharing: true from the organization",
        "https://docs.aws.amazon.com/ram/latest/userguide/getting-started-sharing.html",
    ),
    Saying(
        r"CreateRoute(?s:.*)InvalidTransitGatewayID\.NotFound",
        "EC2 takes a route to a gateway once its VPC is attached: apply the cell's transit layer, "
        "and then this one\n"
        "aws ec2 describe-transit-gateway-vpc-attachments says in which state the attachment is",
        "https://docs.aws.amazon.com/vpc/latest/tgw/tgw-vpc-attachments.html",
    ),
    Saying(
        r"InvalidTransitGatewayID\.NotFound(?:(?s:.*?)(?P<gateway>tgw-[0-9a-f]+))?",
        "the account does not see {gateway}: it is not shared with it, the share is not taken up, "
        "or it is of another Region\n"
        "apply the gateway layer of the mesh, then the transit layer of the cell; a share that was "
        "just taken up can take a minute to be seen",
        "https://docs.aws.amazon.com/vpc/latest/tgw/tgw-transit-gateways.html",
    ),
    Saying(
        r"IncorrectState(?s:.*)(?P<gateway>tgw-[0-9a-f]+) has non-deleted",
        "what is still attached to {gateway} goes first: the transit layer of each cell, the links "
        "to other meshes, and by their owners the VPCs of hubs\n"
        "list them: aws ec2 describe-transit-gateway-attachments --filters "
        "Name=transit-gateway-id,Values={gateway}",
        "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DeleteTransitGateway.html",
    ),
    Saying(
        r"IncorrectState(?s:.*?)(?P<attachment>tgw-attach-[0-9a-f]+)"
        r"|(?P<waiting>tgw-attach-[0-9a-f]+)(?s:.*)unexpected state "
        r"'(?:pendingAcceptance|rejected|rejecting|deleted|deleting|failed|failing)'",
        "the attachment is not ready: it waits until the segments layer of the mesh accepts it, or "
        "it was rejected or deleted\n"
        "aws ec2 describe-transit-gateway-attachments --transit-gateway-attachment-ids "
        "{attachment}\n"
        "aws ec2 describe-transit-gateway-attachments --transit-gateway-attachment-ids {waiting}\n"
        "one that is rejected or deleted: apply the transit layer of its cell again; that of a hub "
        "its owner makes again, and its id under attachments changes",
        "https://docs.aws.amazon.com/vpc/latest/tgw/tgw-vpc-attachments.html",
    ),
    Saying(
        r"DuplicateTransitGatewayAttachment|\w*(?:AlreadyExists|AlreadyOwnedByYou|AlreadyAssociated|\.Duplicate|Duplicate\w*Name)\w*"
        r"|already exists|overlap with existing reserved CIDR",
        "AWS has it already: an apply that was interrupted may have made it, and not written it "
        "down\n"
        "take it up: {orphans} --import, then with --apply\n"
        "where somebody else made it, it has to be imported, or to go",
        "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html",
    ),
    Saying(
        r"(?:User: (?P<who>\S+) is )?not authorized to perform: sts:AssumeRole"
        r"(?: on resource: (?P<role>\S+))?",
        "the role does not exist, its trust policy does not allow the caller, or the caller may "
        "not assume it\n"
        "caller {who}, role {role}",
        "https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_roles.html",
    ),
)
"""In order: the first one that fits is the one."""

_NOT_HERE = (
    r"\s*For most commands, you can disable locking with the \"-lock=false\"\s+"
    r"flag, but this is not recommended\.",
    r"\s*Use the -lock=false\b[^.]*\.",
    r"\s*To avoid this error and continue with the plan, either disable\s+"
    r"lifecycle\.prevent_destroy or reduce the scope of the plan using the -target option\.",
)
_FILTERS = {"subnet": "subnet-id", "sg": "group-id", "vpc": "vpc-id"}
_FIELD = re.compile(r"(?<!\{)\{(\w+)\}(?!\})")


def explain(diagnostic: Diagnostic, stack: StackId, mode: Mode) -> Diagnostic:
    """Add to an error what it means here, and take out what cannot be done here."""
    detail = diagnostic.detail
    for pattern in _NOT_HERE:
        detail = re.sub(pattern, "", detail)
    if diagnostic.severity != "error":
        return replace(diagnostic, detail=detail)
    hint = diagnostic.hint or hint_of(diagnostic, stack, mode)
    return replace(diagnostic, detail=detail, hint=hint)


def hint_of(diagnostic: Diagnostic, stack: StackId, mode: Mode) -> str:
    """Say what to do about an error; empty where no saying fits."""
    text = f"{diagnostic.summary}\n{diagnostic.detail}"
    for saying in SAYINGS:
        if match := re.search(saying.parts, text):
            known = {n: v.strip() for n, v in match.groupdict().items() if v}
            return "\n".join(_filled(saying.hint.splitlines(), known, diagnostic, stack, mode))
    return ""


def _filled(
    lines: Iterable[str], known: dict[str, str], told: Diagnostic, stack: StackId, mode: Mode
) -> Iterator[str]:
    given = {"address": told.address, "owner": stack.owner, **known}
    given["filter"] = _FILTERS.get(given.get("id", "").partition("-")[0], "")
    for line in lines:
        fields = set(_FIELD.findall(line)) - {"terraform", "orphans", "unlock"}
        if not all(given.get(field) for field in fields):
            continue
        if TERRAFORM not in line:
            release = unlock_line(stack.name, mode)
            yield line.format(**given, orphans=orphans_line(mode), unlock=release)
            continue
        before, words = line.split(f"{TERRAFORM} ")
        arguments = [word.format(**given) for word in words.split()]
        yield before + terraform_line(stack, mode, *arguments)
