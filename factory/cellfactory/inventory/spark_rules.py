"""What the platform layer runs, against the cell that it runs in."""

from __future__ import annotations

import re
from collections.abc import Iterator

from cellfactory.errors import Finding, KeyPath
from cellfactory.inventory.schema import CellType, Inventory
from cellfactory.inventory.unreadable import as_far_as_readable, at, peek, readable
from cellfactory.naming import PLATFORM_NAMESPACES

PUBLIC_REGISTRIES = (
    *("docker.io", "gcr.io", "ghcr.io", "github.io", "k8s.io", "quay.io"),
    *("mcr.microsoft.com", "public.ecr.aws"),
)
ECR_HOST = re.compile(
    r"(?:oci://|https://)?[0-9]{12}\.dkr[.-]ecr(?:-fips)?\.(?P<region>[a-z0-9-]+)\.", re.IGNORECASE
)

Place = tuple[str, ...]  # the keys below `spark`
CHARTS: tuple[Place, ...] = (
    ("operator", "chart_repository"),
    ("scheduler", "yunikorn", "chart_repository"),
)
IMAGES: tuple[Place, ...] = (
    ("operator", "image_registry"),
    ("ui", "sidecar_image"),
    ("ui", "nginx_image"),
    ("history", "image"),
    ("scheduler", "yunikorn", "image_registry"),
)

MOST_WATCHED_NAMESPACES = 20  # the gateway keeps one watch of each


def check_spark(inventory: Inventory) -> Iterator[Finding]:
    """Yield what is wrong with the platform layer of each cell type.

    Rules:
        F122: no egress, and a chart or image from a public registry (a warning).
        F124: live UIs without an ingress, or in more namespaces than the gateway watches.
        F125: jobs in a namespace of the platform or of Kubernetes itself.
        F137: no egress, and images (charts: a warning) from Amazon ECR in another Region.
    """
    yield from _check_cell_types(inventory)
    yield from _check_regions(inventory)


@as_far_as_readable
def _check_cell_types(inventory: Inventory) -> Iterator[Finding]:
    for name, cell_type in inventory.cell_types.items():
        path: KeyPath = ("cell_types", name, "spark")
        yield from _check_namespaces(cell_type, (*path, "namespaces"))
        yield from _check_ui(cell_type, (*path, "ui"))
        yield from _check_watched(cell_type, (*path, "namespaces"))
        if peek(cell_type, "egress") == "none":
            for where in CHARTS:
                yield from _check_chart(cell_type, where, (*path, *where))
            for where in IMAGES:
                yield from _check_image(cell_type, where, (*path, *where))


@as_far_as_readable
def _check_namespaces(cell_type: CellType, path: KeyPath) -> Iterator[Finding]:
    for index, namespace in readable(cell_type.spark.namespaces):
        taken = namespace == "default" or namespace.startswith("kube-")
        if taken or namespace in PLATFORM_NAMESPACES:
            yield Finding(
                rule="F125",
                path=(*path, index),
                message=f"jobs cannot run in the reserved namespace {namespace!r}",
                hint="use a separate namespace: jobs can read the secrets and pods of theirs",
            )


@as_far_as_readable
def _check_ui(cell_type: CellType, path: KeyPath) -> Iterator[Finding]:
    if cell_type.spark.ui is not None and cell_type.ingress is None:
        yield Finding(
            rule="F124",
            path=path,
            message="live UIs need an ingress, and none is configured",
            hint="add `ingress: {node_group: ...}` to the cell type, or remove `ui`",
        )


@as_far_as_readable
def _check_watched(cell_type: CellType, path: KeyPath) -> Iterator[Finding]:
    watched = len(cell_type.spark.namespaces)
    if cell_type.spark.ui is not None and watched > MOST_WATCHED_NAMESPACES:
        yield Finding(
            rule="F124",
            path=path,
            message=f"the gateway watches at most {MOST_WATCHED_NAMESPACES} namespaces, "
            f"not {watched:,}",
            hint=f"share namespaces between jobs: {watched - MOST_WATCHED_NAMESPACES:,} fewer fit",
        )


@as_far_as_readable
def _check_chart(cell_type: CellType, where: Place, path: KeyPath) -> Iterator[Finding]:
    repository = at(cell_type.spark, where)
    if repository is not None and _is_public(repository):
        yield _out_of_reach(path, f"reach {repository}")


@as_far_as_readable
def _check_image(cell_type: CellType, where: Place, path: KeyPath) -> Iterator[Finding]:
    if at(cell_type.spark, where[:-1]) is None:
        return
    image = at(cell_type.spark, where)
    if image is None or _is_public(image):
        shown = image or "the public registry that the chart names"
        yield _out_of_reach(path, f"pull images from {shown}")


def _out_of_reach(path: KeyPath, what: str) -> Finding:
    return Finding(
        rule="F122",
        path=path,
        message=f"a cell without egress cannot {what}",
        hint="mirror it to a registry that the cell's endpoints reach, such as Amazon ECR",
        severity="warning",
    )


@as_far_as_readable
def _check_regions(inventory: Inventory) -> Iterator[Finding]:
    """Yield registries that the endpoints of a cell do not lead to, once for each cell type.

    Source:
        https://docs.aws.amazon.com/AmazonECR/latest/userguide/vpc-endpoints.html
    """
    homes: dict[str, set[str]] = {}  # by cell type, the Regions of its cells
    for cell in inventory.cells.values():
        region = peek((peek(inventory, "meshes") or {}).get(peek(cell, "mesh")), "region")
        if region is not None:
            homes.setdefault(peek(cell, "type"), set()).add(region)
    for name, cell_type in inventory.cell_types.items():
        if peek(cell_type, "egress") == "none":
            for where in (*IMAGES, *CHARTS):
                path: KeyPath = ("cell_types", name, "spark", *where)
                yield from _check_region(cell_type, where, homes.get(name, set()), path)


@as_far_as_readable
def _check_region(
    cell_type: CellType, where: Place, homes: set[str], path: KeyPath
) -> Iterator[Finding]:
    found = ECR_HOST.match(at(cell_type.spark, where) or "")
    other = sorted(homes - {found["region"]}) if found else []
    if found and other:
        is_chart = where in CHARTS  # the one who applies may have a way that the cell lacks
        what = "charts" if is_chart else "images"
        yield Finding(
            rule="F137",
            path=path,
            message=f"a cell without egress in {', '.join(other)} cannot take {what} from Amazon "
            f"ECR in {found['region']}",
            hint="replicate the repositories and name the registry of the cell's own Region: "
            "endpoints of ECR and S3 lead nowhere else",
            severity="warning" if is_chart else "error",
        )


def _is_public(address: str) -> bool:
    host = address.partition("://")[2] or address
    host = host.partition("/")[0].partition(":")[0].lower()
    return any(host == known or host.endswith(f".{known}") for known in PUBLIC_REGISTRIES)
