"""What must not go by accident, what says whose it is, and what must not be written down: P7xx."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from cellfactory.policy.model import policy, resources
from cellfactory.policy.subject import Subject, is_true, listed, texts
from cellfactory.tree.values import Value, decode_base64, decode_json

KEPT = (
    *("aws_vpc", "aws_eks_cluster", "aws_kms_key", "aws_s3_bucket", "aws_organizations_account"),
    "aws_ec2_transit_gateway",
)
"""Types that take all that stands on them along when they go."""
TAGS = ("cellfactory:layer", "cellfactory:stack")
OWNERS = ("cellfactory:cell", "cellfactory:mesh", "cellfactory:organization", "cellfactory:factory")
TAGGED = ("instance", "volume")
"""What EC2 makes of a launch template without the provider, and so without its default tags."""

_SECRETS = {
    "an access key of AWS": re.compile(r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b"),
    "a private key": re.compile(r"-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----"),
    "a token of GitHub": re.compile(r"\bgh[pousr]_[A-Za-z0-9]{36}\b"),
    "a token of Slack": re.compile(r"\bxox[baprs]-[A-Za-z0-9-]{10,}"),
    "a password in a URL": re.compile(r"://[^/\s:@${}]+:[^/\s:@${}]+@"),
}
_NAMED = re.compile(
    r"(?:^|[^a-z])(?:password|passwd|secret[_-]?(?:access)?[_-]?key|api[_-]?key|private[_-]?key|auth[_-]?token)"
    r"[\"']?\s*[:=]\s*[\"']?(?P<value>[^\s\"',}${]{6,})",
    re.IGNORECASE,
)
_HINTS = (
    *("akia", "asia", "private", "ghp_", "gho_", "ghu_", "ghs_", "ghr_", "xox", "@"),
    *("passw", "secret", "apikey", "api_key", "api-key", "auth", "\\u"),
)
"""What is in small letters in every text that holds a secret, or in its key, as JSON."""
_KEY = re.compile(r".*(?:password|passwd|secret_?(?:access_?)?key|api_?key)", re.IGNORECASE)
_SENSITIVE = re.compile(r"password|passwd|secret|token|private_key|api_key", re.IGNORECASE)


def _tagged(**tags: str) -> Any:
    return {"provider": {"aws": [{"default_tags": [{"tags": tags}]}]}}


def _template(*kinds: str) -> Any:
    tags = {TAGS[1]: "cell-a-cluster"}
    specifications = [{"resource_type": kind, "tags": tags} for kind in kinds]
    return resources(aws_launch_template={"nodes": {"tag_specifications": specifications}})


@policy(
    "P701",
    "What cannot be made again refuses to be destroyed",
    types=" ".join(KEPT),
    reason="A VPC, a cluster, a key, a bucket, an account or a gateway that is replaced is lost "
    "with all that stands on it.",
    remedy="add lifecycle.prevent_destroy; `cellfactory destroy` lifts it where that is asked for",
    bad=resources(aws_vpc={"cell": {"cidr_block": "10.128.0.0/21"}}),
    good=resources(
        aws_vpc={
            "cell": {"cidr_block": "10.128.0.0/21", "lifecycle": {"prevent_destroy": True}},
        }
    ),
)
def kept(found: Subject) -> Iterator[str]:
    """By Terraform, whoever runs it."""
    blocks = listed(found.meta.get("lifecycle"))
    if not any(isinstance(one, dict) and is_true(one.get("prevent_destroy")) for one in blocks):
        yield "can be destroyed by any plan: prevent_destroy is not set"


@policy(
    "P702",
    "Nothing empties itself when it is destroyed",
    types="aws_s3_bucket aws_ecr_repository aws_organizations_account aws_kms_key",
    reason="force_destroy deletes every object, close_on_deletion the account, and a short "
    "window the key, before anybody has noticed.",
    remedy="leave force_destroy and close_on_deletion out; give a key 30 days",
    bad=resources(aws_s3_bucket={"logs": {"force_destroy": True}}),
    good=resources(aws_s3_bucket={"logs": {"bucket": "cell-logs"}}),
)
def emptied(found: Subject) -> Iterator[str]:
    """A key waits for 30 days unless it says otherwise."""
    for key in ("force_destroy", "force_delete", "close_on_deletion"):
        if is_true(found.get(key)):
            yield f"{key} is set"
    days = found.get("deletion_window_in_days")
    if found.type == "aws_kms_key" and days is not None and str(days) != "30":
        yield f"is gone {days} days after it was deleted, and must be 30"


@policy(
    "P703",
    "Everything says whose it is",
    types="provider",
    reason="An orphan, a bill or an alarm is traced by these tags, and by nothing else.",
    remedy=f"set {', '.join(TAGS)} and the owner's tag as default_tags of the provider",
    bad=_tagged(team="data"),
    good=_tagged(**{OWNERS[0]: "cell-a", TAGS[0]: "network", TAGS[1]: "cell-a-network"}),
)
def tags(provider: Subject) -> Iterator[str]:
    """The default tags of AWS's provider reach all that can be tagged."""
    if provider.address.split(".")[1] != "aws":
        return
    found = provider.get("default_tags", "tags")
    named = found if isinstance(found, dict) else {}
    missing = [tag for tag in TAGS if not named.get(tag)]
    if not any(named.get(owner) for owner in OWNERS):
        missing.insert(0, OWNERS[0])
    if missing:
        yield f"does not tag what it makes with {', '.join(missing)}"


@policy(
    "P704",
    "Nodes and their volumes say whose they are",
    types="aws_launch_template",
    reason="EC2 makes them without Terraform, so the provider's default tags do not reach them.",
    remedy="add tag_specifications for instance and volume",
    bad=_template("instance"),
    good=_template("instance", "volume"),
)
def node_tags(template: Subject) -> Iterator[str]:
    """Each kind has the tag of its stack."""
    found = {
        str(one.get("resource_type"))
        for one in template.blocks("tag_specifications")
        if isinstance(one.get("tags"), dict) and TAGS[1] in one["tags"]  # type: ignore[operator]
    }
    missing = [kind for kind in TAGGED if kind not in found]
    if missing:
        yield f"does not tag each {' and '.join(missing)}"


@policy(
    "P705",
    "No secret is written down",
    types="* local",
    reason="A document lies in git, in artifacts and in the state, for ever.",
    remedy="keep it in Secrets Manager, and give its name",
    bad=resources(aws_instance={"a": {"user_data": "export DB_PASSWORD=hunter2hunter2"}}),
    good=resources(aws_instance={"a": {"user_data": "export DB_PASSWORD_ARN=arn:aws:secrets"}}),
)
def written_secrets(found: Subject) -> Iterator[str]:
    """In any text of any block or local, user data and values of charts included."""
    body = found.body
    if not _may_hold_secrets(body):
        return
    for key, value in body.items():
        plain = decode_base64(value) if key.startswith("user_data") else value
        inner = [decode_json(one) for one in listed(plain)]
        for path, text in texts(inner):
            named = [part for part in path if not part.isdigit()]
            told = _secret_in(text, named[-1] if named else key)
            if told:
                yield f"{key} holds {told}"
                break


def _may_hold_secrets(body: dict[str, Value]) -> bool:
    """Tell quickly of most blocks that there is none in them."""
    if any(key.startswith("user_data") for key in body):  # in base64, perhaps
        return True
    text = json.dumps(body, default=str).lower()
    return any(hint in text for hint in _HINTS)


@lru_cache(maxsize=1 << 14)
def _secret_in(text: str, key: str) -> str:
    """Name the kind of secret that a text holds; empty for none."""
    for kind, pattern in _SECRETS.items():
        if pattern.search(text):
            return kind
    found = _NAMED.search(text)
    if found and not found["value"].startswith(("arn:", "/", "$", "<")):
        return "what looks like a password"
    is_named = _KEY.fullmatch(key) is not None
    return "what looks like a password" if is_named and text and "${" not in text else ""


@policy(
    "P706",
    "Variables and outputs with secrets are marked, and have no default",
    types="variable output",
    reason="A default stands in the document; an output that is not marked stands in every log.",
    remedy="mark it sensitive, and give no default",
    bad={"variable": {"db_password": {"type": "string", "default": "hunter2"}}},
    good={"variable": {"db_password": {"type": "string", "sensitive": True}}},
)
def marked_secrets(found: Subject) -> Iterator[str]:
    """By the name."""
    if not _SENSITIVE.search(found.address.partition(".")[2]):
        return
    if not is_true(found.get("sensitive")) and not is_true(found.get("ephemeral")):
        yield "is named as a secret, and is not marked sensitive"
    if found.get("default") not in (None, ""):
        yield "is named as a secret, and has a default"


@policy(
    "P707",
    "A plan runs no programs",
    types="*",
    reason="A provisioner or an external data source runs whatever a pull request says, with "
    "the credentials of the plan.",
    remedy="remove it; what has to be run belongs to the pipeline",
    bad={"data": {"external": {"look": {"program": ["sh", "-c", "id"]}}}},
    good={"data": {"aws_caller_identity": {"here": {}}}},
)
def programs(found: Subject) -> Iterator[str]:
    """Also what asks a server of anybody's."""
    if found.type in ("data.external", "data.http"):
        yield f"{found.type} runs a program or asks a server while it is planned"
    if found.meta.get("provisioner"):
        yield "has a provisioner"


RULES = (kept, emptied, tags, node_tags, written_secrets, marked_secrets, programs)
