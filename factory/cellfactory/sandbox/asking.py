"""What IAM is asked for a call: actions, each on a thing, in a context; as AWS says, not as moto.

Which things an action is asked on, and what is asked beside it, comes from the table of actions
(`facts.iam`), which covers what cells are made of. Any other call is asked on `*`.

Not here, because nothing of ours depends on it: policies of resources and of organizations, and
conditions of the network a caller comes from.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from cellfactory.facts.iam import Action, Dependent, IamActions, load_iam

Context = Mapping[str, tuple[str, ...]]
Tags = Mapping[str, str]

EC2_KINDS = {  # by what ids begin with
    "eipalloc": "elastic-ip",
    "eni": "network-interface",
    "fl": "vpc-flow-log",
    "i": "instance",
    "igw": "internet-gateway",
    "lt": "launch-template",
    "nat": "natgateway",
    "pcx": "vpc-peering-connection",
    "rtb": "route-table",
    "sg": "security-group",
    "sgr": "security-group-rule",
    "subnet": "subnet",
    "tgw": "transit-gateway",
    "tgw-attach": "transit-gateway-attachment",
    "tgw-rtb": "transit-gateway-route-table",
    "vol": "volume",
    "vpc": "vpc",
    "vpce": "vpc-endpoint",
}
OF_OTHERS = ("PeerTransitGatewayId", "PeerVpcId")  # asked of nobody but its owner, who accepts
_ID = re.compile(r"([a-z]+(?:-[a-z]+)*)-[0-9a-f]{8,}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A request to an API, and what is known of the things that it names."""

    service: str  # prefix of IAM, such as elasticloadbalancing
    operation: str
    account: str
    region: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    tags: Mapping[str, Tags] = field(default_factory=dict)  # of what it names, by id or name
    related: tuple[str, ...] = ()  # ids behind those that it names, as of an association


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """May this be done to that?"""

    action: str
    resource: str  # an ARN, or `*`
    context: Context = field(default_factory=dict)


def questions(call: Call) -> tuple[Question, ...]:
    """List all that has to be allowed for a call to go through."""
    iam = load_iam()
    asked = f"{call.service}:{call.operation}"
    name = iam.names.get(asked, asked)
    given = request_tags(call.parameters)
    found = list(_of_action(iam.actions.get(name), name, call, given))
    if given and name in iam.tagging:
        tagging = iam.tagging[name]
        found += list(_of_action(iam.actions[tagging], tagging, call, given))
    if given and call.service == "ec2" and call.operation != "CreateTags":
        found += list(_tagging(iam, name, call, given))
    for row in iam.dependents.get(name, ()):
        found += list(_beside(iam, row, call, given))
    return tuple(found)


def request_tags(parameters: Mapping[str, Any]) -> dict[str, str]:
    """The tags that a request gives, in whichever way its API writes them."""
    rows = list(parameters.get("Tags") or ())
    for each in parameters.get("TagSpecifications") or ():
        rows += each.get("Tags") or ()
    named = parameters.get("tags")
    found = dict(named) if isinstance(named, Mapping) else {}
    rows += named if isinstance(named, list) else ()
    for row in rows:
        told = {name.removeprefix("Tag").lower(): value for name, value in row.items()}
        found[str(told.get("key"))] = str(told.get("value"))
    return found


def strings(value: Any) -> Iterator[str]:
    """Yield every string in a request."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for one in value.values():
            yield from strings(one)
    elif isinstance(value, list | tuple):
        for one in value:
            yield from strings(one)


def _context(call: Call, given: Tags, own: Tags) -> dict[str, tuple[str, ...]]:
    made: dict[str, tuple[str, ...]] = {"aws:RequestedRegion": (call.region,)}
    made |= {f"aws:RequestTag/{key}": (value,) for key, value in given.items()}
    made |= {f"aws:ResourceTag/{key}": (value,) for key, value in own.items()}
    if given:
        made["aws:TagKeys"] = tuple(given)
    if call.service == "iam" and "PolicyArn" in call.parameters:
        made["iam:PolicyARN"] = (str(call.parameters["PolicyArn"]),)
    if call.service == "iam" and "PermissionsBoundary" in call.parameters:
        made["iam:PermissionsBoundary"] = (str(call.parameters["PermissionsBoundary"]),)
    if call.service == "ram":
        made |= dict(_of_ram(call))
    return made


def _of_ram(call: Call) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield what RAM says of a share: what goes into it, and whose it is."""
    for arn in call.parameters.get("resourceArns") or ():
        kind = _RAM_TYPES.get(str(arn).split(":")[5].partition("/")[0], "")
        yield "ram:RequestedResourceType", (kind,)
    invitation = str(call.parameters.get("resourceShareInvitationArn") or "")
    if invitation:
        yield "ram:ShareOwnerAccountId", (invitation.split(":")[4],)


_RAM_TYPES = {"transit-gateway": "ec2:TransitGateway"}  # by the kind of an ARN


def _of_action(action: Action | None, name: str, call: Call, given: Tags) -> Iterator[Question]:
    """Ask for the action itself, on each thing that it is asked on."""
    things = list(_things(action, call)) if action is None or action.things else []
    for arn, own in things or [("*", {})]:
        yield Question(action=name, resource=arn, context=_context(call, given, own))


def _things(action: Action | None, call: Call) -> Iterator[tuple[str, Tags]]:
    """Yield what a call is about: the ARN, and the tags it has."""
    kinds = None if action is None else action.things
    if call.service == "ec2":
        yield from _of_ec2(kinds or {}, call)
        return
    finder = _FINDERS.get(call.service)
    if finder is not None:
        for kind, arn, key in finder(call):
            if kinds is None or kind in kinds:
                yield arn, call.tags.get(key, {})


def _of_ec2(kinds: Mapping[str, str], call: Call) -> Iterator[tuple[str, Tags]]:
    at = f"arn:aws:ec2:{call.region}:{call.account}"
    named = {kind for kind, tie in kinds.items() if tie == "created"}
    for kind in sorted(named):
        if kind != "security-group-rule" or call.parameters.get("TagSpecifications"):
            yield f"{at}:{kind}/*", {}
    ours = {name: one for name, one in call.parameters.items() if name not in OF_OTHERS}
    ids = dict.fromkeys([*strings(ours), *call.related])
    for each in ids:
        match = _ID.fullmatch(each)
        kind = EC2_KINDS.get(match[1], "") if match else ""
        if kinds.get(kind) == "tagged" or (kind and not kinds):
            yield f"{at}:{kind}/{each}", call.tags.get(each, {})


Found = Iterator[tuple[str, str, str]]
"""The kind of a thing, its ARN, and the key of its tags in the call."""


def _of_s3(call: Call) -> Found:
    bucket, key = call.parameters.get("Bucket", ""), call.parameters.get("Key", "")
    if key:
        yield "object", f"arn:aws:s3:::{bucket}/{key}", ""
    if bucket:
        yield "bucket", f"arn:aws:s3:::{bucket}", bucket


def _of_ecr(call: Call) -> Found:
    name = call.parameters.get("repositoryName", "")
    if name:
        yield "repository", f"arn:aws:ecr:{call.region}:{call.account}:repository/{name}", ""


def _of_iam(call: Call) -> Found:
    if "RoleName" in call.parameters:
        name = call.parameters["RoleName"]
        yield "role", f"arn:aws:iam::{call.account}:role/{name}", name


def _of_kms(call: Call) -> Found:
    at = f"arn:aws:kms:{call.region}:{call.account}"
    if "AliasName" in call.parameters:
        yield "alias", f"{at}:{call.parameters['AliasName']}", ""
    for name in ("KeyId", "TargetKeyId"):
        if name in call.parameters:
            key = str(call.parameters[name]).rpartition("/")[2]
            yield "key", f"{at}:key/{key}", key
    for key in call.related:
        yield "key", f"{at}:key/{key}", key


def _of_logs(call: Call) -> Found:
    name = call.parameters.get("logGroupName", "")
    arn = call.parameters.get("resourceArn", "")
    if name or arn:
        at = f"arn:aws:logs:{call.region}:{call.account}:log-group:{name}"
        yield "log-group", str(arn) or at, ""


def _of_autoscaling(call: Call) -> Found:
    name = call.parameters.get("AutoScalingGroupName", "")
    at = f"arn:aws:autoscaling:{call.region}:{call.account}:autoScalingGroup:*"
    yield "autoScalingGroup", f"{at}:autoScalingGroupName/{name}", name


_EKS_PARTS = {
    "cluster": (),
    "addon": ("addonName",),
    "nodegroup": ("nodegroupName",),
    "access-entry": ("principalArn",),
    "podidentityassociation": ("associationId",),
}


def _of_eks(call: Call) -> Found:
    told = call.parameters
    at = f"arn:aws:eks:{call.region}:{call.account}"
    cluster = told.get("clusterName") or told.get("name") or ""
    for kind, parts in _EKS_PARTS.items():
        names = [str(told[part]) for part in parts if part in told]
        if cluster and len(names) == len(parts):
            yield kind, f"{at}:{'/'.join((kind, cluster, *names))}", ""
    if "resourceArn" in told:
        arn = str(told["resourceArn"])
        yield arn.split(":")[5].partition("/")[0], arn, ""


def _of_balancers(call: Call) -> Found:
    told = call.parameters
    at = f"arn:aws:elasticloadbalancing:{call.region}:{call.account}"
    if call.operation == "CreateLoadBalancer":
        yield "loadbalancer", f"{at}:loadbalancer/net/{told.get('Name', '')}/*", ""
    if call.operation == "CreateTargetGroup":
        yield "targetgroup", f"{at}:targetgroup/{told.get('Name', '')}/*", ""
    arns = [told.get(name) for name in ("LoadBalancerArn", "TargetGroupArn", "ListenerArn")]
    for arn in [*arns, *(told.get("ResourceArns") or ())]:
        if arn:
            kind, _, rest = str(arn).split(":")[5].partition("/")
            yield kind, str(arn), ""
            yield f"{kind}/{rest.partition('/')[0]}", str(arn), ""


def _of_shares(call: Call) -> Found:
    for name in ("resourceShareArn", "resourceShareInvitationArn", "resourceArn"):
        arn = str(call.parameters.get(name) or "")
        kind = arn.rpartition(":")[2].partition("/")[0]
        if arn.startswith("arn:aws:ram:"):
            yield kind, arn, arn


def _of_tokens(call: Call) -> Found:
    if "RoleArn" in call.parameters:
        yield "role", str(call.parameters["RoleArn"]), ""


_FINDERS = {
    "autoscaling": _of_autoscaling,
    "ecr": _of_ecr,
    "eks": _of_eks,
    "elasticloadbalancing": _of_balancers,
    "iam": _of_iam,
    "kms": _of_kms,
    "logs": _of_logs,
    "ram": _of_shares,
    "s3": _of_s3,
    "sts": _of_tokens,
}


def _tagging(iam: IamActions, name: str, call: Call, given: Tags) -> Iterator[Question]:
    """EC2 asks for the tags that something is made with under an action of their own."""
    action = iam.actions.get(name)
    context = _context(call, given, {}) | {"ec2:CreateAction": (call.operation,)}
    for kind, tie in action.things.items() if action else ():
        if tie == "created":
            arn = f"arn:aws:ec2:{call.region}:{call.account}:{kind}/*"
            yield Question(action="ec2:CreateTags", resource=arn, context=context)


def _beside(iam: IamActions, row: Dependent, call: Call, given: Tags) -> Iterator[Question]:
    """Ask for what AWS asks beside an action."""
    context = _context(call, {}, {})
    if row.action == "iam:PassRole":
        for arn in sorted({s for s in strings(call.parameters) if ":role/" in s}):
            passed = {"iam:PassedToService": (row.service,)}
            if arn != call.parameters.get("principalArn"):
                yield Question(action=row.action, resource=arn, context=context | passed)
    elif row.action == "iam:CreateServiceLinkedRole":
        arn = f"arn:aws:iam::{call.account}:role/aws-service-role/{row.service}/AWSServiceRole"
        linked = {"iam:AWSServiceName": (row.service,)}
        yield Question(action=row.action, resource=arn, context=context | linked)
    elif row.action == "ec2:RunInstances":
        yield from _launch(iam, call, given)
    elif row.action == "kms:CreateGrant":
        for arn in (s for s in strings(call.parameters) if s.startswith("arn:aws:kms:")):
            own = call.tags.get(arn.rpartition("/")[2], {})
            for_aws = {"kms:GrantIsForAWSResource": ("true",)}
            granted = _context(call, {}, own) | for_aws
            yield Question(action=row.action, resource=arn, context=granted)
    else:
        yield Question(action=row.action, resource="*", context=context)


def _launch(iam: IamActions, call: Call, given: Tags) -> Iterator[Question]:
    """Ask what starting an instance of a node group's launch template would be asked."""
    at = f"arn:aws:ec2:{call.region}:{call.account}"
    template = call.parameters.get("launchTemplate", {}).get("id", "")
    if not template:
        return
    context = _context(call, {}, {}) | {"ec2:LaunchTemplate": (f"{at}:launch-template/{template}",)}
    for kind in iam.actions["ec2:RunInstances"].things:
        yield Question(action="ec2:RunInstances", resource=f"{at}:{kind}/*", context=context)
    tagged = _context(call, given, {}) | {"ec2:CreateAction": ("RunInstances",)}
    for kind in ("instance", "network-interface", "volume") if given else ():
        yield Question(action="ec2:CreateTags", resource=f"{at}:{kind}/*", context=tagged)
