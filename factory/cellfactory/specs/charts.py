"""Our own charts."""

from __future__ import annotations

from collections.abc import Mapping

NAMESPACES = "spark-namespaces"
HISTORY_SERVER = "spark-history-server"
"""Also the name of its service and of its service account."""
GATEWAY = "spark-ui-gateway"
"""Names of our charts and of their releases."""

OWN_CHARTS: Mapping[str, str] = {
    NAMESPACES: "spark-namespaces",
    HISTORY_SERVER: "spark-history-server",
    GATEWAY: "spark-ui-gateway/chart",
}
"""Our own charts: by name, their folder below `modules`; they lie, packed, beside a stack."""
