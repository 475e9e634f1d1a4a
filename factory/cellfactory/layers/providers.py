"""Which providers the stacks accept, and where they come from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from cellfactory.layers.rows import Provider

PROVIDERS: Mapping[Provider, dict[str, str]] = {
    "aws": {"source": "hashicorp/aws", "version": ">= 5.100.0, < 7.0.0"},
    "helm": {"source": "hashicorp/helm", "version": ">= 3.1.1, < 4.0.0"},
}
"""Which providers the stacks accept, by local name.

The bindings name the single version they were made from; the stacks keep to what every version in
the range knows, and a test reads the schemas.
"""


def required_providers(names: Iterable[Provider]) -> dict[str, Mapping[str, str]]:
    """Say where providers come from and in which range, by local name, sorted."""
    return {name: PROVIDERS[name] for name in sorted(names)}
