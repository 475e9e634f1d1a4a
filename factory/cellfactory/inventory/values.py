"""What single values of `cells.yaml` look like, and the base of every mapping in it."""

from __future__ import annotations

import re
from ipaddress import IPv4Network
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    JsonValue,
    PlainSerializer,
    WithJsonSchema,
)
from pydantic_core import PydanticKnownError

from cellfactory.documents import shorten
from cellfactory.inventory import patterns
from cellfactory.inventory.unreadable import UnreadableError


def _parse_block(value: Any) -> IPv4Network:
    if isinstance(value, IPv4Network):
        return value
    if not isinstance(value, str):
        msg = "a block is text such as 10.128.0.0/10"
        raise ValueError(msg)
    if not _BLOCK.fullmatch(value):
        msg = f"{shorten(value)!r} is not a block; write it as 10.128.0.0/10"
        raise ValueError(msg)
    try:
        block = IPv4Network(value, strict=False)
    except ValueError as error:
        msg = f"{value!r} is not a block: each part is 0 to 255, the prefix length 0 to 32"
        raise ValueError(msg) from error
    if str(block) != value:
        msg = f"{value} is not the first address of a block; did you mean {block}?"
        raise ValueError(msg)
    return block


_BLOCK = re.compile(r"[0-9]{1,3}(\.[0-9]{1,3}){3}/[0-9]{1,2}")


def _quoted_digits(value: Any) -> Any:
    if isinstance(value, int) and not isinstance(value, bool):
        msg = 'an account id is text of twelve digits: put it in quotes, "123456789012"'
        raise ValueError(msg)
    return value


def _whole(value: Any) -> Any:
    """Refuse what only equals a whole number: in Python `True` and `1.0` are 1."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise PydanticKnownError("int_type")  # noqa: EM101 - an id, no sentence
    return value


def _free_in_s3(name: str) -> str:
    kept = re.search(patterns.BUCKET_KEPT, name)
    if kept is None:
        return name
    msg = f"{name!r} {'begins' if kept.start() == 0 else 'ends'} with {kept[0]}, which S3 keeps"
    if kept[0] == name:
        msg = f"{name!r} looks like an IP address, which S3 does not take for a name"
    raise ValueError(msg)


def _short_service(name: str) -> str:
    if re.search(patterns.SERVICE_IN_FULL, name):
        short = re.sub(r"^(com|aws)\.([a-z]+\.)?([a-z]{2}(-[a-z]+)+-[0-9]\.)?", "", name)
        msg = f"{name!r} is a name in full; write what follows the Region: {short}"
        raise ValueError(msg)
    return name


Block = Annotated[
    IPv4Network,
    BeforeValidator(_parse_block),
    PlainSerializer(str),
    WithJsonSchema({"type": "string", "pattern": r"^[0-9]+(\.[0-9]+){3}/[0-9]+$"}),
]
AccountId = Annotated[str, Field(pattern=patterns.ACCOUNT_ID), BeforeValidator(_quoted_digits)]
FormatVersion = Annotated[Literal[1], BeforeValidator(_whole)]
BucketName = Annotated[
    str,
    Field(
        pattern=patterns.BUCKET,
        min_length=3,
        max_length=63,
        json_schema_extra={"not": {"pattern": patterns.BUCKET_KEPT}},
    ),
    AfterValidator(_free_in_s3),
]
AttachmentId = Annotated[str, Field(pattern=patterns.ATTACHMENT_ID)]
CellName = Annotated[str, Field(pattern=patterns.NAME, max_length=32)]
Name = Annotated[str, Field(pattern=patterns.NAME, max_length=40)]
GroupName = Annotated[str, Field(pattern=patterns.NAME, max_length=20)]
RoleName = Annotated[str, Field(pattern=patterns.ROLE_NAME)]
RegionName = Annotated[str, Field(pattern=patterns.REGION, max_length=32)]
IpFamily = Literal["ipv4", "ipv6"]
ZoneId = Annotated[str, Field(pattern=patterns.ZONE_ID, max_length=32)]
Namespace = Annotated[str, Field(pattern=patterns.NAMESPACE)]
ReleaseName = Annotated[str, Field(pattern=patterns.NAME, max_length=20)]
HelmValues = Annotated[dict[str, JsonValue], WithJsonSchema({"type": "object"})]
Image = Annotated[str, Field(pattern=patterns.IMAGE, max_length=512)]
ServiceName = Annotated[
    str,
    Field(
        pattern=patterns.SERVICE,
        max_length=60,
        json_schema_extra={"not": {"pattern": patterns.SERVICE_IN_FULL}},
    ),
    AfterValidator(_short_service),
]
LabelKey = Annotated[str, Field(pattern=patterns.LABEL_KEY, max_length=317)]
LabelValue = Annotated[str, Field(pattern=patterns.LABEL_VALUE)]
Principal = Annotated[str, Field(pattern=patterns.PRINCIPAL)]
CoreAddonName = Literal["vpc-cni", "kube-proxy", "eks-pod-identity-agent", "coredns"]
AddonName = Literal[
    "vpc-cni",
    "kube-proxy",
    "eks-pod-identity-agent",
    "coredns",
    "eks-node-monitoring-agent",
    "metrics-server",
    "aws-ebs-csi-driver",
    "amazon-cloudwatch-observability",
]
PolicyName = Annotated[str, Field(pattern=patterns.POLICY, max_length=512)]
QuotaCode = Annotated[str, Field(pattern=patterns.QUOTA_CODE)]
Quotas = Annotated[
    dict[QuotaCode, Annotated[int, Field(ge=0, le=10**12)]],
    Field(
        default_factory=dict,
        description="What AWS has raised for the account, by quota code (the quota's unit).",
    ),
]


class Model(BaseModel):
    """Frozen, no unknown keys, and `"6"` is not 6."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    if not TYPE_CHECKING:  # to a type checker, every attribute is there

        def __getattr__(self, name: str) -> Any:
            """Say of a value that was refused that it cannot be read."""
            if name in type(self).model_fields:
                raise UnreadableError(name)
            return super().__getattr__(name)


def most_items(model: type[BaseModel], field: str) -> int:
    """Read how many items a list of the inventory may have.

    >>> from pydantic import Field
    >>> fields = {"__annotations__": {"n": list[int]}, "n": Field(max_length=6)}
    >>> most_items(type("M", (Model,), fields), "n")
    6
    """
    marks = model.model_fields[field].metadata
    (most,) = (mark.max_length for mark in marks if hasattr(mark, "max_length"))
    return int(most)


def bounds_of(model: type[BaseModel], field: str) -> tuple[int, int]:
    """Read the least and the most that a whole number of the inventory may be.

    >>> from pydantic import Field
    >>> bounds_of(type("M", (Model,), {"__annotations__": {"n": int}, "n": Field(ge=1, le=9)}), "n")
    (1, 9)
    """
    marks = model.model_fields[field].metadata
    (least,) = (mark.ge for mark in marks if hasattr(mark, "ge"))
    (most,) = (mark.le for mark in marks if hasattr(mark, "le"))
    return least, most
