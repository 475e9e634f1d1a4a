"""Nodes: P5xx."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from cellfactory.policy.model import policy, resources
from cellfactory.policy.subject import Subject, is_true, is_unknown, listed

HOPS = 1
"""How far an answer may go: to the instance, and to no pod that has a network of its own."""
_ANY = ("*", "?")


def _template(**options: Any) -> Any:
    made = {"http_endpoint": "enabled", "http_tokens": "required", **options}
    return resources(aws_launch_template={"nodes": {"metadata_options": made}})


def _group(**changes: Any) -> Any:
    sizes = {"desired_size": 3, "max_size": 3, "min_size": 3}
    body = {
        "scaling_config": sizes,
        "launch_template": {"id": "lt-0a", "version": "1"},
        **changes,
    }
    return resources(aws_eks_node_group={"all": body})


def _image(name: str, **more: Any) -> Any:
    body = {"filter": [{"name": "name", "values": [name]}], "owners": ["amazon"], **more}
    return {"data": {"aws_ami": {"image": body}}}


@policy(
    "P501",
    "Nodes answer metadata by token, and to nobody but themselves",
    types="aws_launch_template aws_instance",
    reason="With IMDSv1, or more than one hop, any pod takes the role of its node.",
    remedy='set http_tokens to "required" and http_put_response_hop_limit to 1',
    controls=("FSBP EC2.8", "CIS AWS 5.0.0 5.7"),
    bad=_template(http_put_response_hop_limit=2),
    good=_template(http_put_response_hop_limit=HOPS),
)
def metadata(found: Subject) -> Iterator[str]:
    """AWS's default of both depends on the account."""
    if found.get("metadata_options", "http_endpoint") == "disabled":
        return
    if found.get("metadata_options", "http_tokens") != "required":
        yield "answers IMDSv1: http_tokens is not required"
    hops = found.get("metadata_options", "http_put_response_hop_limit")
    if hops not in (HOPS, str(HOPS)):
        yield f"lets metadata go {hops or 'an unknown number of'} hops, and must be {HOPS}"


@policy(
    "P502",
    "Node groups are static",
    types="aws_eks_node_group aws_autoscaling_group",
    reason="Addresses, quotas and the rebuild are sized for a number of nodes; a group that "
    "grows by itself passes all three.",
    remedy="set min_size, max_size and desired_size to the same number",
    key=("node_groups",),
    bad=_group(scaling_config={"desired_size": 3, "max_size": 9, "min_size": 3}),
    good=_group(),
)
def static_groups(group: Subject) -> Iterator[str]:
    """All three alike."""
    at: tuple[str, ...] = ("scaling_config",) if group.type == "aws_eks_node_group" else ()
    desired = "desired_size" if at else "desired_capacity"
    sizes = [group.get(*at, key) for key in ("min_size", desired, "max_size")]
    if len({str(size) for size in sizes}) > 1 or None in sizes:
        yield f"is not static: min, desired and max are {', '.join(map(str, sizes))}"


@policy(
    "P503",
    "Nodes start from an image that is named",
    types="data.aws_ami aws_launch_template",
    reason="A pattern or `most_recent` is another image on another day: a node that is "
    "replaced then runs what nobody tried.",
    remedy="filter by the whole name and an owner",
    bad=_image("amazon-eks-node-al2023-x86_64-standard-1.34-*", most_recent=True),
    good=_image("amazon-eks-node-al2023-x86_64-standard-1.34-v20260714"),
)
def named_images(found: Subject) -> Iterator[str]:
    """Of a look-up; a template may name an id."""
    if found.type == "aws_launch_template":
        if str(found.get("image_id")).startswith("resolve:ssm"):
            yield "takes whichever image Parameter Store names"
        return
    if is_true(found.get("most_recent")):
        yield "takes the most recent of several images"
    if not listed(found.get("owners")):
        yield "takes an image of any owner"
    for one in found.blocks("filter"):
        for value in listed(one.get("values")) if one.get("name") == "name" else ():
            if isinstance(value, str) and any(sign in value for sign in _ANY):
                yield f"takes any image called {value}"


@policy(
    "P504",
    "Nobody signs in to a node with an SSH key",
    types="aws_eks_node_group aws_launch_template aws_instance",
    reason="A key is shared, never ends and leaves no name in a log.",
    remedy="leave the key out; use Session Manager where somebody has to look",
    bad=_group(remote_access={"ec2_ssh_key": "ops"}),
    good=_group(),
)
def ssh_keys(found: Subject) -> Iterator[str]:
    """In a group, a template or an instance."""
    key = found.get("remote_access", "ec2_ssh_key") or found.get("key_name")
    if key:
        yield f"lets the SSH key {key} in" if not is_unknown(key) else "lets an SSH key in"


@policy(
    "P505",
    "Node groups use a launch template of ours",
    types="aws_eks_node_group",
    reason="Without one, EKS chooses volumes, metadata and security groups, and no rule sees them.",
    remedy="name a launch_template with its version",
    bad=_group(launch_template=None),
    good=_group(),
)
def own_template(group: Subject) -> Iterator[str]:
    """`$Latest` is a version that changes."""
    if not group.blocks("launch_template"):
        yield "has no launch template"
    elif group.get("launch_template", "version") in (None, "$Latest", "$Default"):
        yield f"uses the version {group.get('launch_template', 'version')} of its launch template"


RULES = (metadata, static_groups, named_images, ssh_keys, own_template)
