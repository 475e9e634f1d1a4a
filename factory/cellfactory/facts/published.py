"""Rows of what AWS and others publish: versions of add-ons, Kubernetes and charts, node images."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

from cellfactory.facts.rows import Provenance


@dataclass(frozen=True, slots=True, kw_only=True)
class AddonVersion(Provenance):
    """The newest published version of an EKS add-on for one Kubernetes version."""

    id: str
    addon: str
    kubernetes: str
    version: str
    unit: str = "version"


@dataclass(frozen=True, slots=True, kw_only=True)
class OldestAddon(Provenance):
    """The oldest version of an EKS add-on that gives what the design asks of it.

    Attributes:
        id: the add-on's name.
        reason: what is asked of it.
    """

    id: str
    version: str
    reason: str
    unit: str = "version"


@dataclass(frozen=True, slots=True, order=True)
class ImageBuild:
    """What a node image is made for: `architecture` and `variant`, as in `NodeImage`."""

    architecture: str
    variant: str

    def __str__(self) -> str:
        return f"{self.architecture}-{self.variant}"


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeImage(Provenance):
    """A published EKS-optimized AL2023 image.

    Attributes:
        id: the name of the image, such as
            `amazon-eks-node-al2023-arm64-standard-1.34-v20260714`.
        release_version: what an EKS node group calls it, such as `1.34.9-20260714`.
        architecture: `arm64` or `x86_64`.
        variant: `standard`, or the accelerators whose drivers it holds.
    """

    id: str
    kubernetes: str
    release: str
    release_version: str
    architecture: str
    variant: str
    unit: str = "image"


def image_name(kubernetes_version: str, build: ImageBuild, release: str) -> str:
    """Name the image of a release.

    Source:
        https://github.com/awslabs/amazon-eks-ami/blob/main/CHANGELOG.md

    >>> image_name("1.34", ImageBuild("x86_64", "nvidia"), "v20260714")
    'amazon-eks-node-al2023-x86_64-nvidia-1.34-v20260714'
    """
    return f"amazon-eks-node-al2023-{build}-{kubernetes_version}-{release}"


@dataclass(frozen=True, slots=True, kw_only=True)
class KubernetesVersion(Provenance):
    """A Kubernetes version of EKS; a day is None where no page tells it.

    Attributes:
        released: the day on which EKS first offered it.
        standard_until: the day on which extended support, and its price, begins.
        extended_until: the day from which no cluster can be made with it.
    """

    id: str
    released: date | None
    standard_until: date | None
    extended_until: date | None
    unit: str = "version"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChartVersion(Provenance):
    """A published version of a Helm chart."""

    id: str
    repository: str
    version: str
    unit: str = "version"


@dataclass(frozen=True, slots=True, kw_only=True)
class AwsDefault(Provenance):
    """What changes in AWS although nobody touched it.

    Attributes:
        type: of the resource, as the provider calls it.
        attribute: the one that changes; `*` is every one.
        by: `aws`, or another resource of the same `cell`, which is shown here as well.
        because: why, as part of a sentence.
        made_by: types of resources without which an item of it is not explained.
    """

    id: str
    type: str
    attribute: str
    by: Literal["aws", "cell"]
    because: str
    made_by: tuple[str, ...] = ()
    unit: str = "attribute"
