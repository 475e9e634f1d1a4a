"""A folder in which runs take place, with a fake Terraform, and somebody who watches them."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from cellfactory.layers import Layer, StackId
from cellfactory.runs.notices import Notice
from cellfactory.runs.review import Review
from cellfactory.runs.watcher import Question
from cellfactory.terraform.messages import Step
from cellfactory.terraform.record import Record
from cellfactory.terraform.registry import Registry, open_registry
from cellfactory.terraform.results import Result
from cellfactory.terraform.workspace import digest_sources
from tests.unit.terraform.scene import FAKE


class Watched:
    """A watcher that remembers what it was told, and answers as it was made to."""

    def __init__(self, *, agree: bool = True) -> None:
        self.agree = agree
        self.notices: list[Notice] = []
        self.questions: list[Question] = []
        self.reviews: list[Review] = []
        self.results: list[Result] = []
        self.total = 0
        self.baked: list[tuple[str, float]] = []
        self.steps: list[tuple[StackId, Step]] = []

    def noted(self, notice: Notice) -> None:
        self.notices.append(notice)

    def reviewed(self, review: Review) -> None:
        self.reviews.append(review)

    def agrees(self, question: Question) -> bool:
        self.questions.append(question)
        return self.agree

    def confirms(self, _question: str) -> bool:
        return self.agree

    def begun(self, total: int) -> None:
        self.total = total

    def started(self, stack: StackId) -> None:
        pass

    def working(self, stack: StackId, step: Step) -> None:
        self.steps.append((stack, step))

    def baking(self, ring: str, seconds: float) -> None:
        self.baked.append((ring, seconds))

    def stopping(self) -> None:
        pass

    def waiting(self, stack: StackId, why: str) -> None:
        pass

    def finished(self, result: Result) -> None:
        self.results.append(result)


class Place:
    """The folder, its registry, and what Terraform was asked for."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @property
    def registry_folder(self) -> str:
        return str(self.folder / "registry")

    @property
    def registry(self) -> Registry:
        return open_registry(self.registry_folder, "us-east-1", None)

    def commands(self) -> list[tuple[str, str]]:
        """Stack and command, in order; `init` is left out."""
        log = self.folder / "log"
        told = map(json.loads, log.read_text("utf-8").splitlines() if log.exists() else ())
        return [(s, c) for event, s, c, _ in told if event == "begin" and c != "init"]

    def asked(self) -> list[tuple[str, str, list[str]]]:
        """Stack, command and arguments, in order."""
        log = self.folder / "log"
        told = map(json.loads, log.read_text("utf-8").splitlines() if log.exists() else ())
        return [(s, c, words) for event, s, c, words in told if event == "begin"]

    def does(self, stack: str, **commands: dict[str, Any]) -> None:
        """Say what Terraform does for a stack, by command."""
        file = self.folder / "script.json"
        script = json.loads(file.read_text("utf-8"))
        file.write_text(json.dumps({**script, stack: commands}), "utf-8")

    def remember(self, cell: str, layer: Layer = "network", **told: Any) -> Record:
        """Let the registry hold a stack that was applied."""
        record = recorded(cell, layer, **told)
        self.registry.write(record)
        return record


def recorded(
    cell: str, layer: Layer = "network", document: Mapping[str, Any] | None = None, **more: Any
) -> Record:
    given: dict[str, Any] = {
        "complete": True,
        "inputs": {},
        "outputs": {},
        "account": "444444444444",
        "region": "us-east-1",
        **more,
    }
    sources = {"cdk.tf.json": json.dumps(document or {}), "versions.tf": "terraform {}\n"}
    digest = digest_sources(sources)
    return Record(stack=StackId(cell, layer), sources=sources, digest=digest, **given)


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    terraform = tmp_path / "terraform"
    terraform.write_text(f'#!/bin/sh\nexec {sys.executable} {FAKE} "$@"\n', "utf-8")
    terraform.chmod(0o755)
    (tmp_path / "script.json").write_text("{}", "utf-8")
    (tmp_path / "cells.providers.lock.hcl").write_text("", "utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TERRAFORM", str(terraform))
    monkeypatch.setenv("FAKE_LOG", str(tmp_path / "log"))
    monkeypatch.setenv("FAKE_SCRIPT", str(tmp_path / "script.json"))
    monkeypatch.delenv("TF_PLUGIN_MIRROR", raising=False)
    return Place(tmp_path)
