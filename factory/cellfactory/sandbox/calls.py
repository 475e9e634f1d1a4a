"""Takes a request to moto apart: what is called, with what, and which tags its things have.

What lies in a body of S3's stays there; only where the call goes is read of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from botocore.model import OperationNotFoundError
from moto.autoscaling.models import autoscaling_backends
from moto.core.parse import PROTOCOL_PARSERS
from moto.core.request import determine_request_protocol
from moto.core.responses import BaseResponse
from moto.core.utils import get_service_model
from moto.ec2.models import ec2_backends
from moto.kms.models import kms_backends

from cellfactory.sandbox.asking import Call, strings
from cellfactory.sandbox.sharing import SHARES

Parameters = Mapping[str, Any]


def call_of(response: BaseResponse) -> Call:
    """Read a request as IAM has to know it."""
    operation, parameters = _parameters(response)
    service, account, region = _prefix(response), response.current_account, response.region
    related = tuple(_related(service, account, region, parameters))
    names = dict.fromkeys([*strings(parameters), *related])
    return Call(
        service=service,
        operation=operation,
        account=account,
        region=region,
        parameters=parameters,
        tags=dict(_tags(service, account, region, names)),
        related=related,
    )


def scope_of(response: Any) -> list[str]:
    """The scope of a signature: key id, day, Region, service; empty where nothing is signed."""
    signed = str(response.headers.get("Authorization", ""))
    return signed.partition("Credential=")[2].partition(",")[0].split("/")


def _prefix(response: BaseResponse) -> str:
    scope = scope_of(response)
    return scope[3] if len(scope) > 3 else str(response.service_name)


def _parameters(response: BaseResponse) -> tuple[str, Parameters]:
    """Read a request along its model: the operation, and its members by name."""
    service = response.boto3_service_name or ""
    if service == "s3":
        return _of_s3(response)
    model = get_service_model(service)
    request = response.normalized_request
    name = str(response._get_action())
    try:
        operation = model.operation_model(name)
        protocol = determine_request_protocol(model, request.content_type)
    except (OperationNotFoundError, NotImplementedError):
        return name, {}
    if operation.input_shape is None:
        return name, {}
    parser = PROTOCOL_PARSERS[protocol](operation, map_type=dict)
    given: Any = {
        "method": request.method,
        "values": request.values,
        "headers": request.headers,
        "body": request.data,
        "url_path": request.path,
        "url_params": response.uri_match,
    }
    return name, parser.parse(given)


def _of_s3(response: Any) -> tuple[str, Parameters]:
    operation = response._get_action_from_method_and_request_uri(response.normalized_request)
    bucket, _, key = str(response.raw_path).lstrip("/").partition("/")
    found: dict[str, Any] = {"Bucket": bucket} | ({"Key": key} if key else {})
    tagging = response.headers.get("x-amz-tagging", "")
    if tagging:
        pairs = (pair.partition("=") for pair in tagging.split("&"))
        found["tags"] = {key: value for key, _, value in pairs}
    return str(operation), found


def _related(service: str, account: str, region: str, parameters: Parameters) -> Iterator[str]:
    """Yield what stands behind the associations and aliases that a request names."""
    named = set(strings(parameters))
    if service == "ec2":
        yield from _associated(ec2_backends[account][region], named)
    if service == "kms" and "AliasName" in parameters and "TargetKeyId" not in parameters:
        backend: Any = kms_backends[account][region]
        for key in backend.keys.values():
            if parameters["AliasName"] in key.aliases:
                yield key.id


def _associated(backend: Any, named: set[str]) -> Iterator[str]:
    if not any("assoc-" in name for name in named):
        return
    for table in backend.route_tables.values():
        for association, subnet in table._associations.items():
            if association in named:
                yield from (table.id, *([subnet] if subnet else []))
    for address in backend.addresses:
        if address.association_id in named:
            yield address.allocation_id
    for vpc in backend.vpcs.values():
        if named.intersection(vpc._cidr_block_association_set):
            yield vpc.id


def _of_shares(account: str, names: Iterable[str]) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield the tags of one's own shares: nobody sees those of another account's."""
    for name in names:
        if name in SHARES and SHARES[name].owner.account == account:
            yield name, dict(SHARES[name].tags)


def _tags(
    service: str, account: str, region: str, names: Iterable[str]
) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield the tags of what is named, for the services that bind actions by them."""
    if service == "ec2":
        held = ec2_backends[account][region].tags
        yield from ((name, dict(held[name])) for name in names if name in held)
    if service == "ram":
        yield from _of_shares(account, names)
    if service in ("kms", "eks"):
        keys: Any = kms_backends[account][region]
        for name in (each.rpartition("/")[2] for each in names):
            if name in keys.keys:
                yield name, dict(keys.tagger.get_tag_dict_for_resource(name))
    if service == "autoscaling":
        groups = autoscaling_backends[account][region].autoscaling_groups
        for name in names:
            if name in groups:
                yield name, {tag["Key"]: tag["Value"] for tag in groups[name].tags}
