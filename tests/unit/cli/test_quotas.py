"""Reading live quotas: which account, through which roles, and what is proposed."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from cellfactory.cli.quotas import find_cell, propose
from cellfactory.documents import parse_document
from cellfactory.errors import TerraformError, UsageError
from cellfactory.facts.loader import load_facts
from cellfactory.inventory.schema import NewAccount
from cellfactory.runs.live_quotas import NOT_THERE, read_quotas
from tests.unit.sizing.sample import inventory

FACTS = load_facts()
KNOWN = {quota.code: quota for quota in FACTS.quotas.values() if quota.code}


class Quotas:
    """A Service Quotas that answers from a table, or refuses."""

    def __init__(
        self,
        values: dict[str, float],
        error: Exception | None = None,
        defaults: dict[str, float] | None = None,
    ) -> None:
        self.values, self.error = values, error
        self.defaults = sorted((defaults or {}).items())
        self.listed: list[str] = []

    def client(self, service: str, **_: Any) -> Any:
        assert service == "service-quotas"
        return self

    def get_service_quota(self, *, ServiceCode: str, QuotaCode: str) -> dict[str, Any]:
        assert ServiceCode == KNOWN[QuotaCode].service
        if self.error:
            raise self.error
        if QuotaCode not in self.values:
            raise refused(NOT_THERE)
        return {"Quota": {"QuotaCode": QuotaCode, "Value": self.values[QuotaCode]}}

    def list_aws_default_service_quotas(
        self, *, ServiceCode: str, NextToken: str = "0"
    ) -> dict[str, Any]:
        """Give one default a page."""
        self.listed.append(f"{ServiceCode} {NextToken}")
        mine = [(c, v) for c, v in self.defaults if KNOWN[c].service == ServiceCode]
        if not mine:
            raise refused(NOT_THERE)
        page = int(NextToken)
        rows = [{"QuotaCode": code, "Value": value} for code, value in mine[page : page + 1]]
        more = {"NextToken": str(page + 1)} if page + 1 < len(mine) else {}
        return {"Quotas": rows, **more}


def refused(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "no"}}, "GetServiceQuota")


def test_every_code_is_asked_for_and_what_is_unknown_is_told() -> None:
    live = read_quotas(Quotas({"L-CD17FD4B": 512_000.0}), FACTS.quotas.values())
    assert live.values == {"L-CD17FD4B": 512_000}
    assert set(live.unread) == set(KNOWN) - {"L-CD17FD4B"}


def test_what_was_never_raised_has_the_default_that_aws_lists() -> None:
    defaults = {"L-CD17FD4B": 128_000.0, "L-93826ACB": 50.0, "L-BD136A63": 450.0}
    quotas = Quotas({"L-CD17FD4B": 512_000.0}, defaults=defaults)
    live = read_quotas(quotas, FACTS.quotas.values())
    assert live.values == {"L-CD17FD4B": 512_000, "L-93826ACB": 50, "L-BD136A63": 450}
    assert "L-BB24F6E5" in live.unread
    assert len(quotas.listed) == len(set(quotas.listed)), "each page is read once"


@pytest.mark.parametrize(
    "error",
    [refused("AccessDeniedException"), EndpointConnectionError(endpoint_url="somewhere")],
    ids=["no permission", "no way there"],
)
def test_a_refusal_is_an_error_and_not_an_empty_answer(error: Exception) -> None:
    with pytest.raises(TerraformError, match="Service Quotas"):
        read_quotas(Quotas({}, error), FACTS.quotas.values())


def test_a_cell_by_its_name_or_its_account() -> None:
    declared = inventory({"cell-a": 1, "cell-b": 1})
    assert find_cell(declared, "cell-b") == ("cell-b", "000000000002")
    assert find_cell(declared, "000000000001") == ("cell-a", "000000000001")
    for nobody in ("cell-c", "000000000009", ""):
        with pytest.raises(UsageError, match="unknown cell or account"):
            find_cell(declared, nobody)


def test_an_account_that_is_not_made_yet() -> None:
    declared = inventory()
    new = NewAccount(email="a@example.com", ou="ou-ab12-cdefgh34")
    cells = {"cell-a": declared.cells["cell-a"].model_copy(update={"account": new})}
    with pytest.raises(UsageError, match="does not exist yet"):
        find_cell(declared.model_copy(update={"cells": cells}), "cell-a")


def test_what_differs_from_the_default_is_proposed() -> None:
    live = {"L-CD17FD4B": 512_000, "L-BB24F6E5": 64_000, "L-1216C47A": 48_000, "L-7A658B76": 50}
    declared = {"L-CD17FD4B": 256_000.0, "L-1216C47A": 48_000.0, "L-7A658B76": 200.0}
    lines = list(propose("cell-a", live, declared, KNOWN))
    text = "\n".join(lines)
    assert parse_document(text).value == {
        "cell-a": {"quotas": {"L-1216C47A": 48_000, "L-7A658B76": 50, "L-CD17FD4B": 512_000}}
    }
    assert "512000  # Peered Network Address Usage (NAU); cells.yaml has 256,000" in text
    assert "cells.yaml has 48,000" not in text


def test_what_could_not_be_read_stays_as_it_is() -> None:
    declared = {"L-1216C47A": 48_000.0, "L-CD17FD4B": 512_000.0, "L-00000000": 7.0}
    text = "\n".join(propose("cell-a", {"L-CD17FD4B": 512_000}, declared, KNOWN))
    assert parse_document(text).value == {
        "cell-a": {"quotas": {"L-00000000": 7, "L-1216C47A": 48_000, "L-CD17FD4B": 512_000}}
    }
    assert text.count("not read, from cells.yaml") == 2
    assert "512000  # Peered Network Address Usage (NAU)\n" in text + "\n"


def test_nothing_raised_is_said() -> None:
    lines = list(propose("cell-a", {"L-BB24F6E5": 64_000}, {}, KNOWN))
    assert parse_document("\n".join(lines)).value == {"cell-a": {"quotas": {}}}


def test_the_default_of_a_region_is_no_raise() -> None:
    live = {"L-7A658B76": 300}
    spain = list(propose("cell-a", live, {}, FACTS.quotas_by_code("eu-south-2")))
    assert spain[1] == "  quotas: {}  # nothing was raised"
    virginia = list(propose("cell-a", live, {}, FACTS.quotas_by_code("us-east-1")))
    assert virginia[2].startswith("    L-7A658B76: 300")
