"""What a fake AWS answers of offerings, add-ons, endpoint services and zones."""

from __future__ import annotations

from typing import Any


def offerings(**asked: Any) -> dict[str, Any]:
    zones = [f"use1-az{n}" for n in range(1, 7)] + [f"usw2-az{n}" for n in range(1, 5)]
    assert asked["LocationType"] == "availability-zone-id"
    return {"InstanceTypeOfferings": [{"Location": zone} for zone in zones]}


def addon_versions(**asked: str) -> dict[str, Any]:
    known = {
        "vpc-cni": "v1.23.1-eksbuild.1",
        "kube-proxy": "v1.34.6-eksbuild.13",
        "eks-pod-identity-agent": "v1.3.10-eksbuild.2",
        "coredns": "v1.13.2-eksbuild.24",
    }
    return {"addons": [{"addonVersions": [{"addonVersion": known[asked["addonName"]]}]}]}


def endpoint_services(**asked: Any) -> dict[str, Any]:
    (wanted,) = asked["Filters"]
    assert wanted["Name"] == "service-name"
    return {"ServiceDetails": [endpoint_service(name) for name in wanted["Values"]]}


def endpoint_service(name: str, zones: str = "abcdef") -> dict[str, Any]:
    kinds = ["Gateway", "Interface"] if name.endswith(".s3") else ["Interface"]
    return {
        "ServiceName": name,
        "ServiceType": [{"ServiceType": kind} for kind in kinds],
        "AvailabilityZones": [f"{name.split('.')[2]}{letter}" for letter in zones],
    }


def zone_name(zone: str) -> str:
    region = {"use1": "us-east-1", "usw2": "us-west-2"}[zone[:4]]
    return region + "abcdef"[int(zone[-1]) - 1]


def without_endpoint(**asked: Any) -> dict[str, Any]:
    rows = endpoint_services(**asked)["ServiceDetails"]
    return {"ServiceDetails": [r for r in rows if not r["ServiceName"].endswith("eks-auth")]}


def without_zone(**asked: Any) -> dict[str, Any]:
    return {
        "ServiceDetails": [endpoint_service(name, "ab") for name in asked["Filters"][0]["Values"]]
    }
