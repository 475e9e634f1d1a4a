"""Credentials providers that we name, against what S3A can make of each class.

No registry that the tests reach holds hadoop-aws, so the classes' own interfaces stand in
`s3a_providers.yaml`, each with its source, and every place that names a provider is held to them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.helm.conftest import ROOT

pytestmark = pytest.mark.helm

KNOWN = yaml.safe_load((Path(__file__).parent / "s3a_providers.yaml").read_text("utf-8"))
_NAMED = re.compile(r"fs\.s3a\.aws\.credentials\.provider[:\s\"]+(\w+(?:\.\w+)+)")
_READ = (
    ("modules", "**/*"),
    ("docs", "**/*.md"),
    ("factory", "**/*.py"),
    ("tests/helm/golden", "*"),
)


def named_providers() -> Iterator[tuple[str, str]]:
    """Yield each file of the product that names a provider, and the class."""
    for folder, pattern in _READ:
        for path in sorted((ROOT / folder).glob(pattern)):
            if path.is_file() and path.suffix != ".pyc":
                for named in _NAMED.findall(path.read_text("utf-8", "replace")):
                    yield str(path.relative_to(ROOT)), named


def test_every_named_provider_can_be_made_by_each_hadoop_and_knows_pod_identity() -> None:
    found = dict(named_providers())
    assert "modules/spark-history-server/templates/configmap.yaml" in found
    assert {"docs/platform.md", "docs/example-jobs.md"} <= found.keys()
    for place, name in found.items():
        provider = KNOWN["providers"][name]
        missing = [h for h in KNOWN["hadoop"] if provider["made_by"][h] is None]
        assert missing == [], f"{place}: {name} cannot be made by Hadoop {missing}"
        assert provider["pod_identity"], f"{place}: {name} does not ask the Pod Identity agent"
