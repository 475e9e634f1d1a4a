"""Every call that the emulated AWS is asked, one JSON line each: who, where, what, with what.

It is how the table of IAM actions is measured (`tools/measure_actions.py`), and what statements
are held against (`tests/unit/layers/test_permissions.py`). It is off unless the server is told a
file.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from moto.sts.models import sts_backends

from cellfactory.sandbox.asking import Call


class Recorder:
    """A file that grows by one line for each call."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def note(self, row: Mapping[str, Any]) -> None:
        """Add a call."""
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(row, default=str, sort_keys=True) + "\n")


def row_of(call: Call, key: str) -> dict[str, Any]:
    """Write a call, and who makes it by the session of a key."""
    role, session = "", ""
    for assumed in sts_backends[call.account]["aws"].assumed_roles:
        if assumed.access_key_id == key:
            role, session = assumed.role_arn, assumed.session_name
    return {**asdict(call), "role": role, "session": session}
