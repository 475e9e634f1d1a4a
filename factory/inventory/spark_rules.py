"""What the platform layer runs, against the cell that it runs in."""

from __future__ import annotations

from collections.abc import Iterator

from factory.errors import Finding, KeyPath
from factory.inventory.schema import CellType, Inventory
from factory.inventory.spark import Spark

PUBLIC_REGISTRIES = (
    *("docker.io", "gcr.io", "ghcr.io", "github.io", "k8s.io", "quay.io"),
    *("mcr.microsoft.com", "public.ecr.aws"),
)
PLATFORM_NAMESPACES = ("spark-operator", "spark-system", "yunikorn")
"""The namespaces of the releases themselves; jobs have no business there."""

MOST_WATCHED_NAMESPACES = 20  # the gateway keeps one watch of each


def check_spark(inventory: Inventory) -> Iterator[Finding]:
    """Yield what is wrong with the platform layer of each cell type.

    Rules:
        F122: no egress, and a chart or image from a public registry (a warning).
        F124: live UIs without an ingress, or in more namespaces than the gateway watches.
        F125: jobs in a namespace of the platform or of Kubernetes itself.
    """
    for name, cell_type in inventory.cell_types.items():
        path: KeyPath = ("cell_types", name, "spark")
        yield from _check_namespaces(cell_type.spark, (*path, "namespaces"))
        yield from _check_ui(cell_type, path)
        if cell_type.egress == "none":
            yield from _check_registries(cell_type.spark, path)


def _check_namespaces(spark: Spark, path: KeyPath) -> Iterator[Finding]:
    for index, namespace in enumerate(spark.namespaces):
        taken = namespace == "default" or namespace.startswith("kube-")
        if taken or namespace in PLATFORM_NAMESPACES:
            yield Finding(
                rule="F125",
                path=(*path, index),
                message=f"jobs cannot run in {namespace!r}, which is not theirs",
                hint="give them a namespace of their own: a job may read its secrets and pods",
            )


def _check_ui(cell_type: CellType, path: KeyPath) -> Iterator[Finding]:
    if cell_type.spark.ui is None:
        return
    if cell_type.ingress is None:
        yield Finding(
            rule="F124",
            path=(*path, "ui"),
            message="live UIs need an ingress: there is no node port to answer on",
            hint="add `ingress: {node_group: ...}` to the cell type, or leave `ui` out",
        )
    watched = len(cell_type.spark.namespaces)
    if watched > MOST_WATCHED_NAMESPACES:
        yield Finding(
            rule="F124",
            path=(*path, "namespaces"),
            message=f"the gateway watches at most {MOST_WATCHED_NAMESPACES} namespaces, "
            f"not {watched:,}",
            hint=f"let jobs share namespaces: {watched - MOST_WATCHED_NAMESPACES:,} fewer will do",
        )


def _check_registries(spark: Spark, path: KeyPath) -> Iterator[Finding]:
    hint = "mirror it to a registry that the cell's endpoints reach, such as Amazon ECR"
    for where, message in _unreachable(spark):
        place = (*path, *where)
        yield Finding(rule="F122", path=place, message=message, hint=hint, severity="warning")


def _unreachable(spark: Spark) -> Iterator[tuple[KeyPath, str]]:
    for where, repository in _charts(spark):
        if _is_public(repository):
            yield where, f"a cell without egress cannot reach {repository}"
    for where, image in _images(spark):
        if image is None or _is_public(image):
            shown = image or "the public registry that the chart names"
            yield where, f"a cell without egress cannot pull images from {shown}"


def _charts(spark: Spark) -> Iterator[tuple[KeyPath, str]]:
    yield ("operator", "chart_repository"), spark.operator.chart_repository
    if spark.scheduler:
        place = ("scheduler", "yunikorn", "chart_repository")
        yield place, spark.scheduler.yunikorn.chart_repository


def _images(spark: Spark) -> Iterator[tuple[KeyPath, str | None]]:
    yield ("operator", "image_registry"), spark.operator.image_registry
    if spark.ui:
        yield ("ui", "sidecar_image"), spark.ui.sidecar_image
        yield ("ui", "nginx_image"), spark.ui.nginx_image
    if spark.history:
        yield ("history", "image"), spark.history.image
    if spark.scheduler:
        place = ("scheduler", "yunikorn", "image_registry")
        yield place, spark.scheduler.yunikorn.image_registry


def _is_public(address: str) -> bool:
    host = address.partition("://")[2] or address
    host = host.partition("/")[0].partition(":")[0].lower()
    return any(host == known or host.endswith(f".{known}") for known in PUBLIC_REGISTRIES)
