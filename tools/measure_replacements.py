"""Write `factory/cellfactory/facts/replacements.yaml`: what Terraform replaces to change it.

    python -m tools.measure_replacements            # write the file
    python -m tools.measure_replacements --check    # exit 1 when the file is stale

Each attribute that we synthesize gets another value than its state has, and the real provider
plans: what it would replace stands in the plan (`replace_paths`). It needs Terraform, and the
provider in a filesystem mirror that TF_PLUGIN_MIRROR names; no network, account or key. What is
asked stands in `replacements.yaml` beside this file.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml

from tools.made_file import write_or_check

ROOT = Path(__file__).resolve().parent.parent
TARGET = ROOT / "factory" / "cellfactory" / "facts" / "replacements.yaml"
SAMPLES = Path(__file__).with_name("replacements.yaml")
READ = Path(__file__).with_name("replacements_read.yaml")
MEASURED = "2026-11-28"
"""The day of the measurement; set by hand."""

VERSION = "5.100.0"
SOURCE = "registry.terraform.io/hashicorp/aws"
PROVIDER = {
    "region": "us-east-1",
    "access_key": "none",
    "secret_key": "none",
    "skip_credentials_validation": True,
    "skip_metadata_api_check": True,
    "skip_region_validation": True,
    "skip_requesting_account_id": True,
}
SETTINGS = {
    "terraform": {"required_providers": {"aws": {"source": "hashicorp/aws", "version": VERSION}}},
    "provider": {"aws": [PROVIDER]},
}
STANDING: Mapping[str, Any] = {"latest_version": 1, "default_version": 1, "id": "standing"}
"""What the provider computed of a resource that stands, where its plan needs it."""

REPLACE, IN_PLACE = "replace", "in-place"
ROUNDS = 4
"""In which a provider's defaults are found: each may make others known."""

Path_ = tuple[str, ...]
Ways = dict[str, str]
"""What becomes of a resource, by the way in which a value of it becomes another."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """One change of one attribute."""

    type: str
    path: Path_
    way: str  # changed, added or removed
    before: Mapping[str, Any]
    after: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One resource of a plan: what stands, and what its configuration says."""

    type: str
    state: Mapping[str, Any]
    body: Mapping[str, Any]


def is_leaf(value: Any) -> bool:
    """Tell a leaf, `[before, after]`, from a block, a list of one mapping."""
    return isinstance(value, list) and len(value) == 2


def leaves(sample: Mapping[str, Any], path: Path_ = ()) -> Iterator[Path_]:
    """Yield the path of every leaf that may have another value."""
    for name, value in sample.items():
        if is_leaf(value):
            if value[0] != value[1]:
                yield (*path, name)
        else:
            yield from leaves(value[0], (*path, name))


def body(sample: Mapping[str, Any], changed: Path_ | None = None) -> dict[str, Any]:
    """Make a resource of a sample, with the second value at one path."""
    made: dict[str, Any] = {}
    for name, value in sample.items():
        inner = changed[1:] if changed and changed[0] == name else None
        if is_leaf(value):
            made[name] = deepcopy(value[1 if inner is not None else 0])
        else:
            made[name] = [body(value[0], inner)]
    return made


def without(made: Mapping[str, Any], path: Path_) -> dict[str, Any]:
    """Leave a leaf out."""
    head, *rest = path
    if not rest:
        return {name: value for name, value in made.items() if name != head}
    return {**made, head: [without(made[head][0], tuple(rest))]}


def probes(samples: Mapping[str, Any], schemas: Mapping[str, Any]) -> Iterator[Probe]:
    """Yield every change that is asked for; a block that is optional also comes and goes."""
    for named, sample in samples.items():
        kind = named.split()[0]
        base = body(sample)
        for path in leaves(sample):
            ways = {"changed": (base, body(sample, path))}
            if is_optional(schemas[kind]["block"], path):
                less = without(base, path)
                ways |= {"added": (less, base), "removed": (base, less)}
            for way, (before, after) in ways.items():
                yield Probe(type=kind, path=path, way=way, before=before, after=after)
        for name in (name for name, value in sample.items() if not is_leaf(value)):
            if not schemas[kind]["block"]["block_types"][name].get("min_items"):
                less = without(base, (name,))
                for way, (before, after) in {
                    "added": (less, base),
                    "removed": (base, less),
                }.items():
                    yield Probe(type=kind, path=(name,), way=way, before=before, after=after)


def is_optional(block: Mapping[str, Any], path: Path_) -> bool:
    """Whether a leaf may be left out."""
    head, *rest = path
    if rest:
        return is_optional(block["block_types"][head]["block"], tuple(rest))
    return not block["attributes"].get(head, {"required": True}).get("required", False)


def stands(block: Mapping[str, Any], made: Mapping[str, Any]) -> dict[str, Any]:
    """Fill a body up to what a state holds: every attribute and block of its schema."""
    full: dict[str, Any] = {name: made.get(name) for name in block["attributes"]}
    for name, nested in block.get("block_types", {}).items():
        if nested["nesting_mode"] == "single":
            full[name] = None
        else:
            full[name] = [stands(nested["block"], one) for one in made.get(name, [])]
    return full


def first_guess(schema: Mapping[str, Any], made: Mapping[str, Any]) -> dict[str, Any]:
    """Make what a state would hold of a body, as far as nobody has asked the provider."""
    full = stands(schema["block"], made)
    full |= {k: v for k, v in STANDING.items() if k in full and full[k] is None}
    if "tags_all" in full:
        full["tags_all"] = full.get("tags") or {}
    return full


def state_of(asked: Mapping[str, Asked], schemas: Mapping[str, Any]) -> dict[str, Any]:
    """Make the state in which each resource stands as it was before."""
    resources = []
    for name, one in asked.items():
        instance = {"schema_version": schemas[one.type]["version"], "attributes": one.state}
        resources.append(
            {
                "mode": "managed",
                "type": one.type,
                "name": name,
                "provider": f'provider["{SOURCE}"]',
                "instances": [instance],
            }
        )
    return {
        "version": 4,
        "terraform_version": "1.11.4",
        "serial": 1,
        "lineage": "measured",
        "outputs": {},
        "resources": resources,
    }


class Workshop:
    """A folder in which the real Terraform and provider are."""

    def __init__(self, folder: Path, mirror: str) -> None:
        self.folder = folder
        self.environment = {**os.environ, "TF_CLI_CONFIG_FILE": os.devnull, "TF_IN_AUTOMATION": "1"}
        self._write("main.tf.json", SETTINGS)
        self.run("init", "-input=false", f"-plugin-dir={mirror}")
        text = self.run("providers", "schema", "-json")
        self.schemas: Mapping[str, Any] = json.loads(text)["provider_schemas"][SOURCE][
            "resource_schemas"
        ]

    def run(self, *words: str) -> str:
        """Run Terraform; what it prints."""
        command = ["terraform", f"-chdir={self.folder}", *words]
        done = subprocess.run(
            command, env=self.environment, capture_output=True, text=True, check=False
        )
        if done.returncode and words[0] != "plan":
            sys.stderr.write(done.stderr)
            raise SystemExit(done.returncode)
        return done.stdout

    def plan(self, asked: Mapping[str, Asked]) -> tuple[dict[str, Any], dict[str, str]]:
        """Plan many resources at once; those that the provider refuses are left out, and told.

        Returns:
            The planned change of each by its name; and, by name, why there is none.
        """
        refused: dict[str, str] = {}
        while True:
            left = {name: one for name, one in asked.items() if name not in refused}
            changes, more = self._plan_once(left)
            if not more:
                return changes, refused
            if not more.keys() <= left.keys():
                raise SystemExit("\n".join(more.values()))
            refused |= more

    def _plan_once(self, asked: Mapping[str, Asked]) -> tuple[dict[str, Any], dict[str, str]]:
        resource: dict[str, dict[str, Any]] = defaultdict(dict)
        for name, one in asked.items():
            resource[one.type][name] = one.body
        self._write("probes.tf.json", {"resource": resource})
        self._write("terraform.tfstate", state_of(asked, self.schemas))
        out = self.folder / "plan"
        out.unlink(missing_ok=True)
        told = self.run(
            "plan", "-refresh=false", "-lock=false", "-input=false", "-json", "-out=plan"
        )
        refused: dict[str, str] = {}
        for line in map(json.loads, filter(None, told.splitlines())):
            found = line.get("diagnostic", {})
            if found.get("severity") == "error":
                said = " ".join(f"{found['summary']}: {found.get('detail', '')}".split())
                address = found.get("address", "") or _named_in(said)
                refused[address.partition(".")[2]] = said
        if refused or not out.is_file():
            return {}, refused
        shown = json.loads(self.run("show", "-json", "plan"))
        changes = {c["name"]: c["change"] for c in shown.get("resource_changes", ())}
        return changes, refused

    def _write(self, name: str, document: Mapping[str, Any]) -> None:
        (self.folder / name).write_text(json.dumps(document), "utf-8")


def _named_in(said: str) -> str:
    """Find the address in a complaint of Terraform's about the provider, which names none."""
    found = re.search(r"\b(aws_\w+\.[sp][0-9]+)\b", said)
    return found[1] if found else ""


def settle(
    workshop: Workshop, bodies: Mapping[str, tuple[str, dict[str, Any]]]
) -> dict[str, Asked]:
    """Find what stands for each body: its provider plans nothing for it, defaults included.

    Args:
        workshop: with the provider.
        bodies: type and body by name.

    Returns:
        By name, those of which the provider has no complaint.
    """
    asked = {
        name: Asked(type=kind, state=first_guess(workshop.schemas[kind], made), body=made)
        for name, (kind, made) in bodies.items()
    }
    for _ in range(ROUNDS):
        changes, _ = workshop.plan(asked)
        asked = {name: asked[name] for name in changes}
        moving = {name for name, change in changes.items() if change["actions"] != ["no-op"]}
        if not moving:
            return asked
        for name in moving:
            one, change = asked[name], changes[name]
            block = workshop.schemas[one.type]["block"]
            state = fill(block, change["after"], change.get("after_unknown"), one.state)
            asked[name] = replace(one, state=state)
    still = sorted(
        f"{asked[name].type}: {changes[name]['actions']} {_moved(changes[name])}" for name in moving
    )
    raise SystemExit(
        "no state was found that its own configuration leaves alone:\n" + "\n".join(still)
    )


def _moved(change: Mapping[str, Any]) -> list[str]:
    before, after = change["before"], change["after"]
    unknown = change.get("after_unknown", {})
    return [k for k in before if unknown.get(k) or before[k] != after.get(k)]


def fill(block: Mapping[str, Any], after: Any, unknown: Any, was: Any) -> dict[str, Any]:
    """Take what a provider plans for a resource, with a stand-in for what only an apply knows."""
    unknown = unknown if isinstance(unknown, dict) else {}
    full: dict[str, Any] = {}
    for name, attribute in block["attributes"].items():
        value = after.get(name)
        if unknown.get(name) is True or (value is None and was.get(name) is not None):
            value = was.get(name)
            value = _stand_in(attribute["type"]) if value is None else value
        full[name] = value
    for name, nested in block.get("block_types", {}).items():
        inner, more = after.get(name), unknown.get(name)
        if nested["nesting_mode"] == "single":
            full[name] = None
            continue
        old = was.get(name) or []
        full[name] = [
            fill(
                nested["block"],
                one,
                more[index] if isinstance(more, list) and index < len(more) else {},
                old[index] if index < len(old) else {},
            )
            for index, one in enumerate(inner or [])
        ]
    return full


def _stand_in(kind: Any) -> Any:
    if isinstance(kind, list):
        return {} if kind[0] == "map" else []
    return {"string": "standing", "number": 1, "bool": False}[kind]


def outcome(change: Mapping[str, Any], probe: Probe) -> str:
    """Say what a plan does because of a probe.

    What the provider would replace for an attribute that neither body names is a default of its
    own that the state lacks, and no answer.
    """
    ours = probe.before.keys() | probe.after.keys()
    named = any(path[0] in ours for path in change.get("replace_paths", ()))
    return REPLACE if "delete" in change["actions"] and named else IN_PLACE


def measure(
    mirror: str, only: Collection[str] = ()
) -> tuple[dict[str, dict[str, Ways]], dict[str, str]]:
    """Ask the provider.

    Args:
        mirror: folder of a Terraform filesystem mirror.
        only: resource types; all of the samples without any.

    Returns:
        What becomes of a resource by its type, the path and the way; and what it would not plan.
    """
    samples = yaml.safe_load(SAMPLES.read_text("utf-8"))
    wanted = {n: s for n, s in samples.items() if not only or n.split()[0] in only}
    with tempfile.TemporaryDirectory() as folder:
        workshop = Workshop(Path(folder), mirror)
        every = list(probes(wanted, workshop.schemas))
        unlike = {_key(probe): (probe.type, dict(probe.before)) for probe in every}
        names = {key: f"s{index}" for index, key in enumerate(unlike)}
        standing = settle(workshop, {names[key]: unlike[key] for key in unlike})
        asked = {
            f"p{index}": Asked(
                type=probe.type, state=standing[names[_key(probe)]].state, body=probe.after
            )
            for index, probe in enumerate(every)
            if names[_key(probe)] in standing
        }
        changes, refused = workshop.plan(asked)
    table: dict[str, dict[str, Ways]] = defaultdict(lambda: defaultdict(dict))
    for name, change in changes.items():
        probe = every[int(name[1:])]
        table[probe.type][".".join(probe.path)].setdefault(probe.way, outcome(change, probe))
    told = {_describe(every[int(name[1:])]): why for name, why in refused.items()}
    return {kind: dict(rows) for kind, rows in table.items()}, told


def _key(probe: Probe) -> str:
    return f"{probe.type} {json.dumps(probe.before, sort_keys=True)}"


def _describe(probe: Probe) -> str:
    return f"{probe.type} {'.'.join(probe.path)} {probe.way}"


def folded(ways: Ways) -> str | Ways:
    """Write an outcome that every way has in common as one word."""
    return ways["changed"] if "changed" in ways and len({*ways.values()}) == 1 else ways


def render(table: Mapping[str, Mapping[str, Ways]]) -> str:
    """Write the whole file: what was measured, and below it what was read."""
    read = yaml.safe_load(READ.read_text("utf-8"))
    lines = [
        "# Made by `python -m tools.measure_replacements`: what Terraform does to a resource for",
        "# which an attribute becomes another (`changed`), comes (`added`) or goes (`removed`).",
        "# `in-place` includes what Terraform passes over.",
        "measured:",
        f"  provider: {SOURCE}",
        f'  version: "{VERSION}"',
        f"  checked: {MEASURED}",
        "  types:",
    ]
    for kind in sorted(table):
        lines.append(f"    {kind}:")
        lines += [
            f"      {path}: {_words(folded(table[kind][path]))}" for path in sorted(table[kind])
        ]
    rest = yaml.safe_dump({"read": read}, sort_keys=False, width=100)
    return "\n".join(lines) + "\n" + rest


def _words(told: str | Ways) -> str:
    if isinstance(told, str):
        return told
    return "{" + ", ".join(f"{way}: {told[way]}" for way in sorted(told)) + "}"


def main() -> int:
    """Measure, and write or check the file."""

    def made() -> str:
        mirror = os.environ.get("TF_PLUGIN_MIRROR", "")
        if not mirror:
            raise SystemExit("TF_PLUGIN_MIRROR names no Terraform filesystem mirror")
        table, refused = measure(mirror)
        for what, why in sorted(refused.items()):
            sys.stderr.write(f"not planned: {what}: {why}\n")
        return render(table)

    return write_or_check(TARGET, made, __doc__ or "")


if __name__ == "__main__":
    raise SystemExit(main())
