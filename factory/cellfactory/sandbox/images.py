"""Machine images that Amazon owns.

Source:
    https://docs.aws.amazon.com/eks/latest/userguide/eks-ami-versions-al2023.html
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from moto.ec2.models.amis import Ami

from cellfactory.sandbox.world import Image

AMAZON_EKS = "602401143452"  # the account that publishes the EKS images
RELEASE = re.compile(r"v(\d{8})$")
EKS_IMAGE = re.compile(
    r"amazon-eks-node-al2023-(?P<architecture>x86_64|arm64)-(standard|nvidia|neuron)-1\.\d+-v\d{8}"
)


def image_id(name: str, region: str) -> str:
    """Return the id an image has in a Region: the same in every account and run."""
    return "ami-" + sha256(f"{region}/{name}".encode()).hexdigest()[:17]


def eks_image(name: str, region: str) -> Image | None:
    """Take a name that an EKS image would have for one that is released in a Region.

    Which releases there are is AWS's alone to know; so that a cell can be upgraded while the
    emulator runs, all of them are.
    """
    match = EKS_IMAGE.fullmatch(name)
    if match is None:
        return None
    return Image(name=name, architecture=match.group("architecture"), regions=(region,))


def image_of(backend: Any, image: Image) -> Ami:
    """Make the emulated image for one account and Region."""
    release = RELEASE.search(image.name)
    day = release.group(1) if release else "20250101"
    return Ami(
        backend,
        image_id(image.name, backend.region_name),
        name=image.name,
        description=image.name,
        owner_id=AMAZON_EKS,
        owner_alias="amazon",
        public=True,
        virtualization_type="hvm",
        architecture=image.architecture,
        creation_date=datetime.strptime(day, "%Y%m%d").replace(tzinfo=UTC),
        image_location=f"amazon/{image.name}",
        hypervisor="xen",
        root_device_type="ebs",
        root_device_name="/dev/xvda",
        region_name=f"{backend.region_name}a",
    )
