"""No secret is shown, whatever it is called and wherever it stands."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cellfactory.diff.compare import compare_stack
from cellfactory.diff.hidden import HIDDEN, Hidden, hide, is_secret, scrub
from cellfactory.diff.model import Changes
from cellfactory.layers import StackId
from cellfactory.views.diff import Diff, render_diff
from cellfactory.views.diff_data import render_diff_json
from cellfactory.views.diff_markdown import render_diff_markdown

STACK = StackId("x", "network")


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def document(body: dict[str, Any], kind: str = "aws_instance") -> dict[str, Any]:
    return {"resource": {kind: {"a": body}}}


PLACES: dict[str, Callable[[str], dict[str, Any]]] = {
    "attribute": lambda s: document({"password": s}),
    "nested": lambda s: document({"master": [{"user": "x", "auth_token": s}]}),
    "below a secret name": lambda s: document({"credentials": {"a": {"b": [s]}}}),
    "json in a text": lambda s: document({"values": [json.dumps({"db": {"clientSecret": s}})]}),
    "yaml in a text": lambda s: document({"manifest": f"db:\n  clientSecret: {s}\n"}),
    "variable of a container": lambda s: document(
        {"values": [json.dumps({"env": [{"name": "DB_PASSWORD", "value": s}]})]}
    ),
    "set_sensitive": lambda s: document({"set": [{"name": "auth.token", "value": s}]}),
    "script": lambda s: document({"user_data": encoded(f"#!/bin/sh\nexport API_TOKEN={s}\nrun\n")}),
    "script, quoted": lambda s: document({"user_data": encoded(f'#!/bin/sh\nTOKEN="{s}"\nrun\n')}),
    "argument": lambda s: document({"command": ["sh", "-c", f"login --password {s}"]}),
    "url": lambda s: document({"endpoint": f"https://user:{s}@example.com/x"}),
    "header": lambda s: document({"note": f"Authorization: Bearer {s}"}),
    "expression": lambda s: document({"endpoint": f"${{var.host}}?password={s}"}),
    "tag": lambda s: document({"tags": {"Secret": s}}),
    "output": lambda s: {"output": {"x": {"value": s, "sensitive": True}}},
    "output of many": lambda s: {"output": {"x": {"value": {"a": [s]}, "sensitive": True}}},
    "variable": lambda s: {"variable": {"x": {"default": s, "sensitive": True}}},
    "provider": lambda s: {"provider": {"aws": [{"secret_key": s, "region": "r"}]}},
    "backend": lambda s: {"terraform": {"backend": {"s3": {"access_key": s}}}},
    "data": lambda s: {"data": {"http": {"a": {"request_headers": {"Authorization": s}}}}},
    "local": lambda s: {
        "locals": {"word": s},
        "resource": {"aws_instance": {"a": {"password": "${local.word}"}}},
    },
}
SECRETS = st.text("abcdefghijklmnopqrstuvwxyz0123456789", min_size=12, max_size=16).map(
    "q7".__add__
)


@pytest.mark.parametrize("place", PLACES)
@given(one=SECRETS, two=SECRETS)
def test_neither_a_change_nor_what_comes_or_goes_shows_it(place: str, one: str, two: str) -> None:
    old, new = (json.dumps(PLACES[place](secret)) for secret in (one, two))
    empty = json.dumps({"resource": {}})
    for before, after in ((old, new), (empty, new), (old, empty), (None, new), (old, None)):
        changed = compare_stack(STACK, before, after)
        if before == after:
            assert changed is None
            continue
        assert changed is not None, "a secret that changes is a change"
        diff = Diff(base="x", changes=Changes(stacks=(changed,), unchanged=0), every=True)
        shown = (repr(changed), render_diff(diff), render_diff_markdown(diff))
        for text in (*shown, render_diff_json(diff, ())):
            assert one not in text
            assert two not in text


@pytest.mark.parametrize(
    "text",
    [
        "-----BEGIN RSA PRIVATE KEY-----\nMIIEpAIBAAKC\n-----END RSA PRIVATE KEY-----",
        "key AKIAIOSFODNN7EXAMPLE in a text",
        "ghp_abcdefghijklmnopqrstuvwxyz012345",
        "jwt eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc",
    ],
)
def test_what_has_the_form_of_a_secret_is_one_under_any_name(text: str) -> None:
    safe = scrub(text)
    assert HIDDEN in safe
    assert not any(part in safe for part in ("MIIE", "AKIA", "ghp_", "eyJ"))


@pytest.mark.parametrize(
    "text",
    [
        "http_tokens = required",
        "arn:aws:iam::111111111111:role/CellFactory",
        "alias/cells-tfstate",
        "https://example.com/a@b",
        "${var.cluster_ca}",
        "cellfactory token --cluster x --region us-east-1",
    ],
)
def test_what_is_none_is_shown(text: str) -> None:
    assert scrub(text) == text


@pytest.mark.parametrize("key", ["auth_tokens", "signing_key", "db_pwd", "sshKey", "htpasswd"])
def test_names_of_secrets(key: str) -> None:
    assert is_secret((key,))


def test_hidden_values_are_told_apart_and_read_by_nobody() -> None:
    assert hide("a") == hide("a") != hide("b")
    assert isinstance(hide("a"), Hidden)
    assert "a" not in repr(hide("a")).replace("(sensitive)", "")
