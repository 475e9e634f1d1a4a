"""Where state lies, and where providers, charts and images come from: P6xx."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from cellfactory.policy.model import policy, resources
from cellfactory.policy.subject import Subject, dig, is_true, is_unknown, listed
from cellfactory.tree.values import Value, decode_json

_BACKEND = {
    **{"bucket": "states", "key": "cell.tfstate", "region": "us-east-1", "encrypt": True},
    **{"use_lockfile": True, "kms_key_id": "arn:aws:kms:us-east-1:111122223333:key/1234"},
}
_KEYS = ("access_key", "secret_key", "token", "password", "client_key", "shared_credentials_files")
_HERE = ("./", "../", "/", "${path.")  # a chart that lies beside the document
_LOOSE = ("", "latest", "main", "master", "stable", "edge", "*")
_UPPER = re.compile(r"(^|,)\s*(=|<|<=|~>)?\s*v?\d")
_IMAGE = re.compile(r"^(?:[\w.-]+(?::\d+)?/)?[\w./-]+:(?P<tag>[\w.-]+)$")


def _state(**changes: Any) -> Any:
    body = {key: value for key, value in {**_BACKEND, **changes}.items() if value is not None}
    return {"terraform": {"backend": {"s3": body}}}


def _provider(version: str) -> Any:
    required = {"aws": {"source": "hashicorp/aws", "version": version}}
    return {"terraform": {"required_providers": required}, "provider": {"aws": [{}]}}


def _release(values: Any = None, **changes: Any) -> Any:
    body = {
        **{"name": "operator", "chart": "operator", "version": "2.5.2"},
        "repository": "oci://registry.example.com/charts",
        "values": [json.dumps(values or {}, sort_keys=True)],
    }
    return resources(helm_release={"operator": {**body, **changes}})


@policy(
    "P601",
    "State lies in S3, encrypted",
    types="backend",
    reason="A state holds every value of its resources, secrets included.",
    remedy="use the S3 backend with encrypt = true",
    bad=_state(encrypt=False),
    good=_state(),
)
def state_encrypted(backend: Subject) -> Iterator[str]:
    """A stack without a backend keeps its state in a file."""
    if backend.address == "backend":
        if "cloud" in backend.stack.document.terraform:
            return
        yield "has no backend: its state is a file in the clear"
    elif backend.address == "backend.s3" and not is_true(backend.get("encrypt")):
        yield "does not encrypt its state"
    elif backend.address == "backend.local":
        yield "keeps its state in a file in the clear"


@policy(
    "P602",
    "State is locked while it is worked on",
    types="backend",
    reason="Two runs at once write over each other, and resources are lost from the state.",
    remedy="set use_lockfile to true",
    bad=_state(use_lockfile=None),
    good=_state(),
)
def state_locked(backend: Subject) -> Iterator[str]:
    """By a file beside the state, or by DynamoDB as of old."""
    if backend.address != "backend.s3":
        return
    if not is_true(backend.get("use_lockfile")) and not backend.get("dynamodb_table"):
        yield "does not lock its state"


@policy(
    "P603",
    "State is encrypted with a key of ours",
    types="backend",
    severity="warning",
    reason="With a key of KMS, reading a state takes a second right, which is logged.",
    remedy="set state.kms_key to the ARN of a key",
    bad=_state(kms_key_id=None),
    good=_state(),
)
def state_key(backend: Subject) -> Iterator[str]:
    """An alias is looked up in the account of whoever asks."""
    if backend.address == "backend.s3" and not backend.get("kms_key_id"):
        yield "encrypts its state with the bucket's key alone"


@policy(
    "P604",
    "Providers are bound to a source and a range of versions",
    types="terraform",
    reason="A provider runs with all rights of the apply; the newest one of tomorrow was read "
    "by nobody.",
    remedy="name source and version of each provider, with an upper bound",
    bad=_provider(">= 5.0.0"),
    good=_provider(">= 5.100.0, < 7.0.0"),
)
def providers_bound(terraform: Subject) -> Iterator[str]:
    """Each provider that a document configures is required with both."""
    required = terraform.get("required_providers")
    named = required if isinstance(required, dict) else {}
    for provider in terraform.stack.document.providers:
        if provider.name not in named:
            yield f"does not say which provider {provider.name} is"
    for name, body in named.items():
        source, version = dig(body, "source"), dig(body, "version")
        if not source:
            yield f"does not say where provider {name} comes from"
        if not isinstance(version, str) or not _UPPER.search(version):
            yield f"takes any newer version of provider {name}"


@policy(
    "P605",
    "A provider works in one account",
    types="provider",
    reason="Credentials of the wrong account build a second cell beside the first one, or "
    "destroy one.",
    remedy="set allowed_account_ids",
    bad={"provider": {"aws": [{"region": "us-east-1"}]}},
    good={"provider": {"aws": [{"region": "us-east-1", "allowed_account_ids": ["111122223333"]}]}},
)
def one_account(provider: Subject) -> Iterator[str]:
    """Of AWS."""
    is_aws = provider.address.split(".")[1] == "aws"
    if is_aws and len(listed(provider.get("allowed_account_ids"))) != 1:
        yield "may work in any account that its credentials lead to"


@policy(
    "P606",
    "Providers hold no credentials",
    types="provider",
    reason="What stands in a document stands in git, and in every log of a plan.",
    remedy="let the environment or a role give credentials",
    bad={"provider": {"aws": [{"access_key": "example"}]}},
    good={"provider": {"aws": [{"assume_role": {"role_arn": "arn:aws:iam::111122223333:role/a"}}]}},
)
def credentials(provider: Subject) -> Iterator[str]:
    """Written down; an expression comes from somewhere."""
    for key in _KEYS:
        if isinstance(provider.get(key), str):
            yield f"holds a {key}"


@policy(
    "P607",
    "Charts are pinned, and come over TLS or OCI",
    types="helm_release",
    reason="A chart runs as administrator of the cluster. Without a version, it is another one "
    "tomorrow.",
    remedy="set version and an https:// or oci:// repository, or use a chart packed beside the "
    "stack",
    bad=_release(version=None),
    good=_release(),
)
def charts(release: Subject) -> Iterator[str]:
    """A packed chart is part of the document."""
    chart, repository = str(release.get("chart")), release.get("repository")
    if repository is None and chart.startswith(_HERE):
        return
    if repository is not None and not is_unknown(repository):
        if not str(repository).startswith(("https://", "oci://")):
            yield f"takes its chart from {repository}, without TLS"
    elif repository is None and not chart.startswith(("oci://", "https://")):
        yield "does not say where its chart comes from"
    if release.get("version") in (None, *_LOOSE):
        yield "takes whichever version of its chart is newest"


@policy(
    "P608",
    "Images have versions",
    types="helm_release",
    reason="`latest` is another image on another day, and on another node.",
    remedy="name a version, or better a digest",
    bad=_release({"image": {"repository": "spark", "tag": "latest"}}),
    good=_release({"image": {"repository": "spark", "tag": "4.0.1"}}),
)
def images(release: Subject) -> Iterator[str]:
    """Wherever a chart's values name one: an image, or a mapping with repository and tag.

    Without a tag beside the repository, the chart's own counts, which goes with its version (P607).
    """
    for text in listed(release.get("values")):
        for path, name, tag in _images(decode_json(text)):
            if tag in _LOOSE:
                yield f"{path}: {name} has no version" if not tag else f"{path}: {name} is {tag}"


def _images(value: Value, path: str = "") -> Iterator[tuple[str, str, str]]:
    if isinstance(value, list):
        for inner in value:
            yield from _images(inner, path)
    if not isinstance(value, dict):
        return
    repository = value.get("repository")
    if isinstance(repository, str) and value.get("tag") and not value.get("digest"):
        yield path or "values", repository, str(value.get("tag"))
    for key, inner in value.items():
        here = f"{path}.{key}".lstrip(".")
        if key.lower() == "image" and isinstance(inner, str) and "@sha256:" not in inner:
            found = _IMAGE.match(inner)
            yield here, inner, found["tag"] if found else ""
        yield from _images(inner, here)


RULES = (
    *(state_encrypted, state_locked, state_key, providers_bound, one_account, credentials),
    *(charts, images),
)
