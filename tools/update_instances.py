"""Write `factory/cellfactory/facts/instances.jsonl` from the EC2 catalogue that moto ships.

    python -m tools.update_instances            # write the file
    python -m tools.update_instances --check    # exit 1 when the file is stale

moto keeps the answers of EC2's DescribeInstanceTypes, asked in every Region and
refreshed monthly. Corrections stand in `instances.override.yaml`, each with a reason.
"""

from __future__ import annotations

import gzip
import json
import sys
from collections.abc import Iterable, Mapping
from importlib import metadata, resources
from pathlib import Path
from typing import Any

import yaml

from tools.made_file import write_or_check

ROOT = Path(__file__).resolve().parent.parent
FACTS = ROOT / "factory" / "cellfactory" / "facts"
TARGET = FACTS / "instances.jsonl"
OVERRIDES = FACTS / "instances.override.yaml"
CHECKED = "2026-11-22"
"""The day a person last compared the catalogue with a second source; set by hand."""

DEVICES = {
    "FpgaInfo": "Fpgas",
    "GpuInfo": "Gpus",
    "InferenceAcceleratorInfo": "Accelerators",
    "MediaAcceleratorInfo": "Accelerators",
}
"""Where a description lists accelerators: by the key of the list's mapping, the list's own."""


def read_catalogue() -> dict[str, dict[str, Any]]:
    """Read moto's copy of DescribeInstanceTypes, keyed by type."""
    packed = resources.files("moto").joinpath("ec2/resources/instance_types.json.gz").read_bytes()
    return dict(json.loads(gzip.decompress(packed)))


def read_overrides() -> list[dict[str, Any]]:
    """Read the corrections: a list of `{type, field, value, reason}`."""
    return list(yaml.safe_load(OVERRIDES.read_text("utf-8"))["overrides"])


def row(described: Mapping[str, Any]) -> dict[str, Any]:
    """Reduce one description to the fields that the factory reasons about."""
    network = described["NetworkInfo"]
    card = network["NetworkCards"][network["DefaultNetworkCardIndex"]]
    storage = described.get("InstanceStorageInfo", {})
    ebs = described["EbsInfo"]
    return {
        "type": described["InstanceType"],
        "enis": card["MaximumNetworkInterfaces"],
        "ipv4_per_eni": network["Ipv4AddressesPerInterface"],
        "vcpu": described["VCpuInfo"]["DefaultVCpus"],
        "memory_mib": described["MemoryInfo"]["SizeInMiB"],
        "hypervisor": described.get("Hypervisor", ""),
        "bare_metal": described["BareMetal"],
        "architectures": described["ProcessorInfo"]["SupportedArchitectures"],
        "accelerators": accelerators(described),
        "nvme_gb": storage["TotalSizeInGB"] if storage.get("NvmeSupport") == "required" else 0,
        "network": network["NetworkPerformance"],
        "gbps": card["BaselineBandwidthInGbps"],
        "attachments": ebs["MaximumEbsAttachments"],
        "attachments_shared": ebs["AttachmentLimitType"] == "shared",
    }


def accelerators(described: Mapping[str, Any]) -> str:
    """Name whose accelerators a type has: `neuron` for AWS's own, else the maker, else nothing.

    Raises:
        ValueError: for a type with the accelerators of two makers; none is known.
    """
    if "NeuronInfo" in described:
        return "neuron"
    makers = {
        device["Manufacturer"].lower()
        for info, devices in DEVICES.items()
        for device in described.get(info, {}).get(devices, ())
    }
    if len(makers) > 1:
        msg = f"{described['InstanceType']} has accelerators of several makers: {sorted(makers)}"
        raise ValueError(msg)
    return "".join(makers)


def corrected(
    rows: Iterable[dict[str, Any]], overrides: Iterable[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """Apply the corrections; one for an unknown type or field is a mistake."""
    table = {line["type"]: line for line in rows}
    for change in overrides:
        if change["field"] not in table[change["type"]] or not change["reason"]:
            msg = f"override names no known field or gives no reason: {change}"
            raise ValueError(msg)
        table[change["type"]][change["field"]] = change["value"]
    return [table[name] for name in sorted(table)]


def render(
    catalogue: Mapping[str, Mapping[str, Any]], overrides: Iterable[Mapping[str, Any]], version: str
) -> str:
    """Make the whole text: a header line, then one type a line, sorted by name."""
    rows = corrected(map(row, catalogue.values()), overrides)
    header = {
        "made_by": "tools/update_instances.py",
        "source": "https://github.com/getmoto/moto/blob/"
        f"{version}/moto/ec2/resources/instance_types.json.gz",
        "version": f"moto {version}",
        "checked": CHECKED,
        "regions": "every Region that moto asks; the catalogue keeps one answer per type",
        "network_card": "the default card, not the sum over cards",
        "types": len(rows),
    }
    return "".join(json.dumps(line, separators=(",", ":")) + "\n" for line in [header, *rows])


def main() -> int:
    """Write the file, or tell whether it is stale."""
    return write_or_check(
        TARGET,
        lambda: render(read_catalogue(), read_overrides(), metadata.version("moto")),
        __doc__,
    )


if __name__ == "__main__":
    sys.exit(main())
