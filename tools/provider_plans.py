"""Plans of the real AWS provider for resources that stand in a state which nobody applied."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

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

ROUNDS = 4
"""In which a provider's defaults are found: each may make others known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One resource of a plan: what stands, and what its configuration says."""

    type: str
    state: Mapping[str, Any]
    body: Mapping[str, Any]


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
    moving: list[str] = []
    for _ in range(ROUNDS):
        changes, _ = workshop.plan(asked)
        asked = {name: asked[name] for name in changes}
        moving = [name for name, change in changes.items() if change["actions"] != ["no-op"]]
        if not moving:
            return asked
        for name in moving:
            one, change = asked[name], changes[name]
            block = workshop.schemas[one.type]["block"]
            state = fill(block, change["after"], change.get("after_unknown"), one.state)
            asked[name] = replace(one, state=state)
    still = sorted({asked[name].type for name in moving})
    msg = f"no state was found that its own configuration leaves alone: {', '.join(still)}"
    raise SystemExit(msg)


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
