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
import sys
import tempfile
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tools.made_file import write_or_check
from tools.provider_plans import SOURCE, VERSION, Asked, Workshop, settle

ROOT = Path(__file__).resolve().parent.parent
TARGET = ROOT / "factory" / "cellfactory" / "facts" / "replacements.yaml"
SAMPLES = Path(__file__).with_name("replacements.yaml")
READ = Path(__file__).with_name("replacements_read.yaml")
MEASURED = "2026-11-28"
"""The day of the measurement; set by hand."""

REPLACE, IN_PLACE = "replace", "in-place"

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
            msg = "TF_PLUGIN_MIRROR names no Terraform filesystem mirror"
            raise SystemExit(msg)
        table, refused = measure(mirror)
        for what, why in sorted(refused.items()):
            sys.stderr.write(f"not planned: {what}: {why}\n")
        return render(table)

    return write_or_check(TARGET, made, __doc__ or "")


if __name__ == "__main__":
    raise SystemExit(main())
