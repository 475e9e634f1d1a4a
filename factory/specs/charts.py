"""Our own charts."""

from __future__ import annotations

from collections.abc import Mapping

OWN_CHARTS: Mapping[str, str] = {
    "spark-namespaces": "spark-namespaces",
    "spark-history-server": "spark-history-server",
    "spark-ui-gateway": "spark-ui-gateway/chart",
}
"""Our own charts: by name, their folder below `modules`; synth puts a copy beside the stack."""
