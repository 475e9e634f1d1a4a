"""What the tests of the runner share."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.terraform.scene import Scene


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return Scene(root=tmp_path)
