"""Every call that the emulated AWS is asked, one JSON line each: who, where, what, with what.

It is how the table of IAM actions is measured (`tools/measure_actions.py`), and how statements are
held against what a run really asks. It is off unless the server is told a file.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from botocore.model import OperationNotFoundError
from moto.core.parse import PROTOCOL_PARSERS
from moto.core.request import determine_request_protocol
from moto.core.responses import BaseResponse
from moto.core.utils import get_service_model

Parameters = Mapping[str, Any]


def parameters_of(response: BaseResponse) -> tuple[str, Parameters]:
    """Read a request along its model: the operation, and its members by name.

    What lies in a body of S3's stays there; only where the call goes is read of it.
    """
    service = response.boto3_service_name or ""
    model = get_service_model(service)
    request = response.normalized_request
    if service == "s3":
        return _of_s3(response)
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
    found = {"Bucket": bucket} | ({"Key": key} if key else {})
    return str(operation), found


class Recorder:
    """A file that grows by one line for each call."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def note(self, row: Mapping[str, Any]) -> None:
        """Add a call."""
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(row, default=str, sort_keys=True) + "\n")
