"""From one pod, as the API server tells it, to a driver that may have a route.

Pure. A pod is written by users, so no field is trusted to be there or to have its type.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from sparkgateway.addresses import Address, AddressPolicy, parse_address, render_backend

ID_LABEL = "spark-app-selector"
ROLE_LABEL = "spark-role"
NAME_LABEL = "spark-app-name"
ID_VARIABLE = "SPARK_APPLICATION_ID"
"""Spark writes the id into the driver's containers, too (BasicDriverFeatureStep). Whoever may patch
a pod can change its labels; what its containers are made with, nobody can."""

UI_PORT_NAME = "spark-ui"
DEFAULT_UI_PORT = 4040
# Source: https://spark.apache.org/docs/latest/running-on-kubernetes.html; the id is "spark-" and
# a random UUID without dashes. The pattern is also what makes a file name safe.
JOB_PATTERN = re.compile(r"spark-[0-9a-f]{32}", re.ASCII)
_TIME_PATTERN = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", re.ASCII)
_LONGEST_NAME = 63

Reason = Literal["malformed", "role", "id", "host_network", "address", "port", "limit"]
REASONS: tuple[Reason, ...] = (
    "malformed", "role", "id", "host_network", "address", "port", "limit",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Driver:
    """A running driver pod. Times are RFC 3339 in UTC, so text order is time order."""

    uid: str
    job: str  # route id, the application id
    backend: str  # address:port
    created: str
    started: str  # when a node took it: it has its address since then
    namespace: str
    name: str  # of the application, for people: a label, which jobs can change
    pod: str = field(default="", compare=False)  # its pod's name, which nobody can change


@dataclass(frozen=True, slots=True, kw_only=True)
class Gone:
    """A pod that is not running, is being deleted or has no address yet: no route."""

    uid: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """A running driver that must not get a route, and why."""

    uid: str
    reason: Reason
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PodPolicy:
    """What a driver must be: role, addresses and UI port (inclusive bounds)."""

    addresses: AddressPolicy
    roles: tuple[str, ...] = ("driver",)
    lowest_port: int = DEFAULT_UI_PORT
    highest_port: int = DEFAULT_UI_PORT


def is_job_id(text: str) -> bool:
    """Say whether a text is a Spark application id as Kubernetes jobs have it.

    >>> is_job_id("spark-" + "0f" * 16), is_job_id("spark-" + "0f" * 16 + chr(10)), is_job_id("job")
    (True, False, False)
    """
    return JOB_PATTERN.fullmatch(text) is not None


def parse_pod(pod: object, policy: PodPolicy) -> Driver | Gone | Refused:
    """Read one pod.

    Args:
        pod: the decoded JSON of a pod; any shape is survived.
        policy: what a driver must be.

    Returns:
        A driver, or why there is none. `uid` is empty when the pod has none.
    """
    metadata, spec, status = _map(pod, "metadata"), _map(pod, "spec"), _map(pod, "status")
    uid = _text(metadata, "uid")
    if not uid:
        return Refused(uid="", reason="malformed", detail="no uid")
    if _is_over(metadata, status):
        return Gone(uid=uid)
    labels = _map(metadata, "labels")
    job = _text(labels, ID_LABEL)
    created = _text(metadata, "creationTimestamp")
    backend = _find_backend(spec, status, policy)
    problem = _first_problem(labels, spec, created, policy)
    if problem is not None:
        return Refused(uid=uid, reason=problem[0], detail=_shorten(problem[1]))
    if isinstance(backend, tuple):
        return Refused(uid=uid, reason=backend[0], detail=_shorten(backend[1]))
    return Driver(
        uid=uid,
        job=job,
        backend=backend,
        created=created,
        started=_started(status, created),
        namespace=sys.intern(_printable(_text(metadata, "namespace"))),
        name=_printable(_text(labels, NAME_LABEL) or _text(metadata, "name"))[:_LONGEST_NAME],
        pod=_printable(_text(metadata, "name")),
    )


def _is_over(metadata: Mapping[str, object], status: Mapping[str, object]) -> bool:
    return (
        metadata.get("deletionTimestamp") is not None
        or status.get("phase") != "Running"
        or not status.get("podIP")
    )


def _first_problem(
    labels: Mapping[str, object], spec: Mapping[str, object], created: str, policy: PodPolicy
) -> tuple[Reason, str] | None:
    if _text(labels, ROLE_LABEL) not in policy.roles:
        return "role", repr(labels.get(ROLE_LABEL))
    job = _text(labels, ID_LABEL)
    if not is_job_id(job):
        return "id", repr(labels.get(ID_LABEL))
    if job not in _made_with(spec):
        return "id", f"{job} is not what its containers were made with"
    if not _TIME_PATTERN.fullmatch(created):
        return "malformed", f"creationTimestamp {created!r}"
    if spec.get("hostNetwork"):
        return "host_network", "spec.hostNetwork is set"
    return None


def _made_with(spec: Mapping[str, object]) -> Iterator[str]:
    """Yield the application ids in the environment of the pod's containers.

    Ephemeral containers do not count: they can be added later.
    """
    for container in _list(spec, "containers"):
        for variable in _list(container, "env"):
            if _text(variable, "name") == ID_VARIABLE:
                yield _text(variable, "value")


def _started(status: Mapping[str, object], created: str) -> str:
    started = _text(status, "startTime")
    return started if _TIME_PATTERN.fullmatch(started) else created


def _find_backend(
    spec: Mapping[str, object], status: Mapping[str, object], policy: PodPolicy
) -> str | tuple[Reason, str]:
    address = next(_admitted(status, policy.addresses), None)
    if address is None:
        return "address", repr(status.get("podIP"))
    if status.get("hostIP") == str(address):
        return "host_network", "the pod has its node's address"
    port = _find_port(spec)
    if port is None or not policy.lowest_port <= port <= policy.highest_port:
        return "port", f"{port} is not in {policy.lowest_port}-{policy.highest_port}"
    return render_backend(address, port)


def _admitted(status: Mapping[str, object], policy: AddressPolicy) -> Iterator[Address]:
    """Yield the pod's addresses that may be dialled, the primary one first."""
    others = status.get("podIPs")
    listed = others if isinstance(others, list) else []
    texts = [status.get("podIP"), *(item.get("ip") for item in listed if isinstance(item, dict))]
    for text in texts:
        address = parse_address(text)
        if address is not None and policy.admits(address):
            yield address


def _find_port(spec: Mapping[str, object]) -> int | None:
    """Find the port named `spark-ui`; 4040 when no container names one."""
    for container in _list(spec, "containers"):
        for port in _list(container, "ports"):
            if port.get("name") == UI_PORT_NAME:
                number = port.get("containerPort")
                return number if type(number) is int else None
    return DEFAULT_UI_PORT


def _map(owner: object, key: str) -> Mapping[str, object]:
    value = owner.get(key) if isinstance(owner, Mapping) else None
    return value if isinstance(value, Mapping) else {}


def _list(owner: Mapping[str, object], key: str) -> list[Mapping[str, object]]:
    value = owner.get(key)
    return [item for item in value if isinstance(item, Mapping)] if isinstance(value, list) else []


def _text(owner: Mapping[str, object], key: str) -> str:
    value = owner.get(key)
    return value if isinstance(value, str) else ""


def _printable(text: str) -> str:
    """Replace what UTF-8 cannot write: JSON can hold half of a pair of surrogates.

    >>> _printable("etl" + chr(0xD800))
    'etl?'
    """
    return text.encode("utf-8", "replace").decode()


def _shorten(text: str) -> str:
    return text if len(text) <= 2 * _LONGEST_NAME else text[: 2 * _LONGEST_NAME] + "…"
