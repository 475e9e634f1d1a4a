"""Lines of documents, however they are written."""

from __future__ import annotations

import json
from typing import Any

import pytest

from cellfactory.policy.lines import line_in, lines_of

DOCUMENT: dict[str, Any] = {
    "//": {"metadata": {"resource": {"aws_vpc": {"fake": {}}}}},
    "data": {"aws_ami": {"arm": {"filter": [{"name": "resource", "values": ["a{b"]}]}}},
    "locals": {"resource": {"aws_vpc": {"cell": "no"}}},
    "output": {"vpc_id": {"value": "${aws_vpc.cell.id}"}},
    "provider": {"aws": [{"region": "us-east-1"}]},
    "resource": {"aws_vpc": {"cell": {"tags": {"aws_vpc": "}"}}, "other": {}}},
    "terraform": {"backend": {"s3": {}}},
    "variable": {"vpc_id": {"type": "string"}},
}
WANTED = {
    "aws_vpc.cell": '"cell": {',
    "aws_vpc.other": '"other": {}',
    "data.aws_ami.arm": '"arm": {',
    "output.vpc_id": '"vpc_id": {',
    "provider.aws": '"aws": [',
    "var.vpc_id": '"vpc_id": {',
}


def test_each_address_has_its_line() -> None:
    text = json.dumps(DOCUMENT, indent=2)
    lines, found = text.splitlines(), lines_of(text)
    for address, start in WANTED.items():
        assert lines[found[address] - 1].strip().startswith(start), address
    assert found["aws_vpc.cell"] < found["aws_vpc.other"] < found["var.vpc_id"]
    assert "aws_vpc.fake" not in found


def test_rows_aliases_and_the_backend_are_found_by_what_holds_them() -> None:
    found = lines_of(json.dumps(DOCUMENT, indent=2))
    assert line_in(found, 'aws_vpc.cell["a.b"]') == found["aws_vpc.cell"]
    assert line_in(found, "provider.aws.other") == found["provider.aws"]
    assert line_in(found, "backend.s3") == found["terraform"]
    assert line_in(found, "aws_vpc.none") == 0


@pytest.mark.parametrize("text", ["", "{", '{"resource": [', "]]}}", '"', "null"])
def test_what_is_no_json_has_no_lines(text: str) -> None:
    assert line_in(lines_of(text), "aws_vpc.cell") == 0
