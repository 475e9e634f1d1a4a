"""What is rendered is held against every Kubernetes that the validator knows, from 1.33 on."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.gateway import test_chart
from tests.helm import test_history_server, test_platform, test_spark_namespaces

OLDEST = (1, 33)


def known_to_the_validator() -> set[str]:
    validate = pytest.importorskip("kubernetes_validate", reason="pip install kubernetes-validate")
    folders = (Path(validate.__file__).parent / "kubernetes-json-schema").iterdir()
    found = (re.fullmatch(r"v(\d+)\.(\d+)\.\d+-local-strict", folder.name) for folder in folders)
    numbers = {(int(f[1]), int(f[2])) for f in found if f}
    return {f"{major}.{minor}" for major, minor in numbers if (major, minor) >= OLDEST}


@pytest.mark.parametrize(
    "tried",
    [
        test_chart.KUBERNETES,
        test_history_server.KUBERNETES,
        test_platform.KUBERNETES,
        test_spark_namespaces.KUBERNETES,
    ],
    ids=["gateway", "history server", "stacks", "namespaces"],
)
def test_no_version_is_left_out(tried: tuple[str, ...]) -> None:
    assert known_to_the_validator() <= set(tried)
