"""The facts that ship with the package, read once; the only reader of these files."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from functools import cache
from pkgutil import get_data
from typing import Any, TypeVar

from cellfactory.documents import load_data
from cellfactory.facts.catalogues import EndpointCatalogue, EndpointKind, Offerings
from cellfactory.facts.prices import InstancePrices, Price, PriceTable, map_items, map_prices
from cellfactory.facts.published import image_name
from cellfactory.facts.schema import (
    AddonVersion,
    AwsDefault,
    CallCount,
    CallRetries,
    ChartVersion,
    EndpointService,
    Facts,
    ImageBuild,
    InstanceType,
    KubernetesVersion,
    NauWeight,
    NodeCalls,
    NodeImage,
    OldestAddon,
    Parameter,
    Policy,
    Provenance,
    Quota,
    Region,
    TokenBucket,
)

Row = dict[str, Any]
RowType = TypeVar("RowType", bound=Provenance)


@cache
def load_facts() -> Facts:
    """Read every table; the same object each time.

    Instance types and zones are read from disk when first asked for.
    """
    sources = _sources()
    nau, api, eks, account = (
        read_table("nau"),
        read_table("ec2_api"),
        read_table("eks"),
        read_table("account"),
    )
    parameters = {**read_table("parameters"), **nau["parameters"]}
    return Facts(
        quotas=_table(Quota, map_quotas(read_table("quotas")), sources),
        nau=_table(NauWeight, nau["weights"], sources),
        buckets=_table(TokenBucket, api["buckets"], sources),
        calls=_table(NodeCalls, map_calls(api["calls"]), sources),
        retries=_table(CallRetries, map_retries(api["retries"]), sources),
        parameters=_table(Parameter, parameters, sources),
        policy={id_: Policy(id=id_, **row) for id_, row in read_table("policy").items()},
        addons=_table(AddonVersion, map_addons(eks["addons"]), sources),
        oldest_addons=_table(OldestAddon, eks["oldest_addons"], sources),
        images=_table(NodeImage, map_images(eks["images"]), sources),
        charts=_table(ChartVersion, eks["charts"], sources),
        kubernetes=_table(KubernetesVersion, read_table("eks_versions"), sources),
        endpoints=_table(EndpointService, read_table("endpoints"), sources),
        endpoint_services=_endpoint_services(read_table("endpoint_services")),
        offerings=_offerings(_text("offerings.txt")),
        instances=InstanceTable(),
        regions=RegionTable(eks["refused_zones"]["zones"], account["enabled_regions"]["regions"]),
        sts_region=account["sts"]["region"],
        aws_defaults=_table(AwsDefault, _aws_defaults(read_table("aws_defaults")), sources),
        prices=_prices(sources),
    )


class InstanceTable(Mapping[str, InstanceType]):
    """Instance types by name; a line is parsed when its type is asked for.

    The file has more than a thousand lines and a run needs a handful of them.
    """

    def __init__(self) -> None:
        self._lines: dict[str, str] = {}
        self._parsed: dict[str, InstanceType] = {}

    def __getitem__(self, name: str) -> InstanceType:
        if name not in self._parsed:
            self._parsed[name] = _instance(json.loads(self._index()[name]))
        return self._parsed[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._index())

    def __len__(self) -> int:
        return len(self._index())

    def _index(self) -> dict[str, str]:
        if not self._lines:
            _, *lines = _text("instances.jsonl").splitlines()
            self._lines = {line.split('"', 4)[3]: line for line in lines}
        return self._lines


class OfferingTable(Mapping[str, frozenset[str]]):
    """Zone ids by the instance type that they offer; a line is parsed when it is asked for."""

    def __init__(self, lines: Sequence[str]) -> None:
        self._lines = dict(line.split(" ", 1) for line in lines)

    def __getitem__(self, name: str) -> frozenset[str]:
        split = (row.partition(":") for row in self._lines[name].split())
        return frozenset(f"{stem}-az{number}" for stem, _, told in split for number in told)

    def __iter__(self) -> Iterator[str]:
        return iter(self._lines)

    def __len__(self) -> int:
        return len(self._lines)


class RegionTable(Mapping[str, Region]):
    """Regions by name, read when first asked for."""

    def __init__(self, refused: Sequence[str], enabled: Sequence[str]) -> None:
        self._refused = refused
        self._enabled = enabled
        self._regions: dict[str, Region] = {}

    def __getitem__(self, name: str) -> Region:
        return self._table()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._table())

    def __len__(self) -> int:
        return len(self._table())

    def _table(self) -> dict[str, Region]:
        if not self._regions:
            rows = read_table("regions")
            elsewhere = {n: p for p, names in rows["elsewhere"].items() for n in names}
            for kind in ("observed", "patterned"):
                for name, ids in rows[kind].items():
                    self._regions[name] = self._region(
                        name, ids, kind == "observed", elsewhere.get(name, "aws"), rows["checked"]
                    )
        return self._regions

    def _region(
        self, name: str, zone_ids: Sequence[str], confirmed: bool, partition: str, checked: date
    ) -> Region:
        start = zone_ids[0].partition("-")[0] + "-"
        refused = tuple(zone for zone in self._refused if zone.startswith(start))
        return Region(
            name=name,
            zone_ids=tuple(zone_ids),
            confirmed=confirmed,
            partition=partition,
            refused=refused,
            opt_in=partition == "aws" and name not in self._enabled,
            checked=str(checked),
        )


def _prices(sources: Mapping[str, Row]) -> PriceTable:
    told = read_table("prices")
    return PriceTable(
        items=map_items(told),
        rows=_table(Price, map_prices(told), sources),
        instances=InstancePrices(lambda: _text("instance_prices.txt")),
    )


def map_quotas(rows: Mapping[str, Row]) -> dict[str, Row]:
    """Give a fixed limit's `value` and a guidance's `default` the fields of a quota."""
    return {id_: _quota_fields(row) for id_, row in rows.items()}


def map_calls(rows: Mapping[str, Row]) -> dict[str, Row]:
    """Turn the calls and versions of each row into values."""
    return {
        id_: {
            **row,
            "since": _version(row.get("since")),
            "before": _version(row.get("before")),
            "calls": tuple(CallCount(action=name, **n) for name, n in row["calls"].items()),
        }
        for id_, row in rows.items()
    }


def map_retries(rows: Mapping[str, Row]) -> dict[str, Row]:
    """Turn the versions of each row into values."""
    return {
        id_: {**row, "since": _version(row.get("since")), "before": _version(row.get("before"))}
        for id_, row in rows.items()
    }


def map_addons(rows: Mapping[str, Row]) -> dict[str, Row]:
    """Make a row of each add-on's version for each Kubernetes version."""
    return {
        f"{addon}@{kubernetes}": {
            "addon": addon,
            "kubernetes": kubernetes,
            "version": version,
            **{key: row[key] for key in ("source", "note") if key in row},
        }
        for addon, row in rows.items()
        for kubernetes, version in row["versions"].items()
    }


def map_images(images: Row) -> dict[str, Row]:
    """Make a row of each image, keyed by the name that AWS publishes it under."""
    release = images["release"]
    return {
        image_name(kubernetes, ImageBuild(architecture, variant), release): {
            "kubernetes": kubernetes,
            "release": release,
            "release_version": version,
            "architecture": architecture,
            "variant": variant,
            "source": images["source"],
            "note": images["note"],
        }
        for kubernetes, version in images["release_versions"].items()
        for variant, architectures in images["variants"].items()
        for architecture in architectures
    }


def _quota_fields(row: Row) -> Row:
    fields = dict(row)
    if row["kind"] == "fixed":
        fields["default"] = fields["maximum"] = fields.pop("value")
    elif row["kind"] == "guidance":
        fields["maximum"] = None
    for name in ("disputed", "families"):
        fields[name] = tuple(row.get(name, ()))
    fields["by_region"] = tuple(row.get("by_region", {}).items())
    return fields


def _endpoint_services(told: Row) -> EndpointCatalogue:
    kinds = {name: EndpointKind(name=name, source=told["source"]) for name in told["usual"]}
    for name, row in told["peculiar"].items():
        zones = tuple(row.get("zones_without", ()))
        kinds[name] = EndpointKind(name=name, **{**row, "zones_without": zones})
    return EndpointCatalogue(kinds=kinds, source=told["source"], checked=str(told["checked"]))


def _offerings(text: str) -> Offerings:
    lines = text.splitlines()
    (checked,) = (line.rpartition(" ")[2] for line in lines if line.startswith("# checked:"))
    rows = [line for line in lines if not line.startswith("#")]
    return Offerings(zones=OfferingTable(rows), checked=checked)


def _aws_defaults(rows: Mapping[str, Row]) -> dict[str, Row]:
    return {id_: {**row, "made_by": tuple(row.get("made_by", ()))} for id_, row in rows.items()}


def _version(text: str | None) -> tuple[int, ...] | None:
    return None if text is None else tuple(map(int, text.split(".")))


def _instance(row: Row) -> InstanceType:
    row["architectures"] = tuple(row["architectures"])
    return InstanceType(name=row.pop("type"), **row)


def _table(
    kind: type[RowType], rows: Mapping[str, Row], sources: Mapping[str, Row]
) -> dict[str, RowType]:
    table = {}
    for id_, row in rows.items():
        page = sources[row["source"]]
        table[id_] = kind(**{"id": id_, **page, **row, "source": page["source"]})
    return table


def _sources() -> dict[str, Row]:
    """Read what every row says of its page: address, the day it was read, and of its copy."""
    rows = read_table("sources").items()
    return {id_: {"source": row.pop("url"), **row} for id_, row in rows}


def read_table(name: str) -> dict[str, Any]:
    """Read a file of facts by its name without `.yaml`."""
    return dict(load_data(_text(f"{name}.yaml")))


def _text(name: str) -> str:
    data = get_data(__package__, name)
    if data is None:
        raise FileNotFoundError(name)
    return data.decode("utf-8")
