"""Every request against the API's own model: what is required, and the form each value must have.

moto takes what it can read. AWS refuses a request that lacks a member, or in which a value is not
of its enumeration, length, range or pattern, before it looks at anything else. The models are
botocore's; S3's requests are left out, whose parts lie in host, path, headers and body.

Source:
    https://smithy.io/2.0/spec/constraint-traits.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from pkgutil import get_data
from typing import Any

from botocore.model import OperationNotFoundError, Shape
from moto.core.exceptions import ServiceException
from moto.core.parse import PROTOCOL_PARSERS
from moto.core.request import determine_request_protocol
from moto.core.responses import ActionResult, BaseResponse
from moto.core.utils import get_service_model

from cellfactory.documents import load_data

FILE = "requests.yaml"


class Malformed(ServiceException):
    """The answer to a request that is not as the model says, under the service's own code."""


def hold_requests() -> None:
    """Have every service refuse what its model does not allow; for the life of the process."""
    usual = BaseResponse._dispatch

    def dispatch(
        self: BaseResponse, request: Any, full_url: Any = None, headers: Any = None
    ) -> Any:
        self.setup_class(request, full_url, headers)
        fault = next(faults_of(self), None)
        if fault is not None:
            code = exceptions()["codes"].get(self.boto3_service_name, "ValidationException")
            return self.serialized(ActionResult(Malformed(code, fault)))
        return usual(self, request, full_url, headers)

    BaseResponse._dispatch = dispatch  # type: ignore[method-assign]


def faults_of(response: BaseResponse) -> Iterator[str]:
    """Yield what of a request its model does not allow."""
    service = response.boto3_service_name
    if not service or service in exceptions()["services"]:
        return
    model = get_service_model(service)
    request = response.normalized_request
    try:
        operation = model.operation_model(response._get_action())
        protocol = determine_request_protocol(model, request.content_type)
    except (OperationNotFoundError, NotImplementedError):
        return  # moto says so itself
    if operation.input_shape is None:
        return
    parser = PROTOCOL_PARSERS[protocol](operation, map_type=dict)
    parsed = parser.parse(
        {
            "method": request.method,
            "values": request.values,
            "headers": request.headers,
            "body": request.data,
            "url_path": request.path,
            "url_params": response.uri_match,
        }
    )
    free = exceptions()["members"].get(service, {})
    for path, fault in _faults(operation.input_shape, parsed, ""):
        if f"{operation.name}{path}" not in free and f"*{path}" not in free:
            yield f"{operation.name}{path}: {fault}"


@cache
def exceptions() -> Mapping[str, Any]:
    """What is not held against a model, and why; the codes under which services refuse."""
    data = get_data(__package__, FILE)
    if data is None:
        raise FileNotFoundError(FILE)
    return dict(load_data(data.decode("utf-8")))


def _faults(shape: Any, value: Any, path: str) -> Iterator[tuple[str, str]]:
    """Walk a value along its shape; a path names members as `.name` and entries as `[]`."""
    if shape.type_name == "structure":
        yield from _structure(shape, value, path)
    elif shape.type_name == "list":
        yield from _size(shape, len(value), path, "entries")
        for entry in value:
            yield from _faults(shape.member, entry, f"{path}[]")
    elif shape.type_name == "map":
        for key, entry in value.items():
            yield from _faults(shape.key, key, f"{path}{{}}")
            yield from _faults(shape.value, entry, f"{path}{{}}")
    else:
        yield from _scalar(shape, value, path)


def _structure(shape: Any, value: Any, path: str) -> Iterator[tuple[str, str]]:
    given = {name: one for name, one in (value or {}).items() if one is not None}
    for name in shape.required_members:
        if name not in given:
            yield f"{path}.{name}", "is required"
    for name, one in given.items():
        if name in shape.members:
            yield from _faults(shape.members[name], one, f"{path}.{name}")


def _scalar(shape: Shape, value: Any, path: str) -> Iterator[tuple[str, str]]:
    if shape.type_name == "string" and isinstance(value, str):
        allowed = getattr(shape, "enum", ())
        if allowed and value not in allowed:
            yield path, f"{value!r} is not one of {', '.join(allowed[:8])}"
        yield from _size(shape, len(value), path, "characters")
        pattern = shape.metadata.get("pattern")
        if pattern and not _compiled(pattern, value):
            yield path, f"{value!r} does not match {pattern}"
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield from _size(shape, value, path, "")


def _size(shape: Shape, size: float, path: str, unit: str) -> Iterator[tuple[str, str]]:
    least, most = shape.metadata.get("min"), shape.metadata.get("max")
    if least is not None and size < float(least):
        yield path, f"must be at least {least} {unit}".rstrip()
    if most is not None and size > float(most):
        yield path, f"must be at most {most} {unit}".rstrip()


def _compiled(pattern: str, value: str) -> bool:
    """Whether a value matches; a pattern that Python cannot read matches everything."""
    found = _pattern(pattern)
    return found is None or found.search(value) is not None


@cache
def _pattern(text: str) -> re.Pattern[str] | None:
    """Read a pattern of Java's or JavaScript's, as whole as the models mean it.

    >>> _pattern("[a-z]+").search("a1") is None
    True
    """
    posix = {"p{Alpha}": "a-zA-Z", "p{Alnum}": "a-zA-Z0-9", "p{Digit}": "0-9"}
    for name, ours in posix.items():
        text = text.replace(f"[\\{name}", f"[{ours}")
    try:
        return re.compile(rf"\A(?:{text})\Z")
    except re.error:
        return None
