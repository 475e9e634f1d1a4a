"""The EKS API: one route, and one method of the backend for each operation."""

from __future__ import annotations

from typing import Any

from moto.core.exceptions import ServiceException
from moto.core.responses import ActionResult, BaseResponse
from moto.core.utils import camelcase_to_underscores
from moto.eks.models import eks_backends

from cellfactory.sandbox import readiness
from cellfactory.sandbox.authorization import refuses
from cellfactory.sandbox.eks_addons import AddonBackend
from cellfactory.sandbox.eks_clusters import Document
from cellfactory.sandbox.eks_errors import denied, no_such_resource, not_subscribed

ARNS = ("arn", "nodegroupArn", "addonArn", "accessEntryArn", "associationArn")


class KubernetesBackend(AddonBackend):
    """EKS of one account and Region, with tags on everything."""

    def _tags(self, arn: str) -> dict[str, str]:
        for cluster in self.clusters.values():
            for resource in cluster.resources():
                if arn in (resource.get(key) for key in ARNS):
                    tags: dict[str, str] = resource["tags"]
                    return tags
        message = f"Resource was not found: {arn}"
        raise no_such_resource(message)

    def tag_resource(self, request: Document) -> Document:
        self._tags(request["resourceArn"]).update(request["tags"])
        return {}

    def untag_resource(self, request: Document) -> Document:
        tags = self._tags(request["resourceArn"])
        for key in request["tagKeys"]:
            tags.pop(key, None)
        return {}

    def list_tags_for_resource(self, request: Document) -> Document:
        return {"tags": self._tags(request["resourceArn"])}


class KubernetesResponse(BaseResponse):
    """Takes any EKS request apart by the API's own model and hands it to the backend."""

    def __init__(self) -> None:
        super().__init__(service_name="eks")
        self.automated_parameter_parsing = True

    def call_action(self) -> Any:
        operation = self._get_action()
        if not readiness.is_served(self.current_account):
            return self.serialized(ActionResult(not_subscribed()))
        if refuses(self):  # moto cannot check the signature of what has no body
            return self.serialized(ActionResult(denied(operation or "")))
        backend = eks_backends[self.current_account][self.region]
        method = getattr(backend, camelcase_to_underscores(operation or "") or "-", None)
        if method is None:
            return 404, {"x-amzn-ErrorType": "UnknownOperationException"}, "{}"
        try:
            return self.serialized(ActionResult(method(dict(self.params))))
        except ServiceException as error:
            return self.serialized(ActionResult(error))
