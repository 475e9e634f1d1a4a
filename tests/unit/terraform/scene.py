"""A run context whose Terraform is the fake one, and small stacks to put on it."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cellfactory.layers import Access, Input, Layer, Source, Stack, StackId
from cellfactory.terraform.engine import Engine
from cellfactory.terraform.registry import Registry
from cellfactory.terraform.results import Result
from cellfactory.terraform.runner import Listener
from cellfactory.terraform.running import RunContext
from cellfactory.terraform.store import FolderStore
from cellfactory.terraform.target import Mode, Target, environment
from cellfactory.terraform.workspace import Sources

FAKE = Path(__file__).with_name("fake_terraform.py")
NETWORK = {"vpc_id": "vpc-1"}


@dataclass
class Scene:
    """A fake world: what Terraform will do, and what it was asked for."""

    root: Path
    mode: Mode = "sandbox"
    script: dict[str, dict[str, Any]] = field(default_factory=dict)
    results: list[Result] = field(default_factory=list)
    started: list[str] = field(default_factory=list)

    def context(self) -> RunContext:
        self.write()
        target = Target(mode=self.mode, folder=self.root / self.mode, endpoint="http://x")
        target.folder.mkdir(parents=True, exist_ok=True)
        environ = {
            **os.environ,
            "FAKE_LOG": str(self.root / "log"),
            "FAKE_SCRIPT": str(self.root / "script.json"),
        }
        return RunContext(
            engine=Engine(argv=(sys.executable, str(FAKE)), version="1.11.4", origin="fake"),
            target=target,
            registry=Registry(FolderStore(target.registry_folder)),
            environment=environment(target, environ),
        )

    def write(self) -> None:
        (self.root / "script.json").write_text(json.dumps(self.script), "utf-8")

    def does(self, stack: str, command: str, **told: Any) -> None:
        """Say what the fake does for a stack and a command, from now on."""
        self.script.setdefault(stack, {})[command] = told
        self.write()

    @property
    def log(self) -> list[tuple[str, str, str, list[str]]]:
        path = self.root / "log"
        lines = path.read_text("utf-8").splitlines() if path.exists() else []
        return [tuple(json.loads(line)) for line in lines]

    def commands(self, *which: str) -> list[tuple[str, str]]:
        """Stack and command in the order in which they began; `init` is left out."""
        return [(s, c) for e, s, c, _ in self.log if e == "begin" and c in which]

    @property
    def listener(self) -> Listener:
        return Listener(
            started=lambda stack: self.started.append(stack.name), finished=self.results.append
        )


ACCESS = Access(account="444444444444", roles=(), region="us-east-1", sts_region="us-east-1")


def network(cell: str) -> Stack:
    return Stack(
        id=StackId(cell, "network"), access=ACCESS, outputs=dict.fromkeys(NETWORK, "string")
    )


def cluster(cell: str) -> Stack:
    return taking(cell, "cluster", vpc_id=Source(stack=StackId(cell, "network"), output="vpc_id"))


def taking(cell: str, layer: Layer, **sources: Source | Mapping[str, Source]) -> Stack:
    inputs = {
        name: Input(type="string" if isinstance(given, Source) else "map(string)", sources=given)
        for name, given in sources.items()
    }
    return Stack(id=StackId(cell, layer), access=ACCESS, inputs=inputs)


def sources_of(*stacks: Stack) -> dict[StackId, Sources]:
    return {s.id: {"cdk.tf.json": json.dumps({"//": s.id.name})} for s in stacks}
