"""The instance types: the file is what its tool writes, and it agrees with a second source."""

from __future__ import annotations

import json
from importlib import metadata
from pathlib import Path

import pytest

from cellfactory import facts as package
from cellfactory.facts.loader import load_facts
from tools import update_instances

FACTS = load_facts()
TEXT = (Path(package.__file__).parent / "instances.jsonl").read_text("utf-8")

SECOND_SOURCE = "https://github.com/aws/amazon-vpc-cni-k8s/blob/b5218838/pkg/vpc"
"""Where the numbers below were read: the table the VPC CNI itself decides by."""

INTERFACES_AND_ADDRESSES = {
    "a1.large": (3, 10),
    "c5.4xlarge": (8, 30),
    "c5.9xlarge": (8, 30),
    "c5n.metal": (15, 50),
    "c6g.metal": (15, 50),
    "c8gn.metal-24xl": (24, 50),
    "i3.2xlarge": (4, 15),
    "i3.8xlarge": (8, 30),
    "i3en.6xlarge": (8, 30),
    "i4i.4xlarge": (8, 30),
    "i4i.16xlarge": (15, 50),
    "m5.large": (3, 10),
    "m5.4xlarge": (8, 30),
    "m6i.4xlarge": (8, 30),
    "m6i.16xlarge": (15, 50),
    "m7g.4xlarge": (8, 30),
    "r5.xlarge": (4, 15),
    "r5.2xlarge": (4, 15),
    "r5.4xlarge": (8, 30),
    "r5.12xlarge": (8, 30),
    "r5.24xlarge": (15, 50),
    "r6g.4xlarge": (8, 30),
    "r6gd.4xlarge": (8, 30),
    "r6gd.8xlarge": (8, 30),
    "r6gd.16xlarge": (15, 50),
    "r6i.8xlarge": (8, 30),
    "r6id.8xlarge": (8, 30),
    "r7g.4xlarge": (8, 30),
    "r8g.4xlarge": (8, 30),
    "r8i.4xlarge": (8, 50),
    "r8i.8xlarge": (10, 50),
    "p5.48xlarge": (2, 50),
}


def test_the_file_is_what_its_tool_writes() -> None:
    moto = metadata.version("moto")
    if json.loads(TEXT.split("\n", 1)[0])["version"] != f"moto {moto}":
        pytest.skip(f"another moto is installed: {moto}")
    made = update_instances.render(
        update_instances.read_catalogue(), update_instances.read_overrides(), moto
    )
    assert made == TEXT


def test_the_header_tells_what_it_is() -> None:
    header = json.loads(TEXT.split("\n", 1)[0])
    assert header["made_by"] == "tools/update_instances.py"
    assert header["types"] == len(FACTS.instances) == TEXT.count("\n") - 1
    assert {"source", "version", "checked", "regions"} <= set(header)


@pytest.mark.parametrize(("name", "expected"), INTERFACES_AND_ADDRESSES.items())
def test_interfaces_and_addresses(name: str, expected: tuple[int, int]) -> None:
    found = FACTS.instance(name)
    assert (found.enis, found.ipv4_per_eni) == expected


def test_each_type_is_whole() -> None:
    for name, type_ in FACTS.instances.items():
        assert type_.name == name
        assert type_.enis >= 1
        assert type_.ipv4_per_eni >= 2
        assert type_.vcpu >= 1
        assert type_.memory_mib >= 512
        assert type_.hypervisor in {"nitro", "xen", ""}
        assert type_.architectures
        assert type_.nvme_gb >= 0
        assert type_.attachments >= 1


def test_a_type_without_hypervisor_is_bare_metal() -> None:
    assert all(t.bare_metal == (t.hypervisor == "") for t in FACTS.instances.values())


@pytest.mark.parametrize("family", ["i3", "r4", "m4", "c4", "d2", "h1", "r3", "x1", "t2"])
def test_xen_families_delegate_no_prefixes(family: str) -> None:
    types = [t for name, t in FACTS.instances.items() if name.startswith(f"{family}.")]
    virtual = [t for t in types if not t.bare_metal]
    assert virtual
    assert all(t.hypervisor == "xen" and not t.delegates_prefixes for t in virtual)


@pytest.mark.parametrize("name", ["r6gd.8xlarge", "i3en.6xlarge", "c5n.metal", "m5.large"])
def test_nitro_and_bare_metal_delegate_prefixes(name: str) -> None:
    assert FACTS.instance(name).delegates_prefixes


@pytest.mark.parametrize(
    ("name", "slots"), [("m5.large", 9), ("r5.xlarge", 14), ("r6gd.8xlarge", 29)]
)
def test_prefix_slots(name: str, slots: int) -> None:
    assert FACTS.instance(name).prefix_slots == slots


@pytest.mark.parametrize("name", ["t3.medium", "c6g.medium", "m7g.medium", "r8g.medium"])
def test_a_medium_has_no_room_for_six_prefixes(name: str) -> None:
    assert FACTS.instance(name).prefix_slots < 6


def test_local_storage_counts_where_it_is_nvme() -> None:
    assert FACTS.instance("r6gd.8xlarge").nvme_gb == 1900
    assert FACTS.instance("r6g.8xlarge").nvme_gb == 0
    assert FACTS.instance("d2.xlarge").nvme_gb == 0  # disks that are no NVMe


SMALL = {
    "InstanceType": "x9.large",
    "NetworkInfo": {
        "DefaultNetworkCardIndex": 1,
        "Ipv4AddressesPerInterface": 10,
        "NetworkPerformance": "Up to 10 Gigabit",
        "NetworkCards": [
            {"MaximumNetworkInterfaces": 7, "BaselineBandwidthInGbps": 1.0},
            {"MaximumNetworkInterfaces": 3, "BaselineBandwidthInGbps": 2.5},
        ],
    },
    "VCpuInfo": {"DefaultVCpus": 2},
    "MemoryInfo": {"SizeInMiB": 4096},
    "BareMetal": True,
    "ProcessorInfo": {"SupportedArchitectures": ["arm64"]},
    "EbsInfo": {"MaximumEbsAttachments": 27, "AttachmentLimitType": "shared"},
}


def test_the_default_card_counts_and_not_the_sum() -> None:
    made = update_instances.row(SMALL)
    assert (made["enis"], made["gbps"], made["hypervisor"], made["nvme_gb"]) == (3, 2.5, "", 0)


def test_an_override_changes_one_field() -> None:
    change = {"type": "x9.large", "field": "enis", "value": 4, "reason": "the page says so"}
    text = update_instances.render({"x9.large": SMALL}, [change], "0")
    assert json.loads(text.splitlines()[1])["enis"] == 4


@pytest.mark.parametrize(
    "change",
    [
        {"type": "x9.large", "field": "enies", "value": 4, "reason": "a slip"},
        {"type": "x9.large", "field": "enis", "value": 4, "reason": ""},
    ],
)
def test_an_override_needs_a_known_field_and_a_reason(change: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="override"):
        update_instances.render({"x9.large": SMALL}, [change], "0")


def test_every_type_of_an_accelerated_family_has_accelerators() -> None:
    """EC2 counts their processors under quotas of their own."""
    codes = {"dl": "qualcomm", "f": "xilinx", "inf": "neuron", "p": "nvidia", "trn": "neuron"}
    for name in FACTS.instances:
        letters = name[: next(i for i, c in enumerate(name) if not c.isalpha())]
        if letters in {*codes, "g", "gr"}:
            assert FACTS.instance(name).accelerators == codes.get(letters, "nvidia"), name
        elif letters != "vt":
            assert FACTS.instance(name).accelerators == "", name


@pytest.mark.parametrize(
    ("told", "accelerators"),
    [
        ({}, ""),
        ({"GpuInfo": {"Gpus": [{"Manufacturer": "NVIDIA"}]}}, "nvidia"),
        ({"GpuInfo": {"Gpus": [{"Manufacturer": "AMD"}, {"Manufacturer": "AMD"}]}}, "amd"),
        (
            {
                "NeuronInfo": {"NeuronDevices": []},
                "InferenceAcceleratorInfo": {"Accelerators": [{"Manufacturer": "AWS"}]},
            },
            "neuron",
        ),
    ],
)
def test_whose_accelerators_a_type_has(told: dict[str, object], accelerators: str) -> None:
    assert update_instances.row({**SMALL, **told})["accelerators"] == accelerators


def test_accelerators_of_two_makers_stop_the_tool() -> None:
    both = {
        **SMALL,
        "GpuInfo": {"Gpus": [{"Manufacturer": "NVIDIA"}]},
        "FpgaInfo": {"Fpgas": [{"Manufacturer": "Xilinx"}]},
    }
    with pytest.raises(ValueError, match=r"several makers: \['nvidia', 'xilinx'\]"):
        update_instances.row(both)
