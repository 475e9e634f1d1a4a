"""A refusal of IAM in the words of the service that was asked: its protocol, its code.

moto refuses every service in one form of XML, which a client of a service that speaks JSON cannot
read. S3 has forms of its own, which moto knows.

Source:
    https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html
    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html
    https://smithy.io/2.0/aws/protocols/aws-json-1_1-protocol.html
"""

from __future__ import annotations

from collections.abc import Mapping

from moto.core.exceptions import ServiceException
from moto.core.responses import ActionResult, BaseResponse
from moto.core.utils import get_service_model
from werkzeug.exceptions import HTTPException

_OWN_FORM = ("s3",)
_OF_JSON: Mapping[str, str] = {
    "AccessDenied": "AccessDeniedException",
    "InvalidClientTokenId": "UnrecognizedClientException",
    "SignatureDoesNotMatch": "InvalidSignatureException",
}
_CODES: Mapping[str, Mapping[str, str]] = {
    "ec2": {"AccessDenied": "UnauthorizedOperation"},
    "json": _OF_JSON,
    "query-json": _OF_JSON,
    "rest-json": _OF_JSON,
    "smithy-rpc-v2-cbor": _OF_JSON,
}
"""How each protocol calls what moto calls in one way; the others call it the same."""


class Refused(ServiceException):
    """One of ours: moto takes those of its own modules for errors of a service of that name."""


def in_own_words(response: BaseResponse, fault: HTTPException) -> HTTPException:
    """Say a refusal as the service that was asked says it.

    Args:
        response: that is being made; it is given the headers of the refusal.
        fault: as moto would say it.
    """
    service = response.boto3_service_name
    code, message = getattr(fault, "error_type", ""), getattr(fault, "message", "")
    if not service or service in _OWN_FORM or not code:
        return fault
    protocol = response.determine_response_protocol(get_service_model(service))
    told = Refused(_CODES.get(protocol, {}).get(code, code), message)
    status, headers, body = response.serialized(ActionResult(told))
    response.response_headers.update(headers)
    made = HTTPException(body if isinstance(body, str) else body.decode("utf-8", "surrogateescape"))
    made.code = status
    return made
