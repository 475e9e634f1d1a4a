"""How a policy of IAM or of a resource is written down."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

VERSION = "2012-10-17"
"""Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_version.html"""


def policy_document(statements: Iterable[Mapping[str, Any]]) -> str:
    """Write statements as the JSON text of a policy, its keys sorted.

    >>> policy_document([{"Effect": "Allow"}])
    '{"Statement": [{"Effect": "Allow"}], "Version": "2012-10-17"}'
    """
    return json.dumps({"Version": VERSION, "Statement": list(statements)}, sort_keys=True)
